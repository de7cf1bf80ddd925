/**
 * Writes docs/openapi.json from the schemas of all routes. `--check` writes nothing and exits 1 if the file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { BadKeys } from '../src/access/bad-keys.ts'
import { KeyVerifier } from '../src/access/keys.ts'
import { PrincipalKeys } from '../src/access/principal-keys.ts'
import { Sessions } from '../src/access/sessions.ts'
import { createServer } from '../src/api/create-server.ts'
import { readDocument } from '../src/api/schema/openapi.ts'
import { parseAppConfig } from '../src/app/app-config.ts'
import { VERSION } from '../src/app/version.ts'
import { ServiceError } from '../src/core/errors.ts'
import { StaticPrices } from '../src/tokens/prices.ts'

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
    coins: nothing,
    known: nothing,
    assetsOf: nothing,
    transfers: nothing,
  },
  history: { changes: nothing, transfers: nothing, blockAt: nothing },
  tokens: { get: nothing },
  finder: { search: nothing },
  prices: new StaticPrices([], 0),
  custody: {
    wallets: { create: nothing, get: nothing, list: nothing, update: nothing },
    addresses: { watch: nothing, deriveNext: nothing, list: nothing },
    holds: { place: nothing, decimals: nothing, release: nothing, get: nothing },
    ids: { ofChain: nothing, ofAssets: nothing, asset: nothing },
    balances: nothing,
    transactions: nothing,
  },
  principalKeys: new PrincipalKeys({ put: nothing, list: nothing, revoke: nothing }, () => 0),
  listedAssets: () => [],
  ledger: undefined,
  chains: [],
  keys: new KeyVerifier(
    { put: nothing, putOfUser: nothing, get: nothing, list: nothing, noteUses: nothing, revoke: nothing },
    () => 0,
  ),
  issueUserKey: nothing,
  sessions: new Sessions({
    users: { put: nothing, get: nothing, list: nothing, disable: nothing },
    sessions: { putSession: nothing, session: nothing, dropExpired: nothing },
    now: () => 0,
  }),
  badKeys: new BadKeys(),
  metrics: new Registry(),
  trustProxy: [],
  dialects: parseAppConfig({ text: '', name: 'defaults', folder: '/', env: {} }).dialects,
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
