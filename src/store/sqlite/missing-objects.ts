import Database from 'better-sqlite3'
import { DamagedValue } from '../../journal/damaged-value.ts'
import { text } from '../rows/columns.ts'

/** Most missing objects that are named. */
const MAX_NAMED = 10

/** Tables, views, indexes and triggers by kind and name, and columns as `column table.column`. What SQLite makes itself is left out. */
const OBJECTS = `SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'
  UNION ALL SELECT 'column ' || s.name || '.' || c.name FROM sqlite_schema s JOIN pragma_table_info(s.name) c
    WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%'`

/** A connection that is read. */
type Connection = { prepare(sql: string): { pluck(): { all(): unknown[] } } }

/** What migrations make, by the list of them. */
const models = new WeakMap<readonly string[], ReadonlySet<string>>()

/**
 * Compares a file with what all of these migrations make in an empty one.
 * @throws DamagedValue tables, columns, indexes or views are missing: some other program dropped them
 */
export function mustBeWhole(db: Connection, lists: readonly (readonly string[])[]): void {
  const found = objectsOf(db)
  const missing = lists.flatMap((migrations) => [...modelOf(migrations)].filter((name) => !found.has(name)))
  const tables = new Set(missing.filter((name) => name.startsWith('table ')).map((name) => name.slice('table '.length)))
  // A table says that its columns are missing too.
  const named = missing.filter((name) => !tables.has(/^column (\w+)\./.exec(name)?.[1] ?? ''))
  if (named.length === 0) return
  const some = named.length > MAX_NAMED ? [...named.slice(0, MAX_NAMED), 'and others'] : named
  throw new DamagedValue(`it lacks ${some.join(', ')}`)
}

function modelOf(migrations: readonly string[]): ReadonlySet<string> {
  const known = models.get(migrations)
  if (known !== undefined) return known
  const model = new Database(':memory:')
  try {
    for (const migration of migrations) model.exec(migration)
    const made = objectsOf(model)
    models.set(migrations, made)
    return made
  } finally {
    model.close()
  }
}

function objectsOf(db: Connection): ReadonlySet<string> {
  return new Set(db.prepare(OBJECTS).pluck().all().map(text))
}
