/** The suite's tests of reorgs, and of nodes that lag, leave events out or have limits. */
import { expect, test } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import { allHeaders, byRanges, newest, SIGNAL, type Start, type Traits } from './under-test.ts'

export function reorgTests(start: Start): void {
  /** A chain of 6 blocks of which 2 were replaced, the headers before, and a node of each branch. */
  async function replaced() {
    const bench = await start()
    await bench.mints(6)
    const old = await bench.world.node({ stays: true })
    const before = await allHeaders(bench.made([old]).adapter)
    const [account] = bench.world.accounts
    await bench.world.reorganize(2, [[bench.coin({ to: account, amount: 100n })], [], []])
    const now = await bench.world.node()
    const after = await allHeaders(bench.made([now]).adapter)
    const [ours, theirs] = [before[6], after[6]]
    assert(ours !== undefined && theirs !== undefined, 'both branches have a block 6')
    return { bench, before, after, old, now, conflict: { number: 6, theirs: theirs.hash, ours: ours.hash } }
  }

  test('keeps the blocks below, and links the new ones to them', async () => {
    const { before, after } = await replaced()
    expect(after).toHaveLength(8)
    expect(after.slice(0, 5)).toEqual(before.slice(0, 5))
    expect(after[5]?.parentHash).toBe(before[4]?.hash)
    expect(after[5]?.hash).not.toBe(before[5]?.hash)
  })

  test('makes the transfers and balances of the old blocks NODE_BEHIND, never empty', async () => {
    const { bench, before, now } = await replaced()
    const { adapter } = bench.made([now])
    const [lost] = before.slice(6)
    assert(lost !== undefined, 'block 6 was replaced')
    const behind = { code: 'NODE_BEHIND' }
    await expect(adapter.transfersOf({ headers: [lost], scope: bench.scope }, SIGNAL)).rejects.toMatchObject(behind)
    const keys = [{ account: bench.world.accounts[0], asset: bench.world.coin, item: NO_ITEM }]
    await expect(adapter.readBalances({ keys, at: lost }, SIGNAL)).rejects.toMatchObject(behind)
  })

  test('changes transfers and balances to those of the new branch', async () => {
    const { bench, after, now } = await replaced()
    const { adapter } = bench.made([now])
    const [account] = bench.world.accounts
    const found = await adapter.transfersOf({ headers: after.slice(5), scope: bench.scope }, SIGNAL)
    expect(bench.movesOf(found)).toEqual([bench.coin({ to: account, amount: 100n })])
    const keys = [{ account, asset: bench.world.coin, item: NO_ITEM }]
    const { reads } = await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)
    expect(reads).toEqual([{ ok: true, amount: 1n + 2n + 3n + 4n + 100n }])
  })

  test('is agreed if a second node has it', async () => {
    const { bench, now, conflict } = await replaced()
    const { adapter } = bench.made([now, await bench.world.node()])
    expect(await adapter.confirm(conflict, SIGNAL)).toBe('agreed')
  })

  test('is refused if another node has ours, and the node that is alone is not followed', async () => {
    const { bench, before, old, now, conflict } = await replaced()
    const { adapter } = bench.made([now, old])
    expect(await adapter.confirm(conflict, SIGNAL)).toBe('refused')
    expect((await newest(adapter)).hash).toBe(before[6]?.hash)
  })

  test('is undecided if one node has it, and no other has ours', async () => {
    const { bench, now, conflict } = await replaced()
    expect(await bench.made([now]).adapter.confirm(conflict, SIGNAL)).toBe('alone')
  })
}

