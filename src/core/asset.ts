import type { ChainId } from './chain.ts'
import { STANDARD_RULES, type Standard } from './standards.ts'

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
  return `${chain}/${STANDARD_RULES[asset.standard].caip19}:${asset.reference}`
}

/** A key for maps: unique among the assets of one chain. */
export function assetKey(asset: AssetRef): string {
  return `${asset.standard}:${asset.reference}`
}

/**
 * The accounting classes that are fixed for one chain, by `assetKey`: those of the configuration, and `reads` for the
 * tokens in `shipped`, unless the configuration says otherwise.
 */
export function fixedClasses(
  rows: readonly (readonly [{ readonly chain: ChainId; readonly asset: AssetRef }, Accounting])[],
  chain: ChainId,
  shipped: readonly AssetRef[] = [],
): ReadonlyMap<string, Accounting> {
  const configured = rows.flatMap(([token, accounting]) =>
    token.chain === chain ? [[assetKey(token.asset), accounting] as const] : [],
  )
  return new Map([...shipped.map((asset) => [assetKey(asset), 'reads'] as const), ...configured])
}
