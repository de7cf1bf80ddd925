import { describe, expect, test } from 'vitest'
import { Fault } from '../../../../test/nodes/scripted-node.ts'
import { recordedResult } from '../../../../test/starknet/recordings.ts'
import { tinyNode, withNode } from '../../../../test/starknet/tiny-chain.ts'
import { readTransactionBlock } from './transaction-block.ts'

const RECEIPT = recordedResult('getTransactionReceipt-0.10-sepolia-52767')
const HASH = String(RECEIPT.transaction_hash)

function blockOf(answer: () => unknown) {
  return withNode(tinyNode([[]], { over: { starknet_getTransactionReceipt: answer } }), (session) =>
    readTransactionBlock(session, HASH),
  )
}

describe('the block of a transaction', () => {
  test('is that of its receipt', async () => {
    const { value, asked } = await blockOf(() => RECEIPT)
    expect(value).toEqual({ number: 52767, hash: RECEIPT.block_hash })
    // By name: the specification has no other form for this method, and all nodes take it.
    expect(asked('starknet_getTransactionReceipt')).toEqual([{ transaction_hash: HASH }])
  })

  test.each<[string, () => unknown, string]>([
    [
      'unknown',
      () => {
        throw new Fault(29, 'Transaction hash not found')
      },
      'NODE_BEHIND',
    ],
    ['pre-confirmed', () => ({ ...RECEIPT, block_hash: undefined }), 'NODE_BEHIND'],
    ['another one', () => ({ ...RECEIPT, transaction_hash: '0x1' }), 'NODE_GARBAGE'],
    ['without number', () => ({ ...RECEIPT, block_number: null }), 'NODE_GARBAGE'],
    ['no receipt', () => null, 'NODE_GARBAGE'],
  ])('of a transaction that is %s is not known', async (_, answer, code) => {
    await expect(blockOf(answer)).rejects.toMatchObject({ code })
  })
})
