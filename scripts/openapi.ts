/**
 * Writes docs/openapi.json from the schemas of all routes. `--check` writes nothing and exits 1 if the file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { KeyVerifier } from '../src/access/keys.ts'
import { createServer } from '../src/api/create-server.ts'
import { readDocument } from '../src/api/schema/openapi.ts'
import { VERSION } from '../src/app/version.ts'
import { ServiceError } from '../src/core/errors.ts'

const FILE = new URL('../docs/openapi.json', import.meta.url)

/** The document needs only the schemas, so nothing calls the code behind the routes. */
async function nothing(): Promise<never> {
  throw new ServiceError('UNAVAILABLE', 'only the document is made here')
}

const server = createServer({
  balances: {
    get: nothing,
    newestBlock: nothing,
    account: nothing,
    holders: nothing,
    known: nothing,
    transfers: nothing,
  },
  tokens: { get: nothing },
  ledger: undefined,
  chains: [],
  keys: new KeyVerifier({ put: nothing, get: nothing, list: nothing, noteUses: nothing, revoke: nothing }, () => 0),
  metrics: new Registry(),
  settings: {
    trustProxy: [],
    dialects: {
      abcLabs: { enabled: true, chain: undefined, keys: false, origins: [] },
      chainbase: { enabled: true, balance: 'hex', demoKey: false },
    },
  },
  version: VERSION,
  now: () => 0,
  log: pino({ level: 'silent' }),
})
await server.ready()
const text = `${JSON.stringify(readDocument(server), undefined, 2)}\n`
await server.close()

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text)
} else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('docs/openapi.json is stale: npm run generate')
  process.exit(1)
}
