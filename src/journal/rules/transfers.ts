import { assetKey } from '../../core/asset.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import { chunksOf, find, lookup, type Plan, Scan, scan, write } from '../plan.ts'
import { itemsOfSide, sidesOf } from '../sides.ts'
import { supplyDelta } from '../supply.ts'
import { assets, blocks, changes, hints, transfers } from '../tables/facts.ts'
import type { Row } from '../tables/table.ts'
import { type AssetRow, assetsById, isFungibleRow, obtainAssets } from './assets.ts'
import type { Counts } from './counts.ts'
import { TouchedPairs } from './history.ts'
import type { JournalRules } from './journal-rules.ts'
import { keyOf, type PairKey } from './pairs.ts'

/** A stored transfer. */
export type TransferRow = Row<typeof transfers>

/** Blocks whose transfers are read at a time. */
const BLOCKS_AT_ONCE = 50

/** The balance changes of a transfer that are stored, row by row as an append makes them. */
export function storedSides(
  { sender, receiver, item, amount, asset }: TransferRow,
  fungible: boolean,
  { codec, stores }: JournalRules,
): readonly { readonly pair: PairKey; readonly delta: bigint }[] {
  const items = itemsOfSide(item, { none: '', fungible })
  return sidesOf({ from: sender, to: receiver, amount }, sameBytes).flatMap(({ account, delta }) =>
    stores(codec.decode(account)) ? items.map((one) => ({ pair: { account, asset, item: one, fungible }, delta })) : [],
  )
}

function sameBytes(a: Buffer, b: Buffer): boolean {
  return a.equals(b)
}

/** True if the balance changes of the sender or the receiver are stored. */
export function hasChanges({ sender, receiver }: TransferRow, { codec, stores }: JournalRules): boolean {
  return [sender, receiver].some((side) => side !== undefined && stores(codec.decode(side)))
}

/** The rows of the transfers of blocks, in their order. Gives assets that were never named their ids. */
export function* transferRows(
  given: readonly BlockTransfers[],
  { codec }: JournalRules,
): Plan<readonly (readonly TransferRow[])[]> {
  const all = given.flatMap((block) => block.transfers.map(({ asset }) => asset))
  const refs = new Map(all.map((asset) => [assetKey(asset), asset]))
  const rows = yield* obtainAssets([...refs.values()])
  const ids = new Map([...refs.keys()].map((name, index) => [name, rows[index]?.id ?? 0]))
  const encode = (account: string | undefined) => (account === undefined ? undefined : codec.encode(account))
  return given.map((block) =>
    block.transfers.map(({ event, part, asset, from, to, item, amount, transactionHash }) => ({
      block: block.number,
      log: event,
      sub: part,
      asset: ids.get(assetKey(asset)) ?? 0,
      sender: encode(from),
      receiver: encode(to),
      item,
      amount,
      hash: transactionHash,
    })),
  )
}

/** The stored transfers of blocks, in their order. */
export function* transfersAt(numbers: readonly number[]): Plan<readonly (readonly TransferRow[])[]> {
  const stored: (readonly TransferRow[])[] = []
  for (const chunk of chunksOf(numbers, BLOCKS_AT_ONCE)) {
    const scans = chunk.map((block) => new Scan(transfers, { where: { block }, order: ['log', 'sub'] }))
    if (scans.length > 0) yield scans
    stored.push(...scans.map(({ rows }) => rows))
  }
  return stored
}

/** The rows of one list that are not in the other. All columns are compared. */
export function without(rows: readonly TransferRow[], others: readonly TransferRow[]): TransferRow[] {
  if (others.length === 0) return [...rows]
  const names = new Set(others.map(nameOf))
  return rows.filter((row) => !names.has(nameOf(row)))
}

/** The position of a transfer in its block, as text. */
export function logPosition({ log, sub }: TransferRow): string {
  return `${log}/${sub}`
}

function nameOf({ log, sub, asset, sender, receiver, item, amount, hash }: TransferRow): string {
  const [from, to] = [sender?.toString('hex'), receiver?.toString('hex')]
  return `${log}/${sub}/${asset}/${from ?? ''}/${to ?? ''}/${item}/${amount}/${hash}`
}

/**
 * Edits transfers of past blocks, with their balance changes. The counts, the first blocks of assets (`settleAssets`) and
 * the touched pairs are recomputed once all blocks were edited.
 */
export class TransferEdits {
  readonly touched = new TouchedPairs()
  readonly #rules: JournalRules
  readonly #counts: Counts
  readonly #rows = new Map<number, AssetRow>()
  /** Assets with new transfers, by the first block of those, and assets that lost some. */
  readonly #inserted = new Map<number, number>()
  readonly #removed = new Set<number>()

  constructor(rules: JournalRules, counts: Counts) {
    this.#rules = rules
    this.#counts = counts
  }

  /** The assets of the edited transfers, as they were before. */
  get assets(): ReadonlyMap<number, AssetRow> {
    return this.#rows
  }

  *insert(rows: readonly TransferRow[]): Plan<void> {
    yield* this.#know(rows)
    yield* write((changeset) => {
      for (const row of rows) {
        changeset.insert(transfers, row)
        this.#count(row, 1)
        const known = this.#inserted.get(row.asset)
        this.#inserted.set(row.asset, Math.min(known ?? row.block, row.block))
      }
    })
    yield* this.addChanges(rows)
  }

