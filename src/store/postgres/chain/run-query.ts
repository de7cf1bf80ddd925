import { Changeset } from '../../../journal/plan.ts'
import {
  ALONE,
  type Asked,
  type Value as AskedValue,
  Each,
  GENERATION,
  isAsked,
  type Named,
  type Query,
  type Sql,
  TURN,
  type Work,
} from '../../queries/query.ts'
import type { WriterMemory } from '../../queries/writer.ts'
import { int, NO_ROW, type Row } from '../../rows/columns.ts'
import type { Queries, Value } from '../database.ts'
import { eachText } from '../each-text.ts'
import { PlanRun, type RememberedTables } from '../journal/run-plan.ts'

const NO_ROWS: readonly Row[] = []

/** Runs a query to its end in a transaction that is one snapshot. */
export async function runQuery<T>(queries: Queries, query: Query<T>): Promise<T> {
  let step = query.next(NO_ROWS)
  while (step.done !== true) step = query.next(await runAsked(queries, step.value))
  return step.value
}

/**
 * What a writer remembers of its chain. `tables`: rows as plans see them, if nothing but this work and the work before it
 * writes those tables.
 */
export type Remembered = { readonly memory: WriterMemory; readonly tables?: RememberedTables }

/** Runs a writer's work to its end in a transaction. */
export async function runWork<T>(queries: Queries, { memory, tables }: Remembered, work: Work<T>): Promise<T> {
  const run = new PlanRun(queries, tables)
  let step = work.next(NO_ROWS)
  while (step.done !== true) {
    let rows = NO_ROWS
    if (isAsked(step.value)) {
      await run.send()
      rows = await runAsked(queries, step.value)
    } else {
      await run.step(step.value)
      if (step.value instanceof Changeset) await forgetWrong(run, memory, step.value)
    }
    step = work.next(rows)
  }
  await run.send()
  return step.value
}

/** Has the writer forget what a changeset makes wrong, and read it again. */
async function forgetWrong(run: PlanRun, memory: WriterMemory, changeset: Changeset): Promise<void> {
  for (const changes of changeset.tables) {
    const again = memory.written(changes)
    if (again === undefined) continue
    for (let step = again.next(); step.done !== true; step = again.next()) await run.step(step.value)
  }
}

/** Runs a statement of a transaction. Awaits the rows of a read; what only writes is sent. */
async function runAsked(queries: Queries, asked: Asked): Promise<readonly Row[]> {
  const [sql] = asked
  const isRead = sql instanceof Each ? sql.isRead : sql.hasRows || sql === GENERATION
  if (isRead) return answerAsked(queries, asked)
  const all: Queries['all'] = async (text, ...values) => {
    await queries.run(text, ...values)
    return NO_ROWS
  }
  return answerAsked({ all }, asked)
}

/** The rows of one statement. */
export async function answerAsked(queries: Pick<Queries, 'all'>, asked: Asked): Promise<readonly Row[]> {
  const [sql, ...values] = asked
  if (sql instanceof Each) return answerEach(queries, sql, asked[1] as readonly (readonly Value[])[])
  if (sql === GENERATION) return queries.all(NAME_OF_JOURNAL)
  if (sql === TURN) return queries.all(TAKE_TURN, ...(values as readonly Value[]))
  if (sql === ALONE) return queries.all(`LOCK TABLE ${String(values[0])} IN SHARE ROW EXCLUSIVE MODE`)
  const words = inWords(asked)
  return queries.all(words.text, ...words.values)
}

/** A statement in PostgreSQL's words, with its values in the order of their numbers. It is not one of many rows of values. */
export function inWords([sql, ...values]: Asked): { readonly text: string; readonly values: readonly AskedValue[] } {
  const { text, names } = translated(sql)
  if (names === undefined) return { text, values: values as readonly AskedValue[] }
  const [named] = values as readonly [Named]
  return { text, values: names.map((name) => named[name] ?? null) }
}

/** A journal that replaces another one has tables of its own. */
const NAME_OF_JOURNAL = "SELECT to_regclass('assets')::oid::text"
const TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || ?, 0))"

async function answerEach(
  queries: Pick<Queries, 'all'>,
  sql: Each,
  rows: readonly (readonly Value[])[],
): Promise<readonly Row[]> {
  if (rows.length === 0) return NO_ROWS
  const { text } = translated(sql)
  const all = eachText(text, sql.types)
  if (all === undefined) {
    for (const values of rows) await queries.all(text, ...values)
    return NO_ROWS
  }
  const arrays = sql.types.map((_, at) => rows.map((values) => values[at] as string | number | Buffer | null))
  const answered = await queries.all(all, ...arrays)
  if (!sql.isRead) return NO_ROWS
  const found = rows.map(() => NO_ROW)
  for (const [number, ...row] of answered) found[int(number) - 1] = row
  return found
}

/** A statement in PostgreSQL's words. `names`: the named parameters in the order of their numbers; undefined: they have no names. */
type Translated = { readonly text: string; readonly names: readonly string[] | undefined }

const known = new WeakMap<Sql, Translated>()

function translated(sql: Sql): Translated {
  let found = known.get(sql)
  if (found === undefined) {
    found = translate(sql.text)
    known.set(sql, found)
  }
  return found
}

/** Translates what `Sql` says that engines write differently. */
export function translate(sql: string): Translated {
  const names: string[] = []
  const text = sql
    .replaceAll(/ (NOT INDEXED|INDEXED BY \w+)/g, '')
    .replaceAll('CROSS JOIN', 'JOIN')
    .replaceAll('noted.', '')
    // There is no min() of bytes before PostgreSQL 18, but there is one of arrays.
    .replaceAll('min(sum)', '(min(ARRAY[sum]))[1]')
    .replaceAll('group_concat(', 'string_agg(')
    .replaceAll(/SELECT value FROM json_each\((@\w+)\)/g, 'SELECT jsonb_array_elements_text(CAST($1 AS jsonb))')
    .replaceAll(/\b(\w+) COLLATE NOCASE/g, 'lower($1)')
    .replaceAll(/\bhex\((\w+(?:\.\w+)?)\)/g, "coalesce(upper(encode($1, 'hex')), '')")
    .replaceAll(/\bx'([0-9a-f]*)'/g, "'\\x$1'::bytea")
    .replaceAll(/@(\w+)/g, (_, name: string) => {
      const at = names.indexOf(name)
      return `$${at === -1 ? names.push(name) : at + 1}`
    })
  return { text, names: names.length === 0 ? undefined : names }
}
