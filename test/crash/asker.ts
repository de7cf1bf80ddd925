/** Readers that ask all the time, while a bulk load is killed. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { isServiceError } from '../../src/core/errors.ts'
import type { ChainReads } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { dumpOf } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { type Death, live } from './live.ts'

const CHILD = fileURLToPath(new URL('./bulk-child.ts', import.meta.url))
const KEYS = ACCOUNTS.flatMap((account) => ASSETS.map((asset) => ({ account, asset, item: '' })))

/**
 * Asks a store all the time, and compares each answer with those of a chain that is complete. A database that is away meanwhile is asked
 * again.
 */
export class Asker {
  readonly #reads: ChainReads
  readonly #complete: ChainReads
  published = -1
  answers = 0
  #isStopped = false

  constructor(reads: ChainReads, complete: ChainReads) {
    this.#reads = reads
    this.#complete = complete
  }

  stop(): void {
    this.#isStopped = true
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      const answer = await whenThere(async () => this.#reads.balances(KEYS))
      if (answer === undefined) continue
      const { clock, rows } = answer
      const block = clock.published?.number
      if (block !== undefined) {
        expect(block).toBeGreaterThanOrEqual(this.published)
        this.published = block
        const expected = await whenThere(async () => this.#complete.balances(KEYS, block))
        if (expected === undefined) continue
        // A segment that closes later gives no amounts of earlier blocks.
        const known = rows.map((row, at) => (expected.rows[at]?.amount === undefined ? undefined : row?.amount))
        expect(known).toEqual(expected.rows.map((row) => row?.amount))
        this.answers++
      }
      await sleep(2)
    }
  }
}

async function whenThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!isServiceError(error, 'STORE_UNAVAILABLE')) throw error
    await sleep(20)
    return undefined
  }
}

/** A load that is killed several times, and the store of the same chain that was never disturbed. */
type KilledLoad = { readonly store: string; readonly whole: string; readonly deaths: readonly Death[] }

/**
 * Kills a load while readers ask, and lets it finish. Answers never go back nor differ from the undisturbed store's, and all is
 * stored in the end. Returns how many times it was killed.
 */
export async function killLoad({ store, whole, deaths }: KilledLoad): Promise<number> {
  const stores = [store, whole].map((folder) => new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS }))
  const [reads, complete] = await Promise.all(stores.map((one) => one.openReads(CHAIN)))
  if (reads === undefined || complete === undefined) throw new Error('both stores are open')
  const asker = new Asker(reads, complete)
  const asking = asker.run()
  let kills = 0
  for (const death of deaths) if (await live(CHILD, [store], death)) kills++
  expect(await live(CHILD, [store], 'natural')).toBe(false)
  await sleep(50)
  asker.stop()
  await asking
  for (const one of stores) await one.close()
  expect(asker.answers).toBeGreaterThan(0)
  expect(dumpOf(store)).toEqual(dumpOf(whole))
  return kills
}

/** One run of a load in a folder of `parent`. Returns true if it was killed. */
export function runLoad(parent: string, name: string, death: Death): Promise<boolean> {
  return live(CHILD, [join(parent, name)], death)
}
