import { NAMESPACES } from '../chains/registry.ts'
import { type ChainId, namespaceOf } from '../core/chain.ts'

/** A chain to follow. `tls`: files, as written into the configuration. */
export type NewChain = {
  readonly id: ChainId
  readonly rpc: readonly string[]
  readonly from: number
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string | undefined } | undefined
}

/** The values of a new configuration. */
export type NewConfig = {
  readonly listen: { readonly host: string; readonly port: number }
  /** As written into the file. A relative folder starts at the folder of the file. */
  readonly store: string
  /** The chain to follow; undefined: none. */
  readonly chain: NewChain | undefined
  /** Whether to add an issuer's ledger. */
  readonly ledger: boolean
}

/** A new configuration as a commented file, with every value that a user is likely to change. */
export function configText({ listen, store, chain, ledger }: NewConfig): string {
  const { host, port } = listen
  return `# Steelyard's configuration, written by "steelyard init".
# "steelyard config check" lists every mistake, or prints what takes effect.
# Each key can be set by a variable instead: STEELYARD_LISTEN_PORT=9000.

listen:
  host: ${quoted(host)}  # 0.0.0.0 listens on every network interface
  port: ${port}

# The folder for keys and indexed data. A relative path starts at the folder of this file.
store: ${quoted(store)}

# EVM (eip155:1), Starknet (starknet:SN_MAIN), Chia (chia:mainnet): URLs of your nodes.
chains:
${chain === undefined ? '' : chainText(chain)}${ledger ? LEDGER : ''}
# Names and logos from token lists (Uniswap's format), and prices in US dollars.
# tokens:
#   lists: [./tokens.json]
# prices:
#   static: { "eip155:1/erc20:0x...": "1.0001" }
#   http: { url: "https://coins.llama.fi", ids: { "eip155:1": ethereum } }

dialects:
  chainbase:
    balance: hex     # or decimal; the hosted service sends hex
    demo_key: false  # true lets the literal key "demo" read
  # tokenkit:
  #   chain: "eip155:1"  # without it, TokenKit serves the first Starknet chain
  abc-labs:
    keys: off        # on: reading and writing the ledger needs a key
`
}

function chainText({ id, rpc, from, tls }: NewChain): string {
  const isForAccounts = NAMESPACES.get(namespaceOf(id))?.isByAccount === true
  const scope = isForAccounts
    ? '# scope: { accounts: [xch1...] }  # from the start; others once they are asked for'
    : 'scope: all       # or { tokens: [0x...] }, or { accounts: [0x...] }'
  return `  - id: ${quoted(id)}
    rpc:             # a second node confirms reorgs, and replaces a failed first one
${rpc.map((url) => `      - ${quoted(url)}\n`).join('')}    from: ${from}          # first block to index; earlier balances are read on request
    ${scope}
    finality: ${finalityText(id)}
${tls === undefined ? '' : tlsText(tls)}`
}

function tlsText({ cert, key, ca }: NonNullable<NewChain['tls']>): string {
  const files = { cert, key, ...(ca === undefined ? {} : { ca }) }
  const entries = Object.entries(files).map(([name, file]) => `${name}: ${quoted(file)}`)
  return `    tls: { ${entries.join(', ')} }\n`
}

/** The usual finality of the chain's kind, and a comment with the other values. */
function finalityText(id: ChainId): string {
  const [usual, ...others] = NAMESPACES.get(namespaceOf(id))?.finality.tags ?? []
  if (usual === undefined) return usualConfirmations(id)
  return `${usual}  # ${[...others, '{ confirmations: 12 }'].map((other) => `or ${other}`).join(', ')}`
}

function usualConfirmations(id: ChainId): string {
  const usual = NAMESPACES.get(namespaceOf(id))?.finality.usual
  const confirmations = typeof usual === 'object' ? usual.confirmations : 0
  return `{ confirmations: ${confirmations} }  # blocks on top of a final one`
}

const LEDGER = `  - id: "ledger:main"  # an issuer's ledger: tokenised assets outside any blockchain
`

/** Text in double quotes. YAML reads it as JSON does. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
