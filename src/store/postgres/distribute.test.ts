import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeSchema, type TestSchema } from '../../../test/postgres/test-schema.ts'
import { type ChainId, parseChainId } from '../../core/chain.ts'
import { distributePart, migratePart } from '../migrate-store.ts'

const CHAIN = parseChainId('eip155:1') as ChainId

let schema: TestSchema
beforeEach(async () => {
  schema = await makeSchema()
  await migratePart(schema.url, { of: 'store' })
})
afterEach(async () => {
  await schema.end()
})

/** Stands in for the functions of Citus that are called: they note what they are asked, as Citus notes what it spreads. */
async function standIn(): Promise<void> {
  await schema.query('CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, by text)')
  await schema.query(`CREATE FUNCTION create_distributed_table(of regclass, by text) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO pg_dist_partition VALUES (of, by) $$`)
  await schema.query(`CREATE FUNCTION create_reference_table(of regclass) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO pg_dist_partition VALUES (of, NULL) $$`)
}

test('tables of accounts are spread by account, the others are copied to each server, and nothing is done twice', async () => {
  await standIn()
  const done = await distributePart(schema.url, { of: 'journal', chain: CHAIN })
  expect(done.length).toBeGreaterThan(15)
  const name = (table: string): string => `${schema.schema}_eip155_1.${table}`
  for (const table of ['accounts', 'balances', 'changes', 'openings']) {
    expect(done).toContain(`${name(table)}: spread by account`)
  }
  for (const table of ['assets', 'blocks', 'transfers', 'clock']) {
    expect(done).toContain(`${name(table)}: a copy on each server`)
  }
  expect(await distributePart(schema.url, { of: 'reads', chain: CHAIN })).toContain(
    `${schema.schema}_eip155_1_reads.observations: spread by account`,
  )
  const spread = await schema.query('SELECT by FROM pg_dist_partition WHERE logicalrelid = $1::regclass', [
    name('balances'),
  ])
  expect(spread).toEqual([{ by: 'account' }])
  expect(await distributePart(schema.url, { of: 'journal', chain: CHAIN })).toEqual([])
  expect(await distributePart(schema.url, { of: 'store' })).toEqual([])
})

/** Tables that name accounts and are copied to each server all the same: they have few rows, and are read by asset or block. */
const COPIED = ['doubts', 'findings', 'hints', 'refuted_pairs', 'turns']

test('no table of a chain is left out, and those of accounts are spread', async () => {
  await standIn()
  for (const of of ['journal', 'reads'] as const) await distributePart(schema.url, { of, chain: CHAIN })
  const all = await schema.query(
    `SELECT c.relname, p.logicalrelid IS NOT NULL AS is_told, p.by,
       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account') AS has_account
     FROM pg_class c LEFT JOIN pg_dist_partition p ON p.logicalrelid = c.oid
     WHERE c.relkind IN ('r', 'p') AND starts_with(c.relnamespace::regnamespace::text, $1) ORDER BY 1`,
    [`${schema.schema}_eip155_1`],
  )
  expect(all.length).toBeGreaterThan(25)
  expect(all.filter(({ is_told }) => is_told !== true)).toEqual([])
  const ofAccounts = all.filter(({ has_account }) => has_account === true)
  expect(ofAccounts.filter(({ by }) => by !== 'account').map(({ relname }) => relname)).toEqual(COPIED)
})

test('every unique key of a table that is spread has the account', async () => {
  await migratePart(schema.url, { of: 'journal', chain: CHAIN })
  const keys = await schema.query(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indisunique AND indrelid::regclass::text ~ '(accounts|balances|changes|openings)$'
       AND indrelid::regclass::text LIKE $1`,
    [`${schema.schema}_eip155_1.%`],
  )
  expect(keys.length).toBeGreaterThanOrEqual(4)
  for (const { definition } of keys) expect(definition).toMatch(/\(account\b/)
})

test('without Citus it is said what to do', async () => {
  await expect(distributePart(schema.url, { of: 'journal', chain: CHAIN })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('CREATE EXTENSION citus'),
  })
})
