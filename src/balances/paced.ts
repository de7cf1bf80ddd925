import { setImmediate as nextTick } from 'node:timers/promises'
import { within } from '../net/deadline.ts'
import { throwIfAborted } from '../net/wait.ts'

/**
 * Does work for each item and returns the results in their order. At most `atOnce` pieces are under way, and `perTick` begin
 * in each tick of the event loop, so that other requests are answered in between.
 * @throws ABORTED after the signal fired; else the first failure. No further work begins then
 */
export async function paced<Item, Result>(
  items: readonly Item[],
  how: { readonly atOnce: number; readonly perTick: number; readonly signal: AbortSignal },
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const { atOnce, perTick, signal } = how
  const results: Result[] = []
  const failures: unknown[] = []
  const underWay = new Set<Promise<void>>()
  for (const [index, item] of items.entries()) {
    if (index % perTick === 0) await nextTick()
    if (underWay.size >= atOnce) await Promise.race(underWay)
    throwIfAborted(signal)
    if (failures.length > 0) break
    const one: Promise<void> = work(item)
      .then(
        (result) => {
          results[index] = result
        },
        (error: unknown) => {
          failures.push(error)
        },
      )
      .finally(() => underWay.delete(one))
    underWay.add(one)
  }
  await Promise.all(underWay)
  if (failures.length > 0) throw failures[0]
  return results
}

const NEVER = new AbortController().signal

/**
 * Does work that must end within a time, in milliseconds. Afterwards the work's signal fires.
 * @throws `late()` the time is over; else what the work throws
 */
export function inTime<T>(ms: number, late: () => Error, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return within({ ms, signal: NEVER }, (signal) => {
    const over = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(late()), { once: true })
    })
    return Promise.race([work(signal), over])
  })
}
