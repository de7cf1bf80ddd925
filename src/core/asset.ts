import type { ChainId } from './chain.ts'

/** The kinds of assets. The standard is part of an asset's identity: one contract may be two assets. */
export const STANDARDS = ['native', 'erc20', 'erc721', 'erc1155', 'cat', 'ledger'] as const
/** A standard of assets: the native asset, or what interface a token has. */
export type Standard = (typeof STANDARDS)[number]

/** The standards of tokens, in the order in which a contract is looked up: all but the native asset's. */
export const TOKEN_STANDARDS = STANDARDS.filter((standard) => standard !== 'native')

/**
 * An asset of one chain. `reference` is canonical: the contract's address, a TAIL, a ledger's asset id, or the SLIP-44
 * coin type of the native asset.
 */
export type AssetRef = { readonly standard: Standard; readonly reference: string }

/** How a token's balances are known: as the sum of its events, or only by reads of the chain. */
export type Accounting = 'events' | 'reads'

/** The item of fungible assets and of a contract's roll-up row. For an NFT, `item` is the decimal text of its id. */
export const NO_ITEM = ''

/** CAIP-19 text of an asset: `eip155:1/erc20:0x…`. It is the asset's only name outside the store. */
export function assetText(chain: ChainId, asset: AssetRef): string {
  return `${chain}/${asset.standard === 'native' ? 'slip44' : asset.standard}:${asset.reference}`
}

/**
 * The native asset of an EVM chain. It always has Ether's SLIP-44 type, even if the chain has another name for it: one
 * rule, no table.
 */
export const EVM_NATIVE: AssetRef = { standard: 'native', reference: '60' }

/** A key for maps: unique among the assets of one chain. */
export function assetKey(asset: AssetRef): string {
  return `${asset.standard}:${asset.reference}`
}

/** True if amounts are quantities of like units, with decimals; false for collections of items. */
export function isFungible(standard: Standard): boolean {
  return standard !== 'erc721' && standard !== 'erc1155'
}

/** The accounting classes that the configuration fixes for one chain, by `assetKey`. */
export function fixedClasses(
  rows: readonly (readonly [{ readonly chain: ChainId; readonly asset: AssetRef }, Accounting])[],
  chain: ChainId,
): ReadonlyMap<string, Accounting> {
  return new Map(
    rows.flatMap(([token, accounting]) =>
      token.chain === chain ? [[assetKey(token.asset), accounting] as const] : [],
    ),
  )
}
