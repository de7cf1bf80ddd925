/** `steelyard serve` in processes that a test starts, finds and kills one by one. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { newPlace, type StorePlace } from '../store/engines.ts'

const BIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PATIENCE_MS = 100_000

/** A folder with a configuration, and the place of its store. */
export type Place = { readonly folder: string; readonly config: string; readonly remove: () => Promise<void> }

export async function makePlace(config: object, store?: Pick<StorePlace, 'url' | 'end'>): Promise<Place> {
  const { url, end } = store ?? (await newPlace())
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-roles-'))
  const file = join(folder, 'steelyard.yaml')
  writeFileSync(file, stringify({ listen: { port: 0 }, store: url, ...config }))
  const remove = async (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true })
    await end()
  }
  return { folder, config: file, remove }
}

/** A process that serves. `url` is empty if it does not answer. */
export type ServingProcess = {
  readonly url: string
  readonly pid: number
  readonly log: () => string
  /** Sends a signal, waits, and resolves to the exit code; null if a signal ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>
}

/** Starts `steelyard serve` with options and waits until it answers or indexes. @throws Error with its log if it ends */
export async function startServing(config: string, ...options: readonly string[]): Promise<ServingProcess> {
  const child = spawn(process.execPath, [BIN, 'serve', '--config', config, ...options], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  let code: number | null | undefined
  void exited.then((ended) => {
    code = ended
  })
  const isIndexer = options.includes('indexer')
  const found = await until('the process serves', async () => {
    if (code !== undefined) throw new Error(`serve ended with ${String(code)}: ${log}`)
    return isIndexer ? /"msg":"(indexing)"/.exec(log) : /"url":"(http:[^"]+)"/.exec(log)
  })
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exited
  }
  return { url: isIndexer ? '' : (found[1] ?? ''), pid: child.pid ?? 0, log: () => log, end }
}

/** The processes of a group by name, such as `worker-1`, as the kernel lists them now. */
export function membersOf(parent: number): ReadonlyMap<string, number> {
  const members = new Map<string, number>()
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const [, ppid] = /\nPPid:\t(\d+)/.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? []
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      const member = words[words.indexOf('--member') + 1]
      if (Number(ppid) === parent && words.includes('--member') && member !== undefined)
        members.set(member, Number(name))
    } catch {
      // It has ended meanwhile.
    }
  }
  return members
}

export function isRunning(pid: number): boolean {
  try {
    // A process that has ended and was not waited for is a zombie.
    return !/\nState:\tZ/.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export type Answer = { readonly status: number; readonly text: string; readonly asOf: string }

/** One request on a connection of its own, so that workers take turns. @throws Error the connection breaks */
export function ask(
  url: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: object } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false, headers: { 'content-type': 'application/json', ...headers } })
    sent.once('error', reject)
    sent.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          asOf: String(response.headers['balance-as-of'] ?? ''),
        }),
      )
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Polls until there is a result. @throws Error after a minute */
export async function until<T>(what: string, look: () => Promise<T | undefined | null | false>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== null && found !== false) return found
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

type ChainHealth = {
  readonly id: string
  readonly state: string
  readonly head?: number
  readonly checkpoint?: { readonly number: number; readonly hash: string }
  readonly waiting?: { readonly for: string; readonly seconds: number }
  readonly error?: string
}

/** The state of the first chain in `/health`. */
export async function healthOf(url: string): Promise<ChainHealth> {
  const { chains }: { chains: ChainHealth[] } = JSON.parse((await ask(`${url}/health`)).text)
  const [chain] = chains
  if (chain === undefined) throw new Error('no chain is configured')
  return chain
}
