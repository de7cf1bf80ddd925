import { expect, test } from 'vitest'
import { TRANSFER } from './decode-log.ts'
import { decodeRange } from './decode-range.ts'

const RANGE = { first: 10, last: 20 }

/** A transfer's log. By default it is in block 12. */
function log(change: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const number = Number(change.blockNumber ?? 12)
  return {
    address: `0x${'0'.repeat(36)}70ce`,
    topics: [TRANSFER, `0x${'a'.padStart(64, '0')}`, `0x${'b'.padStart(64, '0')}`],
    data: `0x${'5'.padStart(64, '0')}`,
    blockNumber: '0xc',
    blockHash: `0x${number.toString(16).padStart(64, '0')}`,
    transactionHash: `0x${'e'.repeat(64)}`,
    logIndex: '0x0',
    removed: false,
    ...change,
  }
}

function seen(answers: readonly unknown[]): unknown {
  return decodeRange(answers, RANGE).blocks.map((block) => [block.number, block.transfers.map((t) => t.event)])
}

test('logs are returned by block and index, each once, whatever the order of the answers', () => {
  const answers = [
    [log({ blockNumber: '0xe', logIndex: '0x2' }), log({ logIndex: '0x1' })],
    [log({ logIndex: '0x0' }), log({ logIndex: '0x1' }), log({ blockNumber: '0xa', logIndex: '0x10' })],
  ]
  expect(seen(answers)).toEqual([
    [10, [16]],
    [12, [0, 1]],
    [14, [2]],
  ])
})

test('logs that a reorg removed are dropped, and malformed logs are counted', () => {
  const answers = [[log({ removed: true }), log({ logIndex: '0x1', data: '0xzz' }), log({ logIndex: '0x2' })]]
  expect(seen(answers)).toEqual([[12, [2]]])
  expect(decodeRange(answers, RANGE).skipped).toBe(1)
})

test('a block with only malformed logs has no entry', () => {
  expect(decodeRange([[log({ data: '0xzz' })]], RANGE)).toEqual({ blocks: [], skipped: 1, undecoded: new Set([12]) })
})

test("a block's time is taken from its logs when the node sends it", () => {
  const times = [
    log({ blockTimestamp: '0x65' }),
    log({ blockNumber: '0xd' }),
    log({ blockNumber: '0xe', blockTimestamp: 7 }),
    log({ blockNumber: '0xf', blockTimestamp: '0x7' }),
    log({ blockNumber: '0xf', blockTimestamp: '0x8', logIndex: '0x1' }),
    log({ blockNumber: '0x10', blockTimestamp: null }),
  ]
  const answer = decodeRange([times], RANGE).blocks.map((block) => block.timestamp)
  expect(answer).toEqual([101, undefined, 7, undefined, undefined])
})

test.each([
  ['two logs with one index', [log(), log({ data: `0x${'6'.padStart(64, '0')}` })]],
  ['one index in two transactions', [log(), log({ transactionHash: `0x${'f'.repeat(64)}` })]],
  ['a log without an index', [log(), log({ logIndex: null, transactionHash: `0x${'f'.repeat(64)}` })]],
  ['an index that is not a number', [log(), log({ logIndex: '', transactionHash: `0x${'f'.repeat(64)}` })]],
])('%s marks the block as misnumbered and loses no transfer', (_, answer) => {
  const [block] = decodeRange([answer], RANGE).blocks
  expect(block?.misnumbered).toBe(true)
  expect(block?.transfers.map(({ event }) => event)).toEqual([0, 1])
})

const GARBAGE: Readonly<Record<string, unknown>> = {
  'not a list': { logs: [] },
  'a null': [null],
  'a log without topics': [log({ topics: undefined })],
  'a pending log': [log({ blockNumber: null })],
  'a log below the range': [log({ blockNumber: '0x9' })],
  'a log above the range': [log({ blockNumber: '0x15' })],
  'a block number out of range': [log({ blockNumber: '0xffffffffffffffff' })],
  'two hashes for one block': [log(), log({ logIndex: '0x1', blockHash: `0x${'d'.repeat(64)}` })],
  'a log without a transaction hash': [log({ transactionHash: '0x12' })],
  'an invalid block hash': [log({ blockHash: '0x12' })],
}

test.each(Object.entries(GARBAGE))('%s is garbage', (_, answer) => {
  expect(() => decodeRange([answer], RANGE)).toThrow(expect.objectContaining({ code: 'NODE_GARBAGE' }))
})
