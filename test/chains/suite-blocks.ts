/** The suite's tests of headers and transfers. */
import { expect, test } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import type { FinalityRule } from '../../src/core/block.ts'
import { allHeaders, type KindUnderTest, newest, SIGNAL, type Start, type Traits } from './under-test.ts'

export function headerTests(start: Start, kind: KindUnderTest): void {
  test('are numbered without a gap, and each names the one before as its parent', async () => {
    const bench = await start()
    await bench.mints(5)
    const headers = await allHeaders(await bench.sound())
    expect(headers.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5])
    expect(headers.slice(1).map(({ parentHash }) => parentHash)).toEqual(headers.slice(0, -1).map(({ hash }) => hash))
    expect(headers.every(({ timestamp }, at) => timestamp >= (headers[at - 1]?.timestamp ?? 1))).toBe(true)
  })

  test('beyond the head are NODE_BEHIND', async () => {
    const bench = await start()
    await bench.mints(2)
    const adapter = await bench.sound()
    await expect(adapter.headers({ first: 2, last: 3 }, SIGNAL)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  })

  test(`the finalized head is found by ${JSON.stringify(kind.usualFinality)} and by confirmations`, async () => {
    const bench = await start()
    const { finalBelow } = bench.world
    await bench.mints(finalBelow + 3)
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
    await bench.mints(1)
    const adapter = await bench.sound()
    const before = await newest(adapter)
    expect(adapter.replacedAt(before)).toBeUndefined()
    await bench.mints(1)
    await newest(adapter)
    expect(adapter.replacedAt(before)).toBeGreaterThan(0)
  })
}

export function transferTests(start: Start, traits: Traits): void {
  test('of all kinds of assets come as they were made, in order', async () => {
    const bench = await start()
    const moves = await bench.mineAll()
    const adapter = await bench.sound()
    const blocks = await adapter.transfers({ first: 0, last: 1, scope: bench.scope }, SIGNAL)
    expect(bench.movesOf(blocks)).toEqual(bench.shown(moves))
    const [header] = (await allHeaders(adapter)).slice(1)
    expect(blocks.map(({ number, hash, timestamp }) => ({ number, hash, timestamp }))).toEqual([
      { number: header?.number, hash: header?.hash, timestamp: header?.timestamp },
    ])
  })

  test('are the same by ranges, by single blocks, and by receipts', async () => {
    const bench = await start()
    await bench.mints(2)
    await bench.world.mine()
    await bench.mineAll()
    await bench.mints(1)
    const adapter = await bench.sound()
    const headers = await allHeaders(adapter)
    const ranges = await adapter.transfers({ first: 0, last: headers.length - 1, scope: bench.scope }, SIGNAL)
    const single = await adapter.transfersOf({ headers, scope: bench.scope }, SIGNAL)
    const receipts = await adapter.transfersOf({ headers, scope: bench.scope, source: 'receipts' }, SIGNAL)
    expect(single.map(({ number, hash }) => ({ number, hash }))).toEqual(
      headers.map(({ number, hash }) => ({ number, hash })),
    )
    expect(receipts).toEqual(single)
    const full = single.filter(({ transfers }) => transfers.length > 0)
    expect(ranges.map(({ number, hash, transfers }) => ({ number, hash, transfers }))).toEqual(
      full.map(({ number, hash, transfers }) => ({ number, hash, transfers })),
    )
  })

  test('of some accounts are those from or to them', async () => {
    const bench = await start()
    const moves = await bench.mineAll()
    const adapter = await bench.sound()
    const [, two] = bench.world.accounts
    const scope = { type: 'accounts', accounts: [two] } as const
    const found = bench.movesOf(await adapter.transfers({ first: 0, last: 1, scope }, SIGNAL))
    const ofTwo = bench.shown(moves).filter(({ from, to }) => from === two || to === two)
    expect(found).toEqual(ofTwo)
    expect(found.length).toBeGreaterThan(0)
  })

  test('of no accounts are none, and no filter without accounts is sent, which nodes read as every account', async () => {
    const bench = await start()
    await bench.mineAll()
    const adapter = await bench.sound()
    const headers = await allHeaders(adapter)
    const scope = { type: 'accounts', accounts: [] } as const
    expect(await adapter.transfers({ first: 0, last: 1, scope }, SIGNAL)).toEqual([])
    const blocks = await adapter.transfersOf({ headers, scope }, SIGNAL)
    expect(blocks.map(({ hash, transfers }) => [hash, transfers])).toEqual(headers.map(({ hash }) => [hash, []]))
  })

  if (traits.followsAll) tokenScopeTest(start)
  if (traits.findsTransactions) transactionTest(start)
}

function tokenScopeTest(start: Start): void {
  test('of some tokens are those of these tokens', async () => {
    const bench = await start()
    const moves = await bench.mineAll()
    const adapter = await bench.sound()
    const { deeds } = bench.contracts
    const scope = { type: 'tokens', tokens: [deeds.reference] } as const
    const found = bench.movesOf(await adapter.transfers({ first: 0, last: 1, scope }, SIGNAL))
    expect(found).toEqual(moves.filter(({ asset }) => asset === deeds))
  })
}

function transactionTest(start: Start): void {
  test('are found by their transaction', async () => {
    const bench = await start()
    await bench.mints(2)
    const adapter = await bench.sound()
    const [block] = await adapter.transfers({ first: 1, last: 1, scope: bench.scope }, SIGNAL)
    const [transfer] = block?.transfers ?? []
    assert(block !== undefined && transfer !== undefined, 'block 1 has a transfer')
    expect(await adapter.transactionBlock(transfer.transactionHash, SIGNAL)).toEqual({ number: 1, hash: block.hash })
  })
}
