import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { ServiceError } from '../core/errors.ts'

/** A running Anvil (https://getfoundry.sh/anvil), a real EVM node for development. */
export type Anvil = {
  readonly url: string
  readonly chainId: number
  /** The result of one call. @throws NODE_RPC Anvil answers with an error; NODE_UNREACHABLE Anvil has ended */
  readonly rpc: (method: string, params?: readonly unknown[]) => Promise<unknown>
  /** The results of calls sent as one JSON-RPC batch, in order. @throws NODE_RPC, NODE_UNREACHABLE */
  readonly rpcBatch: (calls: readonly RpcCall[]) => Promise<readonly unknown[]>
  /** Ends the process and waits until it has exited. */
  readonly stop: () => Promise<void>
}

/** One JSON-RPC call. */
export type RpcCall = { readonly method: string; readonly params: readonly unknown[] }

/** How an Anvil is started. */
export type AnvilOptions = {
  readonly chainId?: number
  /** Seconds between blocks; absent: a block for each transaction. */
  readonly blockTimeSeconds?: number
  /** Absent: a free one. */
  readonly port?: number
  /** Further arguments of the command line. */
  readonly args?: readonly string[]
}

/** Anvil's own default. */
const DEFAULT_CHAIN_ID = 31337
/** Anvil starts in well under a second. A loaded machine gets many times that. */
const START_TIMEOUT_MS = 20_000
const POLL_MS = 20
/** How long a stopped Anvil may take to exit before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 3_000

/**
 * Starts Anvil on 127.0.0.1 and resolves once it answers. Anvil ends at the latest with this process.
 * @throws NODE_UNREACHABLE Anvil is not installed, or did not start
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const chainId = options.chainId ?? DEFAULT_CHAIN_ID
  const port = options.port ?? (await freePort())
  const interval = options.blockTimeSeconds === undefined ? [] : ['--block-time', String(options.blockTimeSeconds)]
  const args = ['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(chainId), '--silent']
  const child = spawn(anvilPath(), [...args, ...interval, ...(options.args ?? [])], { stdio: 'ignore' })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.removeListener('exit', killAtExit))
  child.once('error', () => process.removeListener('exit', killAtExit))
  const url = `http://127.0.0.1:${port}`
  try {
    await untilReady(child, { url, chainId })
  } catch (error) {
    await stop(child)
    throw error
  }
  return {
    url,
    chainId,
    rpc: async (method, params = []) => resultOf(await post(url, request({ method, params }, 0)), method),
    rpcBatch: (calls) => callAll(url, calls),
    stop: () => stop(child),
  }
}

/** The binary inside the npm package for this platform. */
function anvilPath(): string {
  const platform = process.platform === 'win32' ? 'win32' : process.platform
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const binary = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  const name = `@foundry-rs/anvil-${platform}-${arch}`
  try {
    // The platform's package is a dependency of @foundry-rs/anvil, so resolve it from there, wherever npm installed it.
    const launcher = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
    return join(dirname(createRequire(launcher).resolve(`${name}/package.json`)), 'bin', binary)
  } catch (cause) {
    throw new ServiceError('NODE_UNREACHABLE', `Anvil is not installed: npm install --save-dev @foundry-rs/anvil`, {
      cause,
      fields: { package: name },
    })
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new ServiceError('NODE_UNREACHABLE', 'No free port')
  return address.port
}

async function untilReady(child: ChildProcess, node: { url: string; chainId: number }): Promise<void> {
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const answer = await post(node.url, request({ method: 'eth_chainId', params: [] }, 0)).catch(() => undefined)
    if (answer !== undefined && Number(resultOf(answer, 'eth_chainId')) === node.chainId) return
    if (failure !== undefined || child.exitCode !== null || Date.now() > deadline) {
      const fields = { exitCode: child.exitCode ?? undefined, url: node.url }
      throw new ServiceError('NODE_UNREACHABLE', 'Anvil did not start', { cause: failure, fields })
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await gone
  clearTimeout(timer)
}

function request(call: RpcCall, id: number): Readonly<Record<string, unknown>> {
  return { jsonrpc: '2.0', id, method: call.method, params: call.params }
}

async function callAll(url: string, calls: readonly RpcCall[]): Promise<readonly unknown[]> {
  if (calls.length === 0) return []
  const answers = await post(url, calls.map(request))
  if (!Array.isArray(answers) || answers.length !== calls.length) {
    throw new ServiceError('NODE_GARBAGE', 'Anvil did not answer each call of a batch')
  }
  const byId = new Map(answers.map((answer: unknown) => [Number(field(answer, 'id')), answer]))
  return calls.map((call, id) => resultOf(byId.get(id), call.method))
}

async function post(url: string, body: unknown): Promise<unknown> {
  try {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    return await response.json()
  } catch (cause) {
    throw new ServiceError('NODE_UNREACHABLE', 'Anvil does not answer', { cause, fields: { url } })
  }
}

function resultOf(answer: unknown, method: string): unknown {
  const result = field(answer, 'result')
  if (result !== undefined) return result
  const said = field(field(answer, 'error'), 'message')
  throw new ServiceError('NODE_RPC', `Anvil rejected ${method}: ${String(said)}`, { fields: { method } })
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([name]) => name === key)?.[1]
}
