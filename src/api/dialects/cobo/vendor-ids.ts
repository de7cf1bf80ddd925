import { assetText } from '../../../core/asset.ts'
import type { ChainId, Kind } from '../../../core/chain.ts'
import type { ChainAsset } from '../../../custody/custody.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { CoboDeps } from './deps.ts'
import { chainsOf } from './families.ts'

type IdDeps = Pick<CoboDeps, 'custody' | 'chains'>

/** Returns the configured chain with a vendor's id; undefined if there is none. */
export async function chainById({ custody, chains }: IdDeps, id: string): Promise<ServedChain | undefined> {
  const ids = await Promise.all(chains.map((chain) => custody.ids.ofChain(chain.id)))
  return chains[ids.indexOf(id)]
}

/** Returns the vendor's ids of the configured chains of a family. */
export function compatibleChains({ custody, chains }: IdDeps, family: Kind): Promise<readonly string[]> {
  return Promise.all(chainsOf(family, chains).map((chain) => custody.ids.ofChain(chain)))
}

/** The vendor's ids of a page's rows. */
export type PageIds = {
  readonly chain: (chain: ChainId) => string
  readonly asset: (asset: ChainAsset) => string
  /** The configured chains of a family. */
  readonly compatible: (family: Kind) => readonly string[]
}

/** Returns the ids of all chains and assets of a page, each asked for once. */
export async function idsOfPage(
  deps: IdDeps,
  rows: readonly (ChainAsset & { readonly family?: Kind })[],
): Promise<PageIds> {
  const { ids } = deps.custody
  const assets = [...new Map(rows.map((row) => [assetText(row.chain, row.asset), row])).values()]
  const chains = [...new Set(rows.map(({ chain }) => chain))]
  const families = [...new Set(rows.flatMap(({ family }) => family ?? []))]
  const [ofChains, ofAssets, ofFamilies] = await Promise.all([
    Promise.all(chains.map((chain) => ids.ofChain(chain))),
    ids.ofAssets(assets),
    Promise.all(families.map((family) => compatibleChains(deps, family))),
  ])
  const chainIds = new Map(chains.map((chain, at) => [chain, ofChains[at] ?? '']))
  const assetIds = new Map(assets.map(({ chain, asset }, at) => [assetText(chain, asset), ofAssets[at] ?? '']))
  const compatible = new Map(families.map((family, at) => [family, ofFamilies[at] ?? []]))
  return {
    chain: (chain) => chainIds.get(chain) ?? '',
    asset: ({ chain, asset }) => assetIds.get(assetText(chain, asset)) ?? '',
    compatible: (family) => compatible.get(family) ?? [],
  }
}
