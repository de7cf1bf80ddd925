import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { assert } from '../../src/core/assert.ts'
import type { ChainShape } from './generator.ts'

/** A generated node in another process. */
export type GeneratedNode = {
  readonly url: string
  readonly head: number
  readonly usage: () => Promise<NodeUsage>
  /** Clears `firstLogsAtMs`. */
  readonly reset: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * `cpuSeconds`: processor time so far. `firstLogsAtMs`: Unix milliseconds of the first eth_getLogs or
 * starknet_getEvents since a reset.
 */
export type NodeUsage = { readonly cpuSeconds: number; readonly firstLogsAtMs: number | undefined }

/** The kind of a generated chain, the most logs or events of an answer, and the id of an EVM chain. */
export type GeneratedNodeOptions = {
  readonly kind?: 'evm' | 'starknet'
  readonly maxLogs?: number
  readonly chainId?: number
}

/** Starts a node that serves a chain of this shape. The node ends at the latest with this process. */
export async function startGeneratedNode(
  shape: ChainShape,
  options: GeneratedNodeOptions = {},
): Promise<GeneratedNode> {
  const script = fileURLToPath(new URL('./node.ts', import.meta.url))
  const { transfers, accounts, tokens, perBlock, seed } = shape
  const named = { transfers, accounts, tokens, 'per-block': perBlock, seed }
  const others = { kind: options.kind, 'max-logs': options.maxLogs, 'chain-id': options.chainId }
  const args = Object.entries({ ...named, ...others }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  )
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { url, head } = await firstLine(child.stdout)
  return {
    url,
    head,
    usage: async () => {
      const used = await call(url, 'bench_usage')
      const cpu = read(used, 'cpuMicroseconds')
      const firstLogsAtMs = read(used, 'firstLogsAtMs')
      return {
        cpuSeconds: (Number(read(cpu, 'user')) + Number(read(cpu, 'system'))) / 1e6,
        firstLogsAtMs: typeof firstLogsAtMs === 'number' ? firstLogsAtMs : undefined,
      }
    },
    reset: async () => void (await call(url, 'bench_reset')),
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<{ url: string; head: number }> {
  for await (const line of createInterface({ input: stream })) {
    const ready: unknown = JSON.parse(line)
    const url = read(ready, 'url')
    const head = read(ready, 'head')
    assert(typeof url === 'string' && typeof head === 'number', 'the node prints its URL')
    return { url, head }
  }
  assert(false, 'the generated node ended before it was ready')
}

async function call(url: string, method: string): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return read(await response.json(), 'result')
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
