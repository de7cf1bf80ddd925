import { expect, onTestFinished, test } from 'vitest'
import { memberSql } from '../../queries/custody/member-queries.ts'
import { HISTORY_STATEMENTS } from '../../queries/history.ts'
import { PAIR_STATEMENTS } from '../../queries/pairs.ts'
import { TRANSFER_STATEMENTS } from '../../queries/transfer-finder.ts'
import { IN_MEMORY, openDatabase } from '../database.ts'
import { MAIN_MIGRATIONS } from '../main-schema.ts'
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

/** A value for each named parameter of the statements. */
const VALUES = { account: 1, party: 1, from: 1, to: 1, asset: 1, block: 1, hash: 1, limit: 1, offset: 1 }

test('no statement of the history scans a table, and only an account over all its tokens is sorted', () => {
  const db = openDatabase({ file: IN_MEMORY, migrations: CHAIN_MIGRATIONS, cache: 'small', durable: false })
  onTestFinished(() => void db.close())
  const sorts: string[] = []
  for (const [name, statement] of Object.entries({ ...TRANSFER_STATEMENTS, ...HISTORY_STATEMENTS })) {
    const positions = statement.match(/\?/g) ?? []
    const explained = db.prepare(`EXPLAIN QUERY PLAN ${statement}`)
    const steps = positions.length > 0 ? explained.all(...positions.map(() => 1)) : explained.all(VALUES)
    const plan = steps.map((step) => JSON.stringify(step)).join('\n')
    expect(plan, name).not.toMatch(/SCAN (?!k\b|\(subquery|CONSTANT)/)
    if (/USE TEMP B-TREE/.test(plan)) sorts.push(name)
  }
  expect(sorts).toEqual(['ofAccount', 'ofPartyPage'])
})

test('no page of members scans a table or sorts, except the rows of one address', () => {
  const db = openDatabase({ file: IN_MEMORY, migrations: MAIN_MIGRATIONS, cache: 'small', durable: false })
  onTestFinished(() => void db.close())
  const columns = [[], ['wallet'], ['chain'], ['asset'], ['wallet', 'chain'], ['wallet', 'asset'], ['account']] as const
  for (const more of columns) {
    const conditions = ['principal' as const, ...more].map((column) => ({ column, values: [1] }))
    const sql = memberSql(conditions)
    for (const text of [sql.after, sql.before, sql.keyAt]) {
      const values = Array.from({ length: text.split('?').length - 1 }, () => 1)
      const plan = db
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .raw()
        .all(...values)
        .map((row) => String(row[3]))
      expect(
        plan.filter((step) => /SCAN (?!m$|\(subquery)/.test(step)),
        `${more}: ${plan.join('; ')}`,
      ).toEqual([])
      if (!more.some((column) => column === 'account')) {
        expect(
          plan.filter((step) => /TEMP B-TREE/.test(step)),
          `${more}: ${plan.join('; ')}`,
        ).toEqual([])
      }
    }
  }
})
