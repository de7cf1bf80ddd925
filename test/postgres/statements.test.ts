/** Every statement that engines share is one that PostgreSQL understands, also those of rare questions. */
import { readdirSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { openStore } from '../../src/store/open.ts'
import { forEachText } from '../../src/store/postgres/chain/alike.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import { translate } from '../../src/store/postgres/chain/run-query.ts'
import { CHAIN } from '../indexer/harness.ts'
import { makeSchema } from './test-schema.ts'

const { made } = vi.hoisted(() => ({ made: new Set<string>() }))
// Records each statement that is made; it is the real one.
vi.mock(import('../../src/store/queries/query.ts'), async (original) => {
  const real = await original()
  const recorded =
    <T extends { readonly text: string }>(make: (text: string) => T) =>
    (text: string): T => {
      made.add(text)
      return make(text)
    }
  return { ...real, rowOf: recorded(real.rowOf), rowsOf: recorded(real.rowsOf) }
})

const QUERIES = new URL('../../src/store/queries/', import.meta.url)

test('PostgreSQL understands each of them', async () => {
  const files = readdirSync(QUERIES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  for (const file of files) await import(new URL(file, QUERIES).pathname)
  expect(made.size).toBeGreaterThan(100)
  const { url, schema, query, end } = await makeSchema()
  const store = await openStore({ url, create: true, codecOf: () => HEX_ACCOUNTS })
  try {
    await (await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).close()
    const { journal, reads } = chainSchemas(schema, CHAIN)
    const faults: string[] = []
    /** Returns the types of the parameters. */
    const prepare = async (name: string, text: string): Promise<readonly string[]> => {
      let count = 0
      const statement = text.replaceAll('?', () => `$${++count}`)
      await query(`SET search_path = ${journal}, ${reads}, ${schema}; PREPARE ${name} AS ${statement}`)
      const rows = await query(
        `SELECT unnest(parameter_types)::text AS type FROM pg_prepared_statements WHERE name = '${name}'`,
      )
      await query(`DEALLOCATE ${name}`)
      return rows.map(({ type }) => String(type))
    }
    for (const text of made) {
      const statement = translate(text).text
      try {
        const types = await prepare('one', statement)
        // Reads that ask alike share it.
        if (statement.startsWith('SELECT') && types.length > 0) await prepare('many', forEachText(statement, types))
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
