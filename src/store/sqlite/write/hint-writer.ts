import type { AccountCodec } from '../../../core/account.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import { isFungible } from '../../../core/standards.ts'
import type { BlockTransfers, Hint } from '../../../core/transfer.ts'
import { encodeItem } from '../../../journal/amount-codec.ts'
import { byMeeting, metWithoutLog, type Position } from '../../../journal/position.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { bytes, int, nullable, type SqliteDatabase, type Statement, text } from '../database.ts'
import { type AssetTable, parseStandard } from '../rows/asset-table.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import { type Meeting, Meetings } from './meetings.ts'
import { type PairKey, type PairWriter, pairValues } from './pair-writer.ts'
import type { ReclassifyWriter } from './reclassify-writer.ts'

/**
 * Accounts that are stored for a contract before a transfer shows that it is a token. Wrapped coins are deposited
 * before they are first transferred, but most contracts with such events are not tokens.
 */
const MAX_OF_UNKNOWN = 1_000

/** The dependencies of a `HintWriter`. */
export type HintWriterDeps = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly doubts: DoubtWriter
  readonly reclassifier: ReclassifyWriter
  readonly codec: AccountCodec
  readonly keeps: (account: string) => boolean
  /** The opening that coverage gives a pair: 0, or unknown. */
  readonly opening: bigint | undefined
}

type Block = Pick<BlockTransfers, 'number' | 'hash' | 'hints'>

/**
 * Stores which accounts events hint at: each pair with the first block that hints at it, even if its contract is not
 * known to be a token yet. Once it is, the account has met the token at that block. Runs inside the journal's
 * transaction, after the transfers of the same blocks were written. Costs at most as much as a transfer to each
 * account.
 */
