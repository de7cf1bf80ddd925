import { assetText } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { ChainAsset } from '../../../custody/custody.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { CoboSettings } from './settings.ts'
import type { NameSources } from './vendor-names.ts'

/** What the catalogue is made of. */
export type CatalogueSources = {
  readonly chains: readonly ServedChain[]
  readonly settings: Pick<CoboSettings, 'tokens'>
  readonly listed: NameSources['listed']
}

/**
 * The assets that this server vouches for, of the configured chains: native assets, tokens that the configuration names,
 * and tokens of the configured lists. The order is stable until the next start.
 */
export class Catalogue {
  readonly #sources: CatalogueSources
  #all: readonly ChainAsset[] | undefined

  constructor(sources: CatalogueSources) {
    this.#sources = sources
  }

  /** All of them, chain by chain. The same array each time. */
  all(): readonly ChainAsset[] {
    this.#all ??= this.#sources.chains.flatMap((chain) => this.#ofChain(chain))
    return this.#all
  }

  /** Those of some chains. */
  of(chains: readonly ChainId[]): readonly ChainAsset[] {
    const wanted = new Set(chains)
    return this.all().filter(({ chain }) => wanted.has(chain))
  }

  #ofChain({ id, nativeAsset }: ServedChain): readonly ChainAsset[] {
    const { settings, listed } = this.#sources
    const found = [
      ...(nativeAsset === undefined ? [] : [nativeAsset]),
      ...settings.tokens.flatMap(([, { chain, asset }]) => (chain === id ? [asset] : [])),
      ...listed(id).map(({ asset }) => asset),
    ]
    const byText = new Map(found.map((asset) => [assetText(id, asset), asset]))
    return [...byText.values()].map((asset) => ({ chain: id, asset }))
  }
}
