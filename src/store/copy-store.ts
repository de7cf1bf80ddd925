import { createHash, type Hash } from 'node:crypto'
import { ServiceError } from '../core/errors.ts'
import type { HeldTables, HoldPart, TableShape } from './engine/held-tables.ts'
import { allRows, type Bound, firstOf, lastKey } from './queries/table-rows.ts'
import type { Row } from './rows/columns.ts'
import { inOrderOfReferences, isCopied } from './rows/table-lists.ts'
import type { Cell, StorePart } from './seam/store-parts.ts'

/** Rows that are committed together. */
const ROWS = 2_000

/** How far a copy is. */
export type CopyProgress = {
  readonly table: string
  readonly step: 'copied' | 'compared'
  readonly rows: number
}

/** What is copied, and who is told. */
type Copying = {
  readonly from: HoldPart
  readonly to: HoldPart
  readonly parts: readonly StorePart[]
  readonly onProgress: (progress: CopyProgress) => void
  readonly signal: AbortSignal
}

/** A part that is held. */
type Held = { readonly part: StorePart; readonly held: HeldTables }

/** A table of both stores. */
type Pair = { readonly name: string; readonly from: TableOf; readonly to: TableOf }
type TableOf = { readonly held: HeldTables; readonly table: TableShape }

/**
 * Copies the rows of a store into another one, which is empty, or has the first rows of an earlier copy that was interrupted. Then
 * compares all rows of both. Returns how many rows they have.
 * @throws STORE_MISSING there is nothing to copy from; LEASE_HELD, STORE_UNAVAILABLE another process writes one of them
 * @throws STORE_MISMATCH the other store has rows of its own, or differs in the end: nothing of the first store is changed
 * @throws ABORTED; a later copy goes on
 */
export async function copyStore(copying: Copying): Promise<number> {
  const open: HeldTables[] = []
  const noted = (held: HeldTables): HeldTables => {
    open.push(held)
    return held
  }
  try {
    const sources: Held[] = []
    for (const part of copying.parts) {
      const held = await copying.from(part, 'hold')
      if (held !== undefined) sources.push({ part, held: noted(held) })
      else if (part.of === 'store') {
        throw new ServiceError('STORE_MISSING', 'there is no store to copy from: check the URL and the schema')
      }
    }
    // Before anything is made: what is there already must be the beginning of a copy.
    for (const source of sources) await mustBeBeginning(copying, source)
    const pairs: Pair[] = []
    for (const source of sources) {
      const target = await copying.to(source.part, 'make')
      if (target !== undefined) pairs.push(...pairsOf(source, noted(target), true))
    }
    let rows = 0
    for (const pair of pairs) rows += await copyRows(copying, pair)
    for (const pair of pairs) await mustBeEqual(copying, pair)
    return rows
  } finally {
    for (const held of open.reverse()) await held.close()
  }
}

/** The tables of a part of both stores, in the order in which they can be filled. `isMade`: the other store has all tables. */
function pairsOf({ part, held }: Held, target: HeldTables, isMade: boolean): readonly Pair[] {
  const ours = new Map(target.tables.map((table) => [table.name, table]))
  return held.tables
    .filter(isCopied)
    .sort(inOrderOfReferences)
    .flatMap((table) => {
      const name = part.of === 'store' ? table.name : `${part.chain} ${table.name}`
      const own = ours.get(table.name)
      if (own === undefined && !isMade) return []
      if (own === undefined || own.columns.join() !== table.columns.join() || own.key.join() !== table.key.join()) {
        throw new ServiceError('STORE_MISMATCH', `the stores have tables ${name} of different forms: update both first`)
      }
      return [{ name, from: { held, table }, to: { held: target, table: own } }]
    })
}

/** @throws STORE_MISMATCH the rows of a part of the other store are not the first ones of this one */
async function mustBeBeginning({ to, signal }: Copying, source: Held): Promise<void> {
  const there = await to(source.part, 'hold')
  if (there === undefined) return
  try {
    for (const pair of pairsOf(source, there, false)) {
      const last = await lastOf(pair.to)
      if (last === undefined) continue
      if (await areEqual(pair, signal, { through: last })) continue
      const message = `the store to copy to has rows of its own in ${pair.name}: name an empty one`
      throw new ServiceError('STORE_MISMATCH', message)
    }
  } finally {
    await there.close()
  }
}

async function copyRows({ onProgress, signal }: Copying, { name, from, to }: Pair): Promise<number> {
  const after = await lastOf(to)
  let [copied, kept] = [0, 0]
  for await (const page of pagesOf(from, after && { after })) {
    signal.throwIfAborted()
    await to.held.insert(to.table, page as readonly (readonly Cell[])[])
    copied += page.length
    if (copied - kept >= ROWS) {
      await to.held.commit()
      kept = copied
    }
    onProgress({ table: name, step: 'copied', rows: copied })
  }
  await to.held.commit()
  return copied
}

/** @throws STORE_MISMATCH */
async function mustBeEqual({ onProgress, signal }: Copying, pair: Pair): Promise<void> {
  const rows = await areEqual(pair, signal)
  if (rows !== undefined) return onProgress({ table: pair.name, step: 'compared', rows: rows.count })
  throw new ServiceError('STORE_MISMATCH', `the stores differ in ${pair.name}: delete the copy, and begin again`)
}

/** The rows of the other store; undefined if those of the first one, up to a bound, are others. */
async function areEqual({ from, to }: Pair, signal: AbortSignal, bound?: Bound): Promise<RowDigest | undefined> {
  const [theirs, ours] = [new RowDigest(), new RowDigest()]
  for (const [digest, of, through] of [
    [theirs, from, bound],
    [ours, to, undefined],
  ] as const) {
    for await (const page of pagesOf(of, through)) {
      signal.throwIfAborted()
      digest.add(page)
    }
  }
  return theirs.count === ours.count && theirs.digest() === ours.digest() ? ours : undefined
}

function pagesOf({ held, table }: TableOf, bound?: Bound): AsyncIterable<readonly Row[]> {
  return held.pages(allRows(table, bound))
}

async function lastOf({ held, table }: TableOf): Promise<readonly Cell[] | undefined> {
  return (await firstOf(held.pages(lastKey(table)))) as readonly Cell[] | undefined
}

/** A checksum over rows in order, the same for all engines. */
class RowDigest {
  count = 0
  readonly #hash: Hash = createHash('sha256')

  add(rows: readonly Row[]): void {
    this.count += rows.length
    for (const row of rows) this.#hash.update(`${row.map(textOf).join('|')}\n`)
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}

/** A value as text: no two values look alike. */
function textOf(cell: unknown): string {
  return Buffer.isBuffer(cell) ? `x${cell.toString('hex')}` : JSON.stringify(cell)
}
