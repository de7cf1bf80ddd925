import type { ChainId } from './chain.ts'

/** What a thing held is by nature. The standard belongs to the asset's identity: one contract may be two assets. */
export const STANDARDS = ['native', 'erc20', 'erc721', 'erc1155', 'cat', 'ledger'] as const
export type Standard = (typeof STANDARDS)[number]

/**
 * A thing held on one chain. `reference` is canonical: the contract's address, a TAIL, a ledger's asset id; for the
 * native asset its SLIP-44 coin type.
 */
export type AssetRef = { readonly standard: Standard; readonly reference: string }

/** How a token's balances are known: by summing its events, or only by reading the chain. */
export type Accounting = 'events' | 'reads'

/** The item of fungible assets and of a contract's roll-up row. NFT items are decimal text of the id. */
export const NO_ITEM = ''

/** CAIP-19 text of an asset: `eip155:1/erc20:0x…`, the only name by which an asset leaves the store. */
export function assetText(chain: ChainId, asset: AssetRef): string {
  return `${chain}/${asset.standard === 'native' ? 'slip44' : asset.standard}:${asset.reference}`
}

/** The native asset of an EVM chain. Its SLIP-44 type is Ether's whatever the chain calls it: one rule, no table. */
export const EVM_NATIVE: AssetRef = { standard: 'native', reference: '60' }

/** A key for maps: unique among the assets of one chain. */
export function assetKey(asset: AssetRef): string {
  return `${asset.standard}:${asset.reference}`
}

/** True where an amount is a quantity of like units, with decimals; false for collections of items. */
export function isFungible(standard: Standard): boolean {
  return standard !== 'erc721' && standard !== 'erc1155'
}

/** Of classes fixed by configuration, those of one chain, by `assetKey`. */
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
