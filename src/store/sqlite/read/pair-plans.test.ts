import { expect, onTestFinished, test } from 'vitest'
import { PAIR_STATEMENTS } from '../../queries/pairs.ts'
import { IN_MEMORY, openDatabase } from '../database.ts'
import { CHAIN_MIGRATIONS } from '../schema.ts'

test('no list of pairs scans a table, or sorts', () => {
  const db = openDatabase({ file: IN_MEMORY, migrations: CHAIN_MIGRATIONS, cache: 'small', durable: false })
  onTestFinished(() => void db.close())
  const steps = Object.entries(PAIR_STATEMENTS).flatMap(([name, sql]) => {
    const values = Array.from({ length: sql.split('?').length - 1 }, () => 1)
    const plan = db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .raw()
      .all(...values)
    expect(plan.length).toBeGreaterThan(0)
    return plan.map((row) => `${name}: ${String(row[3])}`)
  })
  // The page of keys is a subquery; reading it is no scan of a table.
  expect(steps.filter((step) => /SCAN (?!k$)|TEMP B-TREE/.test(step))).toEqual([])
})
