import { type BalanceKey, isReadable } from '../core/balance.ts'
import type { ObservationPage, ObservationQuery, PositionQuery } from '../store/seam/positions.ts'
import { compareObservations, comparePositions } from './compare-positions.ts'
import { ROWS_PER_PAGE } from './pages.ts'
import type { Work } from './verify-whole.ts'

/** Keys per step. */
const COMPARISONS_PER_STEP = 1_000
/** Largest sample: its keys are kept in memory, some 200 bytes each. */
export const MAX_SAMPLE = 100_000

/**
 * Draws `size` items from a stream of any length, each with the same probability (algorithm R: J. S. Vitter, "Random
 * Sampling with a Reservoir", 1985). `random` returns numbers from 0 to below 1.
 */
export class Reservoir<T> {
  readonly #size: number
  readonly #random: () => number
  readonly #drawn: T[] = []
  #passed = 0

  constructor(size: number, random: () => number) {
    this.#size = size
    this.#random = random
  }

  add(one: T): void {
    this.#passed++
    if (this.#drawn.length < this.#size) {
      this.#drawn.push(one)
      return
    }
    const index = Math.floor(this.#random() * this.#passed)
    if (index < this.#size) this.#drawn[index] = one
  }

  drawn(): readonly T[] {
    return this.#drawn
  }
}

type Drawn = { readonly subject: 'balance' | 'observation'; readonly key: BalanceKey }

/** Compares a sample of all stored amounts that can be compared. @throws ServiceError */
export async function verifySample(
  work: Work,
  draw: { readonly size: number; readonly random: () => number },
): Promise<void> {
  const drawn = await drawKeys(work, new Reservoir<Drawn>(draw.size, draw.random))
  for (let at = 0; at < drawn.length; at += COMPARISONS_PER_STEP) {
    const some = drawn.slice(at, at + COMPARISONS_PER_STEP)
    await compareBalances(work, keysOf(some, 'balance'))
    const observations = await work.sides.reads.observations.get(keysOf(some, 'observation'))
    const found = observations.flatMap((observation) => observation ?? [])
    for (const comparison of await compareObservations(work.sides, found)) work.notes.add('observation', comparison)
    work.notes.progress(Math.min(1, (at + some.length) / drawn.length))
  }
}

function keysOf(drawn: readonly Drawn[], subject: Drawn['subject']): readonly BalanceKey[] {
  return drawn.flatMap((one) => (one.subject === subject ? [one.key] : []))
}

async function drawKeys({ pages, sides, selection }: Work, reservoir: Reservoir<Drawn>): Promise<readonly Drawn[]> {
  const { accounts, assets } = selection
  for (const account of accounts ?? [undefined]) {
    let after: PositionQuery['after'] | undefined = { share: 0 }
    while (after !== undefined) {
      const found = await pages.page({ after, account })
      for (const row of found?.page.rows ?? []) {
        const toCompare = isReadable(row) && row.accounting === 'events' && row.amount !== undefined
        if (!toCompare) continue
        const key = { account: row.account, asset: row.asset, item: row.item }
        reservoir.add({ subject: 'balance', key })
      }
      after = found?.page.next
    }
    let behind: ObservationQuery['after'] | undefined = { share: 0 }
    while (behind !== undefined) {
      const query = { after: behind, account, assets, limit: ROWS_PER_PAGE }
      const page: ObservationPage = await sides.reads.observations.walk(query)
      for (const { account, asset, item } of page.rows) {
        reservoir.add({ subject: 'observation', key: { account, asset, item } })
      }
      behind = page.next
    }
  }
  return reservoir.drawn()
}

async function compareBalances({ sides, pages, notes }: Work, keys: readonly BalanceKey[]): Promise<void> {
  const block = await pages.block()
  if (block === undefined || keys.length === 0) return
  notes.useBlock(block)
  const { rows } = await sides.reads.balances(keys, block.number)
  const assets = await Promise.all(keys.map(({ asset }) => sides.reads.asset(asset)))
  const positions = rows.flatMap((row, index) => {
    const [key, asset] = [keys[index], assets[index]]
    if (key === undefined || row === undefined || asset === undefined) return []
    return [{ ...key, amount: row.amount, accounting: asset.accounting, inDoubt: row.inDoubt }]
  })
  for (const { comparison } of await comparePositions(sides, positions, block)) notes.add('balance', comparison)
}
