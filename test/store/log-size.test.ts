/** The write-ahead log of a file. A database server has its own. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Batch } from '../../src/core/transfer.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ASSETS } from './chains.ts'

const TRANSFERS = 2_000
const MIB = 1024 * 1024

const hash = (number: number): string => `0x${number.toString(16).padStart(64, '0')}`
const account = (index: number): string => `0x${index.toString(16).padStart(40, '0')}`

function batch(number: number, transfers: number): Batch {
  const [asset] = ASSETS
  const through = { number, hash: hash(number), parentHash: hash(number - 1), timestamp: number }
  const list = Array.from({ length: transfers }, (_, event) => ({
    ...{ event, part: 0, asset, item: '', amount: 1n, transactionHash: hash(number) },
    from: undefined,
    to: account((number * 7_919 + event * 104_729) % 20_000),
  }))
  return { first: number, through, headers: [through], blocks: [{ ...through, transfers: list }] }
}

test('the write-ahead log stays in proportion to its file, during a backfill and during thousands of live blocks', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-log-'))
  const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS, classesOf: () => new Map() })
  const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  const file = join(folder, 'eip155_1.db')
  const mustBeInProportion = (): void => {
    const [bytes, log] = [statSync(file).size, statSync(`${file}-wal`).size]
    expect(log).toBeLessThanOrEqual(2 * Math.max(bytes, 4 * MIB))
  }
  for (let number = 0; number < 40; number++) {
    await journal.append(batch(number, TRANSFERS))
    mustBeInProportion()
  }
  for (let number = 40; number < 4_000; number++) {
    await journal.append(batch(number, number % 3))
    await journal.heartbeat({ state: 'live', head: undefined, caughtUpAt: 1, error: undefined, counts: {} })
    if (number % 100 === 0) mustBeInProportion()
  }
  mustBeInProportion()
  await journal.close()
  await store.close()
  rmSync(folder, { recursive: true })
}, 180_000)

/** Shorter than what a statement waits for another connection, and longer than any pause of a busy machine, in milliseconds. */
const SOON_MS = 4_000

test('a journal closes although a reader has a snapshot', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-log-'))
  const tookMs: number[] = []
  // One slow try may be the machine's.
  while (tookMs.length < 3 && !tookMs.some((ms) => ms < SOON_MS)) {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS, classesOf: () => new Map() })
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    const reads = await store.openReads(CHAIN)
    await journal.heartbeat({ state: 'live', head: undefined, caughtUpAt: 1, error: undefined, counts: {} })
    await reads.clock()
    const begun = performance.now()
    await journal.close()
    tookMs.push(performance.now() - begun)
    await store.close()
  }
  rmSync(folder, { recursive: true })
  expect(Math.min(...tookMs)).toBeLessThan(SOON_MS)
}, 180_000)