export function lagTests(start: Start): void {
  test('is NODE_BEHIND about the blocks that it lacks, and is counted', async () => {
    const bench = await start()
    await bench.mints(4)
    const headers = await allHeaders(await bench.sound())
    const { adapter, counts } = bench.made([await bench.world.node({ lag: 2 })])
    expect((await newest(adapter)).number).toBe(2)
    const behind = { code: 'NODE_BEHIND' }
    await expect(adapter.headers({ first: 3, last: 4 }, SIGNAL)).rejects.toMatchObject(behind)
    await expect(adapter.transfersOf({ headers: headers.slice(4), scope: bench.scope }, SIGNAL)).rejects.toMatchObject(
      behind,
    )
    await expect(adapter.transfers({ first: 0, last: 4, scope: bench.scope }, SIGNAL)).rejects.toMatchObject(behind)
    expect(counts.laggingAnswers).toBeGreaterThan(0)
  })

  test('is passed over for a node that has them', async () => {
    const bench = await start()
    await bench.mints(4)
    const { adapter } = bench.made([await bench.world.node({ lag: 2 }), await bench.world.node()])
    const headers = await adapter.headers({ first: 0, last: 4 }, SIGNAL)
    const found = await adapter.transfersOf({ headers, scope: bench.scope }, SIGNAL)
    expect(bench.movesOf(found).map(({ amount }) => amount)).toEqual([1n, 2n, 3n, 4n])
  })

  test('does not show that the chain got shorter, unless no node has its newest block', async () => {
    const bench = await start()
    await bench.mints(6)
    const [whole, shorter] = [await bench.world.node(), await bench.world.node({ lag: 2 })]
    const { number, hash } = await newest(bench.made([whole]).adapter)
    const conflict = { number, theirs: undefined, ours: hash }
    expect(await bench.made([shorter, whole]).adapter.confirm(conflict, SIGNAL)).toBe('refused')
    expect(await bench.made([shorter]).adapter.confirm(conflict, SIGNAL)).toBe('alone')
    expect(await bench.made([shorter, await bench.world.node({ lag: 3 })]).adapter.confirm(conflict, SIGNAL)).toBe(
      'alone',
    )
  })
}

export function lieTests(start: Start, { settlesLies }: Traits): void {
  if (settlesLies === 'another node') {
    test('is not believed, and another node is asked', async () => {
      const bench = await start()
      await bench.mints(3)
      const headers = await allHeaders(await bench.sound())
      const wanted = { headers, scope: bench.scope }
      const liar = await bench.world.node({ omits: true })
      await expect(bench.made([liar]).adapter.transfersOf(wanted, SIGNAL)).rejects.toMatchObject({
        code: 'NODE_GARBAGE',
      })
      const { adapter } = bench.made([liar, await bench.world.node()])
      const found = await adapter.transfersOf(wanted, SIGNAL)
      expect(bench.movesOf(found).map(({ amount }) => amount)).toEqual([1n, 2n, 3n])
    })
    return
  }
  test('is found out near the head', async () => {
    const bench = await start()
    await bench.mints(3)
    const headers = await allHeaders(await bench.sound())
    const { adapter, counts } = bench.made([await bench.world.node({ omits: true })])
    const found = await adapter.transfersOf({ headers, scope: bench.scope }, SIGNAL)
    expect(bench.movesOf(found).map(({ amount }) => amount)).toEqual([1n, 2n, 3n])
    expect(counts.omittedLogs).toBeGreaterThan(0)
  })

  test('is found out in ranges', async () => {
    const bench = await start()
    await bench.mints(20)
    const { adapter } = bench.made([await bench.world.node({ omits: true })])
    const found = await byRanges(adapter, bench.scope, 20)
    expect(bench.movesOf(found)).toHaveLength(20)
  })
}

export function limitTests(start: Start, { limits }: Traits): void {
  test.each(limits)('still gives everything: %j', async (mood) => {
    const bench = await start()
    await bench.mints(8)
    const moves = bench.shown(await bench.mineAll())
    await bench.mints(8)
    const { adapter } = bench.made([await bench.world.node(mood)])
    const found = await byRanges(adapter, bench.scope, 17)
    expect(found.map(({ number }) => number)).toEqual(Array.from({ length: 17 }, (_, at) => at + 1))
    expect(bench.movesOf(found).slice(8, 8 + moves.length)).toEqual(moves)
  })
}
