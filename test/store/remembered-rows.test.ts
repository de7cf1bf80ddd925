/** What a journal's writer remembers of its rows is forgotten with a transaction that is rolled back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from './chains.ts'
import { dumpChain } from './dump.ts'

const [alice = ''] = ACCOUNTS
const [coin, other] = ASSETS
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-remembered-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

type Attempt = {
  readonly number: number
  readonly assets: readonly (typeof coin | typeof other)[]
  readonly fails?: true
}

/** The facts of a chain after some appends, of which some fail once their rows are written. */
async function factsAfter(name: string, attempts: readonly Attempt[]): Promise<readonly string[]> {
  let fails = false
  const place = join(folder, name)
  const store = new SqliteStore({
    folder: place,
    codecOf: () => HEX_ACCOUNTS,
    onStep: (step) => {
      if (fails && step === 'append:rows') throw new RangeError('the disk is full')
    },
  })
  const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 1 })
  for (const attempt of attempts) {
    const { number, assets } = attempt
    fails = attempt.fails === true
    const header = { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
    const mints = assets.map((asset) => ({ asset, from: undefined, to: alice, amount: 7n, item: 0 }))
    const batch = { first: number, through: header, blocks: [makeBlock(mints, header)], headers: [header] }
    const appended = journal.append(batch)
    if (fails) await expect(appended).rejects.toThrow('the disk is full')
    else await appended
  }
  await journal.close()
  await store.close()
  return dumpChain(join(place, 'eip155_1.db'))
}

test('an append that failed leaves nothing that a later one takes for stored', async () => {
  const stored: readonly Attempt[] = [
    { number: 1, assets: [coin] },
    { number: 2, assets: [coin] },
    { number: 3, assets: [other, coin] },
  ]
  const [first, second, third] = stored
  if (first === undefined || second === undefined || third === undefined) throw new RangeError('there are three')
  const failed: Attempt = { number: 2, assets: [other, coin, coin], fails: true }
  const facts = await factsAfter('failed', [first, failed, second, third])
  expect(facts).toEqual(await factsAfter('undisturbed', stored))
  expect(facts.filter((line) => line.startsWith('assets'))).toHaveLength(2)
})
