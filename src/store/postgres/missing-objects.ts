import { text } from '../rows/columns.ts'
import type { Queries } from './database.ts'

/** What migrations make: a table, a view, an index, or a column of a table. `column`: '' unless it is one. */
type Made = { readonly kind: 'table' | 'view' | 'index' | 'column'; readonly name: string; readonly column: string }

/** A table with its columns, an index, or a view, in the words of our migrations. */
const MADE = /CREATE (?:TABLE (\w+) \(([^;]*)\)|(?:UNIQUE )?INDEX (\w+)|VIEW (\w+))/g
/** What stands where a column could, and is none. */
const NO_COLUMN = /^(PRIMARY|UNIQUE|CHECK|FOREIGN|CONSTRAINT)$/

/** What these migrations make, each table before its columns. Migrations that change a table have to be told here. */
export function madeBy(migrations: readonly string[]): readonly Made[] {
  const statements = migrations.join(';\n').replaceAll(/--.*$/gm, '')
  return [...statements.matchAll(MADE)].flatMap(([, table, columns = '', index, view]): readonly Made[] => {
    if (index !== undefined) return [{ kind: 'index', name: index, column: '' }]
    if (table === undefined) return [{ kind: 'view', name: view ?? '', column: '' }]
    const own = columnsOf(columns).map((column): Made => ({ kind: 'column', name: table, column }))
    return [{ kind: 'table', name: table, column: '' }, ...own]
  })
}

/** The names of the columns in the brackets of CREATE TABLE. */
function columnsOf(definition: string): readonly string[] {
  // What stands in brackets has commas too.
  const flat = definition.replaceAll(/\([^()]*(\([^()]*\)[^()]*)*\)/g, '')
  const names = flat.split(',').map((part) => /\w+/.exec(part)?.[0] ?? '')
  return names.filter((name) => name !== '' && !NO_COLUMN.test(name))
}

/** The words with which these migrations make an index. */
export function makesIndex(migrations: readonly string[], index: string): string {
  return new RegExp(`CREATE (?:UNIQUE )?INDEX ${index} [^;]*`).exec(migrations.join(';\n'))?.[0] ?? ''
}

/**
 * What a schema lacks of what these migrations made, such as `table keys`. A view only shows what is there, so none is missed. One
 * statement.
 */
export async function missingObjects(
  queries: Queries,
  schema: string,
  migrations: readonly string[],
): Promise<readonly string[]> {
  const made = madeBy(migrations).filter(({ kind }) => kind !== 'view')
  const rows = await queries.all(
    MISSING,
    made.map(({ kind }) => kind),
    made.map(({ name }) => name),
    made.map(({ column }) => column),
    schema,
  )
  const missing = rows.map(([kind, name, column]) => ({ kind: text(kind), name: text(name), column: text(column) }))
  const tables = new Set(missing.flatMap(({ kind, name }) => (kind === 'table' ? [name] : [])))
  return missing.flatMap(({ kind, name, column }) => {
    if (kind !== 'column') return [`${kind} ${name}`]
    return tables.has(name) ? [] : [`column ${name}.${column}`]
  })
}

const MISSING = `SELECT w.kind, w.name, w.col
  FROM unnest(?::text[], ?::text[], ?::text[]) WITH ORDINALITY AS w (kind, name, col, at)
  WHERE NOT EXISTS (
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = w.name
      AND c.relkind IN ('r', 'p', 'i', 'I') AND (w.col = '' OR EXISTS (
        SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = w.col AND a.attnum > 0 AND NOT a.attisdropped))
  ) ORDER BY w.at`
