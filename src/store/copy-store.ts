import { createHash, type Hash } from 'node:crypto'
import { ServiceError } from '../core/errors.ts'
import type { Cell, StorePart, StoreTable, StoreTables } from './seam/store-tables.ts'
import { inOrderOfReferences } from './table-order.ts'

/** Rows that are copied in one transaction. */
const ROWS = 2_000

/** How far a copy is. */
export type CopyProgress = {
  readonly table: string
  readonly step: 'copied' | 'compared'
  readonly rows: number
}

/** What is copied, and who is told. */
type Copying = {
  readonly from: StoreTables
  readonly to: StoreTables
  readonly parts: readonly StorePart[]
  readonly onProgress: (progress: CopyProgress) => void
  readonly signal: AbortSignal
}

/** A table of both stores. */
type Pair = { readonly name: string; readonly from: StoreTable; readonly to: StoreTable }

/**
 * Copies the rows of a store into another one, which is empty, or has the first rows of an earlier copy that was interrupted. Then
 * compares all rows of both. Returns how many rows they have.
 * @throws STORE_MISSING there is nothing to copy from; LEASE_HELD, STORE_UNAVAILABLE another process writes one of them
 * @throws STORE_MISMATCH the other store has rows of its own, or differs in the end: nothing of the first store is changed
 * @throws ABORTED; a later copy goes on
 */
export async function copyStore(copying: Copying): Promise<number> {
  const theirs = await tablesOf(copying)
  // Before anything is made: what is there already must be the beginning of a copy.
  for (const pair of await pairsOf(copying, theirs, false)) await mustBeBeginning(copying, pair)
  const pairs = await pairsOf(copying, theirs, true)
  let rows = 0
  for (const pair of pairs) rows += await copyRows(copying, pair)
  for (const pair of pairs) await mustBeEqual(copying, pair)
  return rows
}

/** The tables to copy, part by part. */
type PartTables = readonly { readonly part: StorePart; readonly tables: readonly StoreTable[] }[]

/** @throws STORE_MISSING */
async function tablesOf({ from, parts }: Copying): Promise<PartTables> {
  const found: { part: StorePart; tables: readonly StoreTable[] }[] = []
  for (const part of parts) {
    const tables = await from.tables(part, false)
    if (tables.length > 0) found.push({ part, tables: [...tables].sort(inOrderOfReferences) })
    else if (part.of === 'store') {
      throw new ServiceError('STORE_MISSING', 'there is no store to copy from: check the URL and the schema')
    }
  }
  return found
}

/** The tables of both stores. Makes those of the other one if `make`; else only those that it has are returned. */
async function pairsOf({ to }: Copying, theirs: PartTables, make: boolean): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  for (const { part, tables } of theirs) {
    const ours = new Map((await to.tables(part, make)).map((table) => [table.name, table]))
    if (ours.size === 0 && !make) continue
    for (const table of tables) {
      const name = part.of === 'store' ? table.name : `${part.chain} ${table.name}`
      const own = ours.get(table.name)
      if (own === undefined && !make) continue
      if (own === undefined || own.columns.join() !== table.columns.join() || own.key.join() !== table.key.join()) {
        throw new ServiceError('STORE_MISMATCH', `the stores have tables ${name} of different forms: update both first`)
      }
      pairs.push({ name, from: table, to: own })
    }
  }
  return pairs
}

/** @throws STORE_MISMATCH the rows of the other store are not the first ones of this one */
async function mustBeBeginning({ from, to, signal }: Copying, pair: Pair): Promise<void> {
  const last = await to.last(pair.to)
  if (last === undefined) return
  const [theirs, ours] = [new RowDigest(), new RowDigest()]
  await eachPage({ store: from, table: pair.from }, { signal, through: last }, async (rows) => theirs.add(rows))
  await eachPage({ store: to, table: pair.to }, { signal }, async (rows) => ours.add(rows))
  if (theirs.count === ours.count && theirs.digest() === ours.digest()) return
  const message = `the store to copy to has rows of its own in ${pair.name}: name an empty one`
  throw new ServiceError('STORE_MISMATCH', message)
}

async function copyRows({ from, to, onProgress, signal }: Copying, pair: Pair): Promise<number> {
  const after = await to.last(pair.to)
  let copied = 0
  await eachPage({ store: from, table: pair.from }, { signal, after }, async (rows) => {
    await to.insert(pair.to, rows)
    copied += rows.length
    onProgress({ table: pair.name, step: 'copied', rows: copied })
  })
  return copied
}

/** @throws STORE_MISMATCH */
async function mustBeEqual({ from, to, onProgress, signal }: Copying, pair: Pair): Promise<void> {
  const [theirs, ours] = [new RowDigest(), new RowDigest()]
  await eachPage({ store: from, table: pair.from }, { signal }, async (rows) => theirs.add(rows))
  await eachPage({ store: to, table: pair.to }, { signal }, async (rows) => ours.add(rows))
  if (theirs.count !== ours.count || theirs.digest() !== ours.digest()) {
    const counts = `${theirs.count} and ${ours.count} rows`
    throw new ServiceError(
      'STORE_MISMATCH',
      `the stores differ in ${pair.name} (${counts}): delete the copy, and begin again`,
    )
  }
  onProgress({ table: pair.name, step: 'compared', rows: ours.count })
}

type Stored = { readonly store: StoreTables; readonly table: StoreTable }
type Pages = {
  readonly signal: AbortSignal
  readonly after?: readonly Cell[] | undefined
  readonly through?: readonly Cell[]
}

/** Gives the rows of a table page by page: those behind the key `after`, up to the key `through`. */
async function eachPage(
  { store, table }: Stored,
  { signal, after, through }: Pages,
  use: (rows: readonly (readonly Cell[])[]) => void | Promise<void>,
): Promise<void> {
  const at = table.key.map((column) => table.columns.indexOf(column))
  const keyOf = (row: readonly Cell[]): readonly Cell[] => at.map((index) => row[index] ?? null)
  for (let last = after; ; ) {
    signal.throwIfAborted()
    const page = await store.rows(table, last, ROWS)
    const end = through === undefined ? -1 : page.findIndex((row) => isSameKey(keyOf(row), through))
    const rows = end === -1 ? page : page.slice(0, end + 1)
    if (rows.length > 0) await use(rows)
    const row = page.at(-1)
    if (end !== -1 || row === undefined || page.length < ROWS) return
    last = keyOf(row)
  }
}

function isSameKey(one: readonly Cell[], other: readonly Cell[]): boolean {
  return one.every((cell, index) => textOf(cell) === textOf(other[index] ?? null))
}

/** A checksum over rows in order, the same for all engines. */
class RowDigest {
  count = 0
  readonly #hash: Hash = createHash('sha256')

  add(rows: readonly (readonly Cell[])[]): void {
    this.count += rows.length
    for (const row of rows) this.#hash.update(`${row.map(textOf).join('|')}\n`)
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}

/** A value as text: no two values look alike. */
function textOf(cell: Cell): string {
  return Buffer.isBuffer(cell) ? `x${cell.toString('hex')}` : JSON.stringify(cell)
}
