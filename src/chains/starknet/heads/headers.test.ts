import { describe, expect, test } from 'vitest'
import { Fault } from '../../../../test/nodes/scripted-node.ts'
import { recordedResult } from '../../../../test/starknet/recordings.ts'
import { blockHash, tinyNode, withNode } from '../../../../test/starknet/tiny-chain.ts'
import { NamedHeads } from '../../nodes/named-heads.ts'
import { readHeads } from '../../nodes/read-heads.ts'
import { HEAD_CALLS, parseHeader, readHeaders } from './headers.ts'

const COMMITTED = recordedResult('getBlockWithTxHashes-0.10-sepolia-3100000')
const PENDING = recordedResult('getBlockWithTxHashes-0.10-sepolia-pre_confirmed')

describe('a recorded header', () => {
  test('of 0.10 states how many events there are', () => {
    expect(parseHeader(COMMITTED)).toEqual({
      number: 3_100_000,
      hash: '0x1640b846e71502526539c32c8420cd7cb0f28d83ece2e6e71aeaf7c97960bb2',
      parentHash: '0x689d583286182cd8e58e850ec0804e05f395dccae8edf627de787ff3f211aaa',
      timestamp: 1_763_887_048,
      eventCount: 3,
      eventCommitment: '0x5dc7b3f65c7aa495a86c18f60c9edce67fb8283076c0272a1219d85985c0ba7',
      transactions: COMMITTED.transactions,
    })
    const { transactions } = parseHeader(recordedResult('getBlockWithReceipts-0.10-sepolia-3100000'))
    expect(transactions).toEqual(COMMITTED.transactions)
  })

  test.each([
    ['getBlockWithTxHashes-0.9-integration-1300000', 1_300_000, 7],
    ['getBlockWithReceipts-0.9-mainnet-588763', 588_763, 72],
    // A count of 0 with a commitment of 0x0 is not given.
    ['getBlockWithReceipts-0.9to0.10-sepolia-1833335.result', 1_833_335, 7],
    ['pathfinder-0.9.0-latest_with_tx_hashes', 2, 5],
  ])('%s does not', (name, number, count) => {
    const header = parseHeader(recordedResult(name))
    expect(header).toMatchObject({ number, eventCount: undefined, eventCommitment: undefined })
    expect(header.transactions).toHaveLength(count)
  })

  test('is the same at both versions but for what 0.10 adds', () => {
    const [earlier, later] = [
      parseHeader(recordedResult('pathfinder-0.9.0-latest_with_tx_hashes')),
      parseHeader(recordedResult('pathfinder-0.10.0-latest_with_tx_hashes')),
    ]
    expect(later).toEqual({ ...earlier, eventCount: 2, eventCommitment: '0xec02' })
  })

  test.each([
    ['getBlockWithTxHashes-0.10-sepolia-pre_confirmed'],
    ['getBlockWithReceipts-0.10-sepolia-pre_confirmed'],
    ['pathfinder-0.10.0-pre_confirmed_with_tx_hashes'],
  ])('%s is no head', (name) => {
    expect(() => parseHeader(recordedResult(name))).toThrow(expect.objectContaining({ code: 'NODE_BEHIND' }))
  })
})

