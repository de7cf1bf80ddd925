import type { AccountCodec } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import { isFungible } from '../../../core/standards.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import type { Position } from '../../../journal/position.ts'
import { decodeSupplyDelta } from '../../../journal/supply.ts'
import { bytes, int, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import type { FollowedAccounts } from './followed-accounts.ts'
import type { HintWriter } from './hint-writer.ts'
import { PAIR, type PairKey, type PairWriter, pairName, pairValues } from './pair-writer.ts'
import type { Segments } from './segments.ts'

const NO_ITEM_BYTES = Buffer.alloc(0)

/**
 * What the blocks above the ancestor changed: pairs, and for each asset its number of transfers and its supply (minted
 * minus burnt).
 */
type Changed = {
  readonly pairs: Map<string, PairKey>
  readonly assets: Map<number, { transfers: number; supply: bigint }>
}

/** The dependencies of a `RollbackWriter`. */
export type RollbackDeps = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly segments: Segments
  readonly codec: AccountCodec
  readonly hints: HintWriter
  /** True for accounts whose changes are stored. */
  readonly stores: (account: string) => boolean
  readonly followed: FollowedAccounts
  readonly doubts: DoubtWriter
}

/** Removes the facts above a block. Cost: the changed rows, which the block-ordered transfers identify. */
export class RollbackWriter {
  readonly #deps: RollbackDeps
  readonly #statements: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, deps: RollbackDeps) {
    this.#deps = deps
    this.#statements = prepare(db)
  }

  /** Removes all blocks above `ancestor`. Returns the number of removed transfers. */
  undo(ancestor: number): number {
    const { pairs, assets } = this.#changed(ancestor)
    const reopened = this.#openedAbove(ancestor)
    for (const [name, pair] of pairs) this.#restore(pair, { ancestor, recompute: reopened.has(name) })
    for (const [name, pair] of reopened) if (!pairs.has(name)) this.#restore(pair, { ancestor, recompute: true })
    let transfers = 0
    for (const [asset, lost] of assets) {
      transfers += lost.transfers
      this.#statements.countTransfers.run(lost.transfers, asset)
      this.#deps.pairs.addSupply(asset, -lost.supply)
    }
    this.#statements.dropTransfers.run(ancestor)
    this.#statements.dropBlocks.run(ancestor)
    const unmet = this.#statements.hintedAbove.all(ancestor).map(int)
    this.#deps.doubts.rolledBack(ancestor)
    // A class belongs to the contract's code, so it stays. It is checked again only if the contract itself may be gone.
    const { doubtClasses, doubtEndings, unmeetAssets, reopenUnreadable, countClasses } = this.#statements
    doubtClasses.run({ ancestor })
    // A contract whose end was above the ancestor is answered by reads until the audit checks its code on the new
    // branch.
    const isUnsure = doubtEndings.run({ ancestor }).changes > 0
    unmeetAssets.run(ancestor)
    this.#deps.hints.rollBack(ancestor, unmet)
    this.#deps.followed.rolledBack(ancestor)
    if (reopenUnreadable.run(ancestor).changes > 0 || isUnsure) countClasses.run()
    return transfers
  }

  #changed(ancestor: number): Changed {
    const changed: Changed = { pairs: new Map(), assets: new Map() }
    for (const entry of this.#statements.transfersAbove.iterate(ancestor)) {
      const row = entry
      const asset = int(row[2])
      const counted = changed.assets.get(asset) ?? { transfers: 0, supply: 0n }
      counted.transfers++
      counted.supply += decodeSupplyDelta(row[0], row[1], bytes(row[4]))
      changed.assets.set(asset, counted)
      const fungible = this.#isFungible(asset)
      for (const side of [row[0], row[1]]) {
        if (side === null) continue
        const account = bytes(side)
        if (!this.#deps.stores(this.#deps.codec.decode(account))) continue
        for (const item of fungible ? [NO_ITEM_BYTES] : [NO_ITEM_BYTES, bytes(row[3])]) {
          const pair = { account, asset, item, fungible }
          changed.pairs.set(pairName(pair), pair)
        }
      }
    }
    return changed
  }

  /** Deletes the reads above the ancestor. Returns their pairs, whose openings must be recomputed. */
  #openedAbove(ancestor: number): Map<string, PairKey> {
    const rows = this.#deps.segments.dropAbove(ancestor)
    const pairs = rows.map((row): PairKey => {
      const asset = int(row[1])
      return { account: bytes(row[0]), asset, item: bytes(row[2]), fungible: this.#isFungible(asset) }
    })
    return new Map(pairs.map((pair) => [pairName(pair), pair]))
  }

  #restore(pair: PairKey, { ancestor, recompute }: { ancestor: number; recompute: boolean }): void {
    const { pairs, segments } = this.#deps
    const before = pairs.read(pair)
    if (before === undefined) {
      const { codec, followed } = this.#deps
      const isPartial = followed.get(codec.decode(pair.account))?.isFollowed === false
      assert(isPartial, 'every transfer and opening of a followed account has a balance row')
      return
    }
    this.#statements.dropChanges.run(...pairValues(pair), ancestor)
    if (before.metBlock > ancestor) {
      pairs.write(pair, before, undefined)
      return
    }
    const last = this.#statements.lastChange.get(...pairValues(pair))
    const after: Position = {
      ...before,
      sum: last === undefined ? 0n : decodeAmount(bytes(last[0])),
      lastBlock: last === undefined ? before.metBlock : int(last[1]),
      receivedBlock: upTo(before.receivedBlock, ancestor),
      closedBlock: upTo(before.closedBlock, ancestor),
    }
    if (recompute) Object.assign(after, segments.recompute(pair))
    pairs.write(pair, before, after)
  }

  #isFungible(asset: number): boolean {
    return isFungible(this.#deps.assets.byId(asset).asset.standard)
  }
}

function upTo(block: number | undefined, ancestor: number): number | undefined {
  return block === undefined || block > ancestor ? undefined : block
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    transfersAbove: sql('SELECT sender, receiver, asset, item, amount FROM transfers WHERE block > ?').raw(),
    lastChange: sql(
      `SELECT sum, block FROM changes WHERE ${PAIR} ORDER BY block DESC, log DESC, sub DESC LIMIT 1`,
    ).raw(),
    dropChanges: sql(`DELETE FROM changes WHERE ${PAIR} AND block > ?`),
    countTransfers: sql('UPDATE assets SET transfers = transfers - ? WHERE id = ?'),
    dropTransfers: sql('DELETE FROM transfers WHERE block > ?'),
    dropBlocks: sql('DELETE FROM blocks WHERE number > ?'),
    hintedAbove: sql(
      `SELECT id FROM assets a WHERE first_block > ? AND EXISTS
       (SELECT 1 FROM hints h WHERE h.reference = a.reference AND h.standard = a.standard)`,
    ).pluck(),
    unmeetAssets: sql('UPDATE assets SET first_block = NULL WHERE first_block > ?'),
    doubtClasses: sql(
      `UPDATE turns SET code_at = min(coalesce(code_at, @ancestor), @ancestor) WHERE asset IN
       (SELECT id FROM assets WHERE first_block > @ancestor)`,
    ),
    doubtEndings: sql(
      'UPDATE endings SET block = @ancestor + 1, again = @ancestor + 1, unsure = 1 WHERE block > @ancestor',
    ),
    reopenUnreadable: sql('UPDATE silences SET until = NULL WHERE until > ?'),
    countClasses: sql('UPDATE clock SET classes = classes + 1'),
  }
}
