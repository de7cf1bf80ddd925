/** The same plans on each engine, and on one in memory, leave the same rows. */
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Header } from '../../src/core/block.ts'
import { coverageTest } from '../../src/core/coverage.ts'
import type { Hint } from '../../src/core/transfer.ts'
import { type Plan, scan, write } from '../../src/journal/plan.ts'
import { openingFrom } from '../../src/journal/position.ts'
import { adopt } from '../../src/journal/rules/adopt.ts'
import { advanceClock, appendRows, noteBatch } from '../../src/journal/rules/append.ts'
import { finalize } from '../../src/journal/rules/finalize.ts'
import type { JournalRules } from '../../src/journal/rules/journal-rules.ts'
import { recordEnd } from '../../src/journal/rules/lives.ts'
import { reclassify } from '../../src/journal/rules/reclassify.ts'
import { repair } from '../../src/journal/rules/repair.ts'
import { rewindClock, rollBackRows } from '../../src/journal/rules/rollback.ts'
import { looked, refetched, refute, resolve } from '../../src/journal/rules/settle-doubts.ts'
import * as facts from '../../src/journal/tables/facts.ts'
import * as marks from '../../src/journal/tables/marks.ts'
import type { Table } from '../../src/journal/tables/table.ts'
import { PostgresDatabase } from '../../src/store/postgres/database.ts'
import { runPlan as runPostgresPlan } from '../../src/store/postgres/journal/run-plan.ts'
import { migrate } from '../../src/store/postgres/migrate.ts'
import { STORE_TABLES } from '../../src/store/postgres/schema.ts'
import { parseTarget } from '../../src/store/postgres/target.ts'
import type { SqliteDatabase } from '../../src/store/sqlite/database.ts'
import { CHAIN_MIGRATIONS } from '../../src/store/sqlite/schema.ts'
import { JournalTables } from '../../src/store/sqlite/write/journal-tables.ts'
import { runPlan } from '../../src/store/sqlite/write/run-plan.ts'
import { makeSchema } from '../postgres/test-schema.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, makeBlock } from '../store/chains.ts'
import { MemoryTables } from './memory-tables.ts'

const TABLES: readonly Table[] = [...Object.values(facts), ...Object.values(marks)].filter((one) => 'columns' in one)
const AT = 1_600_000_000

const account = fc.constantFrom(...ACCOUNTS)
const asset = fc.constantFrom(...ASSETS)
const back = fc.nat(4)
const hint = fc.record({ asset, account, reason: fc.constantFrom<Hint['reason']>('moved', 'undecodable') })
const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      movements: blockMovements,
      hints: fc.uniqueArray(hint, { maxLength: 2, selector: (one) => JSON.stringify(one) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('rollback' as const), back }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('repair' as const), back, movements: blockMovements }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('adopt' as const), back, account, asset, amount: fc.bigInt(-1n, 900n) }),
  },
  { arbitrary: fc.record({ type: fc.constant('reclassify' as const), back, asset }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('end' as const), back, asset }), weight: 1 },
  {
    arbitrary: fc.record({
      type: fc.constant('refute' as const),
      account: fc.option(account, { nil: undefined }),
      asset,
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ type: fc.constant('resolve' as const), back, account, asset }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('refetched' as const) }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('finalize' as const) }), weight: 1 },
)
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

/** What is written, and how often blocks were replaced. */
type State = { readonly headers: Header[]; branch: number; final: number }

const story = fc.tuple(fc.constantFrom(0, 3), fc.array(event, { minLength: 4, maxLength: 24 }))

/** What a story's events return, and all rows after it. */
async function tell([from, events]: readonly [number, readonly Event[]], run: Run): Promise<unknown> {
  const rules = rulesFrom(from)
  await run(begin())
  const state: State = { headers: [], branch: 0, final: from - 1 }
  const results: unknown[] = []
  for (const one of events) results.push(await happen(one, state, { run, rules }))
  const rows: unknown[] = []
  for (const table of TABLES) rows.push(await run(rowsOf(table)))
  return { results, rows }
}

test('random stories leave the same rows in SQLite as in memory', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (told) => {
      expect(await tell(told, onSqlite())).toEqual(await tell(told, inMemory()))
    }),
    { numRuns: 150 },
  )
})

