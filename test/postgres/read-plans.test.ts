/** The plans of the statements that the reads of a chain ask of PostgreSQL, with enough rows that reading a table as a whole would show. */
import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { BalanceKey } from '../../src/core/balance.ts'
import { openStore } from '../../src/store/open.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import type { ChainReads, Store } from '../../src/store/seam/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from '../store/chains.ts'
import { makeSchema, type TestSchema } from './test-schema.ts'

/** 600 accounts have 40 of 20,000 assets each, and one has 500. One asset has 600 holders. Every second contract ended. */
const FILL = `
  INSERT INTO assets SELECT n, 'erc20', 'r' || n, 1, 1, 1, '\\x80' FROM generate_series(100, 20100) n;
  INSERT INTO blocks SELECT n, int8send(n), '', n * 12, 1 FROM generate_series(1000, 6000) n;
  INSERT INTO balances
    SELECT '\\x00000000'::bytea || int8send(a) || int8send(a), CASE n WHEN 1 THEN 387 ELSE 601 + (a * 397 + n * 499) % 19000 END, '', '\\x80', '\\x80', '\\x82' || int2send((n + 256)::int2),
      1000 + n, 0, a, 1000 + n, 1000 + n, NULL, 1
    FROM generate_series(1, 600) a, generate_series(1, 40) n;
  INSERT INTO balances SELECT '\\xff'::bytea, n, '', '\\x80', '\\x80', '\\x82' || int2send((n + 256)::int2), n, 0, 0, n, n, NULL, 1
    FROM generate_series(100, 600) n;
  INSERT INTO changes SELECT account, asset, item, b, 0, met_sub, '\\x80', '\\x80'
    FROM balances, generate_series(met_block, met_block + 4, 2) b WHERE met_block > 0;
  INSERT INTO transfers SELECT met_block, 1, met_sub * 40 + asset % 40, asset, account, '\\x00', '', '\\x8101', '' FROM balances
    WHERE account <> '\\xff'::bytea AND met_block > 0;
  INSERT INTO accounts SELECT account, count(*), count(*) FROM balances GROUP BY 1 ON CONFLICT DO NOTHING;
  INSERT INTO openings SELECT account, asset, '', 5, '', '\\x80', 0 FROM balances WHERE met_block > 0;
  INSERT INTO doubts SELECT asset, account, '' FROM balances WHERE met_block > 0 AND asset % 2 = 0;
  INSERT INTO refuted_pairs SELECT asset, account, '', 1 FROM balances WHERE met_block > 0 AND asset % 2 = 1;
  INSERT INTO endings SELECT n, 7, NULL, 0 FROM generate_series(101, 20101, 2) n;
  INSERT INTO silences SELECT n, 7, NULL FROM generate_series(100, 20100, 3) n;
  INSERT INTO refuted_assets SELECT n, 1, 0, 0, 0 FROM generate_series(700, 20100, 3) n;
  INSERT INTO turns SELECT n, 7, '', 'range', NULL, NULL, NULL, NULL, 7, NULL FROM generate_series(102, 20100, 4) n;
  INSERT INTO hints SELECT 'r' || n, 'erc20', int8send(n), '', n, NULL FROM generate_series(100, 3100) n;
  INSERT INTO feed SELECT n, 'appended', n, n FROM generate_series(100, 5000) n;
  INSERT INTO observations SELECT account, 'r' || asset, 'erc20', '', last_block, '', amount, 1, 1 FROM balances WHERE met_block > 0;
  INSERT INTO trail SELECT account, 'r' || asset, 'erc20', '', last_block, amount, 1 FROM balances WHERE met_block > 0;
  INSERT INTO tokens SELECT 'r' || n, 'erc20', 'Name ' || n, 'S' || n, 18, NULL, NULL, NULL, n FROM generate_series(100, 3100) n;
  INSERT INTO learned SELECT n, 'text ' || n FROM generate_series(1, 5000) n;
  ANALYZE`

/** Tables with one row. */
const SMALL = new Set(['chain', 'clock', 'heartbeat', 'in_doubt', 'queued'])

