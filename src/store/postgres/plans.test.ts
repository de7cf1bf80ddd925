import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CHAIN } from '../../../test/ledger/ledger.ts'
import { makeSchema, type TestSchema } from '../../../test/postgres/test-schema.ts'
import { commitGroup } from '../../ledger/group-commit.ts'
import { genesisOf } from '../../ledger/record.ts'
import { StoredLedgerJournal } from '../queries/ledger/stored-ledger-journal.ts'
import { StoredLedgerReads } from '../queries/ledger/stored-ledger-reads.ts'
import { createRecords } from '../queries/records/create-records.ts'
import { PostgresDatabase, type Queries, type Transaction, type Value } from './database.ts'
import { PostgresLedgerWriter } from './ledger/ledger-writer.ts'
import { WALLET_BLOCKS } from './ledger/wallet-blocks.ts'
import { migrate } from './migrate.ts'
import { STORE_TABLES } from './schema.ts'
import { PostgresTableEngine } from './table-engine.ts'
import { parseTarget } from './target.ts'

type Asked = { readonly sql: string; readonly values: readonly Value[] }

/** A database that notes each statement. */
class NotedDatabase extends PostgresDatabase {
  readonly asked: Asked[] = []

  override all(sql: string, ...values: readonly Value[]) {
    this.asked.push({ sql, values })
    return super.all(sql, ...values)
  }

  override run(sql: string, ...values: readonly Value[]) {
    this.asked.push({ sql, values })
    return super.run(sql, ...values)
  }

