import type { AccountCodec } from '../../../core/account.ts'
import { type AssetRef, assetKey, isFungible, NO_ITEM } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockTransfers, Hint } from '../../../core/transfer.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { bytes, int, nullable, type SqliteDatabase, type Statement, text } from '../database.ts'
import { encodeItem } from '../rows/amount-codec.ts'
import { type AssetTable, parseStandard } from '../rows/asset-table.ts'
import { type Position, REST_OF_BLOCK } from '../rows/position.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import { byMeeting, type Meeting, Meetings } from './meetings.ts'
import { type PairKey, type PairWriter, pairValues } from './pair-writer.ts'
import type { ReclassifyWriter } from './reclassify-writer.ts'

/**
 * Accounts that are remembered of a contract that no transfer has shown to be a token yet: wrapped coins are deposited
 * before they are first transferred, while most contracts with such events are no tokens.
 */
const MAX_OF_UNKNOWN = 1_000

export type HintWriterDeps = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly doubts: DoubtWriter
  readonly reclassifier: ReclassifyWriter
  readonly codec: AccountCodec
  readonly keeps: (account: string) => boolean
  /** What a pair begins with by coverage: 0, or unknown. */
  readonly opening: bigint | undefined
}

type Block = Pick<BlockTransfers, 'number' | 'hash' | 'hints'>

/**
 * Keeps which accounts events hint at: each pair with the first block that does, whether or not its contract is a token
 * yet. The account of a token's pair has met the token there. Runs inside the journal's transaction, after the transfers of
 * the same blocks were written. Costs at most as much as a transfer to each account.
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

  /** Notes the hints of blocks; returns the pairs of known tokens that they are about, each once. */
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

  /** The contract was just met as a token: what was hinted at before counts from now on. */
  met(asset: number): void {
    const pairs = this.#pairsOf(asset)
    for (const pair of pairs) this.#meetAgain(pair)
    this.#deps.doubts.unprove(pairs)
  }

  /** Of tokens that may not be known any more, or whose pairs may have been met elsewhere: makes their pairs right. */
  remeet(asset: number): void {
    for (const pair of this.#pairsOf(asset)) this.#meetAgain(pair)
  }

  /** Forgets the hints above a block. Other rows of those blocks are gone, and their assets are not met any more (`unmet`). */
  rollBack(ancestor: number, unmet: readonly number[]): void {
    const lost = this.#s.above.all(ancestor).flatMap((row) => {
      const asset = this.#deps.assets.find({ standard: parseStandard(row[1]), reference: text(row[0]) })
      return asset === undefined ? [] : [this.#pair(asset, bytes(row[2]), bytes(row[3]))]
    })
    this.#s.dropAbove.run(ancestor)
    this.#s.decodeAbove.run(ancestor)
    for (const pair of [...lost, ...unmet.flatMap((asset) => this.#pairsOf(asset))]) this.#meetAgain(pair)
  }

  /** The token's events don't tell its balances: reads do. A token that was not known is known by this event. */
  #classify({ asset, account }: Hint, { number, hash }: Block): void {
    const { assets, doubts, keeps, reclassifier: turns } = this.#deps
    const { id } = assets.find(asset) ?? assets.add(asset, undefined)
    const isNew = this.#s.meet.run(number, number, id, number).changes > 0
    const whose = keeps(account) ? account : undefined
    const evidence = { account: whose, item: NO_ITEM, journal: undefined, chain: undefined }
    turns.reclassify({ asset, block: { number, hash }, reason: 'undecodable', evidence }, Math.floor(Date.now() / 1000))
    // The contract is there: a class that a rollback had made uncertain is not.
    doubts.resolveClass(id, true)
    if (isNew) this.met(id)
  }

  /** Notes one pair, and where its token is known makes it met; undefined where it is not. */
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

  /** Makes a pair met at a place, if it was not before. */
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

  /** Finds anew how a pair was met, from what is stored. */
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

/** The rows that a hint is about: of an item, the contract's roll-up too. */
function itemsOf({ item = NO_ITEM }: Hint): readonly string[] {
  return item === NO_ITEM ? [NO_ITEM] : [NO_ITEM, item]
}

/** Hints have no place in their block: they stand behind all its logs. They say that the account may have received. */
function meetingAt(block: number, asset: number): Meeting {
  return { metBlock: block, metLog: REST_OF_BLOCK, metSub: asset, receivedBlock: block }
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
    dropAbove: sql('DELETE FROM hints WHERE block > ?'),
    decodeAbove: sql('UPDATE hints SET undecodable = NULL WHERE undecodable > ?'),
    firstBlock: sql('SELECT first_block FROM assets WHERE id = ?').pluck(),
    meet: sql(
      `UPDATE assets SET first_block = coalesce(min(first_block, ?), ?) WHERE id = ? AND coalesce(first_block > ?, 1)`,
    ),
    lastChange: sql(`SELECT max(block) FROM changes WHERE account = ? AND asset = ? AND item = ?`).pluck(),
  }
}
