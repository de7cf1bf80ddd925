import { describe, expect, test } from 'vitest'
import { Fault } from '../../../../test/nodes/scripted-node.ts'
import { recording } from '../../../../test/starknet/recordings.ts'
import { blockHash, type Call, tinyNode, withNode } from '../../../../test/starknet/tiny-chain.ts'
import {
  AT,
  type Contract,
  contracts,
  EMPTY_BLOCKS,
  key,
  REVERTED,
  reader,
} from '../../../../test/starknet/tiny-contracts.ts'
import { assert } from '../../../core/assert.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import { isRecord } from '../../../core/is-record.ts'
import { parseAddress } from '../words/felt.ts'
import { FUNCTIONS } from '../words/selectors.ts'
import { readBalances } from './read-balances.ts'

const NO_FUNCTION_PANIC = {
  revert_error: {
    contract_address: '0x1',
    error: "0x454e545259504f494e545f4e4f545f464f554e44 ('ENTRYPOINT_NOT_FOUND')",
  },
}

/** The panic of a contract that calls another one, which lacks the function. */
const INNER_PANIC = {
  revert_error: { contract_address: '0x1', error: { ...NO_FUNCTION_PANIC.revert_error, contract_address: '0x77' } },
}

async function balances(call: Call, keys: readonly BalanceKey[], how = reader()) {
  const { value, asked } = await withNode(tinyNode(EMPTY_BLOCKS, { call }), (session) =>
    readBalances(session, keys, how),
  )
  return { ...value, calls: asked('starknet_call') }
}

