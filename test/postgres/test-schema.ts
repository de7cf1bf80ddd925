import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { inject } from 'vitest'

/** An empty schema of the server that the tests use. */
export type TestSchema = {
  /** Where a store of its own is opened. */
  readonly url: string
  readonly schema: string
  /** Runs a statement as the superuser, with the schema as search path. Returns its rows. */
  readonly query: (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>
  /** Deletes the schema, and those of its chains. */
  readonly end: () => Promise<void>
}

/** The URL of a database whose owner may create schemas, on the server that this run shares, or on one that the test file has named. */
export async function testDatabase(): Promise<string> {
  const ofFile = process.env.STEELYARD_TEST_POSTGRES
  if (ofFile !== undefined) return ofFile
  const url = await text(connect(inject('postgresSocket')))
  if (!url.startsWith('postgres://')) throw new Error(`the PostgreSQL server for tests did not start: ${url}`)
  return url
}

/** Makes a name for a schema that no other test has. Creates nothing. */
export async function makeSchema(): Promise<TestSchema> {
  const database = await testDatabase()
  const schema = `test_${randomBytes(8).toString('hex')}`
  const url = new URL(database)
  url.searchParams.set('schema', schema)
  // One connection, which is made again if the server ended it.
  const client = new pg.Pool({
    ...{ connectionString: database, options: `-c search_path=${schema}`, max: 1, idleTimeoutMillis: 0 },
  })
  client.on('error', () => undefined)
  return {
    url: url.href,
    schema,
    query: async (sql, values = []) => (await client.query<Record<string, unknown>>(sql, [...values])).rows,
    end: async () => {
      // Chains have schemas of their own.
      const { rows } = await client.query<{ name: string }>(
        `SELECT nspname AS name FROM pg_namespace WHERE nspname = $1 OR starts_with(nspname, $1 || '_')`,
        [schema],
      )
      await client.query('SET client_min_messages = warning')
      for (const { name } of rows) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(name)} CASCADE`)
      await client.end()
    },
  }
}
