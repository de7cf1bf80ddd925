import { codeOf } from '../core/errors.ts'
import { wait } from '../net/wait.ts'
import type { BulkReader } from './bulk-reader.ts'
import type { CustodyChain, CustodyChains } from './chains.ts'
import type { VendorIds } from './custody.ts'
import type { Membership } from './membership.ts'
import type { WatchedAddresses } from './watched-addresses.ts'

/** Pause between two looks at a chain, in milliseconds: a part of the pause between two polls of its head. */
const PAUSE_MS = 500
/** Pause after a failure, in milliseconds: a store that is full or locked does not heal at once. */
const FAILURE_PAUSE_MS = 5_000

/** What keeps custody up to date. */
export type KeepUpDeps = {
  readonly chains: CustodyChains
  readonly watched: WatchedAddresses
  readonly membership: Membership
  readonly reader: BulkReader
  readonly ids: Pick<VendorIds, 'ofChain' | 'ofAssets'>
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** Looks at every chain again and again until the signal fires. Never throws. */
export async function keepUp(deps: KeepUpDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(deps.chains.all.map((chain) => keepUpWith(chain, deps, signal)))
}

/**
 * Looks at a chain once: what its addresses met, and what only reads tell.
 * @throws STORE_UNAVAILABLE and similar codes
 */
export async function lookAt(chain: CustodyChain, deps: KeepUpDeps, signal: AbortSignal): Promise<void> {
  const { watched, membership, reader, ids } = deps
  await nameChain(chain, ids)
  await watched.load()
  // A chain without watched addresses costs nothing.
  if (watched.of(chain.family).length === 0) return
  await membership.catchUp(chain, signal)
  await reader.round(chain, signal)
}

async function keepUpWith(chain: CustodyChain, deps: KeepUpDeps, signal: AbortSignal): Promise<void> {
  let failure: string | undefined
  while (!signal.aborted) {
    try {
      await lookAt(chain, deps, signal)
      failure = undefined
      await wait(PAUSE_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      const code = codeOf(error)
      // Each cause is logged once, not twice a second: /health reports a chain that is stopped.
      if (failure !== code)
        deps.warn('custody does not see the newest of a chain', { chain: chain.id, code, err: error })
      failure = code
      await wait(FAILURE_PAUSE_MS, signal).catch(() => undefined)
    }
  }
}

/** From now on the vendor's ids of the chain and of its native asset lead to them. */
async function nameChain({ id, nativeAsset }: CustodyChain, ids: KeepUpDeps['ids']): Promise<void> {
  await ids.ofChain(id)
  if (nativeAsset !== undefined) await ids.ofAssets([{ chain: id, asset: nativeAsset }])
}
