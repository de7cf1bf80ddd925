import Database from 'better-sqlite3'
import { decodeAmount, decodeItem } from '../../src/journal/amount-codec.ts'
import { REST_OF_BLOCK } from '../../src/journal/position.ts'

type Cell = null | number | string | Buffer

/**
 * A chain's facts as canonical text lines: assets by reference instead of id, amounts as decimals, without times and
 * without the heartbeat. Two files with the same facts give the same lines, whatever their history.
 */
export function dumpChain(file: string): string[] {
  return dump(file, TABLES, LEFT_OUT)
}

/**
 * All rows of a chain's file, with those that are no facts: doubts, cursors, findings. Without what differs each time:
 * ids, times of the clock on the wall, the writer's number, and how often answers changed.
 */
export function dumpWhole(file: string): string[] {
  return dump(file, WHOLE, OF_A_RUN)
}

type Rows = readonly Readonly<Record<string, unknown>>[]
type Dumped = readonly { readonly table: string; readonly order: string }[]

function dump(file: string, tables: Dumped, leftOut: ReadonlySet<string>): string[] {
  const db = new Database(file, { readonly: true })
  try {
    const read = (sql: string): Rows => db.prepare<[], Record<string, Cell>>(sql).all()
    const rows = tables.map(({ table, order }) => ({ table, rows: read(selectFrom(table, order)).map(inOrder) }))
    return linesOf(rows, namesOf(read(ASSETS)), leftOut)
  } finally {
    db.close()
  }
}

/** As `dumpChain`, of tables that are read by statements. */
export function dumpTables(read: (sql: string) => Promise<Rows>): Promise<string[]> {
  return dumpBy(read, TABLES, LEFT_OUT)
}

/** As `dumpWhole`, of tables that are read by statements. */
export function dumpWholeTables(read: (sql: string) => Promise<Rows>): Promise<string[]> {
  return dumpBy(read, WHOLE, OF_A_RUN)
}

async function dumpBy(
  read: (sql: string) => Promise<Rows>,
  tables: Dumped,
  leftOut: ReadonlySet<string>,
): Promise<string[]> {
  const rows: { table: string; rows: Rows }[] = []
  for (const { table, order } of tables) rows.push({ table, rows: await read(selectFrom(table, order)) })
  const byName = rows.map(({ table, rows: some }) => ({ table, rows: some.map(inOrder) }))
  return linesOf(byName, namesOf(await read(ASSETS)), leftOut)
}

const ASSETS = "SELECT id, standard || ':' || reference AS name FROM assets"

/** Columns by name: engines have them in other orders. */
function inOrder(row: Rows[number]): Rows[number] {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function selectFrom(table: string, order: string): string {
  return `SELECT * FROM ${table}${order}`
}

function namesOf(rows: Rows): ReadonlyMap<number, string> {
  return new Map(rows.map(({ id, name }) => [Number(id), String(name)]))
}

function linesOf(
  tables: readonly { readonly table: string; readonly rows: Rows }[],
  names: ReadonlyMap<number, string>,
  leftOut: ReadonlySet<string>,
): string[] {
  const lines: string[] = []
  for (const { table, rows } of tables) {
    for (const row of rows) {
      // Nothing is in doubt either way: some ways to the same journal never had anything to count.
      if (table === 'in_doubt' && Object.entries(row).every(([column, cell]) => column === 'one' || !Number(cell)))
        continue
      // A meeting by a read has no position in its block. The store orders such meetings by asset id, which a dump
      // leaves out.
      const isByRead = Number(row.met_log) === REST_OF_BLOCK
      const cells = Object.entries(row).map(([column, cell]) => {
        const shown = column === 'met_sub' && isByRead ? null : (cell as Cell)
        return `${column}=${leftOut.has(column) ? '-' : show(column, shown, names)}`
      })
      lines.push(`${table} ${cells.join(' ')}`)
    }
  }
  return lines.sort()
}

/** Removes all doubts from a chain without resolving them, so that the amounts in doubt can be compared. */
export const BELIEVE_ALL = `DELETE FROM refuted_pairs; DELETE FROM refuted_assets; DELETE FROM in_doubt;
  UPDATE clock SET classes = classes + 1`

/** Assets that were named only on a lost branch keep their id but have no facts, so a dump leaves them out. */
const TABLES = [
  { table: 'clock', order: '' },
  { table: 'blocks', order: ' WHERE kept = 1' },
  { table: 'transfers', order: '' },
  { table: 'changes', order: '' },
  { table: 'balances', order: '' },
  { table: 'accounts', order: '' },
  { table: 'openings', order: '' },
  { table: 'hints', order: '' },
  { table: 'doubts', order: '' },
  { table: 'turns', order: '' },
  { table: 'assets', order: ' WHERE transfers > 0' },
] as const

/** Tables whose rows are no facts. */
const NO_FACTS = [
  ...['chain', 'heartbeat', 'places', 'findings', 'silences', 'refuted_pairs', 'refuted_assets', 'in_doubt'],
  ...['log_proofs', 'endings', 'followed', 'repaired'],
] as const

const WHOLE = [...TABLES.map(({ table }) => table), ...NO_FACTS].map((table) => ({ table, order: '' }))

const AMOUNTS = new Set(['amount', 'sum', 'delta', 'opening', 'supply', 'journal', 'chain'])
const LEFT_OUT = new Set(['id', 'parent', 'timestamp', 'finalized_number', 'finalized_hash', 'classes', 'turned_at'])
/** Columns that a dump of all rows leaves out. A block's parent is stored only where it was followed. */
const OF_A_RUN = new Set(['id', 'fence', 'parent', 'classes', 'turned_at', 'found_at', 'beat_at'])

function show(column: string, cell: Cell, names: ReadonlyMap<number, string>): string {
  if (cell === null) return 'null'
  if (column === 'asset') return names.get(Number(cell)) ?? 'unknown'
  if (!Buffer.isBuffer(cell)) return String(cell)
  if (AMOUNTS.has(column)) return decodeAmount(cell).toString()
  return column === 'item' ? decodeItem(cell) : cell.toString('hex')
}
