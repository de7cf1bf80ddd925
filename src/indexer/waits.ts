import type { ChainAdapter } from '../chains/adapter.ts'

/** What is awaited, in words, and since when, in Unix milliseconds. */
export type Wait = { readonly for: string; readonly since: number }

/**
 * A healthy node answers an indexer's calls within a second or two. Longer than this, in milliseconds, is reported as a
 * wait.
 */
export const LONG_WAIT_MS = 5_000

/** Calls under way that wait for a node. `now`: Unix milliseconds. */
export class Waits {
  readonly #now: () => number
  readonly #underWay = new Set<Wait>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Runs work, and lists it under these words as a wait meanwhile. */
  async during<T>(words: string, work: () => Promise<T>): Promise<T> {
    const wait = { for: words, since: this.#now() }
    this.#underWay.add(wait)
    try {
      return await work()
    } finally {
      this.#underWay.delete(wait)
    }
  }

  /** The oldest wait that is too long; undefined if there is none. */
  longest(): Wait | undefined {
    let oldest: Wait | undefined
    for (const wait of this.#underWay) if (oldest === undefined || wait.since < oldest.since) oldest = wait
    return oldest !== undefined && this.#now() - oldest.since >= LONG_WAIT_MS ? oldest : undefined
  }
}

/** Wraps an adapter, and lists the calls that the indexing waits for. `nodes`: their names, for people. */
export function watchedAdapter(adapter: ChainAdapter, waits: Waits, nodes: string): ChainAdapter {
  const of = (what: string): string => `${what} of ${nodes}`
  const blocks = ({ first, last }: { readonly first: number; readonly last: number }): string =>
    first === last ? `block ${first}` : `blocks ${first} to ${last}`
  const packTransfers: ChainAdapter['packTransfers'] = (range, into, signal) =>
    waits.during(of(`the logs of ${blocks(range)}`), async () => adapter.packTransfers?.(range, into, signal))
  return {
    ...adapter,
    heads: (signal) => waits.during(of('the newest block'), () => adapter.heads(signal)),
    headers: (range, signal) => waits.during(of(blocks(range)), () => adapter.headers(range, signal)),
    confirm: (conflict, signal) =>
      waits.during(of(`another node's block ${conflict.number}`), () => adapter.confirm(conflict, signal)),
    transfers: (range, signal) =>
      waits.during(of(`the logs of ${blocks(range)}`), () => adapter.transfers(range, signal)),
    ...(adapter.packTransfers === undefined ? {} : { packTransfers }),
    transfersOf: (wanted, signal) => {
      const [first, last] = [wanted.headers[0]?.number ?? 0, wanted.headers.at(-1)?.number ?? 0]
      return waits.during(of(`the transfers of ${blocks({ first, last })}`), () => adapter.transfersOf(wanted, signal))
    },
  }
}

/** Reports once when a wait has become too long, and once when it has ended. */
export class WaitReporter {
  readonly #waits: Waits
  readonly #report: (wait: Wait | undefined) => void
  #told: Wait | undefined

  constructor(waits: Waits, tell: (wait: Wait | undefined) => void) {
    this.#waits = waits
    this.#report = tell
  }

  /** Checks once. Call it every second or so. */
  look(): void {
    const wait = this.#waits.longest()
    if (wait === this.#told) return
    this.#told = wait
    this.#report(wait)
  }
}
