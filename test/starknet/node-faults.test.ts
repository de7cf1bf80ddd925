import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { fieldsOf } from '../../src/demo/starknet/json-rpc.ts'
import { ancestorAt, eventsOf } from '../../src/demo/starknet/state.ts'
import type { NodeFault } from './node/faults.ts'
import { type NodeWorld, startNodeWorld } from './node/world.ts'

type Page = { readonly events: readonly ReadonlyMap<string, unknown>[]; readonly token: unknown }

describe('a node with a fault', () => {
  let world: NodeWorld
  /** All events of the chain, as the node answers them without a fault. */
  let whole: Page

  beforeAll(async () => {
    // Few and small blocks: some have no events.
    world = await startNodeWorld({ blocks: 60, pace: { transactions: [1, 3], emptyEvery: 6 } })
    whole = await page({ chunk_size: 1_000 })
  })
  afterEach(() => {
    world.faulty.faults.clear()
    world.node.prunedBelow = 0
  })
  afterAll(() => world.stop())

  async function page(filter: object): Promise<Page> {
    const answer = await world.ask('starknet_getEvents', [filter])
    const result = fieldsOf(answer.get('result'))
    const events: unknown = result.get('events')
    return { events: (Array.isArray(events) ? events : []).map(fieldsOf), token: result.get('continuation_token') }
  }

  async function withFault(fault: NodeFault, filter: object): Promise<Page> {
    world.faulty.faults.add(fault)
    return page(filter)
  }

  test('stops at an empty block, and gives no token', async () => {
    const numbers = new Set(whole.events.map((event) => Number(event.get('block_number'))))
    const gap = Array.from({ length: 60 }, (_, number) => number).find((number) => !numbers.has(number)) ?? 0
    const cut = await withFault('stops at an empty block', { chunk_size: 1_000 })
    expect(cut).toEqual({
      events: whole.events.filter((event) => Number(event.get('block_number')) < gap),
      token: undefined,
    })
    expect(cut.events.length).toBeLessThan(whole.events.length)
  })

  test('answers one more than the chunk and no token', async () => {
    const cut = await withFault('one more than the chunk, without a token', { chunk_size: 10 })
    expect(cut).toEqual({ events: whole.events.slice(0, 11), token: undefined })
  })

  test('answers the same token again', async () => {
    const { token } = await page({ chunk_size: 10 })
    const next = await withFault('the same token again', { chunk_size: 10, continuation_token: token })
    expect(next.token).toBe(token)
  })

  test('refuses tokens', async () => {
    const { token } = await page({ chunk_size: 10 })
    world.faulty.faults.add('token refused')
    const answer = await world.ask('starknet_getEvents', [{ chunk_size: 10, continuation_token: token }])
    expect(fieldsOf(answer.get('error')).get('code')).toBe(33)
    expect((await page({ chunk_size: 10 })).events).toEqual(whole.events.slice(0, 10))
  })

  test('leaves out events, and answers them out of order', async () => {
    const some = await withFault('events missing', { chunk_size: 1_000 })
    expect(some.events).toEqual(whole.events.filter((_, at) => at % 3 !== 1))
    world.faulty.faults.clear()
    const turned = await withFault('events out of order', { chunk_size: 1_000 })
    expect(turned.events).toEqual([...whole.events].reverse())
  })

  test('knows no block below its start', async () => {
    world.node.prunedBelow = 30
    const kept = whole.events.filter((event) => Number(event.get('block_number')) >= 30)
    expect((await page({ from_block: { block_number: 0 }, chunk_size: 1_000 })).events).toEqual(kept)
    const answer = await world.ask('starknet_getBlockWithTxHashes', [{ block_number: 29 }])
    expect(fieldsOf(answer.get('error')).get('code')).toBe(24)
  })

  test('has a lagging backend behind its URL', async () => {
    world.faulty.faults.add('lagging backend')
    const heads = await Promise.all(
      [1, 2, 3, 4].map(async () => (await world.ask('starknet_blockNumber')).get('result')),
    )
    expect([...heads].sort()).toEqual([53, 53, 60, 60])
    const newest = { block_hash: world.chain.head.hash }
    const found = await Promise.all([1, 2].map(() => world.ask('starknet_getBlockWithTxHashes', [newest])))
    expect(found.map((answer) => fieldsOf(answer.get('error')).get('code')).sort()).toEqual([24, undefined])
  })

  test('pads felts, or hashes alone', async () => {
    const felts = await withFault('padded felts', { chunk_size: 5 })
    for (const event of felts.events) {
      expect(event.get('from_address')).toMatch(/^0x[0-9a-f]{64}$/)
      expect(event.get('keys')).toEqual([expect.stringMatching(/^0x00[0-9a-f]{62}$/)])
    }
    world.faulty.faults.clear()
    const hashes = await withFault('padded hashes', { chunk_size: 5 })
    expect(hashes.events.map((event) => event.get('data'))).toEqual(
      whole.events.slice(0, 5).map((one) => one.get('data')),
    )
    expect(hashes.events[0]?.get('block_hash')).toMatch(/^0x[0-9a-f]{64}$/)
  })

  test('refuses batches', async () => {
    world.faulty.faults.add('batches refused')
    const one = { jsonrpc: '2.0', id: 1, method: 'starknet_blockNumber' }
    expect(fieldsOf(fieldsOf(await world.post([one, one])).get('error')).get('code')).toBe(-32600)
    expect(fieldsOf(await world.post(one)).get('result')).toBe(60)
  })

  test('answers HTML', async () => {
    world.faulty.faults.add('HTML')
    const response = await fetch(world.url, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'starknet_blockNumber' }),
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html'])
    expect(await response.text()).toMatch(/^<html>/)
  })

  test.each<[NodeFault, string, readonly unknown[], object]>([
    ['rate limit in the body', 'starknet_blockNumber', [], { error: { code: 429, message: 'Too Many Requests' } }],
    [
      'block not found',
      'starknet_getBlockWithTxHashes',
      [{ block_number: 3 }],
      { error: { code: 24, message: 'Block not found' } },
    ],
    ['old specification', 'starknet_specVersion', [], { result: '0.8.1' }],
  ])('%s', async (fault, method, params, expected) => {
    world.faulty.faults.add(fault)
    expect(Object.fromEntries(await world.ask(method, params))).toEqual({ jsonrpc: '2.0', id: 7, ...expected })
  })

  test('draws it for one request, and counts it', async () => {
    const drawn: NodeFault[] = ['rate limit in the body']
    world.faulty.draw = () => drawn.pop()
    const answers = [await world.ask('starknet_blockNumber'), await world.ask('starknet_blockNumber')]
    world.faulty.draw = () => undefined
    expect(answers.map((answer) => answer.get('result'))).toEqual([undefined, 60])
    expect([...world.faulty.happened]).toEqual([['rate limit in the body', 1]])
  })

  test('answers as specified without one', () => {
    expect(whole.events).toHaveLength(blockEvents(world))
    expect(world.problems).toEqual([])
  })
})

function blockEvents({ chain }: NodeWorld): number {
  return Array.from({ length: chain.head.number + 1 }, (_, number) => ancestorAt(chain.head, number)).reduce(
    (sum, block) => sum + (block === undefined ? 0 : eventsOf(block).length),
    0,
  )
}
