import type { BlockRef } from '../../../core/block.ts'
import { decodeHash, encodeHash } from '../../../journal/hash-codec.ts'
import { type Doubts, type DoubtWork, NO_DOUBTS } from '../../seam/doubts.ts'
import { bytes, int, NO_ROW, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { type PairKey, pairValues } from './pair-writer.ts'

/** This many refuted pairs of a token put the token in doubt. */
const PAIRS_OF_A_TOKEN_IN_DOUBT = 2
/**
 * Pairs of a token that are marked one by one. With more, its supply is marked too, which puts the whole token in
 * doubt.
 */
const MAX_MARKED_PAIRS = 1_000
/** This many tokens with proven missing logs put the chain in doubt. */
const TOKENS_OF_A_CHAIN_IN_DOUBT = 2

/** Proofs that are kept. A few blocks are enough to show which logs a node omits. */
const MAX_PROOFS = 16

/** The stages of the work after logs were proven missing. */
const STAGE = { none: 0, refetch: 1, recheck: 2 }

const PAIR = 'asset = ? AND account = ? AND item = ?'

/** The columns of the table `in_doubt` that `readDoubts` takes, in its order. */
export const DOUBT_COLUMNS = 'pairs, tokens, chain, next_block, stage, unlooked'

/** The doubts of a row of DOUBT_COLUMNS. If the table is empty, all columns are null. */
export function readDoubts(row: Row): Doubts {
  if (row[0] === null) return NO_DOUBTS
  const refetching = row[4] === STAGE.refetch ? nullable(row[3], int) : undefined
  const [chain, unlooked] = [int(row[2]) === 1, int(row[5]) === 1]
  return { pairs: int(row[0]), tokens: int(row[1]), chain, refetching, unlooked }
}

/** Sets and removes the marks of what is in doubt. Runs inside the journal's transaction, which ends with `publish`. */
export class DoubtWriter {
  readonly #assets: AssetTable
  /** The first block of the coverage. Once logs were proven missing, all blocks from here on are fetched again. */
  readonly #from: number
  readonly #s: ReturnType<typeof prepare>
  #changed = false

  constructor(db: SqliteDatabase, deps: { readonly assets: AssetTable; readonly from: number }) {
    this.#assets = deps.assets
    this.#from = deps.from
    this.#s = prepare(db)
  }

  work(): DoubtWork {
    const row = this.#s.state.get()
    if (row === undefined) return { ...NO_DOUBTS, rechecking: false, proofs: [] }
    const proofs = this.#s.proofs.all().map((entry) => {
      const [number, hash] = entry
      return { number: int(number), hash: decodeHash(bytes(hash)) }
    })
    return { ...readDoubts(row), rechecking: row[4] === STAGE.recheck, proofs }
  }

  /** `at`: the newest block then; the last written one if not given. */
  refutePair(key: PairKey, at?: number): void {
    if (!this.#mayDoubt(key.asset)) return
    if (this.#s.refutePair.run(...this.#values(key), at ?? null).changes === 0) return
    this.#changed = true
    if (int(this.#s.countPairs.get(key.asset)) >= PAIRS_OF_A_TOKEN_IN_DOUBT) this.#s.refuteByPairs.run(key.asset)
  }

  /**
   * Marks balances that may have changed without a transfer, according to events. None is proven until it is compared.
   * `at`: the newest block when that was found; the last written one if not given.
   */
  unprove(keys: readonly PairKey[], at?: number): void {
    const tokens = new Map<number, PairKey[]>()
    for (const key of keys) {
      const own = tokens.get(key.asset)
      if (own === undefined) tokens.set(key.asset, [key])
      else own.push(key)
    }
    for (const [asset, own] of tokens) {
      if (!this.#mayDoubt(asset)) continue
      const left = MAX_MARKED_PAIRS - int(this.#s.countPairs.get(asset))
      for (const key of own.slice(0, Math.max(0, left))) this.refutePair(key, at)
      if (own.length > left) this.refuteSupply(asset, at)
    }
  }

  /** `at`: as for `refutePair`. */
  refuteSupply(asset: number, at?: number): void {
    if (!this.#mayDoubt(asset)) return
    this.#changed = this.#s.refuteSupply.run(asset, at ?? null).changes > 0 || this.#changed
  }

  /**
   * Resolves the doubt about a pair that was equal at a block. If it was refuted after that block, it stays in doubt.
   */
  resolvePair(key: PairKey, block: number): void {
    if (this.#s.resolvePair.run(...this.#values(key), block).changes === 0) return
    this.#changed = true
    if (int(this.#s.countPairs.get(key.asset)) > 0) return
    this.#s.resolvePairs.run(key.asset)
    this.#s.dropResolved.run()
  }

  /**
   * Resolves the doubt about a token's supply that was equal at a block. If it was refuted after that block, it stays
   * in doubt.
   */
  resolveSupply(asset: number, block: number): void {
    if (this.#s.resolveSupply.run(asset, block).changes === 0) return
    this.#changed = true
    this.#s.dropResolved.run()
  }

  /** Removes the marks of a token that was reclassified or destroyed: it is answered by reads from now on. */
  resolveAsset(asset: number): void {
    const dropped = this.#s.dropPairs.run(asset).changes + this.#s.classify.run(asset).changes
    if (dropped === 0) return
    this.#changed = true
    this.#s.dropResolved.run()
  }

  /**
   * Keeps or deletes the class of a reclassified token whose first transfer was rolled back. `stays`: its contract
   * existed before that transfer.
   */
  resolveClass(asset: number, stays: boolean): void {
    const statement = stays ? this.#s.keepClass : this.#s.dropClass
    if (statement.run(asset).changes > 0) this.#changed = true
  }

  /** Records that logs of these tokens were proven missing, or wrong, in a block. */
  lack(assets: ReadonlySet<number>, block: BlockRef): void {
    if (assets.size === 0) return
    for (const asset of assets) this.#s.lack.run(asset)
    const { next } = this.#refetch()
    // A block below the cursor was already fetched again, with a different result. None of those results can be
    // trusted: start over.
    this.#s.setRefetch.run(STAGE.refetch, next === undefined || block.number < next ? this.#from : next)
    if (int(this.#s.countLacking.get()) >= TOKENS_OF_A_CHAIN_IN_DOUBT) this.#s.doubtChain.run()
    this.#s.prove.run(block.number, encodeHash(block.hash))
    this.#s.forgetProofs.run(MAX_PROOFS)
    this.#changed = true
  }

  /**
   * Records that all blocks from the cursor up to `through` were fetched again. At the last written block, the stage
   * changes to `recheck`.
   */
  refetched(through: number, written: number): void {
    const { stage, next } = this.#refetch()
    if (stage !== STAGE.refetch || next === undefined || through < next) return
    this.#s.setRefetch.run(through < written ? STAGE.refetch : STAGE.recheck, through + 1)
    if (through >= written) this.#s.walkAnew.run()
  }

  /** Marks a new chain: no balance of it was compared yet. */
  refuteAll(): void {
    this.#s.ensure.run()
    if (this.#s.unlook.run().changes > 0) this.#changed = true
  }

  /** Records that all balances, or some of very many, were compared. */
  looked(at: 'all' | 'some'): void {
    const { stage } = this.#refetch()
    if (this.#s.look.run().changes > 0) this.#changed = true
    if (at === 'some' || stage !== STAGE.recheck) return
    this.#s.believe.run(STAGE.none)
    this.#s.resolveLacking.run()
    this.#s.dropResolved.run()
    this.#changed = true
  }

  /** The blocks above the ancestor were replaced, so they must be fetched again once more. */
  rolledBack(ancestor: number): void {
    // An equal read at any block of the new branch must resolve these doubts, also while that branch is shorter.
    this.#s.rollBackPairs.run({ ancestor })
    this.#s.rollBackSupplies.run({ ancestor })
    const { stage, next } = this.#refetch()
    const first = Math.max(this.#from, ancestor + 1)
    if (next === undefined || next <= first) return
    this.#s.setRefetch.run(stage === STAGE.recheck ? STAGE.refetch : stage, first)
  }

  /** Records that assets may no longer be known, so that readers forget what they cached. */
  redecoded(): void {
    this.#changed = true
  }

  /** Updates the counts, so that readers see the changes of this transaction. */
  publish(): void {
    if (!this.#changed) return
    this.#changed = false
    this.#s.ensure.run()
    this.#s.count.run()
    this.#s.countClasses.run()
    this.#assets.forget()
  }

  /** The transaction was rolled back, so there is nothing to publish. */
  undone(): void {
    this.#changed = false
  }

  /** True for tokens that are answered from events, unless the configuration fixes their class. */
  #mayDoubt(asset: number): boolean {
    const { accounting, fixed } = this.#assets.byId(asset)
    return accounting === 'events' && !fixed
  }

  /** The stage, and the first block that was not fetched again; undefined if refetching never began. */
  #refetch(): { readonly stage: number; readonly next: number | undefined } {
    this.#s.ensure.run()
    const row = this.#s.state.get() ?? NO_ROW
    return { stage: int(row[4]), next: nullable(row[3], int) }
  }

  #values(key: PairKey): [number, Buffer, Buffer] {
    const [account, asset, item] = pairValues(key)
    return [asset, account, item]
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  const refute = (column: 'pairs' | 'lacking'): Statement => {
    const one = (name: string): number => (name === column ? 1 : 0)
    return sql(
      `INSERT INTO refuted_assets (asset, pairs, supply, lacking) VALUES (?, ${one('pairs')}, 0, ${one('lacking')})
       ON CONFLICT DO UPDATE SET ${column} = 1 WHERE ${column} = 0`,
    )
  }
  return {
    state: sql(`SELECT ${DOUBT_COLUMNS} FROM in_doubt`).raw(),
    ensure: sql('INSERT OR IGNORE INTO in_doubt VALUES (1, 0, 0, 0, NULL, 0, 0)'),
    refutePair: sql(
      `INSERT INTO refuted_pairs SELECT ?, ?, ?, coalesce(?, number, 0) FROM clock WHERE true
       ON CONFLICT DO UPDATE SET block = excluded.block WHERE block < excluded.block`,
    ),
    resolvePair: sql(`DELETE FROM refuted_pairs WHERE ${PAIR} AND block <= ?`),
    rollBackPairs: sql('UPDATE refuted_pairs SET block = @ancestor WHERE block > @ancestor'),
    rollBackSupplies: sql('UPDATE refuted_assets SET supply_block = @ancestor WHERE supply_block > @ancestor'),
    countPairs: sql('SELECT count(*) FROM refuted_pairs WHERE asset = ?').pluck(),
    dropPairs: sql('DELETE FROM refuted_pairs WHERE asset = ?'),
    // Keep `lacking`: that the node omitted logs stays true, whatever the token's class.
    classify: sql('UPDATE refuted_assets SET pairs = 0, supply = 0 WHERE asset = ?'),
    refuteByPairs: refute('pairs'),
    refuteSupply: sql(
      `INSERT INTO refuted_assets (asset, pairs, supply, lacking, supply_block)
       SELECT ?, 0, 1, 0, coalesce(?, number, 0) FROM clock WHERE true
       ON CONFLICT DO UPDATE SET supply = 1, supply_block = excluded.supply_block
       WHERE supply = 0 OR supply_block < excluded.supply_block`,
    ),
    lack: refute('lacking'),
    keepClass: sql('UPDATE turns SET code_at = NULL WHERE asset = ? AND code_at IS NOT NULL'),
    dropClass: sql('DELETE FROM turns WHERE asset = ? AND code_at IS NOT NULL'),
    resolvePairs: sql('UPDATE refuted_assets SET pairs = 0 WHERE asset = ?'),
    resolveSupply: sql('UPDATE refuted_assets SET supply = 0 WHERE asset = ? AND supply = 1 AND supply_block <= ?'),
    resolveLacking: sql('UPDATE refuted_assets SET lacking = 0'),
    dropResolved: sql('DELETE FROM refuted_assets WHERE pairs + supply + lacking = 0'),
    countLacking: sql('SELECT count(*) FROM refuted_assets WHERE lacking = 1').pluck(),
    setRefetch: sql('UPDATE in_doubt SET stage = ?, next_block = ?'),
    prove: sql('INSERT INTO log_proofs (block, hash) VALUES (?, ?)'),
    proofs: sql('SELECT block, hash FROM log_proofs ORDER BY id').raw(),
    forgetProofs: sql('DELETE FROM log_proofs WHERE id <= (SELECT max(id) FROM log_proofs) - ?'),
    walkAnew: sql("DELETE FROM places WHERE name = 'all'"),
    unlook: sql('UPDATE in_doubt SET unlooked = 1 WHERE unlooked = 0'),
    look: sql('UPDATE in_doubt SET unlooked = 0 WHERE unlooked = 1'),
    doubtChain: sql('UPDATE in_doubt SET chain = 1'),
    believe: sql('UPDATE in_doubt SET chain = 0, stage = ?'),
    count: sql(
      `UPDATE in_doubt SET pairs = (SELECT count(*) FROM refuted_pairs), tokens = (SELECT count(*) FROM refuted_assets)`,
    ),
    countClasses: sql('UPDATE clock SET classes = classes + 1'),
  }
}
