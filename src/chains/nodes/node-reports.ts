import { isServiceError } from '../../core/errors.ts'
import type { AdapterCounts, AdapterOptions } from '../adapter.ts'
import type { Work } from './rpc.ts'

/** The same warning about one node is logged at most once a minute; the counters count every case. */
const REPORT_PAUSE_MS = 60_000

/** Warnings about single nodes (by label), limited in time. */
export class NodeReports {
  readonly #warn: AdapterOptions['warn']
  readonly #now: () => number
  readonly #reportedAt = new Map<string, number>()

  /** `now` in milliseconds. */
  constructor(warn: AdapterOptions['warn'], now: () => number) {
    this.#warn = warn
    this.#now = now
  }

  /** Logs a warning, at most once a minute for one node and message. */
  report(label: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const key = `${label} ${message}`
    const last = this.#reportedAt.get(key)
    if (last !== undefined && this.#now() - last < REPORT_PAUSE_MS) return
    this.#reportedAt.set(key, this.#now())
    this.#warn(message, { node: label, ...fields })
  }
}

/** Wraps work so that a node that lacks the requested blocks (NODE_BEHIND) is counted and reported. */
export function countingLag<T>(
  work: Work<T>,
  to: { readonly counts: Pick<AdapterCounts, 'laggingAnswers'>; readonly reports: Pick<NodeReports, 'report'> },
): Work<T> {
  return async (session) => {
    try {
      return await work(session)
    } catch (error) {
      if (isServiceError(error, 'NODE_BEHIND')) {
        to.counts.laggingAnswers++
        to.reports.report(session.label, 'node is behind', error.fields)
      }
      throw error
    }
  }
}
