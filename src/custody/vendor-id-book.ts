import { assetText } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { VendorIdStore } from '../store/seam/custody.ts'
import type { VendorIds, VendorNames } from './custody.ts'

/** Ids kept in memory, some 200 bytes each. They never change. */
const MAX_REMEMBERED = 50_000

/** The vendor's ids, from the store and from memory. */
export function createVendorIds(store: VendorIdStore, names: VendorNames): VendorIds {
  const chainIds = new Map<ChainId, string>()
  const assetIds = new Map<string, string>()
  return {
    ofChain: async (chain) => {
      const known = chainIds.get(chain)
      if (known !== undefined) return known
      const [id = ''] = await store.ofChains([{ chain, candidates: () => endless(names.ofChain(chain), chain) }])
      chainIds.set(chain, id)
      return id
    },
    ofAssets: async (assets) => {
      const texts = assets.map(({ chain, asset }) => assetText(chain, asset))
      const known = texts.map((text) => assetIds.get(text))
      if (known.every((id) => id !== undefined)) return known
      const given = await store.ofAssets(
        assets.map((one, index) => ({ ...one, candidates: () => endless(names.ofAsset(one), texts[index] ?? '') })),
      )
      if (assetIds.size + given.length > MAX_REMEMBERED) assetIds.clear()
      for (const [index, id] of given.entries()) assetIds.set(texts[index] ?? '', id)
      return given
    },
    asset: async (id) => store.asset(id),
  }
}

/** The candidates, then the last one with a number. */
function* endless(candidates: readonly string[], otherwise: string): Iterable<string> {
  yield* candidates
  const last = candidates.at(-1) ?? otherwise
  for (let number = 2; ; number++) yield `${last}_${number}`
}
