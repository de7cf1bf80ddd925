/** What Citus needs: each statement about a table that is spread by account names the account, so that one server can answer it. */
import { readdirSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Coverage } from '../../src/core/coverage.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import { translate } from '../../src/store/postgres/chain/run-query.ts'
import { makeAuditRig } from '../crash/audit-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from '../store/chains.ts'
import { placeMaker, type StorePlace } from '../store/engines.ts'

const { made } = vi.hoisted(() => ({ made: new Set<string>() }))
// Records each statement that a file of `queries` makes, which is for all engines; it is the real one. What carries rows over to a
// build replaces tables, which is not done with those that are spread.
vi.mock(import('../../src/store/queries/query.ts'), async (original) => {
  const real = await original()
  const recorded =
    <T extends { readonly text: string }, Rest extends readonly unknown[]>(make: (text: string, ...rest: Rest) => T) =>
    (text: string, ...rest: Rest): T => {
      if (/\/store\/queries\/(?!carry\/)/.test(new Error().stack ?? '')) made.add(text)
      return make(text, ...rest)
    }
  return { ...real, rowOf: recorded(real.rowOf), rowsOf: recorded(real.rowsOf), each: recorded(real.each) }
})

/** What may ask all servers, by a part of its text, and why. */
type Allowed = Readonly<Record<string, string>>

const OF_ALL_ACCOUNTS: Allowed = {
  'FROM balances WHERE asset =': 'holders of a token',
  '(SELECT account, amount FROM observations WHERE reference =': 'holders of a token whose balances are read',
  'SELECT account FROM observations WHERE reference =': 'some holders, for the audit',
  'DELETE FROM trail WHERE block >': 'reads of replaced blocks',
  'DELETE FROM observations WHERE block >': 'reads of replaced blocks',
  'SELECT max(block) FROM observations': 'the newest read of a chain',
  'FROM observations WHERE judged = 0': 'reads that are not compared yet',
  '(account, reference, standard, item) >': 'a walk over all reads',
  '(account, asset, item) >': 'a walk over all pairs',
  'FROM openings WHERE since > 0 AND asset >': 'tokens with pairs in doubt',
  'FROM openings o WHERE o.since > 0 AND o.asset =': 'pairs of a token that are in doubt',
  'FROM openings WHERE asset = $1 AND since > 0': 'pairs of a token that are in doubt',
  'FROM followed': 'the accounts of a chain that follows some',
  'ORDER BY b.account, a.reference': 'the sums of a whole ledger, which is not spread',
}

/** Of those that plans of the journal make. */
const OF_PLANS: Allowed = { 'FROM openings WHERE block >': 'openings of replaced blocks' }

const QUERIES = new URL('../../src/store/queries/', import.meta.url)

let place: StorePlace
let client: pg.Client
beforeAll(async () => {
  place = await placeMaker('postgres')()
  const { journal } = await place.openChain()
  await journal.close()
  const url = new URL(place.url)
  const { journal: facts, reads } = chainSchemas(url.searchParams.get('schema') ?? '', CHAIN)
  url.searchParams.delete('schema')
  client = new pg.Client({ connectionString: url.href, options: `-c search_path=${facts},${reads}` })
  await client.connect()
  await client.query('SET plan_cache_mode = force_generic_plan')
})
afterAll(async () => {
  await client.end()
  await place.end()
})

/** A step of a plan, as the server describes it. */
type Step = Readonly<Record<string, unknown>> & { readonly Plans?: readonly Step[] }

/** The spread tables that a plan looks through without an account. */
function withoutAccount(step: Step, spread: ReadonlySet<string>, joins = ''): readonly string[] {
  const of = (...names: readonly string[]): string => names.map((name) => String(step[name] ?? '')).join(' ')
  const around = `${joins} ${of('Hash Cond', 'Merge Cond', 'Join Filter')}`
  const below = (step.Plans ?? []).flatMap((one) => withoutAccount(one, spread, around))
  const table = String(step['Relation Name'] ?? '')
  if (!spread.has(table) || !/ Scan$|^Index Only/.test(String(step['Node Type']))) return below
  const own = of('Index Cond', 'Recheck Cond', 'Filter')
  const isFound = /\baccount = /.test(own) || new RegExp(`\\b${String(step.Alias)}\\.account( =|\\))`).test(around)
  return isFound ? below : [table, ...below]
}

async function planOf(statement: string): Promise<Step> {
  await client.query(`PREPARE one AS ${statement}`)
  const { rows } = await client.query(
    "SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = 'one'",
  )
  const count = Number(rows[0]?.count)
  const nulls = count === 0 ? '' : `(${Array.from({ length: count }, () => 'NULL').join(', ')})`
  const explained = await client.query(`EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE one${nulls}`)
  await client.query('DEALLOCATE one')
  return explained.rows[0]['QUERY PLAN'][0].Plan
}