  /** Adds the balance changes of stored transfers that are missing. */
  *addChanges(rows: readonly TransferRow[]): Plan<void> {
    yield* this.#know(rows)
    const sides = rows.flatMap((row) =>
      this.#sides(row).map(({ pair, delta }) => ({ pair, row: changeOf(row, pair, delta) })),
    )
    const stored = yield* lookup(
      changes,
      sides.map(({ row }) => row),
    )
    yield* write((changeset) => {
      for (const [index, { pair, row }] of sides.entries()) {
        if (stored[index] !== undefined) continue
        changeset.insert(changes, row)
        this.touched.touch(pair, row.block)
      }
    })
  }

  *remove(rows: readonly TransferRow[]): Plan<void> {
    yield* this.#know(rows)
    yield* this.drop(rows)
    yield* write((changeset) => {
      for (const row of rows) {
        for (const { pair, delta } of this.#sides(row)) {
          changeset.delete(changes, changeOf(row, pair, delta))
          this.touched.touch(pair, row.block)
        }
      }
    })
  }

  /** Removes transfers without their balance changes. */
  *drop(rows: readonly TransferRow[]): Plan<void> {
    yield* this.#know(rows)
    yield* write((changeset) => {
      for (const row of rows) {
        changeset.delete(transfers, row)
        this.#count(row, -1)
        this.#removed.add(row.asset)
      }
    })
  }

  /**
   * Writes the counts, and the first blocks of the edited assets. Returns the assets that transfers or undecodable ones now
   * show to exist (`met`), and those that they no longer do (`unmet`).
   */
  *settleAssets(): Plan<{ readonly met: readonly number[]; readonly unmet: readonly number[] }> {
    yield* this.#counts.apply()
    const rows = yield* assetsById(this.#inserted.keys())
    yield* write((changeset) => {
      for (const row of rows.values()) {
        const first = this.#inserted.get(row.id) ?? 0
        if (this.#removed.has(row.id) || (row.firstBlock ?? first + 1) <= first) continue
        changeset.update(assets, row, { ...row, firstBlock: first })
      }
    })
    yield* remeet(this.#removed)
    const after = yield* assetsById(this.#rows.keys())
    const isMet = (row: AssetRow | undefined): boolean => row?.firstBlock !== undefined
    const changed = [...this.#rows].filter(([id, row]) => isMet(row) !== isMet(after.get(id))).map(([id]) => id)
    return {
      met: changed.filter((id) => isMet(after.get(id))),
      unmet: changed.filter((id) => !isMet(after.get(id))),
    }
  }

  *#know(rows: readonly TransferRow[]): Plan<void> {
    const unknown = rows.filter(({ asset }) => !this.#rows.has(asset)).map(({ asset }) => asset)
    for (const [id, row] of yield* assetsById(unknown)) this.#rows.set(id, row)
  }

  #sides(row: TransferRow): ReturnType<typeof storedSides> {
    const asset = this.#rows.get(row.asset)
    return asset === undefined ? [] : storedSides(row, isFungibleRow(asset), this.#rules)
  }

  #count(row: TransferRow, sign: 1 | -1): void {
    const counts = this.#counts.asset(row.asset)
    const { sender: from, receiver: to, amount } = row
    counts.transfers += sign
    counts.supply += BigInt(sign) * supplyDelta({ from, to, amount })
  }
}

/** Recomputes the first blocks of assets from their stored transfers and hints. */
export function* remeet(ids: ReadonlySet<number>): Plan<void> {
  for (const row of (yield* assetsById(ids)).values()) {
    const { id, reference, standard } = row
    const [moved] = yield* scan(transfers, { where: { asset: id }, order: ['block', 'log', 'sub'], limit: 1 })
    const order = ['undecodable'] as const
    const [hint] = yield* scan(hints, { where: { reference, standard }, order, after: [-1], limit: 1 })
    const blocksOf = [moved?.block, hint?.undecodable].filter((block) => block !== undefined)
    const firstBlock = blocksOf.length === 0 ? undefined : Math.min(...blocksOf)
    if (firstBlock !== row.firstBlock) {
      yield* write((changeset) => changeset.update(assets, row, { ...row, firstBlock }))
    }
  }
}

/** Marks a block as one with transfers. */
export function* keepBlock({ number, hash, timestamp }: BlockTransfers): Plan<void> {
  const before = yield* find(blocks, { number })
  if (before?.kept === true) return
  const fresh = { number, hash, parent: undefined, timestamp, kept: true }
  yield* write((changeset) => changeset.put(blocks, before, { ...fresh, ...before, kept: true }))
}

/** Marks a block as one without transfers. */
export function* unkeepBlock(number: number): Plan<void> {
  const before = yield* find(blocks, { number })
  if (before?.kept !== true) return
  yield* write((changeset) => changeset.update(blocks, before, { ...before, kept: false }))
}

function changeOf({ block, log, sub }: TransferRow, pair: PairKey, delta: bigint): Row<typeof changes> {
  return { ...keyOf(pair), block, log, sub, delta, sum: 0n }
}
