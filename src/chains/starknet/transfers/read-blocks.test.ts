import { describe, expect, test } from 'vitest'
import { Fault, type Methods } from '../../../../test/nodes/scripted-node.ts'
import {
  blockHash,
  otherEvent,
  type Spec,
  type TinyBlocks,
  tinyNode,
  transfer,
  withNode,
} from '../../../../test/starknet/tiny-chain.ts'
import { type AdapterCounts, type FetchScope, noCounts } from '../../adapter.ts'
import { readHeaders } from '../heads/headers.ts'
import { parseAddress, ZERO_ADDRESS } from '../words/felt.ts'
import type { DecodedBlock } from './decode-block.ts'
import { EventTrust } from './event-trust.ts'
import { readBlocks, readRange } from './read-blocks.ts'

const [STRK, T, A, B, SEQUENCER] = ['0x5', '0x7', '0xa', '0xb', '0xc']
const fee = (from: string, value = 1n) => transfer(STRK, [from, SEQUENCER], { value })
const move = (from: string, to: string, value = 9n) => transfer(T, [from, to], { value, layout: 'keys' })

/** Twelve blocks. Each transaction ends with its fee; token T moves in blocks 3, 4 and 7. */
const BLOCKS: TinyBlocks = Array.from({ length: 12 }, (_, n) => {
  if (n === 3)
    return [
      [otherEvent(T), fee(A)],
      [move(A, B), fee(A)],
    ]
  if (n === 4) return [[fee(B)], [otherEvent(B), otherEvent(B), move('0x0', A), move(B, '0x0'), fee(B)]]
  if (n === 7) return [[move(B, '0xd'), fee('0xd')]]
  return n === 5 ? [] : [[otherEvent(A), fee(A, BigInt(n))], [fee(B)]]
})

const canonical = (text: string): string => parseAddress(text) ?? ''

type How = { readonly scope?: FetchScope; readonly random?: number; readonly first?: number; readonly last?: number }

async function read(node: Methods, { scope = { type: 'all' }, random = 0.999, first = 0, last = 11 }: How = {}) {
  const counts = noCounts()
  const warnings: string[] = []
  const { value, asked } = await withNode(node, (session, versions) => {
    const warn = (message: string): void => void warnings.push(message)
    const trust = new EventTrust({ counts, versions, warn, now: () => 0, random: () => random })
    return readRange(session, { first, last }, { scope, trust })
  })
  return { rows: rowsOf(value), asked, counts, warnings }
}

/** Block, position, and token of each event. */
function rowsOf(blocks: readonly DecodedBlock[]): readonly (readonly [number, number, string])[] {
  return blocks.flatMap(({ header, events }) =>
    events.map(({ position, token }) => [header.number, position, `0x${BigInt(token).toString(16)}`] as const),
  )
}

/** All transfers with their places, counted here independently. */
const ROWS = BLOCKS.flatMap((transactions, number) =>
  transactions
    .flat()
    .map((event, position) => [number, position, event.from_address, event.keys[0]] as const)
    .flatMap(([block, position, token, key]) => (key === '0x1234' ? [] : [[block, position, token] as const])),
)
const OF_T = ROWS.filter(([, , token]) => token === T)

describe.each<Spec>(['0.9.0', '0.10.2'])('at version %s', (spec) => {
  test('all transfers have their places in the block', async () => {
    const { rows, asked, counts } = await read(tinyNode(BLOCKS, { spec }))
    expect(rows).toEqual(ROWS)
    expect(asked('starknet_getEvents')).toHaveLength(1)
    // Without a count, one block is compared with its receipts.
    expect([counts.receiptsSettled, counts.omittedLogs]).toEqual([spec === '0.9.0' ? 1 : 0, 0])
  })

  test.each<[string, FetchScope, typeof ROWS]>([
    ['one token', { type: 'tokens', tokens: [canonical(T)] }, OF_T],
    ['two tokens', { type: 'tokens', tokens: [canonical(T), canonical('0x99')] }, OF_T],
    ['one pair', { type: 'pair', token: canonical(T), account: canonical(A) }, OF_T.slice(0, 2)],
    ['mints and burns', { type: 'mints', token: canonical(T) }, OF_T.slice(1, 3)],
    ['one account', { type: 'accounts', accounts: [canonical('0xd')] }, ROWS.filter(([block]) => block === 7)],
    ['no account', { type: 'accounts', accounts: [] }, []],
    ['the zero address', { type: 'accounts', accounts: [ZERO_ADDRESS] }, OF_T.slice(1, 3)],
  ])('the same places for %s', async (_, scope, expected) => {
    const { rows, asked } = await read(tinyNode(BLOCKS, { spec }), { scope })
    expect(rows).toEqual(expected)
    expect(asked('starknet_getBlockWithReceipts').length).toBeLessThanOrEqual(spec === '0.9.0' ? 1 : 0)
  })

  test('the same places by receipts', async () => {
    const { value } = await withNode(tinyNode(BLOCKS, { spec }), async (session) => {
      const trust = new EventTrust({
        counts: noCounts(),
        versions: new Map(),
        warn: () => undefined,
        now: () => 0,
        random: () => 0,
      })
      const headers = await readHeaders(session, [...BLOCKS.keys()])
      return readBlocks(session, headers, { scope: { type: 'all' }, trust, source: 'receipts' })
    })
    expect(rowsOf(value)).toEqual(ROWS)
  })

  test('the same places for single blocks that are not next to each other', async () => {
    const { value, asked } = await withNode(tinyNode(BLOCKS, { spec }), async (session) => {
      const trust = new EventTrust({
        counts: noCounts(),
        versions: new Map(),
        warn: () => undefined,
        now: () => 0,
        random: () => 0,
      })
      const headers = await readHeaders(
        session,
        [1, 3, 4, 5, 9].map((n) => ({ hash: blockHash(n) })),
      )
      return readBlocks(session, headers, { scope: { type: 'all' }, trust })
    })
    expect(value.map(({ header }) => header.number)).toEqual([1, 3, 4, 5, 9])
    expect(rowsOf(value)).toEqual(ROWS.filter(([block]) => [1, 3, 4, 9].includes(block)))
    expect(asked('starknet_getEvents')).toHaveLength(3)
  })
})

