import { tmpdir } from 'node:os'
import { stringify } from 'yaml'
import { createKey } from '../../src/access/keys.ts'
import { createUser } from '../../src/access/users.ts'
import { parseAppConfig } from '../../src/app/app-config.ts'
import { createLog } from '../../src/app/log.ts'
import { type App, startApp } from '../../src/app/start-app.ts'
import { type DemoChain, startDemoChain } from '../../src/demo/chain.ts'
import { newPlace, type StorePlace } from '../store/engines.ts'

/** An answer as a client sees it: `text` byte for byte, `json` parsed from it. */
export type Answered = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: ReturnType<typeof JSON.parse>
}

/** Users of each server. */
export const ALICE = { name: 'alice', password: 'correct horse', principal: 'treasury' }
export const BOB = { name: 'bob', password: 'battery staple', principal: 'default' }

/** A complete Steelyard on a socket, over the demo's real chain, with TokenKit's API. */
export type TokenKitServer = {
  readonly url: string
  readonly key: string
  readonly chain: DemoChain
  readonly id: string
  readonly place: StorePlace
  readonly call: (path: string, init?: RequestInit) => Promise<Answered>
  /** Sends GET with the key. */
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Answered>
  /** Sends a body as JSON, with the key. A string is sent unchanged. */
  readonly post: (path: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answered>
  readonly stop: () => Promise<void>
}

/**
 * Starts the server, and waits until it has indexed the chain and compared it once. `root`: other configuration, which
 * may follow from the chain.
 */
export async function serveTokenKit(
  root: object | ((chain: DemoChain) => object | Promise<object>) = {},
  tokenkit: object = {},
): Promise<TokenKitServer> {
  const chain = await startDemoChain()
  const place = await newPlace()
  const id = `eip155:${chain.chainId}`
  const given = {
    store: place.url,
    listen: { port: 0 },
    chains: [{ id, rpc: [chain.url], poll_ms: 200 }],
    dialects: { tokenkit: { chain: id, ...tokenkit } },
    ...(typeof root === 'function' ? await root(chain) : root),
  }
  const config = parseAppConfig({ text: stringify(given), name: 'test', folder: tmpdir(), env: {} })
  const { raw, stored } = createKey({ name: 'test', createdAt: Math.floor(Date.now() / 1_000) })
  const store = await place.open()
  await store.keys.put(stored)
  for (const user of [ALICE, BOB]) await store.users.put(await createUser({ ...user, createdAt: stored.createdAt }))
  await store.close()
  const app: App = await startApp({ config, log: createLog({ level: 'error', sink: SILENT }) })
  const call = async (path: string, init: RequestInit = {}): Promise<Answered> => {
    const response = await fetch(app.url + path, { redirect: 'manual', ...init })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parsed(text) }
  }
  await untilReady(call)
  return {
    url: app.url,
    key: raw,
    chain,
    id,
    place,
    call,
    get: (path, headers = {}) => call(path, { headers: { 'api-key': raw, ...headers } }),
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'api-key': raw, 'content-type': 'application/json', ...headers },
      }),
    stop: async () => {
      await app.stop()
      await chain.stop()
      await place.end()
    },
  }
}

const SILENT = { terminal: false, write: () => undefined }
const READY_MS = 60_000

async function untilReady(call: (path: string) => Promise<Answered>): Promise<void> {
  const deadline = Date.now() + READY_MS
  while ((await call('/ready')).status !== 200) {
    if (Date.now() > deadline) throw new Error('not ready within a minute')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
