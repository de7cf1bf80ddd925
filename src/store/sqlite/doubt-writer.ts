import { type Doubts, NO_DOUBTS } from '../doubts.ts'
import type { AssetTable } from './asset-table.ts'
import { int, nullable, type Row, type SqliteDatabase, type Statement } from './database.ts'
import { type PairKey, pairValues } from './pair-writer.ts'

/** Refuted pairs of a token that put the token in doubt. */
const PAIRS_OF_A_TOKEN_IN_DOUBT = 2
/** Tokens with proven missing logs that put the chain in doubt. */
const TOKENS_OF_A_CHAIN_IN_DOUBT = 2

const PAIR = 'asset = ? AND account = ? AND item = ?'

/** Columns of a chain's numbers of doubts, in the order that `readDoubts` takes, from the table `in_doubt`. */
export const DOUBT_COLUMNS = 'pairs, tokens, chain, next_block'

/** The doubts of a row that is these columns; all null where the table is empty. */
export function readDoubts(row: Row): Doubts {
  if (row[0] === null) return NO_DOUBTS
  return { pairs: int(row[0]), tokens: int(row[1]), chain: int(row[2]) === 1, refetching: nullable(row[3], int) }
}

/** Moves the marks of what is in doubt. Runs inside the journal's transaction, which ends with `publish`. */
export class DoubtWriter {
  readonly #assets: AssetTable
  /** The first block of the coverage: from here all is fetched again once logs were proven missing. */
  readonly #from: number
  readonly #s: ReturnType<typeof prepare>
  #changed = false

  constructor(db: SqliteDatabase, parts: { readonly assets: AssetTable; readonly from: number }) {
    this.#assets = parts.assets
    this.#from = parts.from
    this.#s = prepare(db)
  }

  state(): Doubts {
    const row = this.#s.state.get() as Row | undefined
    return row === undefined ? NO_DOUBTS : readDoubts(row)
  }

