/** Every statement that engines share is one that PostgreSQL understands, also those of rare questions. */
import { readdirSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import { OF_BUILD } from '../../src/store/postgres/bulk/fill-tables.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import { translate } from '../../src/store/postgres/chain/run-query.ts'
import { eachText, readForEach } from '../../src/store/postgres/each-text.ts'
import { makeSchema } from './test-schema.ts'

const { made, forEach } = vi.hoisted(() => ({
  made: new Set<string>(),
  forEach: new Map<string, readonly ('bytes' | 'int' | 'text')[]>(),
}))
// Records each statement that is made; it is the real one.
vi.mock(import('../../src/store/queries/query.ts'), async (original) => {
  const real = await original()
  const recorded =
    <T extends { readonly text: string }>(make: (text: string) => T) =>
    (text: string): T => {
      made.add(text)
      return make(text)
    }
  const each: typeof real.each = (text, types) => {
    forEach.set(text, types)
    return real.each(text, types)
  }
  return { ...real, rowOf: recorded(real.rowOf), rowsOf: recorded(real.rowsOf), each }
})

const CHAIN = parseChainId('eip155:1') as ChainId
const QUERIES = new URL('../../src/store/queries/', import.meta.url)

/** Tables that the statements of `carry` fill. */
const OF_CARRY = `CREATE TABLE carried (was bigint PRIMARY KEY, now bigint NOT NULL);
  CREATE TABLE changed (place bigint, reference text, standard text, account bytea, item bytea, block bigint,
    undecodable bigint, built bigint)`

test('PostgreSQL understands each of them', async () => {
  const files = readdirSync(QUERIES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  for (const file of files) await import(new URL(file, QUERIES).pathname)
  expect(made.size).toBeGreaterThan(100)
  expect(forEach.size).toBeGreaterThan(5)
  // For one row of values, and for all at once.
  const statements = [...made, ...forEach.keys()].map((text) => ({ text, translated: translate(text).text }))
  for (const [text, types] of forEach) {
    const all = eachText(translate(text).text, types)
    if (all !== undefined) statements.push({ text, translated: all })
  }
  const { url, schema, query, end } = await makeSchema()
  // Not before: the other engines have statements of their own.
  const { openStore } = await import('../../src/store/open.ts')
  const store = await openStore({ url, create: true, codecOf: () => HEX_ACCOUNTS })
  try {
    await (await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).close()
    const { journal, reads } = chainSchemas(schema, CHAIN)
    await query(`SET search_path = ${journal}; ${OF_BUILD}; ${OF_CARRY}`)
    const faults: string[] = []
    /** Returns the types of the parameters. */
    const prepare = async (name: string, text: string): Promise<readonly string[]> => {
      let count = 0
      const statement = text.replaceAll('?', () => `$${++count}`).replaceAll('before.', `${journal}.`)
      await query(`SET search_path = ${journal}, ${reads}, ${schema}; PREPARE ${name} AS ${statement}`)
      const rows = await query(
        `SELECT unnest(parameter_types)::text AS type FROM pg_prepared_statements WHERE name = '${name}'`,
      )
      await query(`DEALLOCATE ${name}`)
      return rows.map(({ type }) => String(type))
    }
    for (const { text, translated } of statements) {
      try {
        const types = await prepare('one', translated)
        // Reads that ask alike share it.
        const isOfOne = made.has(text) && translated === translate(text).text
        if (isOfOne && translated.startsWith('SELECT') && types.length > 0) {
          await prepare('many', readForEach(translated, types))
        }
      } catch (error) {
        faults.push(`${String(error)}: ${text}`)
      }
    }
    expect(faults).toEqual([])
  } finally {
    await store.close()
    await end()
  }
})