describe('a balance', () => {
  test.each<[string, Contract, unknown]>([
    ['is a u256 of two felts', { balance_of: ['0x2', '0x1'] }, { ok: true, amount: 2n ** 128n + 2n }],
    ['is read by the early spelling too', { balanceOf: ['0x7', '0x0'] }, { ok: true, amount: 7n }],
    ['may be one felt', { balance_of: ['0x7'] }, { ok: true, amount: 7n }],
    ['is not three felts', { balance_of: ['0x7', '0x0', '0x0'] }, { ok: false, reason: 'token_does_not_answer' }],
    ['is not nothing', { balance_of: [] }, { ok: false, reason: 'token_does_not_answer' }],
    [
      'has limbs below 2^128',
      { balance_of: ['0x0', `0x1${'0'.repeat(32)}`] },
      { ok: false, reason: 'token_does_not_answer' },
    ],
    [
      'is made of felts',
      { balance_of: ['0x0', `0x${'f'.repeat(64)}`] },
      { ok: false, reason: 'token_does_not_answer' },
    ],
    ['may revert', { balance_of: REVERTED }, { ok: false, reason: 'token_does_not_answer' }],
    [
      'is not asked of another function',
      { balance_of: REVERTED, balanceOf: ['0x1', '0x0'] },
      { ok: false, reason: 'token_does_not_answer' },
    ],
    ['has no function', {}, { ok: false, reason: 'no_balance_function' }],
    [
      'fails in another contract that lacks a function',
      { balance_of: new Fault(40, 'x', INNER_PANIC), balanceOf: new Fault(40, 'x', INNER_PANIC) },
      { ok: false, reason: 'token_does_not_answer' },
    ],
    [
      'has no function that its class is asked for',
      { balance_of: new Fault(40, 'x', NO_FUNCTION_PANIC), balanceOf: new Fault(40, 'x', NO_FUNCTION_PANIC) },
      { ok: false, reason: 'no_balance_function' },
    ],
    [
      'may fail in the node',
      { balance_of: new Fault(-32603, 'Internal error') },
      { ok: false, reason: 'node_unavailable' },
    ],
  ])('%s', async (_, token, expected) => {
    const { reads, block } = await balances(contracts({ '0x1': token, '0x2': { balance_of: ['0x5', '0x0'] } }), [
      key('0x1'),
      key('0x2'),
    ])
    expect(reads).toEqual([expected, { ok: true, amount: 5n }])
    expect(block).toEqual(AT)
  })

  test('of a contract that is not deployed at the block is that of no token', async () => {
    const { reads, calls } = await balances(contracts({}), [key('0x1'), key('0x2', 'erc721', '1')])
    expect(reads).toEqual([
      { ok: false, reason: 'not_a_token' },
      { ok: false, reason: 'not_a_token' },
    ])
    expect(calls).toHaveLength(3)
  })

  test('is asked in the early spelling after code 40 with ENTRYPOINT_NOT_FOUND, which is remembered', async () => {
    const call = contracts({ '0x1': { balanceOf: ['0x7', '0x0'] } }, () => new Fault(40, 'x', NO_FUNCTION_PANIC))
    const how = reader()
    const first = await balances(call, [key('0x1')], how)
    const second = await balances(call, [key('0x1')], how)
    expect([first.reads, second.reads]).toEqual([[{ ok: true, amount: 7n }], [{ ok: true, amount: 7n }]])
    expect([first.calls.length, second.calls.length]).toEqual([2, 1])
    // An upgrade brings the usual spelling.
    const upgraded = await balances(contracts({ '0x1': { balance_of: ['0x8', '0x0'] } }), [key('0x1')], how)
    expect(upgraded.reads).toEqual([{ ok: true, amount: 8n }])
    expect(
      (await balances(contracts({ '0x1': { balance_of: ['0x8', '0x0'] } }), [key('0x1')], how)).calls,
    ).toHaveLength(1)
  })

  test('as a recorded node reverts is unknown', async () => {
    const file = recording('rpc/error-40-contract-error-0.10.json')
    assert(isRecord(file) && isRecord(file.error), 'the recording is an error')
    const fault = new Fault(Number(file.error.code), String(file.error.message), file.error.data)
    const { reads, calls } = await balances(contracts({ '0x1': { balance_of: fault } }), [key('0x1')])
    expect([reads, calls.length]).toEqual([[{ ok: false, reason: 'token_does_not_answer' }], 1])
  })

  test('in one felt is named', async () => {
    const call = contracts({ '0x1': { balance_of: ['0x7'] }, '0x2': { balance_of: ['0x7', '0x0'] } })
    const { oneFelt } = await balances(call, [key('0x1'), key('0x2'), key('0x1')])
    expect(oneFelt).toEqual([parseAddress('0x1')])
  })

  test('is asked once for equal keys, with minimal felts, at one block by its hash', async () => {
    const node = tinyNode(EMPTY_BLOCKS, { call: contracts({ '0x1': { balance_of: ['0x7', '0x0'] } }) })
    const keys = [key('0x1'), key('0x1')]
    const blocks: unknown[] = []
    const starknet_call = (params: readonly unknown[]): unknown => {
      blocks.push(params[1])
      return node.starknet_call?.(params)
    }
    const { asked } = await withNode({ ...node, starknet_call }, (session) => readBalances(session, keys, reader()))
    expect(asked('starknet_call')).toEqual([
      { contract_address: '0x1', entry_point_selector: FUNCTIONS.balance_of, calldata: ['0xa'] },
    ])
    expect(blocks).toEqual([{ block_hash: AT.hash }])
    await withNode({ ...node, starknet_call }, (session) => readBalances(session, keys, reader({ byNumber: true })))
    const latest = await withNode({ ...node, starknet_call }, (session) =>
      readBalances(session, keys, reader({ at: 'latest' })),
    )
    expect(blocks.slice(1)).toEqual([{ block_number: 3 }, { block_hash: blockHash(4) }])
    expect(latest.value.block).toEqual({ number: 4, hash: blockHash(4) })
  })

  test('of items, of collections, and of what has none', async () => {
    const big = (2n ** 128n + 5n).toString()
    const nft: Contract = {
      owner_of: ([low]) => {
        if (low === '0x9') throw REVERTED
        return [low === '0x5' ? '0xa' : '0xb']
      },
      balance_of: ['0x3', '0x0'],
    }
    const multi: Contract = {
      balance_of: ([account, low, high]) => [account === '0xa' && high === '0x1' ? `${low}` : '0x0', '0x0'],
    }
    const call = contracts({ '0x1': nft, '0x2': multi, '0x3': { owner_of: REVERTED, balance_of: REVERTED } })
    const keys = [
      key('0x1', 'erc721', '5'),
      key('0x1', 'erc721', '6'),
      key('0x1', 'erc721', '9'),
      key('0x1', 'erc721'),
      key('0x2', 'erc1155', big),
      key('0x3', 'erc721', '1'),
      key('0x2', 'erc1155'),
      key('0x1', 'erc721', 'x'),
      key('0x1', 'native'),
      { ...key('0x1'), account: 'x' },
    ]
    const { reads } = await balances(call, keys)
    const unsupported = { ok: false, reason: 'not_supported' }
    expect(reads).toEqual([
      { ok: true, amount: 1n },
      { ok: true, amount: 0n },
      { ok: true, amount: 0n },
      { ok: true, amount: 3n },
      { ok: true, amount: 5n },
      { ok: false, reason: 'token_does_not_answer' },
      unsupported,
      unsupported,
      unsupported,
      unsupported,
    ])
  })

  test('at a block that the node has without its state is not known; at one that it lacks, neither', async () => {
    const call = (): never => {
      throw new Fault(24, 'Block not found')
    }
    await expect(balances(call, [key('0x1')])).rejects.toMatchObject({ code: 'NODE_NO_STATE' })
    const absent = reader({ at: { number: 9, hash: blockHash(9) } })
    await expect(balances(call, [key('0x1')], absent)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
    const replaced = reader({ at: { number: 3, hash: '0x9' }, byNumber: true })
    const read = balances(contracts({ '0x1': { balance_of: ['0x1', '0x0'] } }), [key('0x1')], replaced)
    await expect(read).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  })
})
