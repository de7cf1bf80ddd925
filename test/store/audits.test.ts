import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { MAX_AMOUNT } from '../../src/core/amount.ts'
import { type Accounting, type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Observation } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { believeAll, dumpChain } from './dump.ts'

const [alice = '', bob = ''] = ACCOUNTS
const [coin, , deed] = ASSETS
let folder = ''
let store: SqliteStore
let journal: Journal
let reads: ChainReads

async function open(coverage: Coverage, classes: ReadonlyMap<string, Accounting> = new Map()): Promise<void> {
  store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS, classesOf: () => classes })
  journal = await store.openJournal(CHAIN, coverage)
  reads = await store.openReads(CHAIN)
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-audits-'))
})
afterEach(async () => {
  await nextTick()
  await journal.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

const FROM_10: Coverage = { scope: { type: 'all' }, from: 10 }
const WHOLE: Coverage = { scope: { type: 'all' }, from: 0 }

function headerOf(number: number, branch = 0): Header {
  return { number, hash: hashOf(branch, number), parentHash: hashOf(branch, number - 1), timestamp: number * 12 }
}

function move(from: string | undefined, to: string | undefined, amount: bigint): Movement {
  return { asset: coin, from, to, amount, item: 0 }
}

async function append(number: number, movements: readonly Movement[] = []): Promise<void> {
  const header = { ...headerOf(number), parentHash: (await journal.state()).written?.hash ?? '0x' }
  await journal.append({ first: number, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
}

function read(account: string, amount: bigint, number: number): Observation {
  return { account, asset: coin, item: '', amount, block: headerOf(number), observedAt: 0 }
}

async function silentOf(): Promise<(boolean | undefined)[]> {
  await nextTick()
  return Promise.all([coin, deed].map(async (asset) => (await reads.asset(asset))?.unreadable))
}

describe('silence of tokens', () => {
  const heard = (number: number, silent: readonly AssetRef[], answering: readonly AssetRef[] = []) =>
    journal.audits.noteReadability({ block: headerOf(number), unreadable: silent, answering })

  test('lasts from the block where none answered to that where one did, and a rollback undoes only its end', async () => {
    await open(WHOLE)
    await append(0, [move(undefined, alice, 1n), { ...move(undefined, alice, 1n), asset: deed }])
    for (const number of [1, 2, 3, 4]) await append(number)
    expect(await silentOf()).toEqual([false, false])
    await heard(1, [coin], [deed])
    await heard(2, [coin])
    expect(await silentOf()).toEqual([true, false])
    await heard(3, [deed], [coin])
    expect(await silentOf()).toEqual([false, true])
    await journal.rollback(headerOf(2))
    expect(await silentOf()).toEqual([true, true])
    await journal.rollback(headerOf(0))
    expect(await silentOf()).toEqual([true, true])
  })

  test('at a block that is not ours, or of an asset that is not, is nothing', async () => {
    await open(WHOLE)
    await append(0, [move(undefined, alice, 1n)])
    await journal.audits.noteReadability({ block: headerOf(0, 7), unreadable: [coin], answering: [] })
    await heard(0, [deed])
    expect(await silentOf()).toEqual([false, undefined])
  })
})

async function amountsOf(account: string, blocks: readonly (number | undefined)[]): Promise<(bigint | undefined)[]> {
  await nextTick()
  const amounts: (bigint | undefined)[] = []
  for (const asOf of blocks) {
    const { rows } = await reads.balances([{ account, asset: coin, item: '' }], asOf)
    amounts.push(rows[0]?.amount)
  }
  return amounts
}

describe('a pair that is older than coverage', () => {
  test('is known in all its history after one read at any block of ours', async () => {
    await open(FROM_10)
    await append(10, [move(alice, bob, 30n)])
    await append(11, [move(alice, bob, 5n)])
    await append(12, [move(bob, alice, 1n)])
    expect(await amountsOf(alice, [undefined, 11])).toEqual([undefined, undefined])
    expect(await journal.adopt([read(alice, 65n, 11), read(alice, 66n, 12)])).toEqual([
      { outcome: 'adopted' },
      { outcome: 'equal' },
    ])
    expect(await amountsOf(alice, [undefined, 12, 11, 10, 9, 8])).toEqual([66n, 66n, 65n, 70n, 100n, undefined])
    expect(await journal.adopt([read(alice, 67n, 12)])).toEqual([{ outcome: 'different', journal: 66n }])
  })

  test('of which coverage saw no change is in the list of its account once it was read', async () => {
    await open(FROM_10)
    await append(10, [move(undefined, bob, 1n)])
    expect(await journal.adopt([read(alice, 9n, 10)])).toEqual([{ outcome: 'adopted' }])
    await append(11, [move(alice, bob, 4n)])
    expect(await amountsOf(alice, [undefined, 10])).toEqual([5n, 9n])
    const standards = ['erc20'] as const
    const list = { account: alice, standards, receivedOnly: true, assets: undefined, offset: 0, limit: 9 }
    expect(await reads.account(list)).toMatchObject({ count: 1, rows: [{ amount: 5n }] })
    expect(await reads.holders({ asset: coin, offset: 0, limit: 9 })).toMatchObject({
      count: 1,
      rows: [{ account: alice, amount: 5n }],
    })
  })

  test('is unknown again, and out of the list, when the read’s block is taken back', async () => {
    await open(FROM_10)
    await append(10, [move(undefined, bob, 1n)])
    await append(11)
    const before = dumpChain(join(folder, 'eip155_1.db'))
    await append(12)
    await journal.adopt([read(alice, 9n, 12), read(bob, 8n, 12)])
    expect(await amountsOf(bob, [undefined, 9])).toEqual([8n, 7n])
    await journal.rollback(headerOf(11))
    expect(dumpChain(join(folder, 'eip155_1.db'))).toEqual(before)
  })

  test('whose history contradicts a read is known from where it does not', async () => {
    await open(FROM_10)
    await append(10, [move(alice, bob, 50n)])
    await append(11, [move(undefined, alice, 80n)])
    await append(12, [])
    // 80 - 50 = 30 were gained since block 9: before block 11 nobody can have had what makes 20 of it.
    expect(await journal.adopt([read(alice, 20n, 12)])).toEqual([{ outcome: 'reopened' }])
    expect(await amountsOf(alice, [undefined, 12])).toEqual([undefined, undefined])
    believeAll(join(folder, 'eip155_1.db'))
    expect(await amountsOf(alice, [undefined, 12, 11, 10, 9])).toEqual([20n, 20n, 20n, undefined, undefined])
  })
})

describe('a sum that leaves the range of amounts', () => {
  test('is unknown until a read, then in doubt, and known from there on once that is settled', async () => {
    await open(WHOLE)
    await append(0, [move(undefined, alice, 10n)])
    await append(1, [move(alice, bob, 25n)])
    await append(2, [move(undefined, alice, 100n)])
    expect(await amountsOf(alice, [undefined, 0])).toEqual([undefined, undefined])
    expect((await journal.audits.next('doubts', { keys: 9, perToken: 9 })).keys).toEqual([
      { account: alice, asset: coin, item: '' },
    ])
    expect(await journal.adopt([read(alice, 90n, 2)])).toEqual([{ outcome: 'reopened' }])
    await append(3, [move(alice, bob, 1n)])
    expect(await amountsOf(alice, [undefined, 2])).toEqual([undefined, undefined])
    believeAll(join(folder, 'eip155_1.db'))
    expect(await amountsOf(alice, [undefined, 2, 1])).toEqual([89n, 90n, undefined])
    // It stays in doubt until it was looked into, and is not whole.
    expect((await journal.audits.next('doubts', { keys: 9, perToken: 9 })).keys).toHaveLength(1)
    const key = { account: alice, asset: coin, item: '' }
    expect(await journal.audits.expected(key, 3)).toEqual({ amount: 89n, whole: false, contradicted: 1 })
    await journal.rollback(headerOf(1))
    expect(await amountsOf(alice, [undefined])).toEqual([undefined])
    expect((await journal.audits.next('doubts', { keys: 9, perToken: 9 })).keys).toHaveLength(1)
  })

  test('within a block is no matter: contracts log in what order they like', async () => {
    await open(WHOLE)
    await append(0, [move(alice, bob, 10n), move(undefined, alice, 10n)])
    expect(await amountsOf(alice, [undefined])).toEqual([0n])
  })

  test('above the greatest amount is one too', async () => {
    await open(WHOLE)
    await append(0, [move(undefined, alice, MAX_AMOUNT)])
    await append(1, [move(undefined, alice, 1n)])
    expect(await amountsOf(alice, [undefined])).toEqual([undefined])
  })
})

describe('reads that prove nothing', () => {
  test('of a block that we hold another of, or that we do not hold', async () => {
    await open(WHOLE)
    await append(0, [move(undefined, alice, 10n)])
    expect(await journal.adopt([{ ...read(alice, 10n, 0), block: headerOf(0, 1) }, read(alice, 10n, 1)])).toEqual([
      { outcome: 'not_canonical' },
      { outcome: 'not_canonical' },
    ])
  })

  test('of the native asset, of tokens of `reads` and of accounts out of scope', async () => {
    const classes = new Map([[assetKey(coin), 'reads' as const]])
    await open({ scope: { type: 'accounts', accounts: [alice] }, from: 0 }, classes)
    await append(0, [move(undefined, alice, 10n)])
    const native = { standard: 'native', reference: '60' } as const
    const outcomes = await journal.adopt([
      { ...read(alice, 1n, 0), asset: native },
      read(alice, 1n, 0),
      { ...read(bob, 0n, 0), asset: deed },
    ])
    expect(outcomes).toEqual(outcomes.map(() => ({ outcome: 'not_covered' })))
  })
})

describe('a contract of NFTs, asked as if it were a coin', () => {
  const asCoin = { standard: 'erc20', reference: deed.reference } as const

  test.each([0, 10])('is neither compared nor adopted, with coverage from block %i', async (from) => {
    await open({ scope: { type: 'all' }, from })
    await append(from, [{ asset: deed, from: undefined, to: alice, amount: 1n, item: 7 }])
    expect(await journal.adopt([{ ...read(alice, 1n, from), asset: asCoin }])).toEqual([{ outcome: 'not_covered' }])
    await nextTick()
    expect(await reads.asset(asCoin)).toBeUndefined()
  })
})

describe('a turn', () => {
  const evidence = { account: alice, item: '', journal: 10n, chain: 11n }
  const reclassification = { asset: coin, block: headerOf(1), reason: 'balance', evidence } as const

  test('is seen by readers at once, named, and outlives the rollback of its block', async () => {
    await open(WHOLE)
    await append(0, [move(undefined, alice, 10n)])
    await append(1)
    expect((await reads.asset(coin))?.accounting).toBe('events')
    expect(await journal.reclassify({ ...reclassification, block: headerOf(1, 7) })).toBe('not_canonical')
    expect(await journal.reclassify(reclassification)).toBe('reclassified')
    expect(await journal.reclassify(reclassification)).toBe('already')
    await nextTick()
    expect((await reads.asset(coin))?.accounting).toBe('reads')
    const [token] = await reads.audits.tokens({ accounting: 'reads', after: 0, limit: 5 })
    expect(token).toMatchObject({
      asset: coin,
      transfers: 1,
      reclassification: { reason: 'balance', evidence, block: { number: 1 } },
    })
    expect(await reads.audits.classes()).toEqual({ assets: 1, reclassified: 1 })
    await journal.rollback(headerOf(0))
    await nextTick()
    expect((await reads.asset(coin))?.accounting).toBe('reads')
    expect((await journal.doubts.next('', 9)).unsure).toEqual([])
  })

  test.each([true, false])('of a token first seen on a lost branch stays if its contract does: %s', async (stays) => {
    await open(WHOLE)
    await append(0)
    await append(1, [move(undefined, alice, 10n)])
    await journal.reclassify(reclassification)
    await journal.rollback(headerOf(0))
    expect((await journal.doubts.next('', 9)).unsure).toEqual([{ asset: coin, account: alice, at: 0 }])
    await nextTick()
    expect((await reads.asset(coin))?.accounting).toBe('reads')
    await journal.doubts.resolve({ block: headerOf(0), keys: [], supplies: [], classes: [{ asset: coin, stays }] })
    await nextTick()
    expect((await reads.asset(coin))?.accounting).toBe(stays ? 'reads' : 'events')
    expect((await journal.doubts.next('', 9)).unsure).toEqual([])
  })

  test('never changes a class that the configuration fixes', async () => {
    await open(WHOLE, new Map([[assetKey(coin), 'events' as const]]))
    await append(0, [move(undefined, alice, 10n)])
    await append(1)
    expect(await journal.reclassify(reclassification)).toBe('fixed')
    expect(await reads.asset(coin)).toMatchObject({ accounting: 'events', fixed: true })
  })
})

test('a supply is what mints, burns and openings make, and not told where it cannot be', async () => {
  await open(WHOLE)
  await append(0, [move(undefined, alice, 100n), move(alice, bob, 5n), move(alice, undefined, 10n)])
  expect((await journal.audits.supplies([coin, deed])).supplies).toEqual([90n, undefined])
  await append(1, [move(bob, alice, 6n)])
  expect((await journal.audits.supplies([coin])).supplies).toEqual([undefined])
  await journal.adopt([read(bob, 0n, 1)])
  expect(await journal.audits.supplies([coin])).toMatchObject({ block: { number: 1 }, supplies: [91n] })
  await journal.rollback(headerOf(0))
  expect((await journal.audits.supplies([coin])).supplies).toEqual([90n])
})
