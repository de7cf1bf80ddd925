import { parseRanges } from '../bare-limit.ts'
import type { GeneratedNode } from '../chain/start.ts'
import { TRANSFER_KEY } from './render.ts'

/** The events of a page: the value that a real reader reaches on this node. */
const CHUNK = 1_000

/**
 * The fastest rate at which this machine can take transfers from a Starknet node, in transfers per second. Fetches the
 * pages of starknet_getEvents for the first `transfers` transfers and parses their JSON, nothing else. `perBlock` is
 * the number of transfers in a block.
 */
export async function starknetBareLimit(node: GeneratedNode, transfers: number, perBlock: number): Promise<number> {
  const startedAt = performance.now()
  const parsed = await parseStarknetTransfers(node, transfers, perBlock)
  return parsed / ((performance.now() - startedAt) / 1000)
}

/**
 * Fetches and parses ranges of about one page from the first block on, several at a time, until `transfers` transfers
 * have come or no block is left. Returns how many came.
 */
export function parseStarknetTransfers(node: GeneratedNode, transfers: number, perBlock: number): Promise<number> {
  const blocks = Math.max(1, Math.floor(CHUNK / perBlock))
  return parseRanges(node, { transfers, blocks, parse: fetchRange })
}

/** The number of events in a range, over all its pages. */
async function fetchRange(url: string, first: number, last: number): Promise<number> {
  const range = { from_block: { block_number: first }, to_block: { block_number: last } }
  let count = 0
  let token: unknown
  do {
    const filter = { ...range, keys: [[TRANSFER_KEY]], chunk_size: CHUNK }
    const params = [token === undefined ? filter : { ...filter, continuation_token: token }]
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'starknet_getEvents', params })
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const answer: unknown = JSON.parse(await response.text())
    const { events, continuation_token } = Object(read(answer, 'result'))
    count += Array.isArray(events) ? events.length : 0
    token = continuation_token
  } while (token !== undefined)
  return count
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