/** A node whose getEvents lacks events that it has. */
function omitting(
  lacks: (event: Record<string, unknown>, filter: Record<string, unknown>) => boolean,
  spec: Spec,
): Methods {
  const node = tinyNode(BLOCKS, { spec })
  const starknet_getEvents = (params: readonly unknown[]): unknown => {
    const page = Object(node.starknet_getEvents?.(params))
    return { ...page, events: page.events.filter((event: object) => !lacks(Object(event), Object(params[0]))) }
  }
  return { ...node, starknet_getEvents }
}

describe('events that a node leaves out are taken from receipts', () => {
  const receipts = (counts: AdapterCounts): readonly number[] => [counts.receiptsSettled, counts.omittedLogs]

  test.each<[string, Spec, (event: Record<string, unknown>) => boolean, readonly number[]]>([
    ['a count is given', '0.10.2', ({ block_number, event_index }) => block_number === 4 && event_index === 4, [1, 1]],
    ['a whole block is gone', '0.10.2', ({ block_number }) => block_number === 7, [1, 2]],
    ['it stops at an empty block', '0.10.2', ({ block_number }) => Number(block_number) > 5, [6, 12]],
    ['it stops at an empty block', '0.9.0', ({ block_number }) => Number(block_number) > 5, [7, 12]],
    ['it begins late', '0.9.0', ({ block_number }) => Number(block_number) < 4, [5, 9]],
    ['it lacks an event of each block', '0.9.0', ({ keys }) => Object(keys)[0] === '0x1234', [11, 0]],
  ])('%s (%s)', async (_, spec, lacks, expected) => {
    const { rows, counts, warnings } = await read(omitting(lacks, spec))
    expect(rows).toEqual(ROWS)
    expect(receipts(counts)).toEqual(expected)
    expect(warnings).toEqual(['node left out events: taken from receipts'])
  })

  test('also in a range that is found by a filter, since a sample of the rest is counted', async () => {
    const lacks = (event: Record<string, unknown>, filter: Record<string, unknown>): boolean =>
      event.block_number === 7 && filter.keys !== undefined
    const scope: FetchScope = { type: 'tokens', tokens: [canonical(T)] }
    const { rows, warnings } = await read(omitting(lacks, '0.9.0'), { scope, random: 7.5 / 12 })
    expect(rows).toEqual(OF_T)
    expect(warnings).toEqual(['node left out events of a filter: all events are read'])
  })

  test('and nothing else helps if it has no receipts either', async () => {
    const node = omitting(({ block_number }) => block_number === 7, '0.10.2')
    const { starknet_getBlockWithReceipts: _, ...rest } = node
    await expect(read(rest)).rejects.toMatchObject({ code: 'NODE_NO_RECEIPTS' })
    const broken = { ...node, starknet_getBlockWithReceipts: () => shortReceipts(node) }
    await expect(read(broken)).rejects.toMatchObject({ code: 'NODE_GARBAGE' })
  })
})

function shortReceipts(node: Methods): unknown {
  const block = Object(node.starknet_getBlockWithReceipts?.([{ block_number: 7 }]))
  return { ...block, transactions: [] }
}

test('a transaction without events is checked, but not for ever', async () => {
  const blocks: TinyBlocks = Array.from({ length: 40 }, () => [[fee(A)], []])
  const { rows, counts } = await read(tinyNode(blocks, { spec: '0.9.0' }), { last: 39 })
  expect(rows).toHaveLength(40)
  expect([counts.receiptsSettled, counts.omittedLogs]).toEqual([9, 0])
})

test('a node that answers no events is read by receipts', async () => {
  const starknet_getEvents = (): never => {
    throw new Fault(-32601, 'Method not found')
  }
  const { rows } = await read(tinyNode(BLOCKS, { over: { starknet_getEvents } }))
  expect(rows).toEqual(ROWS)
})

test('headers and events of two branches do not mix', async () => {
  const node = tinyNode(BLOCKS)
  const starknet_getEvents = (params: readonly unknown[]): unknown => {
    const page = Object(node.starknet_getEvents?.(params))
    const moved = (event: object) => (Object(event).block_number === 4 ? { ...event, block_hash: '0x9' } : event)
    return { ...page, events: page.events.map(moved) }
  }
  await expect(read({ ...node, starknet_getEvents })).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  await expect(read(tinyNode(BLOCKS), { last: 12 })).rejects.toMatchObject({ code: 'NODE_BEHIND' })
})
