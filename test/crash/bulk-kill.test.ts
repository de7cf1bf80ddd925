/** Bulk loads that are killed, while readers ask. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUILD_STEPS, type BuildStep } from '../../src/bulk/build/build.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { ChainReads } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { JOURNAL_STEPS, type JournalStep } from '../../src/store/sqlite/write/journal-options.ts'
import { dumpOf, index } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { live } from './live.ts'

const CHILD = fileURLToPath(new URL('./bulk-child.ts', import.meta.url))
const KEYS = ACCOUNTS.flatMap((account) => ASSETS.map((asset) => ({ account, asset, item: '' })))

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-bulk-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Asks a store all the time, and compares each answer with those of a chain that is complete. */
class Asker {
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
      const { clock, rows } = await this.#reads.balances(KEYS)
      const block = clock.published?.number
      if (block !== undefined) {
        expect(block).toBeGreaterThanOrEqual(this.published)
        this.published = block
        const expected = await this.#complete.balances(KEYS, block)
        // A segment that closes later gives no amounts of earlier blocks.
        const known = rows.map((row, at) => (expected.rows[at]?.amount === undefined ? undefined : row?.amount))
        expect(known).toEqual(expected.rows.map((row) => row?.amount))
        this.answers++
      }
      await sleep(2)
    }
  }
}

const STEPS: readonly (BuildStep | JournalStep)[] = [
  ...BUILD_STEPS,
  ...JOURNAL_STEPS.filter((step) => /^(publish|end):/.test(step)),
]

beforeAll(async () => {
  await index(join(folder, 'whole'), { isBulk: false })
})

test.each(STEPS)(
  'killed at %s, and at random, a bulk load loses and doubles nothing',
  async (step) => {
    const [killedStore, wholeStore] = [join(folder, step), join(folder, 'whole')]
    const stores = [killedStore, wholeStore].map((at) => new SqliteStore({ folder: at, codecOf: () => HEX_ACCOUNTS }))
    const [reads, complete] = await Promise.all(stores.map((store) => store.openReads(CHAIN)))
    if (reads === undefined || complete === undefined) throw new Error('both stores are open')
    const asker = new Asker(reads, complete)
    const asking = asker.run()
    expect(await live(CHILD, [killedStore], { step: step as JournalStep, count: 1 })).toBe(true)
    await live(CHILD, [killedStore], { afterMs: 20 * STEPS.indexOf(step) })
    expect(await live(CHILD, [killedStore], 'natural')).toBe(false)
    await sleep(50)
    asker.stop()
    await asking
    for (const store of stores) await store.close()
    expect(asker.answers).toBeGreaterThan(0)
    expect(dumpOf(killedStore)).toEqual(dumpOf(wholeStore))
  },
  60_000,
)