  refutePair(key: PairKey): void {
    if (!this.#mayDoubt(key.asset)) return
    if (this.#s.refutePair.run(...this.#values(key)).changes === 0) return
    this.#changed = true
    if (int(this.#s.countPairs.get(key.asset)) >= PAIRS_OF_A_TOKEN_IN_DOUBT) this.#s.refuteByPairs.run(key.asset)
  }

  refuteSupply(asset: number): void {
    if (this.#mayDoubt(asset)) this.#changed = this.#s.refuteSupply.run(asset).changes > 0 || this.#changed
  }

  settlePair(key: PairKey): void {
    if (this.#s.settlePair.run(...this.#values(key)).changes === 0) return
    this.#changed = true
    if (int(this.#s.countPairs.get(key.asset)) > 0) return
    this.#s.settlePairs.run(key.asset)
    this.#s.dropSettled.run()
  }

  settleSupply(asset: number): void {
    if (this.#s.settleSupply.run(asset).changes === 0) return
    this.#changed = true
    this.#s.dropSettled.run()
  }

  /** The token's class says from now on how it is answered. */
  settleAsset(asset: number): void {
    const dropped = this.#s.dropPairs.run(asset).changes + this.#s.classify.run(asset).changes
    if (dropped === 0) return
    this.#changed = true
    this.#s.dropSettled.run()
  }

  /** Logs of these tokens were proven missing, or wrong, in a block. */
  lack(assets: ReadonlySet<number>, block: number): void {
    if (assets.size === 0) return
    for (const asset of assets) this.#s.lack.run(asset)
    const { refetching } = this.#ensure()
    // The blocks before were fetched again and said otherwise then: none of that stands.
    const next = refetching === undefined || block < refetching ? this.#from : refetching
    this.#s.setNext.run(next)
    if (int(this.#s.countLacking.get()) >= TOKENS_OF_A_CHAIN_IN_DOUBT) this.#s.doubtChain.run()
    this.#changed = true
  }

  /** All blocks from the next one up to `through` were fetched again. */
  refetched(through: number, written: number): void {
    const { refetching } = this.state()
    if (refetching === undefined || through < refetching) return
    if (through < written) {
      this.#s.setNext.run(through + 1)
      return
    }
    this.#s.setNext.run(null)
    this.#s.believeChain.run()
    this.#s.settleLacking.run()
    this.#s.dropSettled.run()
    this.#changed = true
  }

  /** Blocks above the ancestor were replaced: what was fetched again of them is to be fetched again once more. */
  rolledBack(ancestor: number): void {
    const { refetching } = this.state()
    if (refetching !== undefined && refetching > ancestor + 1) this.#s.setNext.run(Math.max(this.#from, ancestor + 1))
  }

  /** Makes readers see what changed in this transaction. */
  publish(): void {
    if (!this.#changed) return
    this.#changed = false
    this.#ensure()
    this.#s.count.run()
    this.#s.countClasses.run()
    this.#assets.forget()
  }

  /** Forgets that something changed: the transaction was undone. */
  undone(): void {
    this.#changed = false
  }

  /** True of tokens that are answered from events as far as those are proven; not where an operator decided so. */
  #mayDoubt(asset: number): boolean {
    const { accounting, fixed } = this.#assets.byId(asset)
    return accounting === 'events' && !fixed
  }

  #ensure(): Doubts {
    this.#s.ensure.run()
    return this.state()
  }

  #values(key: PairKey): [number, Buffer, Buffer] {
    const [account, asset, item] = pairValues(key)
    return [asset, account, item]
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare<unknown[]>(text)
  const refute = (column: 'pairs' | 'supply' | 'lacking'): Statement => {
    const one = (name: string): number => (name === column ? 1 : 0)
    return sql(
      `INSERT INTO refuted_assets VALUES (?, ${one('pairs')}, ${one('supply')}, ${one('lacking')})
       ON CONFLICT DO UPDATE SET ${column} = 1 WHERE ${column} = 0`,
    )
  }
  return {
    state: sql(`SELECT ${DOUBT_COLUMNS} FROM in_doubt`).raw(),
    ensure: sql('INSERT OR IGNORE INTO in_doubt VALUES (1, 0, 0, 0, NULL)'),
    refutePair: sql('INSERT OR IGNORE INTO refuted_pairs VALUES (?, ?, ?)'),
    settlePair: sql(`DELETE FROM refuted_pairs WHERE ${PAIR}`),
    countPairs: sql('SELECT count(*) FROM refuted_pairs WHERE asset = ?').pluck(),
    dropPairs: sql('DELETE FROM refuted_pairs WHERE asset = ?'),
    // That logs of it were missing stays true of the node, whatever the token is.
    classify: sql('UPDATE refuted_assets SET pairs = 0, supply = 0 WHERE asset = ?'),
    refuteByPairs: refute('pairs'),
    refuteSupply: refute('supply'),
    lack: refute('lacking'),
    settlePairs: sql('UPDATE refuted_assets SET pairs = 0 WHERE asset = ?'),
    settleSupply: sql('UPDATE refuted_assets SET supply = 0 WHERE asset = ? AND supply = 1'),
    settleLacking: sql('UPDATE refuted_assets SET lacking = 0'),
    dropSettled: sql('DELETE FROM refuted_assets WHERE pairs + supply + lacking = 0'),
    countLacking: sql('SELECT count(*) FROM refuted_assets WHERE lacking = 1').pluck(),
    setNext: sql('UPDATE in_doubt SET next_block = ?'),
    doubtChain: sql('UPDATE in_doubt SET chain = 1'),
    believeChain: sql('UPDATE in_doubt SET chain = 0'),
    count: sql(
      `UPDATE in_doubt SET pairs = (SELECT count(*) FROM refuted_pairs), tokens = (SELECT count(*) FROM refuted_assets)`,
    ),
    countClasses: sql('UPDATE clock SET classes = classes + 1'),
  }
}
