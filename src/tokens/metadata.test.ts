import { describe, expect, test, vi } from 'vitest'
import { listedChain, listedStandard } from '../chains/registry.ts'
import { type AssetRef, assetKey } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { answer, block, chain, facts, memoryStore, setUp, token } from './metadata.fixture.ts'
import { TokenMetadata } from './metadata.ts'
import { TokenLists } from './token-lists.ts'

describe('token metadata', () => {
  test('a token that was never read and is not listed is unknown, and the chain is not read', async () => {
    const { tokens, reads } = setUp(answer)
    expect(await tokens.get(chain, [token('a')])).toEqual([
      {
        asset: token('a'),
        unread: true,
        name: undefined,
        symbol: undefined,
        decimals: undefined,
        totalSupply: undefined,
        logo: undefined,
        description: undefined,
        tags: [],
        listed: false,
        urls: [],
        price: undefined,
      },
    ])
    expect(reads).toEqual([])
  })

  test('names come from lists, decimals and supply from the chain, prices from the configuration', async () => {
    const { tokens } = setUp(answer)
    const [a, b] = await tokens.get(chain, [token('a'), token('b')], { read: true })
    expect(a).toMatchObject({ name: 'Chain name', symbol: 'CHN', decimals: 18, totalSupply: 5n, price: undefined })
    expect(b).toEqual({
      asset: token('b'),
      name: 'Listed',
      symbol: 'LST',
      decimals: 18,
      totalSupply: 5n,
      logo: 'https://a.example/b.png',
      description: undefined,
      tags: [],
      listed: true,
      urls: [],
      price: { units: 15n, places: 1, text: '1.5', source: 'static', updatedAt: 900 },
    })
  })

  test('read facts are stored with time and block, and read only once', async () => {
    const { tokens, rows, reads } = setUp(answer)
    await tokens.get(chain, [token('a')], { read: true })
    await tokens.get(chain, [token('a')], { read: true })
    expect([...rows.values()]).toEqual([{ ...facts(token('a')), readAt: 1_000, supplyBlock: block }])
    expect(reads).toEqual([['0xa']])
  })

  test('a token without facts leaves no row, unless it had one', async () => {
    const nothing = { name: undefined, symbol: undefined, decimals: undefined, totalSupply: undefined }
    const { tokens, rows, reads, store } = setUp(async (assets) => {
      return { block, facts: assets.map((asset) => ({ asset, ...nothing })) }
    })
    expect(await tokens.get(chain, [token('a')], { read: true })).toMatchObject([nothing])
    expect(await tokens.get(chain, [token('a')], { read: true })).toMatchObject([nothing])
    expect([rows.size, reads]).toEqual([0, [['0xa']]])
    await store.put([{ ...facts(token('c')), readAt: 1, supplyBlock: undefined }])
    await tokens.get(chain, [token('c')], { read: true })
    await vi.waitFor(() => expect(rows.get(assetKey(token('c')))).toMatchObject(nothing), { timeout: 60_000 })
  })

  test('equal reads in flight are shared', async () => {
    const { tokens, reads } = setUp(answer)
    const both = [token('a'), token('b')]
    await Promise.all([
      tokens.get(chain, [token('a')], { read: true }),
      tokens.get(chain, both, { read: true }),
      tokens.get(chain, both, { read: true }),
    ])
    expect(reads).toEqual([['0xa'], ['0xb']])
  })

  test('a read is waited for as long as the caller says, and serves later requests', async () => {
    let open = (): void => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const { tokens, reads } = setUp((assets) => opened.then(() => answer(assets)))
    const ask = () => tokens.get(chain, [token('a')], { read: true, waitMs: 1 })
    expect(await ask()).toMatchObject([{ unread: true, decimals: undefined }])
    open()
    await vi.waitFor(async () => expect(await ask()).toMatchObject([{ decimals: 18 }]))
    expect(reads).toEqual([['0xa']])
  })

  test('a request that waits for the read of another one gets what was read, also for the same object of the asset', async () => {
    const { tokens } = setUp(answer)
    const [first, second] = [token('a'), token('c')]
    await tokens.get(chain, [first])
    await tokens.get(chain, [first])
    const [, both] = await Promise.all([
      tokens.get(chain, [first], { read: true }),
      tokens.get(chain, [first, second], { read: true }),
    ])
    expect(both?.map(({ decimals }) => decimals)).toEqual([18, 18])
    expect((await tokens.get(chain, [first])).map(({ decimals }) => decimals)).toEqual([18])
  })

  test('a forced read is seen by all objects of the asset', async () => {
    let supply = 5n
    const { tokens } = setUp(async (assets) => ({
      block,
      facts: assets.map((asset) => ({ ...facts(asset), totalSupply: supply })),
    }))
    const [first, again] = [token('a'), token('a')]
    for (const asset of [first, first, again, again]) await tokens.get(chain, [asset], { read: true })
    supply = 6n
    await tokens.get(chain, [again], { read: true, anew: true })
    expect((await tokens.get(chain, [first])).map(({ totalSupply }) => totalSupply)).toEqual([6n])
  })

  test('a frequently used token is not read from the store until its entry is old', async () => {
    const { tokens, clock, asked, store } = setUp(answer)
    await store.put([{ ...facts(token('a')), readAt: 1, supplyBlock: undefined }])
    await tokens.get(chain, [token('a')])
    await tokens.get(chain, [token('a')])
    expect(asked).toHaveLength(1)
    await store.put([{ ...facts(token('a')), totalSupply: 6n, readAt: 2, supplyBlock: undefined }])
    clock.now += 10
    expect((await tokens.get(chain, [token('a')]))[0]?.totalSupply).toBe(6n)
    expect(asked).toHaveLength(2)
  })

  test('a price that changes is shown once the entry is old, without a read of the chain', async () => {
    const memory = memoryStore()
    await memory.store.put([{ ...facts(token('a')), readAt: 1_000, supplyBlock: undefined }])
    const clock = { now: 1_000 }
    let price = { units: 1n, places: 0, text: '1', source: 'http', updatedAt: 1_000 }
    const tokens = new TokenMetadata({
      storeOf: async () => memory.store,
      readTokens: () => expect.fail('the chain is read'),
      lists: new TokenLists({ parseToken: (_: ChainId, text) => text, listedChain, listedStandard }),
      prices: { find: () => price },
      now: () => clock.now,
      warn: (message) => expect.fail(message),
    })
    const asset = token('a')
    const ask = async () => (await tokens.get(chain, [asset], { read: true }))[0]?.price
    expect(await ask()).toEqual(price)
    price = { units: 2n, places: 0, text: '2', source: 'http', updatedAt: 1_005 }
    clock.now += 9
    expect((await ask())?.text).toBe('1')
    clock.now += 1
    expect(await ask()).toEqual(price)
  })

  test('answers keep the order of the request, even with some tokens in memory', async () => {
    const { tokens, store } = setUp(answer)
    for (const digit of ['a', 'c', 'd']) {
      await store.put([{ ...facts(token(digit)), name: digit, readAt: 1, supplyBlock: undefined }])
    }
    await tokens.get(chain, [token('c')])
    const names = (await tokens.get(chain, ['d', 'c', 'a', 'c'].map(token))).map(({ name }) => name)
    expect(names).toEqual(['d', 'c', 'a', 'c'])
  })

  test('memory is bounded', async () => {
    const { tokens, asked } = setUp(answer, 2)
    for (const digit of ['a', 'c', 'd', 'd', 'a']) await tokens.get(chain, [token(digit)])
    expect(asked).toEqual([['0xa'], ['0xc'], ['0xd'], ['0xa']])
  })

  test('a failing node leaves the facts unknown, and is logged', async () => {
    const { tokens, warnings } = setUp(async () => {
      throw new ServiceError('NODE_TIMEOUT', 'no answer')
    })
    expect((await tokens.get(chain, [token('b')], { read: true }))[0]).toMatchObject({ name: 'Listed', decimals: 2 })
    expect(warnings).toHaveLength(1)
  })
})

