import { tmpdir } from 'node:os'
import { stringify } from 'yaml'
import { createKey } from '../../src/access/keys.ts'
import { parseAppConfig } from '../../src/app/app-config.ts'
import { createLog } from '../../src/app/log.ts'
import { startApp } from '../../src/app/start-app.ts'
import type { KeyScope } from '../../src/store/seam/keys.ts'
import type { StorePlace } from '../store/engines.ts'

/** An answer as a client sees it: `text` byte for byte, `json` parsed from it. */
export type Answered = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

/** A complete Steelyard on a socket, with a ledger in its store. */
export type LedgerServer = {
  readonly url: string
  readonly log: readonly string[]
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Answered>
  /** Sends a body as JSON. A string is sent unchanged. */
  readonly post: (path: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answered>
  readonly call: (path: string, init?: RequestInit) => Promise<Answered>
  /** Stops the server and keeps the store. */
  readonly stop: () => Promise<void>
}

/** Starts a server on a store. `abcLabs`: the dialect's configuration; `root`: other top-level configuration. */
export async function serveLedger(
  { url }: StorePlace,
  abcLabs: object = {},
  root: object = { chains: [{ id: 'ledger:main' }] },
): Promise<LedgerServer> {
  const given = { store: url, listen: { port: 0 }, ...root, dialects: { 'abc-labs': abcLabs } }
  const config = parseAppConfig({ text: stringify(given), name: 'test', folder: tmpdir(), env: {} })
  const lines: string[] = []
  const sink = { terminal: false, write: (line: string) => lines.push(line) }
  const app = await startApp({ config, log: createLog({ level: 'info', sink }) })
  const call = async (path: string, init: RequestInit = {}): Promise<Answered> => {
    const response = await fetch(app.url + path, { redirect: 'manual', ...init })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parsed(text) }
  }
  return {
    url: app.url,
    log: lines,
    call,
    get: (path, headers = {}) => call(path, { headers: { ...headers } }),
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    stop: () => app.stop(),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Creates a key with these scopes in a store. */
export async function makeKey(place: StorePlace, scopes: readonly KeyScope[], principal = 'default'): Promise<string> {
  const store = await place.open()
  const { raw, stored } = createKey({ name: 'test', principal, scopes, createdAt: 1 })
  await store.keys.put(stored)
  await store.close()
  return raw
}

/** Returns the balance of a wallet as text, copied from the answer without a float. */
export async function balanceText(server: LedgerServer, asset: string, wallet: string): Promise<string> {
  const query = `asset_id=${encodeURIComponent(asset)}&wallet_address=${encodeURIComponent(wallet)}`
  const { text } = await server.get(`/api/tokens/balance?${query}`)
  return /"balance":(\d+)\}$/.exec(text)?.[1] ?? text
}

/** The vendor's error body. */
export function errorBody(status: number, code: string, message: string): object {
  return { status: 'error', status_code: status, error_code: code, message, error: { code, message } }
}
