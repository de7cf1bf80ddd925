/** The feed of a journal: each write tells what it did, and a reader that was away too long is told so. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Header } from '../../src/core/block.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import { type FeedNews, followFeed } from '../../src/feed/follow-feed.ts'
import { FEED_ENTRIES } from '../../src/journal/feed-entry.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const [alice = '', bob = ''] = ACCOUNTS
  const [coin] = ASSETS
  let place: StorePlace
  let journal: Journal
  let reads: ChainReads

  async function open(coverage: Coverage): Promise<void> {
    ;({ journal, reads } = await place.openChain(coverage))
  }
  beforeEach(async () => {
    place = await makePlace()
  })
  afterEach(() => place.end())

  function headerOf(number: number): Header {
    return { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
  }

  function mint(amount: bigint): Movement {
    return { asset: coin, from: undefined, to: alice, amount, item: 0 }
  }

  async function append(number: number, movements: readonly Movement[] = []): Promise<void> {
    const header = { ...headerOf(number), parentHash: (await journal.state()).written?.hash ?? '0x' }
    await journal.append({ first: number, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
  }

  /** The entries after a number, each as `kind first-last`. */
  async function entriesAfter(seq: number): Promise<readonly string[]> {
    await nextTick()
    const { entries } = await reads.feed.after(seq, 100)
    expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => seq + 1 + index))
    return entries.map(({ kind, first, last }) => `${kind} ${first}-${last}`)
  }

  test('each write adds one entry, with the blocks that it concerns', async () => {
    await open({ scope: { type: 'all' }, from: 10 })
    expect(await reads.feed.after(0, 10)).toEqual({ entries: [], isLost: false, newest: 0 })
    await append(10, [mint(5n)])
    await append(11)
    await append(12, [{ ...mint(2n), to: bob }])
    await journal.finalize(headerOf(11))
    await journal.finalize(headerOf(11))
    await journal.rollback(headerOf(11))
    await append(12)
    expect(await entriesAfter(0)).toEqual([
      ...['appended 10-10', 'appended 11-11', 'appended 12-12'],
      ...['finalized 10-11', 'rolled_back 12-12', 'appended 12-12'],
    ])

    const read = { account: alice, asset: coin, item: '', amount: 7n, block: headerOf(11), observedAt: 0 }
    expect(await journal.adopt([read])).toEqual([{ outcome: 'adopted' }])
    expect(await journal.adopt([read])).toEqual([{ outcome: 'equal' }])
    expect(await journal.adopt([{ ...read, amount: 8n }])).toEqual([{ outcome: 'different', journal: 7n }])
    await journal.repair([makeBlock([mint(6n)], headerOf(10)), makeBlock([], headerOf(11))])
    await journal.repair([makeBlock([mint(6n)], headerOf(10))])
    const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
    await journal.reclassify({ asset: coin, block: headerOf(11), reason: 'supply', evidence })
    await journal.reclassify({ asset: coin, block: headerOf(11), reason: 'supply', evidence })
    expect(await entriesAfter(6)).toEqual([
      'adopted 10-11',
      'reclassified 10-12',
      'repaired 10-10',
      'reclassified 10-12',
    ])
  })

  test('an account that is followed, or no longer, is history that was adopted', async () => {
    await open({ scope: { type: 'accounts', accounts: [] }, from: 0 })
    await append(0)
    await append(1)
    const blocks = [makeBlock([mint(5n)], headerOf(1))]
    await journal.followed.follow({ accounts: [alice], first: 0, through: headerOf(1), blocks, leads: 0 })
    expect(await journal.followed.unfollow(alice)).toBe(true)
    expect(await entriesAfter(2)).toEqual(['adopted 0-1', 'adopted 0-1'])
  })

  test('a reader that was away for more entries than are kept is told to begin anew, and so is one of another store', async () => {
    const coverage: Coverage = { scope: { type: 'all' }, from: 0 }
    journal = await (await place.open()).openJournal(CHAIN, coverage)
    await append(0)
    await append(1)
    await nextTick()
    await journal.close()
    await place.exec(CHAIN, 'DELETE FROM feed')
    await place.exec(
      CHAIN,
      `WITH RECURSIVE n(seq) AS (SELECT 3 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${FEED_ENTRIES + 2})
    INSERT INTO feed SELECT seq, 'appended', seq, seq FROM n`,
    )
    await open(coverage)
    await append(2)
    const newest = FEED_ENTRIES + 3
    await nextTick()
    expect(await reads.feed.after(2, 10)).toEqual({ entries: [], isLost: true, newest })
    await nextTick()
    expect(await reads.feed.after(3, 2)).toMatchObject({ entries: [{ seq: 4 }, { seq: 5 }], isLost: false, newest })
    expect(await reads.feed.after(newest - 1, 10)).toEqual({
      entries: [{ seq: newest, kind: 'appended', first: 2, last: 2 }],
      ...{ isLost: false, newest },
    })
    expect(await reads.feed.after(newest + 1, 10)).toEqual({ entries: [], isLost: true, newest })
  })

  test('a follower gets every entry once, in order, and is told where it begins anew', async () => {
    await open({ scope: { type: 'all' }, from: 0 })
    const news: FeedNews[] = []
    let writes = 0
    const pause = async (): Promise<void> => {
      if (writes === 3) throw new RangeError('enough')
      await append(writes++)
      await nextTick()
    }
    const follow = async (from: number): Promise<void> => {
      for await (const one of followFeed(reads.feed, from, pause)) news.push(one)
    }
    await expect(follow(7)).rejects.toThrow('enough')
    const entry = (seq: number) => ({ seq, kind: 'appended', first: seq - 1, last: seq - 1 })
    expect(news).toEqual([
      { type: 'anew', seq: 0 },
      ...[1, 2, 3].map((seq) => ({ type: 'entries', entries: [entry(seq)], seq })),
    ])
  })
})
