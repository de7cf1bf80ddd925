import { writeFile } from 'node:fs/promises'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { KeyVerifier } from '../src/api/keys.ts'
import { readDocument } from '../src/api/openapi.ts'
import { createServer } from '../src/api/server.ts'
import { ServiceError } from '../src/core/errors.ts'
import { VERSION } from '../src/version.ts'

// Writes docs/openapi.json, the committed copy of what a server with all dialects says of itself at /openapi.json.

const OUTPUT = new URL('../docs/openapi.json', import.meta.url)

/** The document is made of schemas alone: nothing behind the routes is ever asked. */
async function nothing(): Promise<never> {
  throw new ServiceError('UNAVAILABLE', 'only the document is made here')
}

const server = createServer({
  balances: { get: nothing, account: nothing, holders: nothing, transfers: nothing },
  tokens: { get: nothing },
  chains: [],
  keys: new KeyVerifier({ put: nothing, get: nothing, list: nothing, revoke: nothing }, () => 0),
  metrics: new Registry(),
  settings: { trustProxy: [], dialects: { chainbase: { enabled: true, balance: 'hex', demoKey: false } } },
  version: VERSION,
  now: () => 0,
  log: pino({ level: 'silent' }),
})
await server.ready()
await writeFile(OUTPUT, `${JSON.stringify(readDocument(server), undefined, 2)}\n`)
await server.close()
