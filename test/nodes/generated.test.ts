import { afterAll, beforeAll, expect, test } from 'vitest'
import { amountOf, createGenerator, DEFAULT_SHAPE, MINT } from '../../bench/chain/generator.ts'
import { createRenderer } from '../../bench/chain/render.ts'
import { type GeneratedNode, startGeneratedNode } from '../../bench/chain/start.ts'

const SHAPE = { ...DEFAULT_SHAPE, transfers: 20_050, accounts: 700, tokens: 40 }
const generator = createGenerator(SHAPE)
const renderer = createRenderer(generator)

let node: GeneratedNode
beforeAll(async () => {
  node = await startGeneratedNode(SHAPE, { maxLogs: 2_000 })
})
afterAll(() => node.stop())

async function rpc(method: string, ...params: readonly unknown[]): Promise<Record<string, unknown>> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(node.url, { method: 'POST', body })
  return Object.fromEntries(Object.entries((await response.json()) ?? {}))
}

test('no balance is ever negative', () => {
  const balances = new Map<string, bigint>()
  for (let index = 0; index < SHAPE.transfers; index++) {
    const movement = generator.movement(index)
    const add = (account: number, amount: bigint): void => {
      const key = `${movement.token}:${account}`
      const sum = (balances.get(key) ?? 0n) + amount
      balances.set(key, sum)
      if (sum < 0n) throw new RangeError(`transfer ${index} overdraws ${key}`)
    }
    add(movement.to, amountOf(movement))
    if (movement.from !== MINT) add(movement.from, -amountOf(movement))
  }
  const accounts = new Set([...balances.keys()].map((key) => key.split(':')[1]))
  expect(accounts.size).toBe(SHAPE.accounts)
})

test('the same shape gives the same bytes, and another seed gives different bytes', () => {
  const range = { first: 3, last: 4 }
  const again = createRenderer(createGenerator(SHAPE))
  expect(again.logs(range).equals(renderer.logs(range))).toBe(true)
  expect(again.block(7)).toBe(renderer.block(7))
  const other = createRenderer(createGenerator({ ...SHAPE, seed: 2 }))
  expect(other.logs(range).equals(renderer.logs(range))).toBe(false)
})

test('each block names its parent, and the last block holds the remaining transfers', () => {
  expect(generator.head).toBe(101)
  expect(generator.span(101)).toEqual({ start: 20_000, end: 20_050 })
  for (let number = 1; number <= generator.head; number++) {
    expect(JSON.parse(renderer.block(number))).toMatchObject({
      hash: renderer.blockHash(number),
      parentHash: renderer.blockHash(number - 1),
    })
  }
})

test('few tokens are used often, and many tokens are used rarely', () => {
  const uses = new Map<number, number>()
  for (let index = 0; index < SHAPE.transfers; index++) {
    const { token } = generator.movement(index)
    uses.set(token, (uses.get(token) ?? 0) + 1)
  }
  expect(uses.size).toBe(SHAPE.tokens)
  expect((uses.get(0) ?? 0) / SHAPE.transfers).toBeGreaterThan(5 / SHAPE.tokens)
})

test('a log over the wire matches the movement of the generator', async () => {
  const { result } = await rpc('eth_getLogs', { fromBlock: '0x2', toBlock: '0x2' })
  const movement = generator.movement(generator.span(2).start + 3)
  const topic = (account: number) => `0x${'0'.repeat(24)}${renderer.accountAddress(account).slice(2)}`
  expect(result).toHaveLength(200)
  expect(Array.isArray(result) ? result[3] : undefined).toEqual({
    address: renderer.tokenAddress(movement.token),
    topics: [
      '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
      topic(movement.from),
      topic(movement.to),
    ],
    data: `0x${amountOf(movement).toString(16).padStart(64, '0')}`,
    blockNumber: '0x2',
    transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    transactionIndex: '0x1',
    blockHash: renderer.blockHash(2),
    logIndex: '0x3',
    blockTimestamp: `0x${(1_600_000_024).toString(16)}`,
    removed: false,
  })
})

test('the node answers by hash, by tag and by filter', async () => {
  const hash = renderer.blockHash(9)
  const byHash = await rpc('eth_getLogs', { blockHash: hash })
  expect(byHash).toEqual(await rpc('eth_getLogs', { fromBlock: '0x9', toBlock: '0x9' }))
  expect((await rpc('eth_getBlockByHash', hash, false)).result).toMatchObject({ number: '0x9', hash })
  expect((await rpc('eth_getBlockByNumber', 'finalized', false)).result).toMatchObject({ number: '0x25' })
  const address = renderer.tokenAddress(0)
  const filtered = await rpc('eth_getLogs', { fromBlock: '0x1', toBlock: '0x2', address })
  const all = await rpc('eth_getLogs', { fromBlock: '0x1', toBlock: '0x2' })
  const logs: readonly { address: string }[] = Array.isArray(all.result) ? all.result : []
  expect(filtered.result).toEqual(logs.filter((log) => log.address === address))
})

test('balances at each block are the sums of the movements, and a token without one answers 0', async () => {
  const sums = new Map<string, bigint>()
  const { end } = generator.span(60)
  const add = (token: number, account: number, amount: bigint): void => {
    const key = `${renderer.tokenAddress(token)} ${renderer.accountAddress(account)}`
    sums.set(key, (sums.get(key) ?? 0n) + amount)
  }
  for (let index = 0; index < end; index++) {
    const movement = generator.movement(index)
    add(movement.token, movement.to, amountOf(movement))
    if (movement.from !== MINT) add(movement.token, movement.from, -amountOf(movement))
  }
  const asked = [...sums].filter((_, index) => index % 97 === 0)
  expect(asked.length).toBeGreaterThan(20)
  const balanceOf = async (to: string, account: string): Promise<unknown> =>
    (await rpc('eth_call', { to, data: `0x70a08231${account.slice(2).padStart(64, '0')}` }, '0x3c')).result
  for (const [key, sum] of asked) {
    const [token = '', account = ''] = key.split(' ')
    expect(await balanceOf(token, account)).toBe(`0x${sum.toString(16).padStart(64, '0')}`)
  }
  expect(await balanceOf(renderer.tokenAddress(0), `0x${'9'.repeat(40)}`)).toBe(`0x${'0'.repeat(64)}`)
})

test('a range with too many logs is refused with a suggestion that fits', async () => {
  const { error } = await rpc('eth_getLogs', { fromBlock: '0x1', toBlock: '0x65' })
  expect(error).toEqual({
    code: -32005,
    message: 'query returned more than 2000 results. Try with this block range [0x1, 0xa].',
  })
  expect((await rpc('eth_getLogs', { fromBlock: '0x1', toBlock: '0xa' })).result).toHaveLength(2_000)
})
