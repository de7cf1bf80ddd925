import type { GeneratedNode } from './chain/start.ts'

/** Blocks asked for at once, and requests under way at once: what a reader settles at on this node. */
const BLOCKS = 50
const IN_FLIGHT = 4

/**
 * How fast this machine can at best take transfers from the node: fetches the answers of eth_getLogs for the first
 * `transfers` transfers and parses their JSON, nothing else. Transfers per second.
 */
export async function bareLimit(node: GeneratedNode, transfers: number): Promise<number> {
  const startedAt = performance.now()
  const parsed = await parseTransfers(node, transfers)
  return parsed / ((performance.now() - startedAt) / 1000)
}

/** Fetches and parses blocks from the first on, several answers at once, until so many transfers came or none is left; how many came. */
export async function parseTransfers(node: GeneratedNode, transfers: number): Promise<number> {
  let next = 1
  let parsed = 0
  const worker = async (): Promise<void> => {
    while (next <= node.head && parsed < transfers) {
      const first = next
      next += BLOCKS
      // Two statements: `parsed += await …` reads the sum before it waits, so workers would overwrite each other's counts.
      const logs = await fetchAndParse(node.url, first, Math.min(node.head, first + BLOCKS - 1))
      parsed += logs
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return parsed
}

/** Logs in an answer. */
async function fetchAndParse(url: string, first: number, last: number): Promise<number> {
  const hex = (value: number): string => `0x${value.toString(16)}`
  const params = [{ fromBlock: hex(first), toBlock: hex(last) }]
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer: unknown = JSON.parse(await response.text())
  const result: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'result') : undefined
  return Array.isArray(result) ? result.length : 0
}
