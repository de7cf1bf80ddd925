import { setImmediate as nextTick } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Observation } from '../../src/core/balance.ts'
import type { BlockRef, Header } from '../../src/core/block.ts'
import type { PositionQuery } from '../../src/store/seam/positions.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES, type OpenChain } from './engines.ts'
import { Model } from './model.ts'

describe.each(ENGINES)('$name', ({ name, makePlace }) => {
  async function withChain<T>(work: (open: OpenChain) => Promise<T>): Promise<T> {
    const place = await makePlace()
    try {
      return await work(await place.openChain())
    } finally {
      await place.end()
    }
  }

  function headerOf(number: number, branch = 0): Header {
    return { number, hash: hashOf(branch, number), parentHash: hashOf(branch, number - 1), timestamp: number * 12 }
  }

  async function append(journal: Journal, movements: readonly Movement[], at: number | Header): Promise<Header> {
    const parentHash = (await journal.state()).written?.hash ?? '0x'
    const header = { ...(typeof at === 'number' ? headerOf(at) : at), parentHash }
    await journal.append({
      first: header.number,
      through: header,
      blocks: [makeBlock(movements, header)],
      headers: [header],
    })
    return header
  }

  type Walked = { readonly found: Map<string, bigint | undefined>; readonly pages: number; readonly holds: boolean }

  /** Collects all pages of a walk. Runs `meanwhile` after each page. */
  async function walk(
    reads: ChainReads,
    query: Omit<PositionQuery, 'after'>,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<Walked> {
    const found = new Map<string, bigint | undefined>()
    let pages = 0
    let holds = true
    let share = 0
    let after: PositionQuery['after'] | undefined = { share: 0 }
    while (after !== undefined) {
      const page = await reads.walk({ ...query, after })
      for (const row of page.rows) {
        const key = `${row.account}/${assetKey(row.asset)}/${row.item}`
        expect(found.has(key)).toBe(false)
        found.set(key, row.amount)
      }
      expect(page.share).toBeGreaterThanOrEqual(share)
      share = page.share
      holds &&= page.holds
      pages++
      after = page.next
      await meanwhile()
      await nextTick()
    }
    expect(share).toBe(1)
    return { found, pages, holds }
  }

  function expected(model: Model, asOf: number): Map<string, bigint | undefined> {
    return new Map([...model.positions(asOf)].map(([key, { amount }]) => [key, amount]))
  }

  test('a walk in pages of any size returns every position once, as of its block, while blocks are added', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(blockMovements, { minLength: 2, maxLength: 6 }),
        fc.nat(),
        fc.integer({ min: 1, max: 7 }),
        async (blocks, pick, limit) => {
          await withChain(async ({ journal, reads }) => {
            const model = new Model()
            const cut = 1 + (pick % (blocks.length - 1))
            let at: BlockRef = headerOf(0)
            for (const [number, movements] of blocks.slice(0, cut).entries()) {
              at = await append(journal, movements, number)
              model.append([makeBlock(movements, headerOf(number))])
            }
            await nextTick()
            let next = cut
            const { found, holds } = await walk(reads, { at, limit }, async () => {
              const movements = blocks[next]
              if (movements !== undefined) await append(journal, movements, next++)
            })
            expect(holds).toBe(true)
            const whole = new Model()
            whole.append(blocks.slice(0, next).map((movements, number) => makeBlock(movements, headerOf(number))))
            const asOf = expected(model, at.number)
            expect([...asOf.keys()].filter((key) => !found.has(key))).toEqual([])
            for (const [key, amount] of found) {
              // If a balance contradicts itself later, its past is unknown too, even whether it existed.
              if (amount === undefined) expect(expected(whole, next).get(key)).toBeUndefined()
              else expect(amount).toBe(asOf.get(key))
            }
          })
        },
      ),
      { numRuns: name === 'sqlite' ? 12 : 5 },
    )
  })

  const [alice = '', bob = ''] = ACCOUNTS
  const [coin, , deed] = ASSETS
  const move = (asset: AssetRef, to: string, amount: bigint): Movement => ({
    asset,
    from: undefined,
    to,
    amount,
    item: 0,
  })

  test('a walk can cover one account or some tokens, and can begin anywhere', async () => {
    await withChain(async ({ journal, reads }) => {
      const movements = [move(coin, alice, 5n), move(coin, bob, 6n), move(deed, alice, 1n)]
      const at = await append(journal, movements, 0)
      await nextTick()
      const keysOf = async (query: Partial<PositionQuery>): Promise<readonly string[]> => {
        const { found } = await walk(reads, { at, limit: 1, ...query })
        return [...found.keys()]
      }
      const deeds = assetKey(deed)
      expect(await keysOf({ account: alice })).toEqual([
        `${alice}/${assetKey(coin)}/`,
        `${alice}/${deeds}/`,
        `${alice}/${deeds}/0`,
      ])
      expect(await keysOf({ assets: [coin] })).toEqual([`${alice}/${assetKey(coin)}/`, `${bob}/${assetKey(coin)}/`])
      const nowhere: AssetRef = { standard: 'erc20', reference: `0x${'9'.repeat(40)}` }
      expect(await keysOf({ assets: [nowhere] })).toEqual([])
      const end = await reads.walk({ after: { share: 0.5 }, at, limit: 10 })
      expect([end.rows, end.next]).toEqual([[], undefined])
    })
  })

  test('a page reports that its block was rolled back', async () => {
    await withChain(async ({ journal, reads }) => {
      const ancestor = await append(journal, [move(coin, alice, 5n)], 0)
      const at = await append(journal, [move(coin, bob, 6n)], 1)
      await nextTick()
      expect((await walk(reads, { at, limit: 10 })).holds).toBe(true)
      await journal.rollback(ancestor)
      await nextTick()
      expect((await walk(reads, { at, limit: 10 })).holds).toBe(false)
      await append(journal, [move(coin, bob, 7n)], headerOf(1, 1))
      await nextTick()
      expect((await walk(reads, { at, limit: 10 })).holds).toBe(false)
    })
  })

  test('observations are walked in pages: all of them, those of one account, or those of some assets', async () => {
    await withChain(async ({ reads }) => {
      const block = { number: 3, hash: hashOf(0, 3) }
      const observation = (account: string, asset: AssetRef, item: string): Observation => {
        return { account, asset, item, amount: 9n, block, observedAt: 100 }
      }
      const all = [alice, bob].flatMap((account) => [
        observation(account, coin, ''),
        observation(account, deed, '7'),
        observation(account, EVM_NATIVE, ''),
      ])
      await reads.observations.put(all)
      for (const limit of [1, 2, 100]) {
        expect(await pagesOf(reads, { limit })).toEqual(all)
        expect(await pagesOf(reads, { limit, account: bob })).toEqual(all.slice(3))
        expect(await pagesOf(reads, { limit, assets: [EVM_NATIVE] })).toEqual([all[2], all[5]])
      }
    })
  })

  test('that there is no observation is remembered until one is written, by this connection or another one', async () => {
    await withChain(async ({ reads }) => {
      const key = { account: alice, asset: coin, item: '' }
      const block = { number: 3, hash: hashOf(0, 3) }
      const stored = async () => (await reads.observations.get([key]))[0]?.amount
      expect([await stored(), await stored()]).toEqual([undefined, undefined])
      await reads.observations.put([{ ...key, amount: 9n, block, observedAt: 100 }])
      expect(await stored()).toBe(9n)
      await reads.observations.dropAbove(2)
      await nextTick()
      expect(await stored()).toBeUndefined()
      await reads.observations.put([{ ...key, amount: 8n, block, observedAt: 101 }])
      expect(await stored()).toBe(8n)
    })
  })

  async function pagesOf(
    reads: ChainReads,
    query: { readonly limit: number; readonly account?: string; readonly assets?: readonly AssetRef[] },
  ): Promise<readonly Observation[]> {
    const found: Observation[] = []
    let after: Parameters<ChainReads['observations']['walk']>[0]['after'] | undefined = { share: 0 }
    while (after !== undefined) {
      const page: Awaited<ReturnType<ChainReads['observations']['walk']>> = await reads.observations.walk({
        ...query,
        after,
      })
      found.push(...page.rows)
      after = page.next
    }
    return found
  }
})
