import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { Journal, Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const [alice = '', bob = '', carol = ''] = ACCOUNTS
  const [GOLD] = ASSETS

  let place: StorePlace
  let store: Store
  beforeEach(async () => {
    place = await makePlace()
    store = await place.open()
  })
  afterEach(async () => {
    await nextTick()
    await store.close()
    await place.end()
  })

  const of = (...accounts: readonly string[]): Coverage => ({ scope: { type: 'accounts', accounts }, from: 0 })
  const header = (number: number, branch = 0): Header => {
    return { number, hash: hashOf(branch, number), parentHash: hashOf(branch, number - 1), timestamp: number * 12 }
  }
  const paid = (to: string, amount: bigint, from?: string): Movement => ({ asset: GOLD, from, to, amount, item: 0 })

  function block(number: number, ...movements: readonly Movement[]): BlockTransfers & Header {
    return { ...makeBlock(movements, header(number)), ...header(number) }
  }

  async function append(journal: Journal, given: BlockTransfers & Header): Promise<void> {
    await journal.append({ first: given.number, through: given, blocks: [given], headers: [given] })
  }

  /** Closes a journal after the readers of this tick. */
  async function shut(journal: Journal): Promise<void> {
    await nextTick()
    await journal.close()
  }

  const dump = (): Promise<readonly string[]> => place.dumpChain(CHAIN)
  const names = (journal: Journal) => journal.followed.list().map(({ account, isFollowed }) => [account, isFollowed])

  describe('a history', () => {
    const mint = block(1, paid(bob, 5n))
    let journal: Journal
    beforeEach(async () => {
      journal = await store.openJournal(CHAIN, of(alice))
      await append(journal, block(0))
      await append(journal, block(1, paid(alice, 7n)))
      await append(journal, block(2))
    })
    afterEach(() => shut(journal))

    test('with a block that is not ours is rejected, and nothing of it is stored', async () => {
      const before = await dump()
      const wrong = { ...mint, hash: hashOf(9, 1) }
      const history = { accounts: [bob], first: 0, through: header(2), blocks: [wrong], leads: 0 }
      await expect(journal.followed.follow(history)).rejects.toMatchObject({ code: 'BLOCK_CONFLICT' })
      const ends = { ...history, blocks: [], through: header(2, 9) }
      await expect(journal.followed.follow(ends)).rejects.toMatchObject({ code: 'BLOCK_CONFLICT' })
      const above = { ...history, blocks: [], through: header(3) }
      await expect(journal.followed.follow(above)).rejects.toMatchObject({ code: 'BLOCK_CONFLICT' })
      expect([await dump(), names(journal)]).toEqual([before, [[alice, true]]])
    })

    test('of a writer that was replaced by another is not stored', async () => {
      await place.takeOver(CHAIN)
      const history = { accounts: [bob], first: 0, through: header(2), blocks: [], leads: 0 }
      await expect(journal.followed.follow(history)).rejects.toMatchObject({ code: 'LEASE_LOST' })
      await expect(journal.followed.unfollow(alice)).rejects.toMatchObject({ code: 'LEASE_LOST' })
      expect(names(journal)).toEqual([[alice, true]])
    })

    test('that is not complete is continued after a restart, and shown to nobody before', async () => {
      await journal.followed.follow({ accounts: [bob], first: 0, through: header(0), blocks: [], leads: 3 })
      await shut(journal)
      journal = await store.openJournal(CHAIN, of(alice))
      const state = { isLeaving: false, knownThrough: undefined, isCut: false }
      expect(journal.followed.list()).toEqual([
        { account: alice, isFollowed: true, through: undefined, leads: 0, ...state },
        { account: bob, isFollowed: false, through: 0, leads: 3, ...state },
      ])
      const reads = await store.openReads(CHAIN)
      const key = { account: bob, asset: GOLD, item: '' }
      expect((await reads.clock()).coverage).toEqual(of(alice))
      const both = block(1, paid(alice, 7n), paid(bob, 5n, alice))
      await journal.followed.follow({ accounts: [bob], first: 1, through: header(1), blocks: [both], leads: 3 })
      await nextTick()
      expect((await reads.balances([key])).rows).toEqual([undefined])
      await journal.followed.follow({ accounts: [bob], first: 2, through: header(2), blocks: [], leads: 3 })
      await nextTick()
      expect(await reads.balances([key])).toMatchObject({ clock: { coverage: of(alice, bob) }, rows: [{ amount: 5n }] })
      expect((await reads.balances([{ ...key, account: alice }])).rows).toMatchObject([{ amount: 2n }])
    })

    test('that contradicts a stored transfer replaces it, and the token is in doubt', async () => {
      const other = block(1, paid(alice, 8n))
      await journal.followed.follow({ accounts: [alice], first: 0, through: header(2), blocks: [other], leads: 0 })
      const reads = await store.openReads(CHAIN)
      expect((await reads.clock()).doubts).toMatchObject({ tokens: 1 })
      const rows = (await dump()).filter((line) => line.startsWith('transfers'))
      expect(rows).toEqual([expect.stringContaining('amount=8')])
    })
  })

  test('an account of which nodes cut the coins may lack some until whole blocks were read', async () => {
    const journal = await store.openJournal(CHAIN, of())
    const reads = await store.openReads(CHAIN)
    const query = {
      account: alice,
      standards: ['erc20'],
      receivedOnly: false,
      assets: undefined,
      offset: 0,
      limit: 9,
    } as const
    const isCut = async (): Promise<boolean> => {
      await nextTick()
      return (await reads.account(query)).mayLackTokens
    }
    for (let number = 0; number <= 3; number++) await append(journal, block(number))
    const blocks = [block(2, paid(alice, 1n))]
    await journal.followed.follow({
      accounts: [alice],
      first: 0,
      through: header(3),
      blocks,
      leads: 0,
      asked: { through: 3, cut: [alice] },
    })
    expect([journal.followed.list()[0]?.knownThrough, await isCut()]).toEqual([1, true])
    const part = { accounts: [alice], leads: 0, isWhole: true } as const
    await journal.followed.follow({ ...part, first: 2, through: header(2), blocks })
    expect([journal.followed.list()[0]?.knownThrough, await isCut()]).toEqual([2, true])
    await journal.followed.follow({ ...part, first: 3, through: header(3), blocks: [] })
    expect(await isCut()).toBe(false)
    // Blocks near the head are read whole, ranges of old blocks are not.
    await append(journal, block(4))
    expect([journal.followed.list()[0]?.knownThrough, await isCut()]).toEqual([4, false])
    await journal.append({ first: 5, through: header(6), blocks: [], headers: [] })
    expect(await isCut()).toBe(true)
    await journal.followed.follow({ ...part, first: 5, through: header(6), blocks: [] })
    expect(await isCut()).toBe(false)
    await append(journal, block(7))
    await append(journal, block(8))
    await journal.rollback(header(7))
    expect([journal.followed.list()[0]?.knownThrough, await isCut()]).toEqual([7, false])
    // A lead that is found later reveals an earlier transfer: whole blocks are read again from there.
    const earlier = [block(0, paid(alice, 1n))]
    await journal.followed.follow({ accounts: [alice], first: 0, through: header(7), blocks: earlier, leads: 1 })
    expect([journal.followed.list()[0]?.knownThrough, await isCut()]).toEqual([-1, true])
    await shut(journal)
  })

  test('an account with very many transfers is deleted in parts, and shown to nobody meanwhile', async () => {
    const many = Array.from({ length: 32_000 }, (_, index) =>
      paid(index % 2 === 0 ? alice : bob, 1n, index % 3 === 0 ? alice : undefined),
    )
    const busy = block(0, ...many)
    const journal = await store.openJournal(CHAIN, of(alice, bob))
    const reads = await store.openReads(CHAIN)
    await append(journal, busy)
    await append(journal, block(1))
    expect(await journal.followed.unfollow(alice)).toBe(false)
    await nextTick()
    const keys = [alice, bob].map((account) => ({ account, asset: GOLD, item: '' }))
    expect((await reads.balances(keys)).rows).toMatchObject([undefined, { amount: 16_000n }])
    expect(names(journal)).toEqual([
      [alice, false],
      [bob, true],
    ])
    let parts = 1
    while (!(await journal.followed.unfollow(alice))) parts++
    expect([parts, names(journal)]).toEqual([1, [[bob, true]]])
    expect(await journal.followed.unfollow(carol)).toBe(true)
    const rows = await dump()
    await shut(journal)
    await nextTick()
    await store.forget(CHAIN)
    const straight = await store.openJournal(CHAIN, of(bob))
    const transfers = busy.transfers.filter(({ from, to }) => from === bob || to === bob)
    await append(straight, { ...busy, transfers })
    await append(straight, block(1))
    expect(rows).toEqual(await dump())
    await shut(straight)
  }, 180_000)

  test('a transfer goes with the account that has it, though the history of the other side has begun', async () => {
    const journal = await store.openJournal(CHAIN, of(alice))
    const shared = block(1, paid(alice, 0n, bob))
    await append(journal, block(0))
    await append(journal, shared)
    const begun = { accounts: [bob], first: 0, through: header(0), blocks: [], leads: 0 }
    await journal.followed.follow(begun)
    expect(await journal.followed.unfollow(alice)).toBe(true)
    expect((await dump()).filter((line) => line.startsWith('transfers'))).toEqual([])
    // What is fetched of the other side brings it back.
    await journal.followed.follow({ ...begun, first: 1, through: header(1), blocks: [shared] })
    expect((await dump()).filter((line) => line.startsWith('transfers'))).toHaveLength(1)
    expect(await journal.followed.unfollow(bob)).toBe(true)
    const rows = await dump()
    await shut(journal)
    await store.forget(CHAIN)
    const straight = await store.openJournal(CHAIN, of())
    for (const number of [0, 1]) await append(straight, block(number))
    expect(rows).toEqual(await dump())
    await shut(straight)
  })

  test('a repair keeps the transfers of accounts that were followed since its blocks were fetched', async () => {
    const journal = await store.openJournal(CHAIN, of(alice))
    await append(journal, block(0, paid(alice, 7n)))
    const { scope } = journal.coverage
    const both = block(0, paid(alice, 7n), paid(bob, 5n))
    await journal.followed.follow({ accounts: [bob], first: 0, through: header(0), blocks: [both], leads: 0 })
    expect(journal.coverage.scope).not.toBe(scope)
    const before = await dump()
    const unchanged = { compared: 1, inserted: 0, removed: 0, changed: [], accounts: [] }
    expect(await journal.repair([block(0, paid(alice, 7n))], undefined, scope)).toEqual(unchanged)
    expect(await dump()).toEqual(before)
    expect(await journal.repair([block(0)], undefined, scope)).toMatchObject({ removed: 1 })
    // What was fetched for an account that is no longer followed is not stored.
    const { scope: wider } = journal.coverage
    while (!(await journal.followed.unfollow(bob)));
    expect(await journal.repair([block(0, paid(alice, 7n), paid(bob, 5n))], undefined, wider)).toMatchObject({
      inserted: 1,
    })
    await shut(journal)
  })

  describe('the accounts of the configuration', () => {
    test('are followed from the first block of a new chain, and are no reason to reject another list later', async () => {
      const journal = await store.openJournal(CHAIN, of(alice))
      await shut(journal)
      const again = await store.openJournal(CHAIN, of(alice, bob))
      expect(names(again)).toEqual([
        [alice, true],
        [bob, true],
      ])
      await append(again, block(0))
      await shut(again)
      const later = await store.openJournal(CHAIN, of(carol))
      expect(later.coverage).toEqual(of(alice, bob))
      await shut(later)
      await expect(store.openJournal(CHAIN, { ...of(alice), from: 1 })).rejects.toMatchObject({
        code: 'STORE_MISMATCH',
      })
    })

    test('of a store of an earlier version stay followed', async () => {
      const journal = await store.openJournal(CHAIN, of(alice))
      await append(journal, block(0, paid(alice, 7n)))
      await shut(journal)
      await place.exec(CHAIN, `DELETE FROM followed; UPDATE chain SET coverage = '${JSON.stringify(of(alice))}'`)
      const reads = await store.openReads(CHAIN)
      const key = { account: alice, asset: GOLD, item: '' }
      expect(await reads.balances([key])).toMatchObject({ clock: { coverage: of(alice) }, rows: [{ amount: 7n }] })
      await nextTick()
      const now = await store.openJournal(CHAIN, of(alice))
      expect([now.coverage, names(now)]).toEqual([of(alice), [[alice, true]]])
      expect((await reads.clock()).coverage).toEqual(of(alice))
      await shut(now)
    })
  })

  test('requests to follow accounts are no part of the index: a reset keeps them', async () => {
    await store.followRequests.add({ chain: CHAIN, accounts: [carol, alice], max: 2, at: 100 })
    await store.forget(CHAIN)
    const kept = (await store.followRequests.list(CHAIN)).map(({ account }) => account)
    expect(kept).toEqual([carol, alice])
  })

  test('what adapters learned is numbered from 1, once each, and shared', async () => {
    const other = await place.open()
    const [one, two] = [(await store.openReads(CHAIN)).learned, (await other.openReads(CHAIN)).learned]
    await one.add(['a', 'b'])
    await two.add(['b', 'c', 'a'])
    await one.add(['d'])
    expect(await two.since(0)).toEqual(['a', 'b', 'c', 'd'])
    expect(await one.since(2)).toEqual(['c', 'd'])
    expect(await one.since(4)).toEqual([])
    await other.close()
  })
})