test('old facts are returned at once and read again in the background', async () => {
  let supply = 5n
  const { tokens, clock, reads } = setUp(async (assets) => ({
    block,
    facts: assets.map((asset) => ({ ...facts(asset), totalSupply: supply })),
  }))
  const ask = async () => (await tokens.get(chain, [token('a')], { read: true }))[0]?.totalSupply
  expect(await ask()).toBe(5n)
  supply = 6n
  clock.now += 61
  expect(await ask()).toBe(5n)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await ask()).toBe(6n)
  expect(reads).toHaveLength(2)
})

test('old facts that another process has read meanwhile are taken from the store', async () => {
  const { tokens, store, reads } = setUp(answer)
  const ask = async () => (await tokens.get(chain, [token('c')], { read: true }))[0]?.totalSupply
  await store.put([{ ...facts(token('c')), readAt: 900, supplyBlock: block }])
  await tokens.get(chain, [token('c')])
  await store.put([{ ...facts(token('c')), totalSupply: 7n, readAt: 1_000, supplyBlock: block }])
  expect(await ask()).toBe(5n)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await ask()).toBe(7n)
  expect(reads).toEqual([])
})

test('old facts of many tokens that are requested apart take few reads of the chain', async () => {
  const { tokens, clock, reads } = setUp(answer)
  const digits = Array.from({ length: 60 }, (_, index) => index.toString(16).padStart(40, '0'))
  const named = digits.map((digit): AssetRef => ({ standard: 'erc20', reference: `0x${digit}` }))
  await tokens.get(chain, named, { read: true })
  clock.now += 61
  for (const asset of named) void tokens.get(chain, [asset], { read: true })
  await new Promise((resolve) => setImmediate(resolve))
  // The first request's, and then what was gathered meanwhile: at most 25 at once.
  expect(reads.map((read) => read.length)).toEqual([60, 1, 25, 25, 9])
})

test('after old facts could not be read from the store, the chain is left alone for some seconds', async () => {
  const { tokens, store, clock, reads, warnings } = setUp(answer)
  await store.put([{ ...facts(token('c')), readAt: 900, supplyBlock: block }])
  await tokens.get(chain, [token('c')])
  const ask = async () => {
    await tokens.get(chain, [token('c')], { read: true })
    await new Promise((resolve) => setImmediate(resolve))
  }
  vi.spyOn(store, 'get').mockRejectedValueOnce(new ServiceError('STORE_UNAVAILABLE', 'no answer'))
  for (let time = 0; time < 2; time++) await ask()
  expect([reads, warnings]).toEqual([[], ['facts of tokens could not be read from the store, or stored']])
  clock.now += 10
  await ask()
  expect([reads, warnings.length]).toEqual([[['0xc']], 1])
})
