/** The suite's tests of headers and transfers. */
import { expect, test } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import type { FinalityRule } from '../../src/core/block.ts'
import { ALL, allHeaders, type KindUnderTest, movesOf, newest, SIGNAL, type Start } from './under-test.ts'

export function headerTests(start: Start, kind: KindUnderTest): void {
  test('are numbered without a gap, and each names the one before as its parent', async () => {
    const bench = await start()
    bench.mints(5)
    const headers = await allHeaders(await bench.sound())
    expect(headers.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5])
    expect(headers.slice(1).map(({ parentHash }) => parentHash)).toEqual(headers.slice(0, -1).map(({ hash }) => hash))
    expect(headers.every(({ timestamp }, at) => timestamp >= (headers[at - 1]?.timestamp ?? 1))).toBe(true)
  })

  test('beyond the head are NODE_BEHIND', async () => {
    const bench = await start()
    bench.mints(2)
    const adapter = await bench.sound()
    await expect(adapter.headers({ first: 2, last: 3 }, SIGNAL)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  })

  test(`the finalized head is found by ${JSON.stringify(kind.usualFinality)} and by confirmations`, async () => {
    const bench = await start()
    const { finalBelow } = bench.world
    bench.mints(finalBelow + 3)
    const node = await bench.world.node()
    const numbers = async (finality?: FinalityRule): Promise<readonly number[]> => {
      const { latest, finalized } = await bench.made([node], finality).adapter.heads(SIGNAL)
      return [latest.number, finalized.number]
    }
    expect(await numbers()).toEqual([finalBelow + 3, 3])
    expect(await numbers({ confirmations: 2 })).toEqual([finalBelow + 3, finalBelow + 1])
    expect(await numbers({ confirmations: 1_000 })).toEqual([finalBelow + 3, 0])
  })

  test('each head is reported once, and the next one replaces it', async () => {
    const bench = await start()
    bench.mints(1)
    const adapter = await bench.sound()
    const before = await newest(adapter)
    expect(adapter.replacedAt(before)).toBeUndefined()
    bench.mints(1)
    await newest(adapter)
    expect(adapter.replacedAt(before)).toBeGreaterThan(0)
  })
}

export function transferTests(start: Start): void {
  test('of all kinds of assets come as they were made, in order', async () => {
    const bench = await start()
    const moves = bench.mineAll()
    const adapter = await bench.sound()
    const blocks = await adapter.transfers({ first: 0, last: 1, scope: ALL }, SIGNAL)
    expect(movesOf(blocks)).toEqual(moves)
    const [header] = (await allHeaders(adapter)).slice(1)
    expect(blocks.map(({ number, hash, timestamp }) => ({ number, hash, timestamp }))).toEqual([
      { number: header?.number, hash: header?.hash, timestamp: header?.timestamp },
    ])
  })

  test('are the same by ranges, by single blocks, and by receipts', async () => {
    const bench = await start()
    bench.mints(2)
    bench.world.mine()
    bench.mineAll()
    bench.mints(1)
    const adapter = await bench.sound()
    const headers = await allHeaders(adapter)
    const ranges = await adapter.transfers({ first: 0, last: headers.length - 1, scope: ALL }, SIGNAL)
    const single = await adapter.transfersOf({ headers, scope: ALL }, SIGNAL)
    const receipts = await adapter.transfersOf({ headers, scope: ALL, source: 'receipts' }, SIGNAL)
    expect(single.map(({ number, hash }) => ({ number, hash }))).toEqual(
      headers.map(({ number, hash }) => ({ number, hash })),
    )
    expect(receipts).toEqual(single)
    const full = single.filter(({ transfers }) => transfers.length > 0)
    expect(ranges.map(({ number, hash, transfers }) => ({ number, hash, transfers }))).toEqual(
      full.map(({ number, hash, transfers }) => ({ number, hash, transfers })),
    )
  })

  test('of a scope are those of its tokens or accounts', async () => {
    const bench = await start()
    const moves = bench.mineAll()
    const adapter = await bench.sound()
    const { assets, accounts } = bench.world
    const [, two] = accounts
    const deeds = { type: 'tokens', tokens: [assets.deeds.reference] } as const
    const ofTwo = { type: 'accounts', accounts: [two] } as const
    const found = async (scope: typeof deeds | typeof ofTwo) =>
      movesOf(await adapter.transfers({ first: 0, last: 1, scope }, SIGNAL))
    expect(await found(deeds)).toEqual(moves.filter(({ asset }) => asset === assets.deeds))
    expect(await found(ofTwo)).toEqual(moves.filter(({ from, to }) => from === two || to === two))
  })

  test('are found by their transaction', async () => {
    const bench = await start()
    bench.mints(2)
    const adapter = await bench.sound()
    const [block] = await adapter.transfers({ first: 1, last: 1, scope: ALL }, SIGNAL)
    const [transfer] = block?.transfers ?? []
    assert(block !== undefined && transfer !== undefined, 'block 1 has a transfer')
    expect(await adapter.transactionBlock(transfer.transactionHash, SIGNAL)).toEqual({ number: 1, hash: block.hash })
  })
}
