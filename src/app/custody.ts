/** Part of the composition root: custody over the running chains. */
import type { ListedAsset } from '../api/dialects/cobo/vendor-names.ts'
import type { ChainId } from '../core/chain.ts'
import type { CustodyChain } from '../custody/chains.ts'
import { createCustody } from '../custody/create-custody.ts'
import type { Custody, VendorNames } from '../custody/custody.ts'
import type { CustodyStore } from '../store/seam/custody.ts'
import type { TokenLists } from '../tokens/token-lists.ts'
import type { Tokens } from '../tokens/tokens.ts'
import type { Logger } from './log.ts'
import type { RunningChain } from './running-chain.ts'

/** What custody is made of. `now`: Unix seconds. */
export type CustodyParts = {
  readonly store: CustodyStore
  readonly chains: readonly RunningChain[]
  readonly tokens: Tokens
  readonly names: VendorNames
  readonly log: Logger
  readonly now: () => number
}

/** Custody that is kept up to date. `stop` ends the work beside its calls; then nothing of it uses the store. */
export type StartedCustody = { readonly custody: Custody; stop(): Promise<void> }

/** Starts custody over the configured chains, open or not. */
export function startCustody({ store, chains, tokens, names, log, now }: CustodyParts): StartedCustody {
  const { custody, run } = createCustody({
    store,
    chains: chains.map(custodyChain),
    tokens,
    names,
    now,
    warn: (message, fields) => log.warn(fields, message),
  })
  const stopping = new AbortController()
  const running = run(stopping.signal)
  return {
    custody,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

function custodyChain(chain: RunningChain): CustodyChain {
  const { id, kind, parseAddress, zeroAddress, nativeAsset } = chain.served()
  return {
    id,
    family: kind,
    isOwn: chain.kind.source === 'own',
    nativeAsset,
    zeroAddress,
    parseAddress,
    deriveAddress: chain.kind.deriveAddress,
    use: () => chain.use(),
    follow: (account) => chain.opened?.follow(account),
  }
}

/** The tokens of a chain in all lists, in their order. They do not change while the process runs. */
export function listedAssetsOf(lists: TokenLists): (chain: ChainId) => readonly ListedAsset[] {
  const byChain = new Map<ChainId, readonly ListedAsset[]>()
  return (chain) => {
    const kept =
      byChain.get(chain) ??
      lists.search(chain, undefined).map((asset) => ({ asset, symbol: lists.find(chain, asset)?.symbol }))
    byChain.set(chain, kept)
    return kept
  }
}
