import type { ReadContext } from '../../queries/context.ts'
import type { Asked, Query } from '../../queries/query.ts'
import type { Row } from '../../rows/columns.ts'
import type { Queries } from '../database.ts'
import { isOfFailedTransaction } from '../store-error.ts'
import { askTogether, isSame } from './alike.ts'

const NO_ROWS: readonly Row[] = []

/** A read that waits for its snapshot, and then runs in it. */
export interface Reading {
  /** What the read would ask first in this context; undefined if it asks nothing, or throws. */
  firstAsked(context: ReadContext): Asked | undefined
  /** Rows of a statement that was asked before the read, in its snapshot. It uses them if that is what it asks first. */
  prepare(asked: Asked, rows: readonly Row[]): void
  /** Forgets rows of a snapshot in which it does not run. */
  unprepare(): void
  /** Begins to read. Returns what it asks; undefined if it has ended. */
  begin(context: ReadContext): Asked | undefined
  /** Goes on with the rows of what it asked. Returns what it asks next; undefined if it has ended. */
  goOn(rows: readonly Row[]): Asked | undefined
  fail(error: unknown): void
}

/** Who waits for a read. `parse` turns what its rows make it throw into the store's errors. */
export type Asker<T> = {
  readonly resolve: (result: T) => void
  readonly reject: (error: unknown) => void
  readonly parse: <R>(parse: () => R) => R
}

/** A read for one who waits for it. */
export function readingOf<T>(work: (context: ReadContext) => Query<T>, { resolve, reject, parse }: Asker<T>): Reading {
  let query: Query<T> | undefined
  let prepared: { readonly asked: Asked; readonly rows: readonly Row[] } | undefined
  const step = (of: Query<T>, rows: readonly Row[]): Asked | undefined => {
    try {
      const next = parse(() => of.next(rows))
      if (next.done !== true) return next.value
      resolve(next.value)
    } catch (error) {
      reject(error)
    }
    return undefined
  }
  return {
    firstAsked(context) {
      try {
        const first = work(context).next(NO_ROWS)
        return first.done === true ? undefined : first.value
      } catch {
        // It will throw again when it runs.
        return undefined
      }
    },
    prepare(asked, rows) {
      prepared = { asked, rows }
    },
    unprepare() {
      prepared = undefined
    },
    begin(context) {
      query = work(context)
      const asked = step(query, NO_ROWS)
      const before = prepared
      prepared = undefined
      return asked !== undefined && before !== undefined && isSame(asked, before.asked)
        ? step(query, before.rows)
        : asked
    },
    goOn: (rows) => query && step(query, rows),
    fail: reject,
  }
}

/**
 * Asks what reads will ask first if the context is still the one of before. The rows are of the snapshot in which they will run. What
 * fails here is asked again by the read.
 */
export async function askAhead(queries: Queries, readings: readonly Reading[], before: ReadContext): Promise<void> {
  const asking: { readonly reading: Reading; readonly asked: Asked }[] = []
  for (const reading of readings) {
    const asked = reading.firstAsked(before)
    if (asked !== undefined) asking.push({ reading, asked })
  }
  await askTogether(
    queries,
    asking.map(({ asked }) => asked),
    {
      answered: (at, rows) => {
        const one = asking[at]
        one?.reading.prepare(one.asked, rows)
      },
      failed: () => undefined,
    },
  )
}

/**
 * Runs reads side by side in a snapshot, so that those that ask alike share their statements. Returns those that failed only, or
 * perhaps, because of others.
 */
export async function runTogether(
  queries: Queries,
  readings: readonly Reading[],
  context: ReadContext,
): Promise<readonly Reading[]> {
  const again: Reading[] = []
  let asking: { readonly reading: Reading; readonly asked: Asked }[] = []
  const add = (reading: Reading, asked: Asked | undefined): void => {
    if (asked !== undefined) asking.push({ reading, asked })
  }
  for (const reading of readings) add(reading, reading.begin(context))
  while (asking.length > 0) {
    const now = asking
    asking = []
    await askTogether(
      queries,
      now.map(({ asked }) => asked),
      {
        answered: (at, rows) => {
          const one = now[at]
          if (one !== undefined) add(one.reading, one.reading.goOn(rows))
        },
        failed: (at, error, sharedBy) => {
          const one = now[at]
          if (one === undefined) return
          if (sharedBy > 1 || isOfFailedTransaction(error)) again.push(one.reading)
          else one.reading.fail(error)
        },
      },
    )
  }
  return again
}