export class HintWriter {
  readonly #deps: HintWriterDeps
  readonly #meetings: Meetings
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase, deps: HintWriterDeps) {
    this.#deps = deps
    this.#meetings = new Meetings(db)
    this.#s = prepare(db)
  }

  /** Stores the hints of blocks. Returns the pairs of known tokens that they name, each once. */
  note(blocks: readonly Block[]): readonly BalanceKey[] {
    for (const block of blocks) {
      for (const hint of block.hints ?? []) if (hint.reason === 'undecodable') this.#classify(hint, block)
    }
    const noted = new Map<string, BalanceKey>()
    const moved = new Map<string, PairKey>()
    for (const { number, hints = [] } of blocks) {
      for (const hint of hints) {
        if (!this.#deps.keeps(hint.account)) continue
        for (const item of itemsOf(hint)) {
          const key = { account: hint.account, asset: hint.asset, item }
          const name = `${assetKey(hint.asset)}/${hint.account}/${item}`
          const pair = this.#notePair(
            key,
            { block: number, undecodable: hint.reason === 'undecodable' },
            noted.has(name),
          )
          if (pair === undefined) continue
          noted.set(name, key)
          if (hint.reason === 'moved') moved.set(name, pair)
        }
      }
    }
    this.#deps.doubts.unprove([...moved.values()])
    return [...noted.values()]
  }

  /** Applies the earlier hints of a contract that was just shown to be a token. */
  met(asset: number): void {
    const pairs = this.#pairsOf(asset)
    for (const pair of pairs) this.#meetAgain(pair)
    this.#deps.doubts.unprove(pairs)
  }

  /**
   * Recomputes how the hinted pairs of a token were met. Needed if the token may no longer be known, or its pairs may
   * have been met elsewhere.
   */
  remeet(asset: number): void {
    for (const pair of this.#pairsOf(asset)) this.#meetAgain(pair)
  }

  /** Recomputes how pairs were met whose hints were replaced. */
  replaced(pairs: Iterable<PairKey>): void {
    for (const pair of pairs) this.#meetAgain(pair)
  }

  /**
   * Deletes the hints of blocks that were decoded again and no longer give them. Runs after the transfers of the same
   * blocks were replaced. `unmeet`: recomputes a token's first block.
   */
  redecoded(blocks: readonly Block[], unmeet: (asset: number) => void): void {
    const lost: PairKey[] = []
    for (const { number, hints = [] } of blocks) {
      const given = new Set(hints.flatMap((hint) => itemsOf(hint).map((item) => this.#nameOf(hint, item))))
      for (const row of this.#s.undecodableAt.all(number, number)) {
        const [reference, standard, account, item] = [text(row[0]), text(row[1]), bytes(row[2]), bytes(row[3])]
        if (given.has(`${reference}/${standard}/${account.toString('hex')}/${item.toString('hex')}`)) continue
        this.#s.drop.run(reference, standard, account, item)
        const stored = this.#deps.assets.find({ standard: parseStandard(standard), reference })
        if (stored !== undefined) lost.push(this.#pair(stored, account, item))
      }
    }
    for (const asset of new Set(lost.map((pair) => pair.asset))) {
      unmeet(asset)
      // If nothing shows the contract to be a token any more, none of its hints counts.
      if (this.#firstBlock(asset) === undefined) this.remeet(asset)
    }
    for (const pair of lost) this.#meetAgain(pair)
  }

  #nameOf({ account, asset }: Hint, item: string): string {
    const { codec } = this.#deps
    const [whose, what] = [codec.encode(account).toString('hex'), encodeItem(item).toString('hex')]
    return `${asset.reference}/${asset.standard}/${whose}/${what}`
  }

  /**
   * Deletes the hints above a block. Runs after the other rows of those blocks were deleted. `unmet`: assets that are
   * no longer met.
   */
  rollBack(ancestor: number, unmet: readonly number[]): void {
    const lost = this.#s.above.all(ancestor).flatMap((row) => {
      const asset = this.#deps.assets.find({ standard: parseStandard(row[1]), reference: text(row[0]) })
      return asset === undefined ? [] : [this.#pair(asset, bytes(row[2]), bytes(row[3]))]
    })
    this.#s.dropAbove.run(ancestor)
    this.#s.decodeAbove.run(ancestor)
    for (const pair of [...lost, ...unmet.flatMap((asset) => this.#pairsOf(asset))]) this.#meetAgain(pair)
  }

  /**
   * Reclassifies a token whose event cannot be decoded: its balances must be read. The event also shows that the
   * contract is a token.
   */
  #classify({ asset, account }: Hint, { number, hash }: Block): void {
    const { assets, doubts, keeps, reclassifier: turns } = this.#deps
    const { id } = assets.find(asset) ?? assets.add(asset, undefined)
    const isNew = this.#s.meet.run(number, number, id, number).changes > 0
    const whose = keeps(account) ? account : undefined
    const evidence = { account: whose, item: NO_ITEM, journal: undefined, chain: undefined }
    turns.reclassify({ asset, block: { number, hash }, reason: 'undecodable', evidence }, Math.floor(Date.now() / 1000))
    // The contract exists, so a class that a rollback made uncertain is certain again.
    doubts.resolveClass(id, true)
    if (isNew) this.met(id)
  }

  /** Stores one pair, and records its meeting if its token is known. Returns undefined if the token is not known. */
  #notePair(
    { account, asset, item }: BalanceKey,
    { block, undecodable }: { readonly block: number; readonly undecodable: boolean },
    isNoted: boolean,
  ): PairKey | undefined {
    const { assets, codec } = this.#deps
    const stored = assets.find(asset)
    const isMet = stored !== undefined && (stored.firstBlock !== undefined || this.#firstBlock(stored.id) !== undefined)
    const [whose, what] = [codec.encode(account), encodeItem(item)]
    const pair = stored === undefined ? undefined : this.#pair(stored, whose, what)
    if (isNoted && !undecodable) return pair
    const name = [asset.reference, asset.standard, whose, what]
    const before = nullable(this.#s.blockOf.get(...name), int)
    if (before === undefined && !isMet && this.#isFull(asset)) return undefined
    if (before === undefined || before > block || undecodable)
      this.#s.put.run(...name, block, undecodable ? block : null)
    if (!isMet || pair === undefined) return undefined
    if (before === undefined || before > block) this.#meet(pair, meetingAt(block, pair.asset))
    return pair
  }

  /** Records that a pair was met at a position, unless it was met earlier. */
  #meet(pair: PairKey, meeting: Meeting): void {
    const { pairs } = this.#deps
    const before = pairs.read(pair)
    if (before === undefined) {
      pairs.write(pair, undefined, this.#fresh(pair, meeting))
      return
    }
    const receivedBlock = Math.min(before.receivedBlock ?? Number.MAX_SAFE_INTEGER, meeting.metBlock)
    const isEarlier = byMeeting(meeting, before) < 0
    const met = isEarlier ? { ...meeting, lastBlock: this.#lastBlock(pair) ?? meeting.metBlock } : {}
    pairs.write(pair, before, { ...before, ...met, receivedBlock })
  }

  /** Recomputes from the stored rows how a pair was met. */
  #meetAgain(pair: PairKey): void {
    const { pairs } = this.#deps
    const before = pairs.read(pair)
    const meeting = this.#meetings.of(pair)
    if (meeting === undefined) {
      if (before !== undefined) pairs.write(pair, before, undefined)
      return
    }
    const lastBlock = this.#lastBlock(pair) ?? meeting.metBlock
    const after = before === undefined ? this.#fresh(pair, meeting) : { ...before, ...meeting, lastBlock }
    pairs.write(pair, before, after)
  }

  #fresh({ fungible }: PairKey, meeting: Meeting): Position {
    const { opening } = this.#deps
    return { sum: 0n, opening, ...meeting, lastBlock: meeting.metBlock, closedBlock: undefined, fungible }
  }

  #pairsOf(asset: number): readonly PairKey[] {
    const stored = this.#deps.assets.byId(asset)
    const ref = stored.asset
    const rows = this.#s.ofToken.all(ref.reference, ref.standard)
    return rows.map((row) => this.#pair(stored, bytes(row[0]), bytes(row[1])))
  }

  #pair({ id, asset }: Pick<StoredAsset, 'id' | 'asset'>, account: Buffer, item: Buffer): PairKey {
    return { account, asset: id, item, fungible: isFungible(asset.standard) }
  }

  #lastBlock(pair: PairKey): number | undefined {
    return nullable(this.#s.lastChange.get(...pairValues(pair)), int)
  }

  #firstBlock(asset: number): number | undefined {
    return nullable(this.#s.firstBlock.get(asset), int)
  }

  #isFull({ reference, standard }: AssetRef): boolean {
    return int(this.#s.count.get(reference, standard, MAX_OF_UNKNOWN)) >= MAX_OF_UNKNOWN
  }
}

/** The items that a hint concerns: with an item, also the contract's roll-up. */
function itemsOf({ item = NO_ITEM }: Hint): readonly string[] {
  return item === NO_ITEM ? [NO_ITEM] : [NO_ITEM, item]
}

/** A hint has no position in its block, so it comes after all logs. It means that the account may have received. */
function meetingAt(block: number, asset: number): Meeting {
  return { ...metWithoutLog(block, asset), receivedBlock: block }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const key = 'reference = ? AND standard = ? AND account = ? AND item = ?'
  return {
    blockOf: sql(`SELECT block FROM hints WHERE ${key}`).pluck(),
    put: sql(
      `INSERT INTO hints VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       block = min(block, excluded.block),
       undecodable = coalesce(min(undecodable, excluded.undecodable), undecodable, excluded.undecodable)`,
    ),
    ofToken: sql('SELECT account, item FROM hints WHERE reference = ? AND standard = ?').raw(),
    count: sql('SELECT count(*) FROM (SELECT 1 FROM hints WHERE reference = ? AND standard = ? LIMIT ?)').pluck(),
    above: sql('SELECT reference, standard, account, item FROM hints WHERE block > ?').raw(),
    undecodableAt: sql(
      'SELECT reference, standard, account, item FROM hints WHERE block = ? AND undecodable = ?',
    ).raw(),
    drop: sql(`DELETE FROM hints WHERE ${key}`),
    dropAbove: sql('DELETE FROM hints WHERE block > ?'),
    decodeAbove: sql('UPDATE hints SET undecodable = NULL WHERE undecodable > ?'),
    firstBlock: sql('SELECT first_block FROM assets WHERE id = ?').pluck(),
    meet: sql(
      `UPDATE assets SET first_block = coalesce(min(first_block, ?), ?) WHERE id = ? AND coalesce(first_block > ?, 1)`,
    ),
    lastChange: sql(`SELECT max(block) FROM changes WHERE account = ? AND asset = ? AND item = ?`).pluck(),
  }
}
