import Database from 'better-sqlite3'
import { ServiceError } from '../../core/errors.ts'
import { DamagedValue } from '../../journal/damaged-value.ts'
import { text } from '../rows/columns.ts'
import { missingNames } from '../rows/missing-names.ts'

/** Tables, indexes and triggers by kind and name with how they are made, and columns as `column table.column`. What SQLite makes itself is left out. */
const OBJECTS = `SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'
  UNION ALL SELECT 'column ' || s.name || '.' || c.name, '' FROM sqlite_schema s JOIN pragma_table_info(s.name) c
    WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%'`

/** A connection that is read. */
type Connection = { prepare(sql: string): { raw(): { all(): unknown[] } } }

/** What migrations make, by the list of them. */
const models = new WeakMap<readonly string[], Objects>()

/** How each is made, by kind and name. */
type Objects = ReadonlyMap<string, string>

/**
 * Compares a file with what all of these migrations make in an empty one. `rows`: only what rows are in; an index can be made again
 * without loss.
 * @throws DamagedValue tables or columns are missing: some other program dropped them
 * @throws STORE_DAMAGED only indexes or triggers are missing: it says how they are made
 */
export function mustBeWhole(
  db: Connection,
  lists: readonly (readonly string[])[],
  { file, of }: { readonly file: string; readonly of: 'all' | 'rows' },
): void {
  const found = objectsOf(db)
  const missing = lists.flatMap((migrations) => [...modelOf(migrations)].filter(([name]) => !found.has(name)))
  const names = missing.map(([name]) => name)
  const tables = new Set(names.filter((name) => name.startsWith('table ')).map((name) => name.slice('table '.length)))
  // A table says that its columns are missing too.
  const rows = names.filter((name) => HAS_ROWS.test(name) && !tables.has(/^column (\w+)\./.exec(name)?.[1] ?? ''))
  if (rows.length > 0) throw new DamagedValue(`it lacks ${missingNames(rows)}`)
  if (of === 'rows' || missing.length === 0) return
  const again = missing.map(([, sql]) => sql).join('; ')
  throw new ServiceError(
    'STORE_DAMAGED',
    `${file} lacks ${missingNames(names)}: stop the server, and run in it ${again}`,
  )
}

/** What has rows, or a part of them. */
const HAS_ROWS = /^(table|column) /

function modelOf(migrations: readonly string[]): Objects {
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

function objectsOf(db: Connection): Objects {
  const rows = db.prepare(OBJECTS).raw().all() as readonly (readonly unknown[])[]
  return new Map(rows.map(([name, sql]) => [text(name), text(sql)]))
}