test('random stories leave the same rows in PostgreSQL as in memory', async () => {
  const schema = await makeSchema()
  const db = new PostgresDatabase(parseTarget(schema.url))
  try {
    await migrate(db, { ...STORE_TABLES, create: true })
    const clear = `TRUNCATE ${TABLES.map(({ name }) => name).join(', ')}`
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        await db.write((queries) => queries.exec(clear))
        const run: Run = (plan) => db.write((queries) => runPostgresPlan(queries, plan))
        expect(await tell(told, run)).toEqual(await tell(told, inMemory()))
      }),
      { numRuns: 15 },
    )
  } finally {
    await db.close()
    await schema.end()
  }
}, 120_000)

type Run = <Result>(plan: Plan<Result>) => Promise<Result>

function inMemory(): Run {
  const tables = new MemoryTables()
  return async (plan) => tables.run(plan)
}

function onSqlite(): Run {
  const db = new Database(':memory:') as SqliteDatabase
  for (const migration of CHAIN_MIGRATIONS) db.exec(migration)
  const tables = new JournalTables(db)
  return async (plan) => runPlan(tables, plan)
}

function rulesFrom(from: number): JournalRules {
  const coverage = coverageTest({ scope: { type: 'all' }, from }, undefined)
  const parts = { test: coverage, stores: coverage.keeps, needsLeads: () => false, fixed: new Map() }
  return { codec: HEX_ACCOUNTS, from, opening: openingFrom(from), ...parts }
}

function* begin(): Plan<void> {
  const none = { number: undefined, hash: undefined, parent: undefined, timestamp: undefined }
  yield* write((changes) => {
    changes.insert(facts.chain, { one: 1, chain: 'eip155:1', coverage: undefined, fence: 1, followings: 0 })
    changes.insert(facts.clock, {
      ...{ one: 1, ...none, finalizedNumber: undefined, finalizedHash: undefined, transfers: 0, classes: 0 },
    })
  })
}

function rowsOf(table: Table): Plan<unknown> {
  return scan(table, { order: [...table.key] })
}

async function happen(one: Event, state: State, { run, rules }: { run: Run; rules: JournalRules }): Promise<unknown> {
  const { headers } = state
  if (one.type === 'append') return appendBlock(one, state, { run, rules })
  if (one.type === 'refetched') {
    await run(refetched(headers.at(-1)?.number ?? -1, rules))
    return run(looked('all', rules))
  }
  if (one.type === 'refute') return run(refute([{ ...one, item: '' }], rules))
  const header = headers.at(-1 - ('back' in one ? one.back : 1))
  if (header === undefined) return undefined
  switch (one.type) {
    case 'rollback': {
      if (header.number < state.final) return undefined
      headers.splice(headers.indexOf(header) + 1)
      state.branch++
      const removed = await run(rollBackRows(header.number, rules))
      await run(rewindClock(header, removed, rules))
      return removed
    }
    case 'repair':
      return run(repair([makeBlock(one.movements, header)], { at: AT, isLoading: true }, rules))
    case 'adopt': {
      const amount = one.amount < 0n ? 0n : one.amount
      const read = { account: one.account, asset: one.asset, item: '', amount, block: header, observedAt: AT }
      return run(adopt([read], rules))
    }
    case 'reclassify': {
      const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
      return run(reclassify({ asset: one.asset, block: header, reason: 'supply', evidence }, AT, rules))
    }
    case 'end':
      return run(recordEnd({ reference: one.asset.reference, block: header, seen: header }, rules))
    case 'resolve': {
      const keys = [{ account: one.account, asset: one.asset, item: '' }]
      return run(resolve({ block: header, keys, supplies: [one.asset] }, rules))
    }
    case 'finalize':
      state.final = Math.max(state.final, header.number)
      return run(finalize(header, rules))
  }
}

async function appendBlock(
  { movements, hints }: Extract<Event, { type: 'append' }>,
  { headers, branch }: State,
  { run, rules }: { run: Run; rules: JournalRules },
): Promise<unknown> {
  const last = headers.at(-1)
  const number = last === undefined ? rules.from : last.number + 1
  const header = { number, hash: hashOf(branch, number), parentHash: last?.hash ?? '0x', timestamp: 12 * number }
  headers.push(header)
  const block = { ...makeBlock(movements, header), hints }
  const batch = { first: number, through: header, blocks: [block], headers: [header] }
  const appended = await run(appendRows(batch, rules))
  await run(advanceClock(batch, appended))
  return { appended, hinted: await run(noteBatch(batch, AT, rules)) }
}
