import { Changeset } from '../../../journal/plan.ts'
import { type Asked, isAsked, type Named, type Query, type Sql, type Work } from '../../queries/query.ts'
import type { WriterMemory } from '../../queries/writer.ts'
import type { Row } from '../../rows/columns.ts'
import type { Queries, Value } from '../database.ts'
import { answer, apply } from '../journal/journal-tables.ts'
import { runPlan } from '../journal/run-plan.ts'

const NO_ROWS: readonly Row[] = []

/** Runs a query to its end in a transaction that is one snapshot. */
export async function runQuery<T>(queries: Queries, query: Query<T>): Promise<T> {
  let step = query.next(NO_ROWS)
  while (step.done !== true) step = query.next(await rowsOf(queries, step.value))
  return step.value
}

/** Runs a writer's work to its end in a transaction. */
export async function runWork<T>(queries: Queries, memory: WriterMemory, work: Work<T>): Promise<T> {
  let step = work.next(NO_ROWS)
  while (step.done !== true) {
    let rows = NO_ROWS
    if (isAsked(step.value)) rows = await rowsOf(queries, step.value)
    else if (step.value instanceof Changeset) await applyAll(queries, memory, step.value)
    else for (const need of step.value) await answer(queries, need)
    step = work.next(rows)
  }
  return step.value
}

/** Applies a changeset, and has the writer forget what it makes wrong. */
async function applyAll(queries: Queries, memory: WriterMemory, changeset: Changeset): Promise<void> {
  await apply(queries, changeset)
  for (const changes of changeset.tables) {
    const again = memory.written(changes)
    if (again !== undefined) await runPlan(queries, again)
  }
}

async function rowsOf(queries: Queries, asked: Asked): Promise<readonly Row[]> {
  const [sql, ...values] = asked
  const { text, names } = translated(sql)
  if (names === undefined) return queries.all(text, ...(values as readonly Value[]))
  const [named] = values as readonly [Named]
  return queries.all(text, ...names.map((name) => named[name] ?? null))
}

/** A statement in PostgreSQL's words. `names`: the named parameters in the order of their numbers; undefined: they have no names. */
type Translated = { readonly text: string; readonly names: readonly string[] | undefined }

const known = new WeakMap<Sql, Translated>()

/** A shared statement in PostgreSQL's words. */
export function translated(sql: Sql): Translated {
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
    .replaceAll(/\bhex\((\w+(?:\.\w+)?)\)/g, "coalesce(upper(encode($1, 'hex')), '')")
    .replaceAll(/\bx'([0-9a-f]*)'/g, "'\\x$1'::bytea")
    .replaceAll(/@(\w+)/g, (_, name: string) => {
      const at = names.indexOf(name)
      return `$${at === -1 ? names.push(name) : at + 1}`
    })
  return { text, names: names.length === 0 ? undefined : names }
}
