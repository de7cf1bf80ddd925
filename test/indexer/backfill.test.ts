import { expect, test } from 'vitest'
import { ServiceError } from '../../src/core/errors.ts'
import type { Batch } from '../../src/core/transfer.ts'
import { backfill } from '../../src/indexer/backfill.ts'
import { QUICK_RANGE_SIZE, startSize } from '../../src/indexer/range-size.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { makeRig, undisturbed } from './harness.ts'

const LAST = 1_500

function longChain(): MockChain {
  const chain = new MockChain().add('0', undefined)
  for (let number = 1; number <= LAST; number++) {
    const mint = {
      asset: ASSETS[0],
      from: undefined,
      to: ACCOUNTS[number % ACCOUNTS.length],
      amount: BigInt(number),
      item: 0,
    }
    chain.add(`${number}`, `${number - 1}`, number % 3 === 0 ? [mint] : [])
  }
  return chain.show(`${LAST}`, LAST)
}

/** Limits the range that the node takes. `suggested` is the size that the error names, if any. */
function limited(chain: MockChain, limit: number, suggested: number | undefined): MockChain {
  const whole = chain.transfers.bind(chain)
  chain.transfers = async (range) => {
    if (range.last - range.first + 1 > limit) {
      throw new ServiceError('RANGE_TOO_LARGE', 'too wide', { fields: { suggested } })
    }
    return whole(range)
  }
  return chain
}

async function all(chain: MockChain, first = 0): Promise<Batch[]> {
  const options = { adapter: chain, scope: { type: 'all' }, first, last: LAST, now: () => 0 } as const
  const batches: Batch[] = []
  for await (const batch of backfill({ ...options, signal: new AbortController().signal })) batches.push(batch)
  return batches
}

function expectWhole(batches: readonly Batch[], first: number): void {
  let next = first
  const blocks: number[] = []
  for (const batch of batches) {
    expect(batch.first).toBe(next)
    next = batch.through.number + 1
    blocks.push(...batch.blocks.map((block) => block.number))
  }
  expect(next).toBe(LAST + 1)
  const expected = Array.from({ length: LAST + 1 - first }, (_, index) => first + index)
  expect(blocks).toEqual(expected.filter((number) => number > 0 && number % 3 === 0))
}

test.each([
  { name: 'any range', limit: LAST + 1, suggested: undefined },
  { name: 'ranges of 37 blocks, and suggests it', limit: 37, suggested: 37 },
  { name: 'ranges of 37 blocks, without a suggestion', limit: 37, suggested: undefined },
  { name: 'single blocks', limit: 1, suggested: undefined },
  { name: 'ranges of 10 blocks, but suggests a longer one', limit: 10, suggested: 200 },
])('a node that takes $name is read whole and in order', async ({ limit, suggested }) => {
  expectWhole(await all(limited(longChain(), limit, suggested)), 0)
})

test('the first answer is committed at once; later data waits no longer than the backfill has run, and at most 10 seconds', async () => {
  const chain = longChain()
  let time = 0
  const answer = chain.transfers.bind(chain)
  // A node that takes a tenth of a second for each answer and refuses all but short ranges.
  chain.transfers = async (range) => {
    time += 100
    if (range.last - range.first >= 3)
      throw new ServiceError('RANGE_TOO_LARGE', 'too wide', { fields: { suggested: 3 } })
    return answer(range)
  }
  const commits: number[] = []
  const range = { first: 0, last: LAST, start: QUICK_RANGE_SIZE }
  const options = { adapter: chain, scope: { type: 'all' }, ...range, now: () => time } as const
  for await (const _ of backfill({ ...options, signal: new AbortController().signal })) commits.push(time)
  expect(commits[0]).toBeLessThan(5_000)
  const waits = commits.slice(1).map((at, index) => at - (commits[index] ?? 0))
  for (const [index, waited] of waits.entries()) {
    const ran = commits[index] ?? 0
    expect(waited).toBeLessThanOrEqual(Math.min(10_000, Math.max(250, 2 * ran)) + 4_000)
  }
  expect(commits.length).toBeGreaterThanOrEqual(5)
})

test.each([
  { takes: LAST + 1, ranges: [LAST + 1] },
  { takes: 1_000, ranges: [LAST + 1, 750, 750, 1] },
])('a gap that is asked for whole is one range on a node that takes $takes blocks', async ({ takes, ranges }) => {
  const chain = limited(longChain(), takes, undefined)
  const asked: number[] = []
  const answer = chain.transfers.bind(chain)
  chain.transfers = async (range) => {
    asked.push(range.last - range.first + 1)
    return answer(range)
  }
  const gap = { first: 0, last: LAST }
  const options = { adapter: chain, scope: { type: 'all' }, ...gap, start: startSize(gap, true), now: () => 0 } as const
  const batches: Batch[] = []
  for await (const batch of backfill({ ...options, signal: new AbortController().signal })) batches.push(batch)
  expectWhole(batches, 0)
  expect(asked).toEqual(ranges)
})

test('a backfill starts at the given block', async () => {
  expectWhole(await all(longChain(), 701), 701)
})

test('if the node refuses a single block, the backfill ends with the node’s error', async () => {
  await expect(all(limited(longChain(), 0, undefined))).rejects.toMatchObject({ code: 'RANGE_TOO_LARGE' })
})

test('a backfill that fails again and again ends like an undisturbed one', async () => {
  const chain = longChain()
  const rig = await makeRig(chain)
  let calls = 0
  chain.fault = () => {
    if (++calls % 7 === 0) throw new ServiceError('NODE_UNREACHABLE', 'gone')
  }
  for (let tries = 0; tries < 60; tries++) await rig.indexer.step(new AbortController().signal).catch(() => undefined)
  chain.fault = () => undefined
  await rig.settle()
  expect(await rig.dump()).toEqual(await undisturbed(chain))
  await rig.close()
})