  override write<T>(work: (queries: Transaction) => Promise<T>): Promise<T> {
    return super.write((queries) => work({ ...this.#noted(queries), exec: queries.exec }))
  }

  #noted(queries: Queries): Queries {
    const note = <T>(ask: (sql: string, ...values: readonly Value[]) => T) => {
      return (sql: string, ...values: readonly Value[]): T => {
        this.asked.push({ sql, values })
        return ask(sql, ...values)
      }
    }
    return { all: note(queries.all), get: note(queries.get), run: note(queries.run) }
  }
}

/** Tables with one row, or with a row for each chain: an index would not help. */
const SMALL = new Set(['ledger', 'clock', 'chain', 'leases', 'migrations', 'accepted_clocks'])

/** Fills each table so far that reading all of it would be slow. */
const FILL = `
  INSERT INTO users SELECT 'u' || n, 'u' || n, '', 'p', n FROM generate_series(1, 5000) n;
  INSERT INTO keys SELECT 'k' || n, '', '', 'p', '[]', '[]', '[]', n, NULL, NULL, 'u' || n FROM generate_series(1, 5000) n;
  INSERT INTO uses SELECT 'k' || n, n FROM generate_series(1, 5000) n;
  INSERT INTO sessions SELECT n, int8send(n), 'u' || n, n, n FROM generate_series(1, 5000) n;
  INSERT INTO price_history SELECT 'a' || n % 5, n * 600, '1' FROM generate_series(1, 5000) n;
  INSERT INTO follow_requests SELECT n, 'c' || n % 100, 'a' || n, n FROM generate_series(1, 5000) n;
  INSERT INTO assets SELECT n, 'ledger', 'A' || n, n, 1, 1, '\\x80' FROM generate_series(100, 5000) n;
  INSERT INTO blocks SELECT n, int8send(n), '', n, 1 FROM generate_series(10000, 20000) n;
  INSERT INTO transfers SELECT n, 0, 0, n - 9000, NULL, int8send(n), '', '\\x8101', '' FROM generate_series(10000, 14000) n;
  INSERT INTO balances SELECT int8send(n), n, '', '\\x80', '\\x80', '\\x80', n, 0, 0, n, n, NULL, 1
    FROM generate_series(100, 5000) n;
  INSERT INTO changes SELECT int8send(n), n, '', n, 0, 0, '\\x80', '\\x80' FROM generate_series(100, 5000) n;
  INSERT INTO accounts SELECT int8send(n), 1, 1 FROM generate_series(100, 5000) n;
  INSERT INTO hints SELECT 'r' || n, 'ledger', int8send(n), '', n, NULL FROM generate_series(100, 5000) n;
  INSERT INTO feed SELECT n, 'appended', n, n FROM generate_series(100, 5000) n;
  INSERT INTO ledger_operations (number, kind, serial, asset, reissue) SELECT n, 'register_asset', n, 'A' || n, 0
    FROM generate_series(10000, 20000) n;
  INSERT INTO ledger_keys SELECT 's', 'k' || n, '', n FROM generate_series(10000, 20000) n;
  INSERT INTO ledger_repeats SELECT 's', 'r' || n, '', n FROM generate_series(10000, 20000) n;
  ANALYZE`

let schema: TestSchema
let db: NotedDatabase
let client: pg.Client
beforeEach(async () => {
  schema = await makeSchema()
  const target = parseTarget(schema.url)
  db = new NotedDatabase(target)
  await migrate(db, { ...STORE_TABLES, create: true })
  client = new pg.Client({ connectionString: target.url, options: `-c search_path=${schema.schema}` })
  await client.connect()
})
afterEach(async () => {
  await client.end()
  await db.close()
  await schema.end()
})

/** The tables that a statement reads as a whole. */
async function scanned({ sql, values }: Asked): Promise<readonly string[]> {
  let count = 0
  const text = `EXPLAIN ${sql.replaceAll('?', () => `$${++count}`)}`
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(text, [...values])
  const tables = rows.map((row) => /Seq Scan on (\w+)/.exec(row['QUERY PLAN'])?.[1])
  return tables.filter((table) => table !== undefined && !SMALL.has(table)).map((table) => `${table}: ${sql}`)
}

test('no hot statement reads a table as a whole', async () => {
  const journal = await StoredLedgerJournal.open(await PostgresLedgerWriter.open(db, CHAIN), genesisOf(CHAIN, 1))
  await client.query(FILL)
  db.asked.length = 0
  const operations = [
    { kind: 'register_asset', assetId: 'GILT', name: undefined, symbol: undefined, reissue: true },
    { kind: 'register_wallet', wallet: 'ann' },
    { kind: 'mint', assetId: 'GILT', amount: 9n, to: 'ann' },
    { kind: 'transfer', assetId: 'GILT', amount: 2n, from: 'ann', to: 'bob' },
    { kind: 'burn', assetId: 'GILT', amount: 1n, from: 'bob' },
    { kind: 'register_wallet', wallet: 'ann' },
  ] as const
  const requests = operations.map((operation, at) => {
    return { operation, idempotency: { scope: 's', key: `${at}`, fingerprint: '' } }
  })
  for (const group of [requests.slice(0, 3), requests.slice(3), requests]) {
    const settled = await commitGroup(journal, group, { rules: { strictWallets: false }, now: 1 })
    expect(settled.filter((one) => 'outcome' in one && one.outcome.accepted)).toHaveLength(group.length)
  }
  const engine = new PostgresTableEngine(db, { durable: true })
  const reads = new StoredLedgerReads({ read: (work) => engine.read(work), renew: () => undefined }, WALLET_BLOCKS)
  const page = { after: 0, limit: 20 }
  await reads.header(3)
  await reads.asset('GILT')
  await reads.hasWallet('ann')
  await reads.assets(page)
  const [assetId, wallet] = ['GILT', 'ann']
  for (const query of [page, { ...page, assetId }, { ...page, wallet }, { ...page, assetId, wallet }]) {
    await reads.operations(query)
  }
  const engines = { durable: engine, relaxed: engine, uses: engine, running: engine }
  const { keys, users, sessions, prices, followRequests } = createRecords(engines)
  await keys.get('k7')
  await keys.noteUses(new Map([['k7', 1]]))
  await users.get('u7')
  await sessions.session(Buffer.alloc(8))
  await sessions.putSession({ idHash: Buffer.alloc(3), userId: 'u7', createdAt: 1, expiresAt: 2 }, 3)
  await prices.put([{ asset: 'a1', at: 1, price: '1' }], 9)
  await prices.at('a1', 9)
  await prices.latest(3)
  await followRequests.add({ chain: CHAIN, accounts: ['a7'], max: 3, at: 1 })
  await followRequests.list(CHAIN)
  const distinct = new Map(db.asked.map((asked) => [asked.sql, asked]))
  expect(distinct.size).toBeGreaterThan(40)
  const found: string[] = []
  for (const asked of distinct.values()) found.push(...(await scanned(asked)))
  expect(found).toEqual([])
})
