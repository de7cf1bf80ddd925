import { expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { type AnyRow, Lookup } from '../../src/journal/plan.ts'
import { hints } from '../../src/journal/tables/facts.ts'
import { openStore } from '../../src/store/open.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import { PostgresDatabase, type Queries } from '../../src/store/postgres/database.ts'
import { answer } from '../../src/store/postgres/journal/journal-tables.ts'
import { parseTarget } from '../../src/store/postgres/target.ts'
import { CHAIN } from '../indexer/harness.ts'
import { makeSchema } from './test-schema.ts'

test('a look-up by columns that many rows share reads one row for each', async () => {
  const { url, schema, end } = await makeSchema()
  const store = await openStore({ url, create: true, codecOf: () => HEX_ACCOUNTS })
  const db = new PostgresDatabase(parseTarget(url))
  try {
    await (await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })).close()
    const chain = db.within([chainSchemas(schema, CHAIN).journal])
    await chain.run(
      `INSERT INTO hints SELECT '0xa' || n % 2, 'erc20', int4send(n), '', n, NULL FROM generate_series(1, 40) n`,
    )
    let read = 0
    const queries: Pick<Queries, 'all'> = {
      all: async (sql, ...values) => {
        const rows = await chain.all(sql, ...values)
        read += rows.length
        return rows
      },
    }
    const keys = ['0xa0', '0xb', '0xa1'].map((reference) => ({ reference, standard: 'erc20' }))
    const need = new Lookup(hints, keys, ['reference', 'standard'])
    await answer(queries as Queries, need)
    expect(need.rows.map((row: AnyRow | undefined) => row?.reference)).toEqual(['0xa0', undefined, '0xa1'])
    expect(read).toBe(2)
  } finally {
    await db.close()
    await store.close()
    await end()
  }
})
