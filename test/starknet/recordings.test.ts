import { describe, expect, test } from 'vitest'
import { parseBlockReceipts, type WholeBlock } from '../../src/chains/starknet/transfers/block-receipts.ts'
import { decodeBlock, type LocatedEvent } from '../../src/chains/starknet/transfers/decode-block.ts'
import { decodeEvent, type EventLayout } from '../../src/chains/starknet/transfers/decode-event.ts'
import { EmittedEvents } from '../../src/chains/starknet/transfers/raw-event.ts'
import { parseAddress } from '../../src/chains/starknet/words/felt.ts'
import { Interned } from '../../src/chains/starknet/words/interned.ts'
import { assert } from '../../src/core/assert.ts'
import { type CommittedEvent, eventCommitment } from './commitment.ts'
import { type ExpectedRow, expectedOf, gatewayBlock, recordedResult } from './recordings.ts'

const LAYOUTS: Readonly<Record<EventLayout, ExpectedRow['layout']>> = {
  data: 'data',
  keys: 'keys',
  all_keys: 'keys5 (ERC-721)',
}

const BLOCKS: readonly (readonly [string, () => Readonly<Record<string, unknown>>])[] = [
  ['getBlockWithReceipts-0.9-mainnet-588763', () => recordedResult('getBlockWithReceipts-0.9-mainnet-588763')],
  ['getBlockWithReceipts-0.10-sepolia-3100000', () => recordedResult('getBlockWithReceipts-0.10-sepolia-3100000')],
  [
    'getBlockWithReceipts-0.9to0.10-sepolia-1833335.result',
    () => recordedResult('getBlockWithReceipts-0.9to0.10-sepolia-1833335.result'),
  ],
  [
    'getBlockWithReceipts-0.10-sepolia-pre_confirmed',
    () => confirmed(recordedResult('getBlockWithReceipts-0.10-sepolia-pre_confirmed')),
  ],
  ['mainnet-2238855', () => gatewayBlock('mainnet-2238855')],
  ['mainnet-550000', () => gatewayBlock('mainnet-550000')],
]

/** Pre-confirmed blocks are never read, but their events have the same form. */
function confirmed(block: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...block, block_hash: '0x1', parent_hash: '0x2', status: 'ACCEPTED_ON_L2' }
}

/** A transfer in the form of `expected/`, as far as a block's events tell. */
function rowOf(event: LocatedEvent): Partial<ExpectedRow> {
  assert(event.kind === 'transfer', 'the recordings have no ERC-1155')
  const { position, transactionHash, token, layout, from, to, value } = event
  return {
    event_in_block: position,
    transaction_hash: parseAddress(transactionHash) ?? '',
    token,
    layout: LAYOUTS[layout],
    from,
    to,
    u256: value.toString(),
  }
}

function wanted({ event_in_block, transaction_hash, token, layout, from, to, u256 }: ExpectedRow) {
  return { event_in_block, transaction_hash, token, layout, from, to, u256 }
}

function decodedOf(whole: WholeBlock): { readonly events: readonly LocatedEvent[]; readonly skipped: string[] } {
  const skipped: string[] = []
  const interned = new Interned()
  const { events } = decodeBlock(whole, {
    scope: { type: 'all' },
    interned,
    onSkipped: (reason) => void skipped.push(reason),
  })
  return { events, skipped }
}

describe('a recorded block decodes to exactly what another decoder reads', () => {
  test.each(BLOCKS)('%s', (name, block) => {
    const expected = expectedOf(name)
    const whole = parseBlockReceipts(block())
    const { events, skipped } = decodedOf(whole)
    expect(whole.events).toHaveLength(expected.events)
    expect(events.map(rowOf)).toEqual(expected.rows.map(wanted))
    expect(skipped).toEqual([])
  })
})

test('a recorded page of getEvents decodes to exactly what another decoder reads', () => {
  const { events } = recordedResult('getEvents-0.10-sepolia-strk')
  assert(Array.isArray(events), 'a page has events')
  const [parser, interned] = [new EmittedEvents(), new Interned()]
  const rows = events.map((value: unknown) => {
    const event = parser.parse(value)
    assert(event !== undefined && event !== 'pre_confirmed', 'the page has confirmed events')
    const decoded = decodeEvent(event.body, interned)
    assert(typeof decoded === 'object', 'the page has transfers')
    const row = rowOf({ ...decoded, position: 0, transactionHash: event.transactionHash })
    const place = { event_in_block: null, tx_index: event.transactionIndex, event_in_tx: event.eventIndex }
    return { ...row, ...place, block_number: event.blockNumber }
  })
  expect(rows).toEqual(expectedOf('getEvents-0.10-sepolia-strk').rows)
})

describe("the commitment of a recorded block's events is its header's", () => {
  test.each([
    ['3100000', () => recordedResult('getBlockWithReceipts-0.10-sepolia-3100000')],
    ['2238855', () => gatewayBlock('mainnet-2238855')],
    ['550000 (Pedersen)', () => gatewayBlock('mainnet-550000')],
  ])('%s', { timeout: 120_000 }, (_, read) => {
    const block = read()
    const { header, events } = parseBlockReceipts(block)
    expect(eventCommitment(events.map(committed), String(block.starknet_version))).toBe(header.eventCommitment)
  })

  test('and is another one without the last event', () => {
    const block = recordedResult('getBlockWithReceipts-0.10-sepolia-3100000')
    const { header, events } = parseBlockReceipts(block)
    expect(eventCommitment(events.slice(0, -1).map(committed), '0.14.1')).not.toBe(header.eventCommitment)
    expect(eventCommitment([], '0.14.1')).toBe('0x0')
  })
})

function committed({ body, transactionHash }: WholeBlock['events'][number]): CommittedEvent {
  return {
    transactionHash,
    from_address: String(body.from_address),
    keys: body.keys.map(String),
    data: body.data.map(String),
  }
}
