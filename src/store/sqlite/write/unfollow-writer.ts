import { isFungible } from '../../../core/standards.ts'
import { bytes, int, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import type { FollowDeps } from './follow-writer.ts'
import { PAIR, type PairKey, type PairWriter, pairValues } from './pair-writer.ts'
import type { TransferRow } from './transfer-writer.ts'

/** Balance changes that one call deletes: some 100 ms of the writer's time. */
const MAX_DELETED = 20_000
/** Pairs read at a time. */
const PAIRS_AT_ONCE = 500
/** Blocks below the finalized head whose hashes are kept. */
type Kept = { readonly finalized: number; readonly named: number }

/**
 * Deletes the rows of an account that is no longer followed, and the transfers that no other account keeps. Runs inside
 * the journal's transaction.
 */
export class UnfollowWriter {
  readonly #deps: Omit<FollowDeps, 'history'> & { readonly pairs: PairWriter }
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, deps: Omit<FollowDeps, 'history'> & { readonly pairs: PairWriter }) {
    this.#deps = deps
    this.#s = prepare(db)
  }

  /** Marks the account, and deletes some of its rows. Returns the number of deleted transfers, and whether all rows are gone. */
  remove(account: string, kept: Kept): { readonly transfers: number; readonly isDone: boolean } {
    const { followed, encode } = this.#deps
    const known = followed.get(account)
    if (known === undefined) return { transfers: 0, isDone: true }
    if (!known.isLeaving) {
      followed.put(account, {
        ...known,
        isFollowed: false,
        isLeaving: true,
        through: undefined,
      })
    }
    const stored = encode(account)
    const work = { left: MAX_DELETED, transfers: 0, assets: new Set<number>(), blocks: new Set<number>() }
    while (work.left > 0) {
      const pairs = this.#s.pairs.all(stored, PAIRS_AT_ONCE)
      for (const row of pairs) if (work.left > 0) this.#removePair(this.#keyOf(stored, row), work)
      if (pairs.length < PAIRS_AT_ONCE && work.left > 0) break
    }
    this.#settle(work, kept)
    const isDone = work.left > 0
    if (isDone) {
      this.#dropRest(stored)
      followed.drop(account)
    }
    return { transfers: work.transfers, isDone }
  }

  #removePair(key: PairKey, work: Work): void {
    const { doubts, pairs } = this.#deps
    const isRollUp = key.item.length === 0
    const changes = this.#s.changes.all(...pairValues(key), work.left)
    work.left -= changes.length + 1
    for (const change of changes) {
      const [block, log, sub] = [int(change[0]), int(change[1]), int(change[2])]
      if (isRollUp) this.#removeTransfer({ account: key.account, block, log, sub }, work)
      this.#s.dropChange.run(...pairValues(key), block, log, sub)
    }
    if (work.left <= 0) return
    pairs.write(key, pairs.read(key), undefined)
    this.#s.dropOpenings.run(...pairValues(key))
    doubts.resolvePair(key, Number.MAX_SAFE_INTEGER)
  }

  /** Deletes a transfer of the account, unless another side's changes are stored. */
  #removeTransfer(
    { account, block, log, sub }: { account: Buffer; block: number; log: number; sub: number },
    work: Work,
  ): void {
    const { transfers } = this.#deps
    const row = transfers.one(block, log, sub)
    if (row === undefined || !sidesOf(row).some((side) => side.equals(account))) return
    if (transfers.hasChanges(row)) return
    transfers.drop(row, block)
    work.transfers++
    work.assets.add(row[2])
    work.blocks.add(block)
  }

  /** Marks blocks without transfers, and recomputes the pairs that were met by hints of tokens that are no longer known. */
  #settle({ assets, blocks }: Work, { finalized, named }: Kept): void {
    const { hints, transfers } = this.#deps
    for (const block of blocks) {
      if (transfers.has(block)) continue
      transfers.unkeepBlock(block)
      if (block < finalized - named) this.#s.forgetBlock.run(block)
    }
    // A deleted transfer may have been the first of its asset, which is cached.
    if (assets.size > 0) this.#deps.assets.forget()
    for (const asset of assets) if (!transfers.isMet(asset)) hints.remeet(asset)
  }

  /** Deletes what concerns the account and no stored pair. */
  #dropRest(account: Buffer): void {
    const { assets, doubts } = this.#deps
    for (const row of this.#s.refuted.all(account))
      doubts.resolvePair(this.#keyOf(account, row), Number.MAX_SAFE_INTEGER)
    const hinted = this.#s.hinted.all(account).map(int)
    this.#s.dropHints.run(account)
    for (const asset of hinted) {
      this.#deps.transfers.remeet(asset)
      if (!this.#deps.transfers.isMet(asset)) this.#deps.hints.remeet(asset)
    }
    if (hinted.length > 0) assets.forget()
  }

  #keyOf(account: Buffer, row: Row): PairKey {
    const asset = int(row[0])
    const fungible = isFungible(this.#deps.assets.byId(asset).asset.standard)
    return { account, asset, item: bytes(row[1]), fungible }
  }
}

type Work = { left: number; transfers: number; readonly assets: Set<number>; readonly blocks: Set<number> }

function sidesOf([, , , sender, receiver]: TransferRow): readonly Buffer[] {
  return [sender, receiver].filter((side) => side !== null)
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    pairs: sql('SELECT asset, item FROM balances WHERE account = ? ORDER BY asset, item LIMIT ?').raw(),
    changes: sql(`SELECT block, log, sub FROM changes WHERE ${PAIR} LIMIT ?`).raw(),
    dropChange: sql(`DELETE FROM changes WHERE ${PAIR} AND block = ? AND log = ? AND sub = ?`),
    dropOpenings: sql(`DELETE FROM openings WHERE ${PAIR}`),
    forgetBlock: sql('DELETE FROM blocks WHERE number = ? AND kept = 0'),
    refuted: sql('SELECT asset, item FROM refuted_pairs WHERE account = ?').raw(),
    hinted: sql(
      `SELECT DISTINCT a.id FROM hints h JOIN assets a USING (reference, standard) WHERE h.account = ?`,
    ).pluck(),
    dropHints: sql('DELETE FROM hints WHERE account = ?'),
  }
}
