import { expect, test } from 'vitest'
import { classifyEvmFault } from './faults.ts'

const LOGS = { method: 'eth_getLogs', params: [{ fromBlock: '0x1', toBlock: '0x186a0' }] }
const CALL = { method: 'eth_call', params: [{}, { blockHash: '0x', requireCanonical: true }] }

/** Errors of real nodes for a range of 100,000 blocks, each with the number of blocks that it suggests. */
const TOO_MUCH: ReadonlyArray<readonly [number, string, number | undefined]> = [
  [-32005, 'query returned more than 10000 results', undefined],
  [-32005, 'query returned more than 10000 results. Try with this block range [0x1, 0x1388].', 5000],
  [-32602, 'range 1000000 exceeds limit of 10000', 10000],
  [
    -32602,
    'Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size, or you can request any block range with a cap of 10K logs in the response. Based on your parameters and the response size limit, this block range should work: [0x1, 0x3e8]',
    1000,
  ],
  [-32602, 'Log response size exceeded. this block range should work: [0x1, 0x186a0]', undefined],
  [-32614, 'eth_getLogs is limited to a 10,000 range', 10000],
  [-32600, 'block range is too wide', undefined],
  [-32000, 'block range is too wide (maximum 1024)', 1024],
  [-32000, 'exceed maximum block range: 50000', 50000],
  [-32000, 'Exceeded max range limit for eth_getLogs: 5000', 5000],
  [-32602, 'ranges over 10000 blocks are not supported on freetier', 10000],
  [-32701, 'Please limit the query to at most 1000 blocks', 1000],
  [-32602, 'eth_getLogs range is too large, max is 1k blocks', 1000],
  [-32000, 'block range greater than 1024 max, please use a smaller range', 1024],
  [-32000, 'block range is larger than max block range, block range = 100000, max block range = 5000', 5000],
  [-32602, 'query exceeds max results 20000, retry with the range 1-5075', 5075],
  [-32602, 'query exceeds max results 20000, retry with the range 1-100000', undefined],
  [-32005, 'block range too large, max range: 30000', 30000],
  [-32000, 'block range is bigger than maxBlockRange', undefined],
  [-32005, 'Requested range exceeds maximum RPC range limit', undefined],
  [-32000, 'query timeout exceeded', undefined],
  [-32000, 'Query timeout exceeded. Consider reducing your block range.', undefined],
  [-32000, 'response is too big', undefined],
  [-32008, 'Response is too big', undefined],
  [-32000, 'response size should not greater than 10000000 bytes', undefined],
  [-32000, 'too many logs, try a smaller range', undefined],
  [-32602, 'Block range limit exceeded. See more details at https://example.org/limits', undefined],
  [-32600, 'You can make eth_getLogs requests with up to a 500 block range.', 500],
  [-32602, 'invalid params (range 100000 is bigger than range limit 2000)', 2000],
  [-32000, 'maximum [from, to] blocks distance: 10000', 10000],
  [-32000, 'query block range exceeds server limit, narrow your filter: 1000', 1000],
  [-32000, 'query returns too many logs, narrow your filter: 20000', undefined],
  [-32602, 'query exceeds max block range 100000', undefined],
  [-32600, 'Query exceeds max block range of 10000', 10000],
  [-32600, 'block range too high', undefined],
  [-32602, 'eth_getLogs is limited to 0 - 50 blocks range', 50],
  [-32701, 'exceed maximum block range: 50000', 50000],
  [35, 'ranges over 10000 blocks are not supported on freetier', 10000],
  [-32000, 'requested too many blocks from 0 to 100000, maximum is set to 2048', 2048],
  [-32005, 'logs matched by query exceeds limit of 10000', undefined],
  [-32005, 'Too many logs requested. Max logs per response is 20000.', undefined],
  [-32000, 'Block range limit exceeded', undefined],
  [-32000, 'backend response too large', undefined],
]

