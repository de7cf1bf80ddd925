import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { ENGINES, newPlace, type StorePlace } from '../store/engines.ts'

const BIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** How long a server may take, in milliseconds: indexers have the lowest priority on a busy machine. */
const PATIENCE_MS = 100_000

export type Run = { readonly code: number | null; readonly out: string; readonly err: string }

/** Runs the compiled command line until it ends. */
export function steelyard(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return startSteelyard(args, env).ended
}

/** Starts the compiled command line. `ended` resolves when it has ended. */
export function startSteelyard(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly pid: number; readonly ended: Promise<Run> } {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<Run>((resolve, reject) => {
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
  return { pid: child.pid ?? 0, ended }
}

/** A `steelyard serve` in its own process. */
export type Serving = {
  readonly url: string
  readonly key: string
  readonly config: string
  readonly pid: number
  /** Sends GET with the key. `path` begins with a slash. */
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>
  /** Polls `/health` until the condition holds. @throws Error after `PATIENCE_MS` */
  readonly healthy: (condition: (chain: Health) => boolean) => Promise<Health>
  /** Stops the server, runs `between`, and starts it again. `url` and `pid` stay those of the first start. */
  readonly restart: (between: () => Promise<void>) => Promise<void>
  /** Sends SIGINT and waits. Returns the exit code. */
  readonly stop: () => Promise<number | null>
}

export type Health = {
  readonly state: string
  readonly head?: number
  readonly checkpoint?: { readonly number: number; readonly hash: string }
  readonly transfers: number
  readonly audit?: { readonly block?: number; readonly turned: number; readonly in_doubt?: object }
  readonly verify?: { readonly checked: number; readonly equal: number; readonly different: number }
  readonly node_warnings?: readonly { readonly node: string; readonly says: string; readonly at: number }[]
  readonly error?: string
}

/** Makes a key with the options of `steelyard keys create`, and returns its text. */
export async function makeKey(config: string, ...options: readonly string[]): Promise<string> {
  return (await steelyard(['keys', 'create', '--config', config, '--name', 'test', ...options])).out.trim()
}

/**
 * Writes the configuration into a new folder, makes a key and starts the server, with its store in a place. `stop` ends the place
 * too.
 */
export async function serve(config: object, place?: StorePlace): Promise<Serving> {
  const { url: store, end } = place ?? (await newPlace())
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-e2e-'))
  const file = join(folder, 'steelyard.yaml')
  writeFileSync(file, stringify({ listen: { port: 0 }, store, ...config }))
  const key = await makeKey(file)
  let running = await startServe(file)
  const get = (path: string, headers = {}) => fetch(running.url + path, { headers: { 'x-api-key': key, ...headers } })
  return {
    url: running.url,
    key,
    config: file,
    pid: running.pid,
    get,
    healthy: (condition) => waitFor(get, condition),
    restart: async (between) => {
      await running.end('SIGINT')
      await between()
      running = await startServe(file)
    },
    stop: async () => {
      const code = await running.end('SIGINT')
      rmSync(folder, { recursive: true, force: true })
      await end()
      return code
    },
  }
}

/** A server on each engine, with the engine's name. */
export type ServedEngine = Serving & { readonly engine: string }

/** As `serve`, a server on each engine with the same configuration. */
export async function serveOnEach(config: object): Promise<readonly ServedEngine[]> {
  return Promise.all(
    ENGINES.map(async ({ name, makePlace }) => ({ ...(await serve(config, await makePlace())), engine: name })),
  )
}

/**
 * A `steelyard serve` with a configuration file. `end` sends it a signal, waits, and returns the exit code, or null if
 * it was killed.
 */
export type ServeProcess = {
  readonly url: string
  readonly pid: number
  readonly end: (signal: 'SIGINT' | 'SIGKILL') => Promise<number | null>
  /** The log so far. */
  readonly log: () => string
}

/**
 * Starts `steelyard serve` and waits until it answers. `shell`: shell commands that run in the same process before the
 * server.
 * @throws Error with its log if it ends before that
 */
export async function startServe(file: string, shell = ''): Promise<ServeProcess> {
  const args = ['-c', `${shell}\nexec "$@"`, 'sh', process.execPath, BIN, 'serve', '--config', file]
  const child = spawn('/bin/sh', args, { stdio: ['ignore', 'inherit', 'pipe'] })
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  let err = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
      const found = /"url":"(http:[^"]+)"/.exec(err)
      if (found?.[1] !== undefined) resolve(found[1])
    })
    void exited.then((code) => reject(new Error(`serve ended with ${String(code)}: ${err}`)))
  })
  const end = (signal: 'SIGINT' | 'SIGKILL') => {
    child.kill(signal)
    return exited
  }
  return { url, pid: child.pid ?? 0, end, log: () => err }
}

async function waitFor(
  get: (path: string) => Promise<Response>,
  condition: (chain: Health) => boolean,
): Promise<Health> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const body = (await (await get('/health')).json()) as { chains: Health[] }
    const [chain] = body.chains
    if (chain !== undefined && condition(chain)) return chain
    if (Date.now() > deadline) throw new Error(`not in time: ${JSON.stringify(chain)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Returns the block of a `Balance-As-Of` header. */
export function asOfBlock(response: Response): { number: number; hash: string; source: string } {
  const header = response.headers.get('balance-as-of') ?? ''
  const match = /;block=(\d+);hash="(0x[0-9a-f]{64})";finality=\w+;source=(\w+);age=\d+$/.exec(header)
  if (match === null) throw new Error(`no block in Balance-As-Of: ${header}`)
  return { number: Number(match[1]), hash: match[2] ?? '', source: match[3] ?? '' }
}
