import { expect, test } from 'vitest'
import { CHAIN } from '../../../test/indexer/harness.ts'
import { placeMaker } from '../../../test/store/engines.ts'
import { chainSchemas, tablesOf } from './chain/chain-place.ts'
import { PostgresDatabase } from './database.ts'
import { madeBy, missingObjects } from './missing-objects.ts'
import { parseTarget } from './target.ts'

/** What a schema holds, but for the indexes of keys and the table of the migrations. */
const HELD = `SELECT CASE c.relkind WHEN 'r' THEN 'table ' WHEN 'v' THEN 'view ' ELSE 'index ' END || c.relname FROM pg_class c
    WHERE c.relnamespace::regnamespace::text = ? AND c.relkind IN ('r', 'v', 'i') AND c.relname NOT LIKE 'migrations%'
    AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)
  UNION ALL SELECT 'column ' || c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace::regnamespace::text = ? AND c.relkind = 'r' AND c.relname <> 'migrations' AND a.attnum > 0`

test('what the migrations are read to make is what they make', async () => {
  const place = await placeMaker('postgres')()
  const target = parseTarget(place.url)
  const db = new PostgresDatabase(target)
  try {
    const store = await place.open()
    await (await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).close()
    const { journal, reads } = chainSchemas(target.schema, CHAIN)
    const parts = [
      [target.schema, { of: 'store' }],
      [journal, { of: 'journal', chain: CHAIN }],
      [reads, { of: 'reads', chain: CHAIN }],
    ] as const
    for (const [schema, part] of parts) {
      const { migrations } = tablesOf(part, schema)
      const made = madeBy(migrations).map(({ kind, name, column }) => `${kind} ${name}${column && `.${column}`}`)
      const held = (await db.all(HELD, schema, schema)).map(([name]) => String(name))
      expect(made.sort()).toEqual(held.sort())
      expect(await missingObjects(db, schema, migrations)).toEqual([])
    }
  } finally {
    await db.close()
    await place.end()
  }
})
