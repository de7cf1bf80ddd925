import { describe, expect, test } from 'vitest'
import { Fault, type Methods } from '../../../../test/nodes/scripted-node.ts'
import {
  blockHash,
  otherEvent,
  type TinyBlocks,
  tinyNode,
  transactionHash,
  transfer,
  withNode,
} from '../../../../test/starknet/tiny-chain.ts'
import { isRecord } from '../../../core/is-record.ts'
import { noCounts } from '../../adapter.ts'
import { parseAddress } from '../words/felt.ts'
import { TRANSFER_SELECTORS } from '../words/selectors.ts'
import { EventTrust } from './event-trust.ts'
import { type EventQuery, fetchEvents } from './fetch-events.ts'

const [T, U] = ['0x71', '0x72']
const move = (token: string, value: number) => transfer(token, ['0xa', '0xb'], { value: BigInt(value) })
/** Blocks 0 to 3: each with two transactions of two events. */
const BLOCKS: TinyBlocks = [0, 1, 2, 3].map((n) => [
  [move(T, n), otherEvent(T)],
  [move(U, n), move(T, n)],
])
const LAST = { number: 3, hash: blockHash(3) }

function newTrust(): EventTrust {
  const warn = (message: string): void => void warnings.push(message)
  const warnings: string[] = []
  return new EventTrust({ counts: noCounts(), versions: new Map(), warn, now: () => 0, random: () => 0 })
}

async function fetched(node: Methods, query: Partial<EventQuery> = {}, trust = newTrust()) {
  const { value, asked } = await withNode(node, (session) =>
    fetchEvents(session, [{ first: 0, last: LAST, ...query }], trust),
  )
  const events = (value[0] ?? []).map(({ blockNumber, transactionHash: hash }) => [blockNumber, hash])
  return { events, filters: asked('starknet_getEvents').filter(isRecord) }
}

/** Replaces the n-th answer of getEvents, from 1; `answer` gets the true one. */
function altered(change: (page: Record<string, unknown>, nth: number) => unknown, blocks = BLOCKS): Methods {
  const node = tinyNode(blocks)
  let nth = 0
  return { ...node, starknet_getEvents: (params) => change(Object(node.starknet_getEvents?.(params)), ++nth) }
}

const ALL = [0, 1, 2, 3].flatMap((n) => [0, 0, 1, 1].map((index) => [n, transactionHash(n, index)]))

describe('a range of events', () => {
  test('ends at a block that we hold, by its hash, and is not filtered', async () => {
    const { events, filters } = await fetched(tinyNode(BLOCKS))
    expect(events).toEqual(ALL)
    expect(filters).toEqual([
      { from_block: { block_number: 0 }, to_block: { block_hash: LAST.hash }, chunk_size: 1000 },
    ])
  })

  test('of one block names it by hash twice', async () => {
    const { filters } = await fetched(tinyNode(BLOCKS), { first: 3 })
    expect(filters).toMatchObject([{ from_block: { block_hash: LAST.hash }, to_block: { block_hash: LAST.hash } }])
  })

  test('may be filtered by one key position and by addresses, and is filtered again', async () => {
    const query = { onlyTransfers: true, addresses: [parseAddress(U) ?? ''] }
    const { events, filters } = await fetched(tinyNode(BLOCKS), query)
    expect(events).toEqual([0, 1, 2, 3].map((n) => [n, transactionHash(n, 1)]))
    expect(filters).toMatchObject([{ keys: [TRANSFER_SELECTORS], address: U }])
    const whole = tinyNode(BLOCKS).starknet_getEvents
    const ignoring = { starknet_getEvents: ([filter]: readonly unknown[]) => whole?.([without(filter)]) }
    expect((await fetched(tinyNode(BLOCKS, { over: ignoring }), query)).events).toEqual(events)
    const list = await fetched(tinyNode(BLOCKS), {
      onlyTransfers: true,
      addresses: [T, U].map((a) => parseAddress(a) ?? ''),
    })
    expect(list.filters).toMatchObject([{ address: [T, U] }])
  })

  test('goes on after a page without events', async () => {
    const node = altered((page, nth) => (nth === 1 ? { events: [], continuation_token: '0' } : page))
    expect((await fetched(node)).events).toEqual(ALL)
  })

  test('ends at a null token', async () => {
    const { events, filters } = await fetched(altered((page) => ({ ...page, continuation_token: null })))
    expect([events, filters.length]).toEqual([ALL, 1])
  })

  test('drops events that are only pre-confirmed', async () => {
    const pending = {
      from_address: T,
      keys: ['0x1'],
      data: [],
      transaction_hash: '0x1',
      transaction_index: 0,
      event_index: 0,
    }
    const node = altered((page) => ({ events: [...Object(page).events, pending, { ...pending, block_number: 4 }] }))
    expect((await fetched(node)).events).toEqual(ALL)
  })

  test('with a page of one event more than asked for is taken', async () => {
    expect((await fetched(tinyNode(BLOCKS), {}, smallChunks(15))).events).toEqual(ALL)
  })
})

function without(filter: unknown): unknown {
  return isRecord(filter) ? { ...filter, keys: undefined, address: undefined } : filter
}

function smallChunks(size: number): EventTrust {
  const trust = newTrust()
  trust.chunkOf = () => size
  return trust
}

