import type { GeneratedNode } from './chain/start.ts'

/** Blocks per request and requests at a time: the values that a real reader reaches on these nodes. */
const BLOCKS = 50
const IN_FLIGHT = 4

/**
 * The fastest rate at which this machine can take transfers from the node, in transfers per second. Fetches the
 * eth_getLogs answers for the first `transfers` transfers and parses their JSON, nothing else.
 */
export async function bareLimit(node: GeneratedNode, transfers: number): Promise<number> {
  const startedAt = performance.now()
  const parsed = await parseTransfers(node, transfers)
  return parsed / ((performance.now() - startedAt) / 1000)
}

/**
 * Fetches and parses blocks from the first on, several answers at a time, until `transfers` transfers have come or no
 * block is left. Returns how many came.
 */
export function parseTransfers(node: GeneratedNode, transfers: number): Promise<number> {
  return parseRanges(node, { transfers, blocks: BLOCKS, parse: fetchAndParse })
}

/** How ranges are read. `blocks`: blocks in a range. `parse` returns the number of transfers from `first` to `last`. */
type Ranges = {
  readonly transfers: number
  readonly blocks: number
  readonly parse: (url: string, first: number, last: number) => Promise<number>
}

/**
 * Reads ranges from the first block on, several at a time, until `transfers` transfers have come or no block is left.
 * Returns how many came.
 */
export async function parseRanges(node: GeneratedNode, { transfers, blocks, parse }: Ranges): Promise<number> {
  let next = 1
  let parsed = 0
  const worker = async (): Promise<void> => {
    while (next <= node.head && parsed < transfers) {
      const first = next
      next += blocks
      // Two statements: `parsed += await …` reads the sum before it waits, so workers would overwrite each other's counts.
      const found = await parse(node.url, first, Math.min(node.head, first + blocks - 1))
      parsed += found
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return parsed
}

/** The number of logs in an answer. */
async function fetchAndParse(url: string, first: number, last: number): Promise<number> {
  const hex = (value: number): string => `0x${value.toString(16)}`
  const params = [{ fromBlock: hex(first), toBlock: hex(last) }]
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer: unknown = JSON.parse(await response.text())
  const result: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'result') : undefined
  return Array.isArray(result) ? result.length : 0
}
