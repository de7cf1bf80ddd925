import { describe, expect, test } from 'vitest'
import { classifyFault } from '../../../net/json-rpc.ts'
import { classifyStarknetFault, hasRpcCode, missingFunctionOf } from './faults.ts'

const CALL = { method: 'starknet_call', params: [] }
const MISSING = "0x454e545259504f494e545f4e4f545f464f554e44 ('ENTRYPOINT_NOT_FOUND')"
const RULES = { classify: classifyStarknetFault, secrets: [] }

function classified(code: number | undefined, message = 'words', data = '') {
  return classifyFault({ code, message, data }, CALL, RULES)
}

describe('the code of a fault decides', () => {
  test.each([
    [20, 'CALL_REVERTED'],
    [21, 'CALL_REVERTED'],
    [24, 'NODE_BEHIND'],
    [28, 'CALL_REVERTED'],
    [29, 'NODE_BEHIND'],
    [31, 'RANGE_TOO_LARGE'],
    [32, 'NODE_BEHIND'],
    [33, 'NODE_RPC'],
    [34, 'NODE_RPC'],
    [40, 'CALL_REVERTED'],
    [41, 'CALL_REVERTED'],
    [63, 'NODE_RPC'],
    [66, 'NODE_RPC'],
    [-32601, 'NODE_NO_METHOD'],
    [-32602, 'NODE_RPC'],
    [-32603, 'NODE_RPC'],
    [429, 'NODE_RATE_LIMITED'],
    [undefined, 'NODE_RPC'],
  ])('%s is %s', (code, expected) => {
    expect(classified(code)).toMatchObject({ code: expected, fields: { method: 'starknet_call', rpcCode: code } })
  })

  test('not its message', () => {
    expect(classified(33, 'Too many requests')).toMatchObject({ code: 'NODE_RPC' })
    expect(classified(24, 'Contract error')).toMatchObject({ code: 'NODE_BEHIND' })
    const error = classified(20, 'Block not found')
    expect([hasRpcCode(error, 'contractNotFound'), hasRpcCode(error, 'blockNotFound')]).toEqual([true, false])
  })

  test('except that any other code with the words of a rate limit is one', () => {
    expect(classified(-32000, 'Too many requests')).toMatchObject({ code: 'NODE_RATE_LIMITED' })
  })
})

describe('a function that the contract lacks', () => {
  const nested = (error: string): string =>
    JSON.stringify({ revert_error: { contract_address: '0x1', error: { contract_address: '0x1', error } } })

  test.each([
    ['code 21', 21, ''],
    ['text', 40, nested("0x454e545259504f494e545f4e4f545f464f554e44 ('ENTRYPOINT_NOT_FOUND')")],
    ['only the felt', 40, nested('0x0454e545259504f494e545f4e4f545f464f554e44')],
    ['only the words', 40, '"ENTRYPOINT_NOT_FOUND"'],
  ])('is named by %s', (_, code, data) => {
    expect(missingFunctionOf(classified(code, 'x', data))).toBe('own')
  })

  test.each([
    ['frames', JSON.stringify({ contract_address: '0x1', error: { contract_address: '0x2', error: MISSING } })],
    ['text', `Error in contract (contract address: 0x1, ...): Error in (contract address: 0x02): ${MISSING}`],
  ])('may be one that it calls, as %s say', (_, data) => {
    expect(missingFunctionOf(classified(40, 'x', data))).toBe('inner')
  })

  test('is its own if all frames are, in any spelling', () => {
    const data = JSON.stringify({ contract_address: '0x01', error: { contract_address: '0x1', error: MISSING } })
    expect(missingFunctionOf(classified(40, 'x', data))).toBe('own')
  })

  test.each([
    ['another panic', 40, nested("0x4661696c6564 ('Failed')")],
    ['a longer felt', 40, nested('0x454e545259504f494e545f4e4f545f464f554e4441')],
    ['the message alone', 40, ''],
    ['a contract that is not there', 20, nested('ENTRYPOINT_NOT_FOUND')],
  ])('is not named by %s', (_, code, data) => {
    expect(missingFunctionOf(classified(code, 'ENTRYPOINT_NOT_FOUND', data))).toBeUndefined()
  })
})
