/** Writes of two processes at once, each through a store of its own. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Observation } from '../../src/core/balance.ts'
import type { ReadTokenFacts } from '../../src/core/token.ts'
import type { Store } from '../../src/store/seam/store.ts'
import type { StoredToken } from '../../src/store/seam/tokens.ts'
import { addHoldWallet, HOLD_CHAIN, holdOf } from '../custody/hold-store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

const NOW = 1_700_000_000_000
const addressOf = (index: number): string => `0x${index.toString(16).padStart(40, '0')}`
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let place: StorePlace
  let stores: readonly [Store, Store]
  beforeEach(async () => {
    place = await makePlace()
    stores = [await place.open(), await place.open()]
  })
  afterEach(() => place.end())

  const storeOf = (index: number): Store => stores[index % 2 === 0 ? 0 : 1]

  test('holds use up exactly what is available, once for each request', async () => {
    await addHoldWallet(stores[0])
    const placed = await Promise.all(
      upTo(60).map((index) =>
        storeOf(index).custody.holds.place({
          principal: 'ann',
          hold: holdOf({ id: `h${index}`, requestId: `r${index >> 1}`, amount: 7n }),
          available: 100n,
          maxActive: 1_000,
        }),
      ),
    )
    const ids = placed.flatMap((one) => (one?.outcome === 'placed' ? [one.hold.id] : []))
    expect(new Set(ids).size).toBe(14)
    expect(ids).toHaveLength(28)
    const [member] = await stores[1].custody.members.rows({ principal: 'ann' }, { after: 0, limit: 1 })
    expect(member?.locked).toBe(98n)
  })

  test("a vendor's id is given to one asset", async () => {
    const given = await Promise.all(
      upTo(40).map((index) =>
        storeOf(index).custody.ids.ofAssets([
          {
            chain: HOLD_CHAIN,
            asset: { standard: 'erc20', reference: addressOf(index >> 1) },
            candidates: () => upTo(40).map((number) => `T${number}`),
          },
        ]),
      ),
    )
    const ids = given.flat()
    expect(new Set(ids).size).toBe(20)
    expect(upTo(20).every((index) => ids[2 * index] === ids[2 * index + 1])).toBe(true)
  })

  test('each call is counted', async () => {
    const policy = { name: 'free', seconds: 60, maxKeys: 10 }
    const counts = await Promise.all(upTo(300).map((index) => storeOf(index).callCounts.add(policy, 'k', NOW)))
    expect(counts.map(({ count }) => count).sort((a, b) => a - b)).toEqual(upTo(300).map((index) => index + 1))
  })

  test('a comparison is taken once, also while others are requested', async () => {
    const taken: string[] = []
    const take = async () => {
      for (const { item } of await stores[1].comparisons.take(CHAIN)) taken.push(item)
    }
    const account = ACCOUNTS[0] ?? ''
    await Promise.all(
      upTo(100).flatMap((index) => [
        storeOf(index).comparisons.add(CHAIN, { account, asset: ASSETS[0], item: `${index}` }),
        ...(index % 10 === 0 ? [take()] : []),
      ]),
    )
    await take()
    expect(taken.map(Number).sort((a, b) => a - b)).toEqual(upTo(100))
  })

  describe('of the same stored reads, in opposite orders, do not wait for each other', () => {
    /** Runs the work 20 times in each store, on one list forwards in one store and backwards in the other. */
    async function both<T>(
      list: readonly T[],
      work: (store: number, list: readonly T[], round: number) => Promise<void>,
    ) {
      const back = list.toReversed()
      await Promise.all(upTo(20).flatMap((round) => [work(0, list, round), work(1, back, round)]))
    }
    const readOf = (index: number, number: number): Observation => ({
      account: addressOf(index + 1),
      asset: ASSETS[0],
      item: '',
      amount: BigInt(number),
      block: { number, hash: `0x${'1'.repeat(64)}` },
      observedAt: 5,
    })
    const open = () => Promise.all(stores.map((store) => store.openReads(CHAIN)))

    test('observations, also while some are dropped and compared', async () => {
      const reads = await open()
      await both(upTo(300), async (store, list, round) => {
        const written = list.map((index) => readOf(index, round))
        await reads[store]?.observations.put(written)
        await reads[store]?.observations.markCompared(
          written.map((observation) => ({ observation, keep: true })).slice(0, 5),
        )
        if (round % 10 === 0) await reads[store]?.observations.dropAbove(1_000)
        if (round % 10 === 5) await reads[store]?.observations.compareAgain(list.map((index) => addressOf(index + 1)))
      })
      const last = await reads[0]?.observations.get([readOf(0, 0), readOf(299, 0)])
      expect(last?.map((one) => one?.block.number)).toEqual([19, 19])
    })

    test('tokens', async () => {
      const reads = await open()
      await both(upTo(20), async (store, list) => {
        const tokens = list.map((index): StoredToken & ReadTokenFacts => ({
          asset: { standard: 'erc20', reference: addressOf(index) },
          name: 'Gold',
          symbol: 'G',
          decimals: 2,
          totalSupply: undefined,
          readAt: 9,
          supplyBlock: undefined,
        }))
        await reads[store]?.tokens.put(tokens)
      })
      expect(await reads[0]?.tokens.get([{ standard: 'erc20', reference: addressOf(19) }])).toMatchObject([
        { name: 'Gold' },
      ])
    })

    test('the trail', async () => {
      const reads = await open()
      const finalized = { number: 4, hash: `0x${'1'.repeat(64)}` }
      await both(upTo(20), async (store, list, round) => {
        await reads[store]?.trail.add(
          list.map((index) => readOf(index, 5 + (round % 3))),
          finalized,
        )
      })
      const since = await reads[0]?.trail.since([readOf(0, 0)], 7)
      expect(since).toMatchObject([{ changedAt: 5 }])
    })

    test('learned texts', async () => {
      const reads = await open()
      await both(['a', 'b', 'c'], async (store, list, round) => {
        await reads[store]?.learned.add(list.map((one) => (one === 'c' ? one : `${one}${round}`)))
      })
      expect((await reads[1]?.learned.since(0))?.toSorted()).toEqual(
        ['c', ...upTo(20).flatMap((round) => [`a${round}`, `b${round}`])].toSorted(),
      )
    })
  })
})
