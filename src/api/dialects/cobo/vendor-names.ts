import { type AssetRef, assetText } from '../../../core/asset.ts'
import { type ChainId, namespaceOf, referenceOf } from '../../../core/chain.ts'
import { STANDARD_RULES } from '../../../core/standards.ts'
import type { ChainAsset, VendorNames } from '../../../custody/custody.ts'
import type { CoboSettings } from './settings.ts'

/** The vendor's ids of public chains. */
const CHAIN_IDS: Readonly<Record<string, string>> = {
  'eip155:1': 'ETH',
  'eip155:11155111': 'SETH',
  'eip155:8453': 'BASE_ETH',
  'eip155:84532': 'BASE_SETH',
  'eip155:42161': 'ARBITRUM_ETH',
  'eip155:10': 'OPT_ETH',
  'eip155:137': 'MATIC',
  'eip155:56': 'BSC_BNB',
  'eip155:43114': 'AVAXC',
  'starknet:SN_MAIN': 'STARKNET',
  'starknet:SN_SEPOLIA': 'STARKNET_SEPOLIA',
  'chia:mainnet': 'XCH',
  'chia:testnet11': 'TXCH',
  'ledger:main': 'LEDGER',
}

/** The beginning of an id that the vendor does not have, by namespace: `EVM_31337`. */
const PREFIXES: Readonly<Record<string, string>> = {
  eip155: 'EVM',
  starknet: 'STARKNET',
  chia: 'XCH',
  ledger: 'LEDGER',
}

/**
 * Symbols that may be a part of an id. Other text could look like a different symbol, and one that begins as an address
 * could look like another contract.
 */
const SYMBOL = /^(?!0x)[A-Za-z0-9.$+-]{1,32}$/i

/** A token of a configured list, in the order of the lists. */
export type ListedAsset = { readonly asset: AssetRef; readonly symbol: string | undefined }

/** What the names follow from. `listed`: the tokens of a chain in all lists, the same array each time. */
export type NameSources = {
  readonly settings: Pick<CoboSettings, 'chains' | 'tokens'>
  readonly listed: (chain: ChainId) => readonly ListedAsset[]
}

/**
 * Returns the rule by which the vendor's ids are proposed. The configuration comes first. A native asset has its chain's
 * id. Only a token of a list gets `CHAIN_SYMBOL`, the first one of all lists with this symbol. Any other is
 * `CHAIN_<reference>`, so that no token poses as another one by its symbol.
 */
export function vendorNames({ settings, listed }: NameSources): VendorNames {
  const chainIds = new Map(settings.chains.map(([id, chain]) => [chain, id]))
  const chainsById = new Map(settings.chains)
  const assetIds = new Map(settings.tokens.map(([id, token]) => [assetText(token.chain, token.asset), id]))
  const assetsById = new Map(settings.tokens.map(([id, token]) => [id, assetText(token.chain, token.asset)]))
  const symbols = new Map<ChainId, ReadonlyMap<string, string>>()

  const isFree = <T>(taken: ReadonlyMap<string, T>, id: string, own: T): boolean => {
    const owner = taken.get(id)
    return owner === undefined || owner === own
  }
  const ofChain = (chain: ChainId): readonly string[] => {
    const known = CHAIN_IDS[chain]
    const plain = `${PREFIXES[namespaceOf(chain)] ?? namespaceOf(chain).toUpperCase()}_${referenceOf(chain)}`
    const ids = [chainIds.get(chain), known, plain].filter((id) => id !== undefined)
    return ids.filter((id) => isFree(chainsById, id, chain))
  }
  const symbolsOf = (chain: ChainId): ReadonlyMap<string, string> => {
    const kept = symbols.get(chain) ?? firstSymbols(listed(chain))
    symbols.set(chain, kept)
    return kept
  }
  const ofAsset = ({ chain, asset }: ChainAsset): readonly string[] => {
    const own = assetText(chain, asset)
    const prefix = ofChain(chain)[0] ?? chain
    const { isToken } = STANDARD_RULES[asset.standard]
    const symbol = symbolsOf(chain).get(asset.reference)
    const ids = [
      assetIds.get(own),
      isToken ? undefined : prefix,
      symbol === undefined || !isToken ? undefined : `${prefix}_${symbol}`,
      `${prefix}_${asset.reference}`,
    ]
    return ids.filter((id) => id !== undefined).filter((id) => isFree(assetsById, id, own))
  }
  return { ofChain, ofAsset }
}

/** The symbols of listed tokens by reference, each symbol once, in any case of its letters: the first token has it. */
function firstSymbols(listed: readonly ListedAsset[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  const symbols = new Map<string, string>()
  for (const { asset, symbol } of listed) {
    if (symbol === undefined || !SYMBOL.test(symbol) || taken.has(symbol.toUpperCase())) continue
    taken.add(symbol.toUpperCase())
    symbols.set(asset.reference, symbol)
  }
  return symbols
}
