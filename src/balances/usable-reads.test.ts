import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ALICE, at, BOB, GOLD, of, SILVER, world } from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import type { BlockRef } from '../core/block.ts'
import { usableReads } from './usable-reads.ts'

const block = (number: number): BlockRef => ({ number, hash: hash(`${number}`) })

test('only a read of a higher block is usable beside a proven amount, and any read without one', async () => {
  const { reads } = await world()
  const keys = [of(ALICE, GOLD), of(BOB, GOLD), of(ALICE, SILVER)]
  const known = {
    known: true,
    amount: 70n,
    block: block(4),
    finality: 'latest',
    source: 'events',
    knownAt: 48,
  } as const
  const proven = [known, known, undefined]
  const read = (index: number, number: number) => ({
    ...of(index === 1 ? BOB : ALICE, index === 2 ? SILVER : GOLD),
    amount: BigInt(number),
    block: block(number),
    observedAt: 60,
  })
  const usable = async () => (await usableReads(reads.observations, keys, proven)).map((one) => one?.amount)
  expect(await usable()).toEqual([undefined, undefined, undefined])
  await reads.observations.put([read(0, 4), read(1, 3), read(2, 2)])
  expect(await usable()).toEqual([undefined, undefined, 2n])
  await reads.observations.put([read(1, 5)])
  expect(await usable()).toEqual([4n, 5n, 2n])
})

test('a forced read of a higher block is answered again to a caller who accepts its age', async () => {
  const it = await world()
  await it.reads.observations.put([{ ...of(ALICE, GOLD), amount: 99n, block: block(5), observedAt: 99 }])
  await nextTick()
  const young = { mode: 'max_age', seconds: 300 } as const
  expect(await it.balances.get([of(ALICE, GOLD), of(BOB, GOLD)], young)).toMatchObject([
    { amount: 99n, block: block(5), source: 'reads' },
    { amount: 30n, block: at(4), source: 'events' },
  ])
})

test('the newest block of all reads follows what is stored and dropped', async () => {
  const { reads } = await world()
  const { observations } = reads
  expect(await observations.newestBlock()).toBeUndefined()
  const read = { ...of(ALICE, GOLD), amount: 1n, observedAt: 60 }
  await observations.put([
    { ...read, block: block(7) },
    { ...read, ...of(BOB, GOLD), block: block(6) },
  ])
  expect(await observations.newestBlock()).toBe(7)
  await observations.dropAbove(6)
  await nextTick()
  expect(await observations.newestBlock()).toBe(6)
})
