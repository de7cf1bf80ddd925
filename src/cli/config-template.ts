import type { ChainId } from '../core/chain.ts'

/** What a new configuration is made of. */
export type NewConfig = {
  readonly listen: { readonly host: string; readonly port: number }
  /** As it is written into the file: a relative folder begins at the file's own. */
  readonly store: string
  /** The chain that is followed; undefined: none is. */
  readonly chain: { readonly id: ChainId; readonly rpc: readonly string[]; readonly from: number } | undefined
  /** With an issuer's ledger. */
  readonly ledger: boolean
}

/** A configuration as a commented file: every value that is likely to be changed, and how. */
export function configText({ listen, store, chain, ledger }: NewConfig): string {
  const { host, port } = listen
  return `# Steelyard's configuration, written by "steelyard init".
# "steelyard config check" names every mistake, or prints what takes effect.
# Each key can be set by a variable instead: STEELYARD_LISTEN_PORT=9000.

listen:
  host: ${quoted(host)}  # 0.0.0.0 answers on every network interface
  port: ${port}

# A folder for keys and for all that is indexed; a relative one is beside this file.
store: ${quoted(store)}

chains:
${chain === undefined ? '' : chainText(chain)}${ledger ? LEDGER : ''}
# Names and logos from token lists (Uniswap's format), and prices in US dollars.
# tokens:
#   lists: [./tokens.json]
# prices:
#   static: { "eip155:1/erc20:0x...": "1.0001" }

dialects:
  chainbase:
    balance: hex     # or decimal; the hosted service sends hex
    demo_key: false  # true lets the literal key "demo" read
  abc-labs:
    keys: off        # on: reading and writing the ledger ask for keys
`
}

function chainText({ id, rpc, from }: NonNullable<NewConfig['chain']>): string {
  return `  - id: ${quoted(id)}
    rpc:             # a second node confirms reorgs, and stands in where the first fails
${rpc.map((url) => `      - ${quoted(url)}\n`).join('')}    from: ${from}          # first block to index; what lies before is read when asked for
    scope: all       # or { tokens: [0x...] }, or { accounts: [0x...] }
    finality: finalized  # or safe, or { confirmations: 12 }
`
}

const LEDGER = `  - id: "ledger:main"  # an issuer's ledger: tokenised assets that live on no chain
`

/** Text in double quotes, which YAML reads as JSON does. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