/** Statements about rows. */
const ROWS = /^(SELECT|INSERT|UPDATE|DELETE|WITH)\b/

/** The statements that name one of the tables, each once. */
function naming(tables: ReadonlySet<string>, statements: Iterable<string>): readonly string[] {
  const named = new RegExp(`\\b(${[...tables].join('|')})\\b`)
  const text = (one: string): string => {
    let count = 0
    const own = one.replaceAll(/\btest_\w+\./g, '').replaceAll(/\s+/g, ' ')
    return translate(own).text.replaceAll('?', () => `$${++count}`)
  }
  return [...new Set([...statements].filter((one) => named.test(one) && ROWS.test(one)).map(text))]
}

/** The tables with their columns, of the journal and of stored reads. */
async function spreadTables(): Promise<ReadonlySet<string>> {
  const { rows } = await client.query(`SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
    WHERE i.indisprimary AND a.attname = 'account' AND c.relnamespace::regnamespace::text = ANY (current_schemas(false))`)
  return new Set(rows.map(({ relname }) => String(relname)))
}

/** The statements without an account that are not allowed, and what is allowed of no statement. */
async function faults(statements: readonly string[], spread: ReadonlySet<string>, allowed: Allowed) {
  const found: string[] = []
  const unused = new Set(Object.keys(allowed))
  for (const statement of statements) {
    const parts = Object.keys(allowed).filter((part) => statement.includes(part))
    for (const part of parts) unused.delete(part)
    // Servers of other versions may find another way to some that are allowed.
    if (parts.length > 0) continue
    const tables = withoutAccount(await planOf(statement), spread)
    if (tables.length > 0) found.push(`${tables.join()}: ${statement}`)
  }
  return { found, unused: [...unused] }
}

test('of those that all engines share, each names the account', async () => {
  const files = readdirSync(QUERIES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.test)\.ts$/.test(file),
  )
  for (const file of files) await import(new URL(file, QUERIES).pathname)
  const spread = await spreadTables()
  expect([...spread].sort()).toEqual([
    'accounts',
    'balances',
    'changes',
    'followed',
    'observations',
    'openings',
    'trail',
  ])
  const statements = naming(spread, made)
  expect(statements.length).toBeGreaterThan(30)
  expect(await faults(statements, spread, OF_ALL_ACCOUNTS)).toEqual({ found: [], unused: [] })
})

test('of those that plans of the journal make, each names the account', async () => {
  const query = vi.spyOn(pg.Client.prototype, 'query')
  const other = await placeMaker('postgres')()
  try {
    const rig = await makeAuditRig(await other.open())
    await rig.settle()
    await rig.close()
    await changeFollowed(await placeMaker('postgres')())
  } finally {
    await other.end()
  }
  const texts = query.mock.calls.flatMap(([config]: readonly unknown[]) =>
    typeof config === 'object' && config !== null && 'text' in config && typeof config.text === 'string'
      ? [config.text]
      : [],
  )
  query.mockRestore()
  const spread = await spreadTables()
  const statements = naming(spread, texts)
  for (const write of ['INSERT INTO', 'UPDATE', 'DELETE FROM']) {
    expect(
      statements.some((one) => one.startsWith(write)),
      write,
    ).toBe(true)
  }
  expect((await faults(statements, spread, { ...OF_ALL_ACCOUNTS, ...OF_PLANS })).found).toEqual([])
})

/** Follows accounts, appends, rolls back and no longer follows. */
async function changeFollowed(some: StorePlace): Promise<void> {
  const [alice = '', bob = ''] = ACCOUNTS
  const coverage: Coverage = { scope: { type: 'accounts', accounts: [alice] }, from: 0 }
  const { journal } = await some.openChain(coverage)
  try {
    const header = (number: number) => ({
      ...{ number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number },
    })
    for (const number of [0, 1, 2]) {
      const at = header(number)
      const moves = [
        {
          asset: ASSETS[0],
          from: number === 0 ? undefined : alice,
          to: number === 0 ? alice : bob,
          amount: 1n,
          item: 0,
        },
      ]
      await journal.append({ first: number, through: at, blocks: [makeBlock(moves, at)], headers: [at] })
    }
    await journal.rollback({ number: 1, hash: hashOf(0, 1) })
    await journal.followed.follow({ accounts: [bob], first: 0, through: header(1), blocks: [], leads: 0 })
    await journal.followed.unfollow(alice)
  } finally {
    await some.end()
  }
}