let schema: TestSchema
let store: Store
let reads: ChainReads
let client: pg.Client
beforeEach(async () => {
  schema = await makeSchema()
  store = await openStore({ url: schema.url, create: true, codecOf: () => HEX_ACCOUNTS })
  const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  const header = { number: 0, hash: hashOf(0, 0), parentHash: hashOf(0, -1), timestamp: 12 }
  const [to = ''] = ACCOUNTS
  const movements = ASSETS.map((asset) => ({ asset, from: undefined, to, amount: 1n, item: 1 }))
  await journal.append({ first: 0, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
  await journal.close()
  const { journal: facts, reads: noted } = chainSchemas(schema.schema, CHAIN)
  const options = `-c search_path=${facts},${noted}`
  client = new pg.Client({ connectionString: schema.url.replace(/\?.*/, ''), options })
  await client.connect()
  await client.query(FILL)
  reads = await store.openReads(CHAIN)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await client.end()
  await store.close()
  await schema.end()
})

type Asked = { readonly text: string; readonly values: readonly unknown[] }

function isStatement(config: unknown): config is Asked {
  if (typeof config !== 'object' || config === null || !('text' in config && 'values' in config)) return false
  return typeof config.text === 'string' && config.text.startsWith('SELECT')
}

/** The statements that some work asks, each once. */
async function asked(work: () => Promise<unknown>): Promise<readonly Asked[]> {
  const found = new Map<string, Asked>()
  const query = vi.spyOn(pg.Client.prototype, 'query')
  await work()
  for (const [config] of query.mock.calls.map((call): readonly unknown[] => call)) {
    if (isStatement(config)) found.set(config.text, config)
  }
  query.mockRestore()
  return [...found.values()]
}

/** A step of a plan, as the server describes it. */
type Step = {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Step[]
}

/** What a statement reads as a whole, by the plan for its values and by the one for any values. */
async function readWhole({ text, values }: Asked): Promise<readonly string[]> {
  // The first row of a table is no search.
  if (/^SELECT 1 FROM \w+ LIMIT 1$/.test(text)) return []
  const own = await client.query(`EXPLAIN (FORMAT JSON) ${text}`, [...values])
  await client.query(`SET plan_cache_mode = force_generic_plan; PREPARE one AS ${text}`)
  const nulls = values.length === 0 ? '' : `(${values.map(() => 'NULL').join(', ')})`
  const any = await client.query(`EXPLAIN (FORMAT JSON) EXECUTE one${nulls}`)
  await client.query('DEALLOCATE one; RESET plan_cache_mode')
  const plans = [...own.rows, ...any.rows].map((row): Step => row['QUERY PLAN'][0].Plan)
  return [...new Set(plans.flatMap((plan) => wholeIn(plan, undefined)))]
}

/** The tables and indexes that a plan reads as a whole. The end of an index is no whole one. */
function wholeIn(step: Step, parent: Step | undefined): readonly string[] {
  const { Plans: steps = [], 'Relation Name': table = '', 'Index Name': index = '', 'Node Type': type } = step
  const below = steps.flatMap((one) => wholeIn(one, step))
  const isWholeTable = type === 'Seq Scan' && !SMALL.has(table)
  const isWholeIndex = index !== '' && step['Index Cond'] === undefined && parent?.['Node Type'] !== 'Limit'
  return isWholeTable || isWholeIndex ? [`${index}${isWholeTable ? table : ''}`, ...below] : below
}

function questions(): readonly (() => unknown)[] {
  const standards = ['erc20', 'erc721', 'erc1155'] as const
  const account = `0x00000000${'0'.repeat(15)}7${'0'.repeat(15)}7`
  const many = '0xff'
  const asset = { standard: 'erc20', reference: 'r387' } as const
  const page = { offset: 0, limit: 20 }
  const key: BalanceKey = { account, asset, item: '' }
  const lists = [account, many].flatMap((of) =>
    [undefined, 3000].flatMap((asOf) =>
      [undefined, [asset]].flatMap((assets) =>
        [true, false].map((receivedOnly) => {
          const list = { account: of, assets, asOf, ...page }
          return receivedOnly
            ? { ...list, standards: ['erc20'] as const, receivedOnly }
            : { ...list, standards, receivedOnly }
        }),
      ),
    ),
  )
  const transfers = {
    asset,
    fromBlock: undefined,
    toBlock: undefined,
    fromTimestamp: undefined,
    toTimestamp: undefined,
  }
  return [
    () => reads.balances([key]),
    () => reads.balances([key, { ...key, item: '7' }]),
    () => reads.balances([key], 3000),
    ...lists.map((list) => () => reads.account(list)),
    () => reads.asset(asset),
    () => reads.assetsOf('r388'),
    () => reads.locate([{ number: 3000, hash: hashOf(0, 3000) }]),
    () => reads.holders({ asset, ...page }),
    () => reads.transfers({ ...transfers, account: undefined, ...page }),
    () => reads.transfers({ ...transfers, account, ...page }),
    () => reads.pairs.since([key], 1010),
    () => reads.pairs.met({ after: 1000, through: 1001, limit: 100 }),
    () => reads.history.blockAt(20_000),
    () => reads.feed.after(4990, 5),
    () => reads.observations.get([key]),
    () => reads.observations.newestBlock(),
    () => reads.observations.heldBy(account),
    () => reads.observations.uncompared({ through: 5000, limit: 9 }),
    () => reads.trail.since([key], 3000),
    () => reads.tokens.get([asset]),
    () => reads.clock(),
  ]
}

test('no read of a chain that requests wait for reads a table as a whole', async () => {
  // What is refuted is looked up only if anything is.
  await client.query('UPDATE in_doubt SET pairs = 9; UPDATE clock SET classes = classes + 1, number = 6000')
  const statements = await asked(async () => {
    for (const ask of questions()) await ask()
    await Promise.all([...questions(), ...questions()].map((ask) => ask()))
  })
  const found: string[] = []
  for (const one of statements) for (const whole of await readWhole(one)) found.push(`${whole}: ${one.text}`)
  expect(statements.length).toBeGreaterThan(30)
  expect(found).toEqual([])
}, 30_000)