test('the data of an error is read as well as its message', () => {
  const tenderly = {
    code: -32602,
    message: 'invalid params',
    data: '{"payload":"range 9009594 is bigger than range limit 2000"}',
  }
  expect(classifyEvmFault(tenderly, LOGS)?.fields.suggested).toBe(2000)
  const infura = {
    code: -32005,
    message: 'query returned more than 10000 results',
    data: '{"from":"0x1","limit":10000,"to":"0x200"}',
  }
  expect(classifyEvmFault(infura, LOGS)?.fields.suggested).toBe(512)
})

test.each([
  [-32601, 'the method eth_getBlockReceipts does not exist/is not available'],
  [-32000, 'unsupported method: eth_getBlockReceipts'],
  [-32004, 'This request method is not supported'],
  [-32600, 'The method eth_getBlockReceipts is not available on the free tier'],
])('%i %s: the node has no such method', (code, message) => {
  const error = classifyEvmFault({ code, message, data: '' }, { method: 'eth_getBlockReceipts', params: ['0x1'] })
  expect(error?.code).toBe('NODE_NO_METHOD')
})

test.each([
  [-32602, 'invalid argument 0: json: unknown field'],
  [-32000, 'invalid params: expected fromBlock'],
])('%i %s: the node takes no block hash for logs', (code, message) => {
  const call = { method: 'eth_getLogs', params: [{ blockHash: '0x12' }] }
  expect(classifyEvmFault({ code, message, data: '' }, call)?.code).toBe('NODE_BLOCK_PARAMETER')
})

test.each(TOO_MUCH)('%i %s', (code, message, suggested) => {
  const error = classifyEvmFault({ code, message, data: '' }, LOGS)
  expect([error?.code, error?.fields.suggested]).toEqual(['RANGE_TOO_LARGE', suggested])
})

test('an error about one block suggests no smaller range', () => {
  const one = { method: 'eth_getLogs', params: [{ fromBlock: '0x1', toBlock: '0x1' }] }
  const message = 'query returned more than 10000 results'
  expect(classifyEvmFault({ code: -32005, message, data: '' }, one)?.code).toBe('BLOCK_TOO_LARGE')
})

test.each([
  'rate limit exceeded',
  'Too Many Requests',
  'Your app has exceeded its compute units per second capacity',
  'daily request count exceeded, request rate limited',
  'internal error',
])('%s is not about the range', (message) => {
  expect(classifyEvmFault({ code: -32005, message, data: '' }, LOGS)).toBeUndefined()
})

test.each(['unknown block', 'header not found', 'block range extends beyond current head block', 'block not found'])(
  '%s: the node is behind',
  (message) => {
    expect(classifyEvmFault({ code: -32000, message, data: '' }, LOGS)?.code).toBe('NODE_BEHIND')
  },
)

test.each([
  [3, 'execution reverted: state not available', 'CALL_REVERTED'],
  [-32000, 'execution reverted', 'CALL_REVERTED'],
  [-32015, 'VM execution error. (Reverted 0x)', 'CALL_REVERTED'],
  [-32000, 'out of gas', 'CALL_FAILED'],
  [-32003, 'EVM error OutOfGas', 'CALL_FAILED'],
  [-32000, 'execution aborted (timeout = 5s)', 'CALL_FAILED'],
  [-32000, 'invalid opcode: INVALID', 'CALL_FAILED'],
  [-32000, 'missing trie node 0123 (path )', 'NODE_NO_STATE'],
  [-32000, 'required historical state unavailable (reexec=128)', 'NODE_NO_STATE'],
  [-32000, 'distance to target block exceeds maximum proof window', 'NODE_NO_STATE'],
  [-32000, 'No state available for block 0x1', 'NODE_NO_STATE'],
  [-32602, 'invalid argument 1: json: cannot unmarshal object into Go value of type string', 'NODE_BLOCK_PARAMETER'],
  [-32002, 'request timed out', 'NODE_TIMEOUT'],
  [-32603, 'Internal error', undefined],
] as const)('%i %s of a call: %s', (code, message, expected) => {
  expect(classifyEvmFault({ code, message, data: '' }, CALL)?.code).toBe(expected)
})