describe('a header', () => {
  test('is canonical, whatever its spelling', () => {
    const padded = { ...COMMITTED, block_hash: `0x0${String(COMMITTED.block_hash).slice(2).toUpperCase()}` }
    expect(parseHeader(padded, { hash: String(COMMITTED.block_hash) }).hash).toBe(COMMITTED.block_hash)
  })

  test.each<[string, unknown]>([
    ['text', 'x'],
    ['null', null],
    ['a hash that is no felt', { ...COMMITTED, block_hash: '0xg' }],
    ['no number', { ...COMMITTED, block_number: undefined }],
    ['a negative number', { ...COMMITTED, block_number: -1 }],
    ['no parent', { ...COMMITTED, parent_hash: undefined }],
    ['a parent of zero above block 0', { ...COMMITTED, parent_hash: '0x0' }],
    ['no time', { ...COMMITTED, timestamp: 'now' }],
  ])('with %s is none', (_, value) => {
    expect(() => parseHeader(value)).toThrow(expect.objectContaining({ code: 'NODE_GARBAGE' }))
  })

  test('must be the one asked for', () => {
    const garbage = expect.objectContaining({ code: 'NODE_GARBAGE' })
    expect(() => parseHeader(COMMITTED, 3_100_001)).toThrow(garbage)
    expect(() => parseHeader(COMMITTED, { hash: '0x1' })).toThrow(garbage)
  })

  test('of a block whose status is pre-confirmed is no head, even with a hash', () => {
    const block = { ...COMMITTED, status: 'PRE_CONFIRMED' }
    expect(() => parseHeader(block)).toThrow(expect.objectContaining({ code: 'NODE_BEHIND' }))
  })

  test('of block 0 has no parent', () => {
    expect(parseHeader({ ...COMMITTED, block_number: 0, parent_hash: '0x0' }).parentHash).toBe('0x0')
  })

  test('without a list of hashes says so', () => {
    expect(parseHeader({ ...COMMITTED, transactions: ['x'] }).transactions).toBeUndefined()
    expect(parseHeader({ ...COMMITTED, transactions: null }).transactions).toBeUndefined()
  })
})

const BLOCKS = Array.from({ length: 8 }, () => [])

function finalizing(finality: 'l1_accepted' | { confirmations: number }) {
  const warnings: string[] = []
  const named = new NamedHeads(() => 0)
  return { finality, tagged: new Set<string>(), tagUnsupported: () => void warnings.push('tag'), named, warnings }
}

describe('the heads', () => {
  test('are the newest block and the newest one accepted on L1', async () => {
    const how = finalizing('l1_accepted')
    const { value, asked } = await withNode(tinyNode(BLOCKS), (session) => readHeads(session, HEAD_CALLS, how))
    expect([value.latest.number, value.finalized.number, how.warnings]).toEqual([7, 5, []])
    expect(asked('starknet_getBlockWithTxHashes')).toEqual(['latest', 'l1_accepted'])
  })

  test('are some blocks apart if the configuration says so', async () => {
    const how = finalizing({ confirmations: 5 })
    const { value } = await withNode(tinyNode(BLOCKS), (session) => readHeads(session, HEAD_CALLS, how))
    expect([value.latest.number, value.finalized.number]).toEqual([7, 2])
  })

  test('of a chain without a block on L1: only block 0 is final', async () => {
    const node = tinyNode(BLOCKS)
    const byHash = node.starknet_getBlockWithTxHashes
    const starknet_getBlockWithTxHashes = (params: readonly unknown[]): unknown => {
      if (params[0] === 'l1_accepted') throw new Fault(24, 'Block not found')
      return byHash?.(params)
    }
    const how = finalizing('l1_accepted')
    const { value } = await withNode({ ...node, starknet_getBlockWithTxHashes }, (session) =>
      readHeads(session, HEAD_CALLS, how),
    )
    expect([value.finalized.number, how.warnings]).toEqual([0, ['tag']])
  })

  test('a newest block that is only pre-confirmed is none', async () => {
    const over = { starknet_getBlockWithTxHashes: () => PENDING }
    const asked = withNode(tinyNode(BLOCKS, { over }), (session) =>
      readHeads(session, HEAD_CALLS, finalizing('l1_accepted')),
    )
    await expect(asked).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  })
})

test('headers are read by number or by hash', async () => {
  const { value } = await withNode(tinyNode(BLOCKS), (session) => readHeaders(session, [3, { hash: blockHash(5) }]))
  expect(value.map(({ number, hash }) => [number, hash])).toEqual([
    [3, blockHash(3)],
    [5, blockHash(5)],
  ])
  const beyond = withNode(tinyNode(BLOCKS), (session) => readHeaders(session, [8]))
  await expect(beyond).rejects.toMatchObject({ code: 'NODE_BEHIND' })
})
