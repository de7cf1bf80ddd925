import type { ChainId } from '../core/chain.ts'
import { namespaceOf, parseChainId } from '../core/chain.ts'
import { MAX_ASSET_NAME_CHARACTERS, MAX_ASSET_SYMBOL_CHARACTERS, MAX_LEDGER_ID_CHARACTERS } from '../core/operation.ts'
import { type Field, flag, type Infer, integer, label, optional, refine, withDefault, word, wrong } from './field.ts'
import { list, mapping, table } from './group.ts'
import { chainAsset, chainId, type KindOf, origin } from './words.ts'

/** Greatest limit per minute that can be set; 0 is no limit where a key says so. */
const MAX_PER_MINUTE = 10_000_000
/** Longest id of vendors' chains and tokens, in characters. */
const MAX_ID_CHARACTERS = 256

/** The dialects as configured, with all defaults but those that depend on the chains. */
export type DialectsConfig = Infer<ReturnType<typeof dialectsField>>

const LEDGER_MAIN = parseChainId('ledger:main')

/** The mapping `dialects`. */
export function dialectsField(kindOf: KindOf) {
  const id = (what: string): Field<string> => label(what, MAX_ID_CHARACTERS)
  const perMinute = (otherwise: number): Field<number> => withDefault(integer(0, MAX_PER_MINUTE), otherwise)
  const enabled = withDefault(flag(), true)
  const abcLabs = mapping({
    enabled,
    chain: withDefault(optional(ledgerChain()), LEDGER_MAIN),
    keys: withDefault(flag(), false),
    origins: withDefault(list(origin(), 'a list of origins'), []),
    strictWallets: withDefault(flag(), false),
    assets: withDefault(assetsField(), []),
  })
  const spacescan = mapping({
    enabled,
    chain: optional(chainId()),
    testnet: optional(chainId()),
    extended: withDefault(flag(), false),
    freePerMinute: perMinute(600),
  })
  const sessions = mapping({ balance: perMinute(30), balances: perMinute(10), accountBalances: perMinute(10) })
  const tokenkit = mapping({ enabled, chain: optional(chainId()), sessionPerMinute: sessions })
  const chainbase = mapping({
    enabled,
    balance: withDefault(word(['hex', 'decimal']), 'hex'),
    demoKey: withDefault(flag(), false),
  })
  const cobo = mapping({
    enabled,
    anonymous: optional(id('a principal')),
    chains: withDefault(table(id('a vendor chain id'), chainId(), 'a mapping such as { ETH: "eip155:1" }'), []),
    tokens: withDefault(
      table(id('a vendor token id'), chainAsset(kindOf), 'a mapping such as { ETH_USDC: "eip155:1/erc20:0x…" }'),
      [],
    ),
  })
  return mapping({ abcLabs, spacescan, tokenkit, chainbase, cobo }, { abcLabs: 'abc-labs' })
}

/** The id of an issuer's ledger: no other chain can be minted on. */
function ledgerChain(): Field<ChainId> {
  return refine(chainId(), (chain, at) =>
    namespaceOf(chain) === 'ledger' ? chain : wrong(at, chain, 'a ledger such as ledger:main'),
  )
}

type IssuedAsset = {
  readonly assetId: string
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly reissue: boolean
}

function assetsField(): Field<readonly IssuedAsset[]> {
  const asset = mapping({
    assetId: label('an asset id', MAX_LEDGER_ID_CHARACTERS),
    name: optional(label('a name', MAX_ASSET_NAME_CHARACTERS)),
    symbol: optional(label('a symbol', MAX_ASSET_SYMBOL_CHARACTERS)),
    reissue: withDefault(flag(), false),
  })
  return refine(list(asset, 'a list of { asset_id, name, symbol, reissue }'), (assets, at) => {
    const ids = assets.map((one) => one.assetId)
    const twice = ids.find((id, index) => ids.indexOf(id) !== index)
    return twice === undefined ? assets : wrong(at, twice, 'each asset_id once')
  })
}

/** The dialects with the defaults that depend on the chains: the first Chia and the first Starknet chain. */
export function withFirstChains(dialects: DialectsConfig, chains: readonly ChainId[]): DialectsConfig {
  const first = (namespace: string): ChainId | undefined => chains.find((chain) => chain.startsWith(`${namespace}:`))
  return {
    ...dialects,
    spacescan: { ...dialects.spacescan, chain: dialects.spacescan.chain ?? first('chia') },
    tokenkit: { ...dialects.tokenkit, chain: dialects.tokenkit.chain ?? first('starknet') },
  }
}
