import { int, type SqliteDatabase, text } from '../database.ts'

/** Milliseconds that SQLite's check of a table or index is expected to take for a row, until one was measured. */
const MS_PER_ROW = 0.002
/** Rows of a table that is always checked. */
const FEW_ROWS = 2_000

/** A table with its indexes, and how many rows they have together. */
type Checked = { readonly table: string; readonly rows: number }

/** How long a check may take, and with which table it begins. `now`: monotonic milliseconds. */
export type Budget = { readonly budgetMs: number; readonly turn: number; readonly now: () => number }

/**
 * Runs SQLite's integrity_check on the freelist and table by table: on small ones always, on the others in turns as far as
 * they fit what is left of the budget, by the rate of those before. Returns what it finds; undefined if nothing.
 */
export function integrityFault(db: SqliteDatabase, { budgetMs, turn, now }: Budget): string | undefined {
  const began = now()
  const tables = tablesOf(db)
  const small = tables.filter(({ rows }) => rows <= FEW_ROWS)
  const large = tables.filter(({ rows }) => rows > FEW_ROWS)
  const start = turn % Math.max(1, large.length)
  let rate = MS_PER_ROW
  for (const { table, rows } of [...small, ...large.slice(start), ...large.slice(0, start)]) {
    const before = now()
    if (rows > FEW_ROWS && before - began + rows * rate > budgetMs) continue
    const result = db.pragma(`integrity_check('${table}')`, { simple: true })
    if (result !== 'ok') return `${table}: ${String(result)}`
    if (rows > FEW_ROWS) rate = Math.max((now() - before) / rows, rate / 2)
  }
  return undefined
}

function tablesOf(db: SqliteDatabase): readonly Checked[] {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all().map(text)
  const indexes = db.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?").pluck()
  const checked = names.map((table) => {
    const rows = int(db.prepare(`SELECT count(*) FROM "${table}"`).pluck().get())
    return { table, rows: rows * (1 + int(indexes.get(table))) }
  })
  // This one's check looks at the freelist too.
  return [{ table: 'sqlite_schema', rows: 0 }, ...checked]
}
