import { isServiceError } from '../core/errors.ts'
import { wait } from '../net/wait.ts'
import type { IndexerReports } from '../store/seam/indexer-reports.ts'
import type { Logger } from './log.ts'
import type { RunningChain } from './running-chain.ts'

/**
 * Pause between two looks, in milliseconds. So late is an answer that a head has been replaced; an age is in whole seconds.
 * A look at unchanged reports costs some microseconds.
 */
const LOOK_MS = 50

/** Tells chains what their indexers report, until the signal fires. Never throws. */
export async function followReports(
  {
    chains,
    reports,
    log,
  }: {
    readonly chains: readonly RunningChain[]
    readonly reports: IndexerReports
    readonly log: Logger
  },
  signal: AbortSignal,
): Promise<void> {
  let hasFailed = false
  while (!signal.aborted) {
    try {
      const all = await reports.all()
      for (const chain of chains) chain.told(all.get(chain.config.id))
      hasFailed = false
    } catch (error) {
      if (!isServiceError(error)) throw error
      if (!hasFailed) log.warn({ err: error }, 'the reports of the indexers cannot be read')
      hasFailed = true
    }
    await wait(LOOK_MS, signal).catch(() => undefined)
  }
}
