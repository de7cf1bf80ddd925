/** The suite's tests of balances and of the facts of tokens. */
import { expect, test } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import { allHeaders, SIGNAL, type Start, type Traits } from './under-test.ts'

const SILENT = { ok: false, reason: 'token_does_not_answer' }

export function balanceTests(start: Start, { hasContracts }: Traits): void {
  test('are those of the named block', async () => {
    const bench = await start()
    await bench.mints(3)
    const adapter = await bench.sound()
    const headers = await allHeaders(adapter)
    const keys = [{ account: bench.world.accounts[0], asset: bench.world.coin, item: NO_ITEM }]
    const amounts = await Promise.all(
      headers.map(async (at) => (await adapter.readBalances({ keys, at }, SIGNAL)).reads),
    )
    expect(amounts.flat()).toEqual([0n, 1n, 3n, 6n].map((amount) => ({ ok: true, amount })))
    const latest = await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)
    expect([latest.block.hash, latest.reads]).toEqual([headers[3]?.hash, [{ ok: true, amount: 6n }]])
  })

  test('of several accounts come in the order of the request', async () => {
    const bench = await start()
    await bench.mineAll()
    const adapter = await bench.sound()
    const [one, two, three] = bench.world.accounts
    const keys = [two, three, one].map((account) => ({ account, asset: bench.world.coin, item: NO_ITEM }))
    const { reads } = await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)
    expect(reads).toEqual([5n, 0n, bench.world.large - 7n].map((amount) => ({ ok: true, amount })))
  })

  if (hasContracts) contractBalanceTests(start)
}

function contractBalanceTests(start: Start): void {
  test('of units and items come in the order of the request', async () => {
    const bench = await start()
    await bench.mineAll()
    const adapter = await bench.sound()
    const [one, two, three] = bench.world.accounts
    const { coin } = bench.world
    const { deeds, goods } = bench.contracts
    const keys = [
      { account: two, asset: coin, item: NO_ITEM },
      { account: two, asset: deeds, item: NO_ITEM },
      { account: two, asset: deeds, item: '12' },
      { account: one, asset: deeds, item: '12' },
      { account: one, asset: deeds, item: '13' },
      { account: one, asset: goods, item: '3' },
      { account: one, asset: goods, item: NO_ITEM },
      { account: three, asset: coin, item: NO_ITEM },
      { account: one, asset: coin, item: NO_ITEM },
    ]
    const { reads } = await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)
    const known = (amount: bigint) => ({ ok: true, amount })
    expect(reads).toEqual([
      ...[5n, 1n, 1n, 0n, 0n, 40n].map(known),
      { ok: false, reason: 'not_supported' },
      ...[0n, bench.world.large - 7n].map(known),
    ])
  })

  test('of tokens that do not answer are unknown, and spoil no other', async () => {
    const bench = await start()
    await bench.mints(1)
    const adapter = await bench.sound()
    const [account] = bench.world.accounts
    const { coin } = bench.world
    const { dead, hostile, absent } = bench.contracts
    const order = [dead, coin, hostile, coin, absent, coin]
    const keys = Array.from({ length: 120 }, (_, at) => ({
      account,
      asset: order[at % order.length] ?? coin,
      item: NO_ITEM,
    }))
    const { reads } = await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)
    const good = { ok: true, amount: 1n }
    const group = [SILENT, good, SILENT, good, { ok: false, reason: 'not_a_token' }, good]
    expect(reads).toEqual(Array.from({ length: 120 }, (_, at) => group[at % group.length]))
  })
}

export function factTests(start: Start, { coinFacts, hasContracts }: Traits): void {
  test('are those that the chain tells', async () => {
    const bench = await start()
    await bench.mints(3)
    const adapter = await bench.sound()
    const { facts } = await adapter.readTokens([bench.world.coin], SIGNAL)
    expect(facts).toMatchObject([{ asset: bench.world.coin, ...coinFacts }])
  })

  if (hasContracts) contractFactTests(start)
}

function contractFactTests(start: Start): void {
  test('of broken tokens are unknown or cleaned', async () => {
    const bench = await start()
    await bench.mints(3)
    const adapter = await bench.sound()
    const { coin } = bench.world
    const { dead, hostile, absent } = bench.contracts
    const { facts } = await adapter.readTokens([dead, coin, hostile, absent], SIGNAL)
    const [ofDead, , ofHostile, ofAbsent] = facts
    expect(facts.map(({ asset }) => asset)).toEqual([dead, coin, hostile, absent])
    for (const none of [ofDead, ofAbsent]) {
      expect([none?.name, none?.symbol, none?.decimals, none?.totalSupply]).toEqual(Array(4).fill(undefined))
    }
    expect(ofHostile?.name ?? '').not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    expect((ofHostile?.name ?? '').length).toBeLessThanOrEqual(256)
  })

  test('are those of the named block', async () => {
    const bench = await start()
    await bench.mints(2)
    const adapter = await bench.sound()
    const [, at] = await allHeaders(adapter)
    assert(at !== undefined, 'the chain has a block 1')
    const { facts } = await adapter.readTokens([bench.world.coin], SIGNAL, { at })
    expect(facts[0]?.totalSupply).toBe(1n)
  })
}
