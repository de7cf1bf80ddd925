import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { issueKey } from '../src/access/keys.ts'
import { codecOf } from '../src/cli/account-codec.ts'
import { assert } from '../src/core/assert.ts'
import { openStore } from '../src/store/open.ts'

/** `steelyard serve` in its own process, with a store in its own folder. */
export type BenchServer = {
  readonly url: string
  readonly pid: number
  /** The processes that answer: the server itself, or its workers now. */
  readonly answering: () => readonly number[]
  /** A key that may read. */
  readonly key: string
  /** The progress of a chain, by its CAIP-2 id; undefined while the server does not report it. */
  readonly health: (chain: string) => Promise<ChainHealth | undefined>
  readonly stop: () => Promise<void>
}

export type ChainHealth = {
  readonly state: string
  readonly checkpoint: number
  readonly transfers: number
  /** Transfers that were fetched: those of a bulk load are answered once they are published. */
  readonly fetched: number
  /** Until the audit has compared a new chain once, its balances are read from the node. */
  readonly isFirstLook: boolean
  readonly error: string | undefined
}

/** A chain to serve: its CAIP-2 id and its node. An issuer's ledger has no node. */
export type BenchChain = { readonly id: string; readonly rpc?: string }

/** What else a server is started with. `workers`: processes that answer. `store`: its URL; one in the folder if not given. */
export type ServerChoice = {
  readonly assets?: readonly IssuedAsset[]
  readonly workers?: number
  readonly store?: string | undefined
}

/** An asset of the issuer's ledger, as in the configuration. */
export type IssuedAsset = { readonly asset_id: string; readonly reissue: boolean }

const START_TIMEOUT_MS = 60_000
const POLL_MS = 50

/** A folder for a store. It is removed when the process ends, also after Ctrl-C. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  return folder
}

/**
 * Starts the built server on the store in `folder`. It accepts the key `demo`, and ends at the latest with this
 * process.
 */
export async function startServer(
  folder: string,
  chains: readonly BenchChain[],
  { assets = [], workers = 1, store = `sqlite:${join(folder, 'store')}` }: ServerChoice = {},
): Promise<BenchServer> {
  const url = `http://127.0.0.1:${await freePort()}`
  const file = join(folder, `bench-${new URL(url).port}.yaml`)
  writeFileSync(file, configuration({ port: new URL(url).port, store, chains, assets }))
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
  assert(existsSync(main), 'dist/ is built: npm run build')
  const key = await makeKey(store)
  const args = [main, 'serve', '--config', file, '--workers', `${workers}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.removeListener('exit', killAtExit))
  await untilReady(child, url)
  const { pid } = child
  assert(pid !== undefined, 'a started process has an id')
  return {
    url,
    pid,
    answering: () => (workers === 1 ? [pid] : workersOf(pid)),
    key,
    health: (chain) => health(url, chain),
    stop: async () => {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      if (child.exitCode === null && child.kill('SIGTERM')) await gone
    },
  }
}

/** The workers that a process has started. */
function workersOf(parent: number): readonly number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number)
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker-'))
}

/** JSON is YAML, and needs no quoting. */
function configuration(facts: {
  port: string
  store: string
  chains: readonly BenchChain[]
  assets: readonly IssuedAsset[]
}): string {
  return JSON.stringify({
    listen: { host: '127.0.0.1', port: Number(facts.port) },
    log: { level: 'warn' },
    store: facts.store,
    chains: facts.chains.map(({ id, rpc }) => (rpc === undefined ? { id } : { id, rpc: [rpc], from: 0 })),
    dialects: {
      chainbase: { demo_key: true },
      'abc-labs': { assets: facts.assets },
      tokenkit: { chain: facts.chains.find(({ id }) => !id.startsWith('chia:'))?.id ?? null },
    },
  })
}

async function makeKey(url: string): Promise<string> {
  const store = await openStore({ url, create: true, codecOf })
  try {
    return await issueKey(store.keys, { name: 'bench', createdAt: Math.floor(Date.now() / 1_000) })
  } finally {
    await store.close()
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const answer = await fetch(`${url}/health`).catch(() => undefined)
    if (answer !== undefined) return void (await answer.arrayBuffer())
    assert(child.exitCode === null && Date.now() < deadline, 'the server starts and answers /health')
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function health(url: string, chain: string): Promise<ChainHealth | undefined> {
  const answer = await fetch(`${url}/health`).then((response): Promise<unknown> => response.json())
  const chains = read(answer, 'chains')
  const entry: unknown = Array.isArray(chains) ? chains.find((one) => read(one, 'id') === chain) : undefined
  if (entry === undefined) return undefined
  const error = read(entry, 'error')
  return {
    state: String(read(entry, 'state')),
    checkpoint: Number(read(read(entry, 'checkpoint'), 'number') ?? -1),
    transfers: Number(read(entry, 'transfers')),
    fetched: Number(read(read(entry, 'fetched'), 'transfers') ?? read(entry, 'transfers')),
    isFirstLook:
      read(entry, 'audit') === undefined || read(read(read(entry, 'audit'), 'in_doubt'), 'first_look') === true,
    error: error === undefined ? undefined : String(error),
  }
}

/** The peak memory of a process, in bytes (VmHWM); undefined if the system does not report it. */
export function peakMemoryBytes(pid: number): number | undefined {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return line === null ? undefined : Number(line[1]) * 1024
  } catch {
    return undefined
  }
}

/** Ticks of a second in `/proc`, on every Linux that Node.js runs on. */
const TICKS = 100

/** The processor time of a process so far, in seconds; undefined if the system does not report it. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may have spaces; utime and stime are the 12th and 13th words after it.
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(words[11]) + Number(words[12])) / TICKS
  } catch {
    return undefined
  }
}

/** The total size of the files with this name ending in a folder and its subfolders, in bytes. */
export function folderBytes(folder: string, ending = ''): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(ending)) continue
    bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  assert(address !== null && typeof address === 'object', 'a listening server has a port')
  return address.port
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
