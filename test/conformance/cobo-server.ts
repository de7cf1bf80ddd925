/** Cobo's calls on a listening server, over custody that the test gives. Keys, lists and prices are the real ones. */
import { createKey } from '../../src/access/keys.ts'
import { createServer, type ServerOptions } from '../../src/api/create-server.ts'
import type { DialectsConfig } from '../../src/api/dialects/list.ts'
import type { KeyScope } from '../../src/store/seam/keys.ts'
import { listen, type Served } from './chainbase-client.ts'
import { DIALECTS, fakeDeps, type MemoryKeys, NOW } from './chainbase-fakes.ts'
import { type Asked, type CustodyWorld, fakeCustody } from './cobo-fakes.ts'

/** An answer of a call. `json` is its parsed body. */
export type CoboAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly json: unknown
}

/** A listening server. `send` sends a call with a key; undefined: with that of the principal `default`; null: with none. */
export type CoboServer = Served & {
  readonly store: MemoryKeys
  readonly asked: readonly Asked[]
  readonly keyOf: (request: { principal?: string; scopes?: readonly KeyScope[]; expiresAt?: number }) => Promise<string>
  readonly send: (path: string, call?: { method?: string; body?: unknown; key?: string | null }) => Promise<CoboAnswer>
}

/** Serves a world. `other` replaces parts of the server, such as its chains. */
export async function serveCobo(
  world: CustodyWorld = {},
  settings: Partial<DialectsConfig['cobo']> = {},
  other: Partial<ServerOptions> = {},
): Promise<CoboServer> {
  const { custody, asked } = fakeCustody(world)
  const nothing = { held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }
  const dialects = { ...DIALECTS, cobo: { ...DIALECTS.cobo, ...settings } }
  const deps = await fakeDeps(nothing, { custody, dialects, ...other })
  const served = await listen(createServer(deps))
  const keyOf: CoboServer['keyOf'] = async (request) => {
    const { raw, stored } = createKey({ name: 'test', createdAt: NOW, ...request })
    await deps.store.put(stored)
    return raw
  }
  const everything = await keyOf({ scopes: ['*'] })
  const send: CoboServer['send'] = async (path, { method = 'GET', body, key = everything } = {}) => {
    const headers: Record<string, string> = key === null ? {} : { 'x-api-key': key }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await served.call(path, { method, headers, ...(body === undefined ? {} : { body: text }) })
    const json: unknown = answer.body === '' ? undefined : JSON.parse(answer.body)
    return { ...answer, json }
  }
  return { ...served, store: deps.store, asked, keyOf, send }
}