describe('the size of a page', () => {
  test('is halved as often as the node finds it too big, and stays so', async () => {
    const node = tinyNode(BLOCKS)
    const starknet_getEvents = (params: readonly unknown[]): unknown => {
      if (Number(Object(params[0]).chunk_size) > 5) throw new Fault(31, 'Requested page size is too big')
      return node.starknet_getEvents?.(params)
    }
    const { events, filters } = await fetched({ ...node, starknet_getEvents })
    expect(events).toEqual(ALL)
    expect(filters.map(({ chunk_size }) => chunk_size)).toEqual([1000, 500, 250, 125, 62, 31, 15, 7, 3, 3, 3, 3, 3, 3])
  })

  test('cannot fall below one event', async () => {
    const starknet_getEvents = (): never => {
      throw new Fault(31, 'Requested page size is too big')
    }
    await expect(fetched(tinyNode(BLOCKS, { over: { starknet_getEvents } }))).rejects.toMatchObject({
      code: 'NODE_NO_LOGS',
    })
  })
})

describe('a refused token', () => {
  const refusing = (times: number): Methods => {
    let left = times
    const node = tinyNode(BLOCKS)
    const starknet_getEvents = (params: readonly unknown[]): unknown => {
      if (Object(params[0]).continuation_token !== undefined && left-- > 0) throw new Fault(33, 'Invalid token')
      return node.starknet_getEvents?.(params)
    }
    return { ...node, starknet_getEvents }
  }

  test('starts the range over', async () => {
    const { events, filters } = await fetched(refusing(1), {}, smallChunks(10))
    expect(events).toEqual(ALL)
    expect(filters.map(({ continuation_token }) => continuation_token)).toEqual([undefined, '10', undefined, '10'])
  })

  test('twice asks for a smaller range, or for the receipts of a single block', async () => {
    await expect(fetched(refusing(9), {}, smallChunks(10))).rejects.toMatchObject({
      code: 'RANGE_TOO_LARGE',
      fields: { suggested: 2 },
    })
    await expect(fetched(refusing(9), { first: 3 }, smallChunks(2))).rejects.toMatchObject({ code: 'NODE_NO_LOGS' })
  })
})

test('a node that refuses keys is asked for all events', async () => {
  const node = tinyNode(BLOCKS)
  const starknet_getEvents = (params: readonly unknown[]): unknown => {
    if (Object(params[0]).keys !== undefined) throw new Fault(34, 'Too many keys provided in a filter')
    return node.starknet_getEvents?.(params)
  }
  const { events, filters } = await fetched({ ...node, starknet_getEvents }, { onlyTransfers: true })
  expect(events).toHaveLength(12)
  expect(filters.map(({ keys }) => keys !== undefined)).toEqual([true, false])
})

describe('a page that contradicts the query is named', () => {
  const events = (page: Record<string, unknown>): readonly Record<string, unknown>[] =>
    Array.isArray(page.events) ? page.events : []
  const swapped = (page: Record<string, unknown>, [a, b]: readonly [number, number]): unknown => {
    const list = [...events(page)]
    const [one, other] = [list[a], list[b]]
    if (one !== undefined && other !== undefined) [list[a], list[b]] = [other, one]
    return { ...page, events: list }
  }
  const withFirst = (page: Record<string, unknown>, change: object): unknown => ({
    ...page,
    events: events(page).map((event, index) => (index === 0 ? { ...event, ...change } : event)),
  })

  test.each<[string, Methods, string, string]>([
    ['a repeated token', altered(() => ({ events: [], continuation_token: 'x' })), 'NODE_GARBAGE', 'token twice'],
    ['a token that is no text', altered(() => ({ events: [], continuation_token: 7 })), 'NODE_GARBAGE', 'no text'],
    [
      'a block above the range',
      altered((page) => withFirst(page, { block_number: 4 })),
      'NODE_GARBAGE',
      'out of range',
    ],
    ['blocks that go back', altered((page) => swapped(page, [3, 4])), 'NODE_GARBAGE', 'go back'],
    ['events that go back', altered((page) => swapped(page, [0, 1])), 'NODE_GARBAGE', 'out of order'],
    ['transactions that go back', altered((page) => swapped(page, [1, 2])), 'NODE_GARBAGE', 'out of order'],
    ['two blocks with one number', altered((page) => withFirst(page, { block_hash: '0x9' })), 'NODE_BEHIND', 'another'],
    [
      'an event without a number',
      altered((page) => withFirst(page, { block_number: null })),
      'NODE_GARBAGE',
      'no event',
    ],
    ['an event without keys', altered((page) => withFirst(page, { keys: null })), 'NODE_GARBAGE', 'no event'],
    ['no list', altered(() => ({ events: null })), 'NODE_GARBAGE', 'no page'],
    ['no page', altered(() => null), 'NODE_GARBAGE', 'no page'],
  ])('%s', async (_, node, code, words) => {
    await expect(fetched(node)).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
  })

  test('events twice are out of order, where the node gives indexes', async () => {
    const node = altered((page) => ({ ...page, events: events(page).flatMap((event) => [event, event]) }))
    await expect(fetched(node)).rejects.toMatchObject({ code: 'NODE_GARBAGE' })
  })

  test('the last block of another branch is lag or a reorg, never an empty list', async () => {
    const other = { last: { number: 3, hash: blockHash(3, 0xc) } }
    await expect(fetched(tinyNode(BLOCKS), other)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
    await expect(fetched(tinyNode(BLOCKS.slice(0, 3)))).rejects.toMatchObject({ code: 'NODE_BEHIND' })
    const own = altered((page) => ({
      events: events(page).map((event) => (event.block_number === 3 ? { ...event, block_hash: '0x9' } : event)),
    }))
    await expect(fetched(own)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  })
})

test('several queries share requests', async () => {
  const queries = [0, 1, 2, 3].map((n) => ({ first: n, last: { number: n, hash: blockHash(n) } }))
  const { value } = await withNode(tinyNode(BLOCKS), (session) => fetchEvents(session, queries, smallChunks(3)))
  expect(value.map((list) => list.map(({ blockNumber }) => blockNumber))).toEqual([0, 1, 2, 3].map((n) => [n, n, n, n]))
})
