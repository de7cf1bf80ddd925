/** Accounts that are followed later, in any order and in parts, and accounts that are no longer followed. */
import { setImmediate as nextTick } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AssetRef } from '../../src/core/asset.ts'
import type { Observation } from '../../src/core/balance.ts'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { BlockTransfers, Hint } from '../../src/core/transfer.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, makeBlock } from './chains.ts'
import { ENGINES } from './engines.ts'

describe.each(ENGINES)('$name', ({ name, makePlace }) => {
  type Block = BlockTransfers & Header

  const ONLY_HINTED: AssetRef = { standard: 'erc20', reference: `0x${'e'.repeat(40)}` }
  const who = fc.nat(ACCOUNTS.length - 1)
  const hint = fc
    .record({ asset: fc.constantFrom<AssetRef>(...ASSETS, ONLY_HINTED), account: who, undecodable: fc.nat(9) })
    .map(({ asset, account, undecodable }): Hint => {
      return { asset, account: ACCOUNTS[account] ?? '', reason: undecodable === 0 ? 'undecodable' : 'moved' }
    })
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('append'),
        movements: blockMovements,
        hints: fc.array(hint, { maxLength: 1 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('rollback'), back: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('follow'), who, blocks: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('again'), who, first: fc.nat(8), last: fc.nat(12) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('unfollow'), who }) },
  ) as fc.Arbitrary<Action>
  type Action =
    | { do: 'append'; movements: Parameters<typeof makeBlock>[0]; hints: readonly Hint[] }
    | { do: 'rollback'; back: number }
    | { do: 'follow'; who: number; blocks: number }
    | { do: 'again'; who: number; first: number; last: number }
    | { do: 'unfollow'; who: number }

  const story = fc.record({
    initial: fc.subarray([...ACCOUNTS], { maxLength: 2 }),
    from: fc.constantFrom(0, 10),
    /** The distance between two events: kinds may number them from ids of 48 bits. */
    stride: fc.constantFrom(1, 2 ** 44),
    actions: fc.array(action, { minLength: 5, maxLength: 24 }),
    reads: fc.array(fc.record({ who, amount: fc.bigInt({ min: 0n, max: 2_000n }) }), { maxLength: 2 }),
  })

  /** What an adapter returns of a block for a scope of accounts. */
  function scoped(block: Block, accounts: readonly string[]): Block {
    const has = (side: string | undefined): boolean => side !== undefined && accounts.includes(side)
    const transfers = block.transfers.filter(({ from, to }) => has(from) || has(to))
    return { ...block, transfers, hints: (block.hints ?? []).filter(({ account }) => has(account)) }
  }

  async function withJournal<T>(coverage: Coverage, work: (journal: Journal, reads: ChainReads) => Promise<T>) {
    const place = await makePlace()
    const store = await place.open()
    try {
      const journal = await store.openJournal(CHAIN, coverage)
      const result = await work(journal, await store.openReads(CHAIN))
      await nextTick()
      await journal.close()
      // A class may survive the block and the account that caused it.
      return { result, dump: (await place.dumpChain(CHAIN)).filter((line) => !line.startsWith('turns ')) }
    } finally {
      await store.close()
      await place.end()
    }
  }

  async function append(journal: Journal, block: Block, accounts: readonly string[]): Promise<void> {
    const given = scoped(block, accounts)
    await journal.append({ first: block.number, through: block, blocks: [given], headers: [block] })
  }

  /** Plays a story on a journal whose accounts change. */
  class Player {
    readonly #journal: Journal
    readonly #from: number
    readonly #stride: number
    blocks: Block[] = []
    #branch = 0

    constructor(journal: Journal, { from, stride }: { readonly from: number; readonly stride: number }) {
      this.#journal = journal
      this.#from = from
      this.#stride = stride
    }

    get followed(): readonly string[] {
      const { scope } = this.#journal.coverage
      return scope.type === 'accounts' ? scope.accounts : []
    }

    async play(one: Action): Promise<void> {
      if (one.do === 'append') return this.#append(one)
      if (one.do === 'rollback') return this.#rollback(one.back)
      const account = ACCOUNTS[one.who] ?? ''
      if (one.do === 'follow') return this.follow(account, one.blocks)
      if (one.do === 'again') return this.#again(account, one)
      await this.#journal.followed.unfollow(account)
    }

    async #append({ movements, hints }: { movements: Parameters<typeof makeBlock>[0]; hints: readonly Hint[] }) {
      const parent = this.blocks.at(-1)
      const number = (parent?.number ?? this.#from - 1) + 1
      const hash = hashOf(this.#branch, number)
      const header = { number, hash, parentHash: parent?.hash ?? '0x', timestamp: number * 12 }
      const { transfers } = makeBlock(movements, header)
      const numbered = transfers.map((one) => ({ ...one, event: (one.event + 1) * this.#stride }))
      const block = { ...header, transfers: numbered, hints }
      await append(this.#journal, block, this.followed)
      this.blocks.push(block)
    }

    async #rollback(back: number): Promise<void> {
      const ancestor = this.blocks.at(-1 - back)
      if (ancestor === undefined) return
      this.#branch++
      await this.#journal.rollback(ancestor)
      this.blocks = this.blocks.filter(({ number }) => number <= ancestor.number)
    }

    /** Stores the next blocks of an account's history; all of it if `blocks` is high. */
    async follow(account: string, blocks: number): Promise<void> {
      const known = this.#journal.followed.list().find((one) => one.account === account)
      if (known?.isFollowed === true) return
      const first = (known?.through ?? this.#from - 1) + 1
      const through = this.blocks.filter(({ number }) => number >= first).at(blocks - 1) ?? this.blocks.at(-1)
      const last = through?.number ?? -1
      const given = this.blocks.filter(({ number }) => number >= first && number <= last)
      const parts = given
        .map((block) => scoped(block, [account]))
        .filter(({ transfers, hints = [] }) => transfers.length + hints.length > 0)
      await this.#journal.followed.follow({
        accounts: [account],
        first: Math.min(first, last),
        through,
        blocks: parts,
        leads: 0,
      })
    }

    /** Stores a part of a followed account's history once more, with what another account shares. */
    async #again(account: string, { first, last }: { first: number; last: number }): Promise<void> {
      if (!this.followed.includes(account)) return
      const given = this.blocks.filter(({ number }) => number >= this.#from + first && number <= this.#from + last)
      const [start, through] = [given[0], given.at(-1)]
      if (start === undefined || through === undefined) return
      const before = this.#journal.followed.list()
      const blocks = given.map((block) => scoped(block, this.followed))
      const history = { accounts: [account], first: start.number, through, blocks, leads: 0 }
      expect(await this.#journal.followed.follow(history)).toEqual({ inserted: 0, touched: [], accounts: [] })
      expect(this.#journal.followed.list()).toEqual(before)
    }
  }

  /** The reads of tokens that are answered by their events. */
  async function ofEvents(reads: ChainReads, observed: readonly Observation[]): Promise<readonly Observation[]> {
    await nextTick()
    const assets = await Promise.all(observed.map(({ asset }) => reads.asset(asset)))
    return observed.filter((_, index) => assets[index]?.accounting !== 'reads')
  }

  /** Compares what readers see of every account: nothing of one that is not followed. */
  async function compareReads(reads: ChainReads, followed: readonly string[]): Promise<void> {
    await nextTick()
    const { coverage } = await reads.clock()
    expect(coverage?.scope).toEqual({ type: 'accounts', accounts: followed })
    for (const account of ACCOUNTS.filter((one) => !followed.includes(one))) {
      const query = {
        account,
        standards: ['erc20'],
        receivedOnly: false,
        assets: undefined,
        offset: 0,
        limit: 9,
      } as const
      expect(await reads.account(query)).toMatchObject({ count: 0, rows: [] })
      expect((await reads.account({ ...query, assets: ASSETS })).rows).toEqual([])
      const keys = ASSETS.map((asset) => ({ account, asset, item: '' }))
      const { rows } = await reads.balances(keys)
      expect(rows.filter((row) => row?.inDoubt === false)).toEqual([])
    }
  }

  test('a journal whose accounts were followed later equals one that had them from the start', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ initial, from, stride, actions, reads: observed }) => {
        const scope = { type: 'accounts', accounts: initial } as const
        const played = await withJournal({ scope, from }, async (journal, reads) => {
          const player = new Player(journal, { from, stride })
          for (const one of actions) {
            const isLeaving =
              'who' in one && journal.followed.list().some((has) => has.account === ACCOUNTS[one.who] && has.isLeaving)
            if (!isLeaving) await player.play(one)
            await compareReads(reads, player.followed)
          }
          for (const { account, isFollowed, isLeaving } of journal.followed.list()) {
            if (!isFollowed && !isLeaving) await player.follow(account, 1_000)
          }
          // A read opens no balance of a token whose class survived the account that caused it.
          const compared = await ofEvents(reads, readsOf(observed, player))
          await journal.adopt(compared)
          return { blocks: player.blocks, followed: player.followed, observed: compared }
        })
        const { blocks, followed, observed: compared } = played.result
        const straight = await withJournal(
          { scope: { type: 'accounts', accounts: followed }, from },
          async (journal) => {
            for (const block of blocks) await append(journal, block, followed)
            await journal.adopt(compared)
          },
        )
        expect(played.dump).toEqual(straight.dump)
      }),
      { numRuns: name === 'sqlite' ? 60 : 12 },
    )
  }, 180_000)

  function readsOf(observed: readonly { who: number; amount: bigint }[], { blocks }: Player): readonly Observation[] {
    const block = blocks.at(-1)
    if (block === undefined) return []
    return observed.map(({ who, amount }) => {
      return { account: ACCOUNTS[who] ?? '', asset: ASSETS[1], item: '', amount, block, observedAt: 0 }
    })
  }
})
