import { describe, expect, test } from 'vitest'
import type { Accounting, AssetRef } from '../core/asset.ts'
import type { Coverage } from '../core/coverage.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { Position } from '../store/seam/positions.ts'
import { compareWithProof, storedAmount, storedZero, Tally } from './comparison.ts'
import { ItemSums, Supplies } from './token-sums.ts'
import { Reservoir } from './verify-sample.ts'

const BLOCK = { number: 7, hash: '0x7' }
const COIN: AssetRef = { standard: 'erc20', reference: '0xc' }
const GOODS: AssetRef = { standard: 'erc1155', reference: '0xe' }

type Rest = { account?: string; item?: string; accounting?: Accounting }

function position(asset: AssetRef, amount: bigint | undefined, rest: Rest = {}): Position {
  const { account = 'alice', item = '', accounting = 'events' } = rest
  return { account, asset, item, amount, accounting, inDoubt: false }
}

describe('a claim', () => {
  const stored = storedAmount(position(COIN, 5n), BLOCK)
  if ('skip' in stored) throw new TypeError('a known amount is a claim')

  test('is equal or different, without any tolerance', () => {
    expect(compareWithProof(stored, { ok: true, amount: 5n })).toEqual({ outcome: 'equal' })
    expect(compareWithProof(stored, { ok: true, amount: 4n })).toEqual({
      outcome: 'different',
      difference: {
        subject: 'balance',
        account: 'alice',
        asset: COIN,
        item: '',
        block: BLOCK,
        stored: 5n,
        chainAmount: 4n,
        accounting: 'events',
      },
    })
  })

  test('is skipped with the reason why the chain returned no amount', () => {
    expect(compareWithProof(stored, { ok: false, reason: 'no_archive' })).toEqual({
      outcome: 'skipped',
      reason: 'no_archive',
    })
    expect(compareWithProof(stored, undefined)).toEqual({ outcome: 'skipped', reason: 'node_unavailable' })
  })

  test('is not made for a token of reads, nor for a sum with an unknown opening', () => {
    expect(storedAmount(position(COIN, 5n, { accounting: 'reads' }), BLOCK)).toEqual({ skip: 'accounting_reads' })
    expect(storedAmount(position(COIN, undefined), BLOCK)).toEqual({ skip: 'opening_unknown' })
  })

  test.each<[string, Coverage, Accounting, boolean]>([
    ['if coverage began with the chain', { scope: { type: 'all' }, from: 0 }, 'events', true],
    ['if coverage began later', { scope: { type: 'all' }, from: 1 }, 'events', false],
    ['for a token of reads', { scope: { type: 'all' }, from: 0 }, 'reads', false],
    [
      'for an account that is not followed',
      { scope: { type: 'accounts', accounts: ['bob'] }, from: 0 },
      'events',
      false,
    ],
  ])('for an absent row is zero or undefined: %s', (_, coverage, accounting, toCompare) => {
    const asset = {
      id: 1,
      asset: COIN,
      accounting,
      fixed: false,
      firstBlock: 0,
      unreadable: false,
      inDoubt: false,
      eventsUntil: undefined,
      endedAt: undefined,
      isGone: false,
    }
    const clock = { coverage, zeroAddress: 'zero' } as ChainClock
    const found = storedZero({ account: 'alice', asset }, { block: BLOCK, clock })
    expect(found?.stored).toBe(toCompare ? 0n : undefined)
    expect(storedZero({ account: 'zero', asset }, { block: BLOCK, clock })).toBeUndefined()
  })
})

test('a tally counts checked and skipped comparisons separately, the skipped ones by reason', () => {
  const tally = new Tally()
  tally.add({ outcome: 'equal' })
  tally.add({ outcome: 'skipped', reason: 'no_archive' })
  tally.add({ outcome: 'skipped', reason: 'no_archive' })
  expect(tally.counts).toEqual({ checked: 1, equal: 1, different: 0, skipped: { no_archive: 2 } })
})

describe('the sum of ERC-1155 items', () => {
  const goods = (amount: bigint, item: string, account = 'alice') => position(GOODS, amount, { item, account })

  test('is compared with the sum of the items on the chain', () => {
    const sums = new ItemSums()
    expect(sums.next(goods(7n, ''), undefined, BLOCK)).toBeUndefined()
    expect(sums.next(goods(3n, '1'), 3n, BLOCK)).toBeUndefined()
    expect(sums.next(goods(4n, '2'), 4n, BLOCK)).toBeUndefined()
    expect(sums.next(goods(9n, '', 'bob'), undefined, BLOCK)).toEqual({ outcome: 'equal' })
    expect(sums.next(goods(8n, '1', 'bob'), 8n, BLOCK)).toBeUndefined()
    expect(sums.end()).toMatchObject({
      outcome: 'different',
      difference: { account: 'bob', stored: 9n, chainAmount: 8n },
    })
    expect(sums.end()).toBeUndefined()
  })

  test('is skipped if an item was not compared, or the block moved', () => {
    const sums = new ItemSums()
    sums.next(goods(7n, ''), undefined, BLOCK)
    sums.next(goods(7n, '1'), undefined, BLOCK)
    expect(sums.next(goods(7n, '', 'bob'), undefined, BLOCK)).toEqual({ outcome: 'skipped', reason: 'items_unchecked' })
    sums.blockMoved()
    sums.next(goods(7n, '1', 'bob'), 7n, BLOCK)
    expect(sums.end()).toEqual({ outcome: 'skipped', reason: 'items_unchecked' })
  })

  test('ignores other assets', () => {
    const sums = new ItemSums()
    expect(sums.next(position(COIN, 5n), 5n, BLOCK)).toBeUndefined()
    expect(sums.end()).toBeUndefined()
  })
})

test('supplies add up known amounts, and are unknown if one amount is unknown', () => {
  const supplies = new Supplies(0)
  supplies.add(position(COIN, 5n))
  supplies.add(position(COIN, 6n, { account: 'bob' }))
  supplies.add(position(GOODS, 9n))
  expect(supplies.all()).toEqual([{ asset: COIN, sum: 11n }])
  supplies.add(position(COIN, undefined, { account: 'carol' }))
  supplies.add(position(COIN, 1n, { account: 'dan' }))
  expect(supplies.all()).toEqual([{ asset: COIN, sum: undefined }])
})

test('a sample takes all of a few items, and each of many with the same probability', () => {
  const few = new Reservoir<number>(5, Math.random)
  for (const one of [1, 2, 3]) few.add(one)
  expect(few.drawn()).toEqual([1, 2, 3])
  // Each of 20 is in a sample of 5 in a quarter of all rounds. The random numbers are the same in every run.
  const seen = new Array<number>(20).fill(0)
  const rounds = 4_000
  let state = 1
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  for (let round = 0; round < rounds; round++) {
    const reservoir = new Reservoir<number>(5, random)
    for (const one of seen.keys()) reservoir.add(one)
    for (const one of reservoir.drawn()) seen[one] = (seen[one] ?? 0) + 1
  }
  for (const count of seen) expect(Math.abs(count - rounds / 4)).toBeLessThan(rounds / 20)
})
