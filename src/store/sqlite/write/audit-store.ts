import type { AccountCodec } from '../../../core/account.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { Coverage } from '../../../core/coverage.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { decodeAmount, decodeItem, encodeItem } from '../../../journal/amount-codec.ts'
import type { Plan } from '../../../journal/plan.ts'
import { expectedAt, noteCursor, noteFinding } from '../../../journal/rules/audit-notes.ts'
import { noteReadability } from '../../../journal/rules/lives.ts'
import { decodeSupplyDelta } from '../../../journal/supply.ts'
import { readOptionalRef } from '../../rows/header-rows.ts'
import type {
  AuditStore,
  DecidedLate,
  Expected,
  Finding,
  Readability,
  Walk,
  WalkLimits,
  WalkPage,
} from '../../seam/audits.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement, text } from '../database.ts'
import type { FixedClasses } from '../rows/asset-table.ts'
import type { JournalFile } from './journal-file.ts'
import { Walks } from './walks.ts'

/** Stored transfers that one query scans: some 30 ms of the writer's time. */
const MAX_COMPARED = 20_000

/** Contracts of one page. */
const MAX_DECIDED_LATE = 32

const TRANSFER = 't.block, t.log, t.sub, t.sender, t.receiver, t.item, t.amount'

/** The dependencies of `SqliteAudits`. */
export type AuditStoreDeps = {
  readonly db: SqliteDatabase
  readonly file: JournalFile
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly fixed: FixedClasses
  /** Runs work in one transaction of the chain's writer. */
  readonly transaction: <T>(work: () => T) => T
}

/** What the auditor reads from and writes to the chain's file. */
export class SqliteAudits implements AuditStore {
  readonly #deps: AuditStoreDeps
  readonly #walks: Walks
  readonly #s: ReturnType<typeof prepare>

  constructor(deps: AuditStoreDeps) {
    this.#deps = deps
    const { assets, rules } = deps.file
    this.#walks = new Walks({ ...deps, assets, keeps: rules.test.keeps })
    this.#s = prepare(deps.db)
  }

  async next(walk: Walk, limits: WalkLimits): Promise<WalkPage> {
    return this.#deps.transaction(() => this.#walks.next(walk, nullable(this.#s.cursor.get(walk), text), limits))
  }

  async reached(walk: Walk, cursor: string): Promise<void> {
    this.#run(noteCursor(walk, cursor))
  }

  async supplies(assets: readonly AssetRef[], at?: number) {
    const { coverage, transaction } = this.#deps
    const whole = coverage.from === 0 && coverage.scope.type !== 'accounts'
    return transaction((): { block: BlockRef; supplies: (bigint | undefined)[] } => {
      const row = this.#s.written.get()
      const block = row === undefined ? undefined : readOptionalRef(row[0], row[1])
      const supplies = assets.map((asset) => (whole && block !== undefined ? this.#supply(asset, at) : undefined))
      return { block: block ?? { number: -1, hash: '' }, supplies }
    })
  }

  async expected(key: BalanceKey, block: number): Promise<Expected> {
    return this.#run(expectedAt(key, block, this.#deps.file.rules))
  }

  async decidedLate(after: number): Promise<readonly DecidedLate[]> {
    const { file, transaction } = this.#deps
    const { assets } = file
    return transaction(() =>
      this.#s.decidedLate.all(after, MAX_DECIDED_LATE).map((row) => {
        const [asset, decided] = [assets.byId(int(row[0])), assets.byId(int(row[1]))]
        return { id: asset.id, asset: asset.asset, decided: decided.asset, decidedAt: int(row[2]) }
      }),
    )
  }

  async blocksOf(asset: AssetRef, after: number, limit: number): Promise<readonly number[]> {
    const { file, transaction } = this.#deps
    const { assets } = file
    return transaction(() => this.#s.blocksOf.all({ id: assets.find(asset)?.id ?? 0, after, limit }).map(int))
  }

  async differing({ asset, account, first, last, blocks }: Parameters<AuditStore['differing']>[0]) {
    const { file, codec, transaction } = this.#deps
    const { assets } = file
    const theirs = new Map<string, number>()
    for (const { number, transfers } of blocks) {
      if (number < first || number > last) continue
      for (const transfer of transfers) {
        if (assetKey(transfer.asset) !== assetKey(asset) || !concerns(transfer, account)) continue
        theirs.set(nameOf(number, transfer), number)
      }
    }
    return transaction(() => {
      const id = assets.find(asset)?.id ?? 0
      const rows =
        account === undefined
          ? this.#s.transfersOf.iterate(id, first, last)
          : this.#s.transfersOfPair.iterate(codec.encode(account), id, first, last)
      const numbers = new Set<number>()
      let [through, block, left] = [last, first, MAX_COMPARED]
      for (const entry of rows) {
        const row = entry
        // Never stop in the middle of a block.
        if (left-- <= 0 && int(row[0]) !== block) {
          through = block
          break
        }
        block = int(row[0])
        if (account === undefined && row[3] !== null && row[4] !== null) continue
        if (!theirs.delete(nameOf(block, readTransfer(row, codec)))) numbers.add(block)
      }
      for (const number of theirs.values()) if (number <= through) numbers.add(number)
      return { numbers: [...numbers].sort((a, b) => a - b), through }
    })
  }

  async note(finding: Finding): Promise<void> {
    this.#run(noteFinding(finding, Math.floor(Date.now() / 1000), this.#deps.file.rules))
  }

  async noteReadability(readability: Readability): Promise<void> {
    this.#run(noteReadability(readability, this.#deps.file.rules))
  }

  #run<Result>(plan: Plan<Result>): Result {
    const { file, transaction } = this.#deps
    return transaction(() => file.run(plan))
  }

  #supply(asset: AssetRef, at: number | undefined): bigint | undefined {
    const { file, coverage } = this.#deps
    const { assets } = file
    if (assets.hasItemsOnly(asset)) return undefined
    const stored = assets.find(asset)
    const { scope } = coverage
    // The scope names this token and it was never seen, so by its events its supply is 0.
    if (stored === undefined) return scope.type === 'tokens' && scope.tokens.includes(asset.reference) ? 0n : undefined
    if (stored.accounting !== 'events') return undefined
    if (this.#s.doubt.get(stored.id, encodeItem(NO_ITEM)) !== undefined) return undefined
    const supply = nullable(this.#s.supply.get(stored.id), (value) => decodeAmount(bytes(value)))
    const since = at === undefined ? 0n : this.#madeAfter(stored.id, at)
    return supply === undefined || since === undefined ? undefined : supply - since
  }

  /**
   * The amount of an asset that was minted after a block, minus what was burnt. Undefined if a balance was reopened, or
   * if there are more transfers than the limit.
   */
  #madeAfter(asset: number, block: number): bigint | undefined {
    if (this.#s.reopened.get(asset) !== undefined) return undefined
    let [made, left] = [0n, MAX_COMPARED]
    for (const entry of this.#s.movedAfter.iterate(asset, block)) {
      if (left-- <= 0) return undefined
      const row = entry
      made += decodeSupplyDelta(row[0], row[1], bytes(row[2]))
    }
    return made
  }
}

/** True if a transfer is from or to `account`. Without an account: true for mints and burns. */
function concerns({ from, to }: Transfer, account: string | undefined): boolean {
  return account === from || account === to
}

type Named = Pick<Transfer, 'event' | 'part' | 'from' | 'to' | 'item' | 'amount'>

function nameOf(block: number, { event, part, from, to, item, amount }: Named): string {
  return `${block}/${event}/${part}/${from ?? ''}/${to ?? ''}/${item}/${amount}`
}

function readTransfer(row: Row, codec: AccountCodec): Named {
  const side = (value: unknown) => nullable(value, (stored) => codec.decode(bytes(stored)))
  const cursor = { event: int(row[1]), part: int(row[2]), from: side(row[3]), to: side(row[4]) }
  return { ...cursor, item: decodeItem(bytes(row[5])), amount: decodeAmount(bytes(row[6])) }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    cursor: sql('SELECT place FROM places WHERE name = ?').pluck(),
    written: sql('SELECT number, hash FROM clock').raw(),
    supply: sql('SELECT supply FROM assets WHERE id = ?').pluck(),
    doubt: sql('SELECT 1 FROM doubts WHERE asset = ? AND item = ? LIMIT 1').pluck(),
    reopened: sql('SELECT 1 FROM openings WHERE asset = ? AND since > 0 LIMIT 1').pluck(),
    movedAfter: sql('SELECT sender, receiver, amount FROM transfers WHERE asset = ? AND block > ?').raw(),
    transfersOf: sql(
      `SELECT ${TRANSFER} FROM transfers t WHERE t.asset = ? AND t.block BETWEEN ? AND ? ORDER BY t.block`,
    ).raw(),
    transfersOfPair: sql(
      `SELECT ${TRANSFER} FROM changes c JOIN transfers t USING (block, log, sub)
       WHERE c.account = ? AND c.asset = ? AND c.item = x'' AND c.block BETWEEN ? AND ?
       ORDER BY c.block`,
    ).raw(),
    decidedLate: sql(
      `SELECT old.id, later.id, (SELECT max(block) FROM transfers WHERE asset = later.id) AS decided
       FROM turns t JOIN assets old ON old.id = t.asset
       JOIN assets later ON later.reference = old.reference AND later.id <> old.id
       WHERE t.reason = 'undecodable' AND old.first_block IS NOT NULL AND later.transfers > 0
         AND coalesce((SELECT max(block) FROM transfers WHERE asset = old.id), -1) < decided
         AND old.id > ?
       ORDER BY old.id LIMIT ? + 0`,
    ).raw(),
    blocksOf: sql(
      `SELECT block FROM transfers WHERE asset = @id AND block > @after
       UNION SELECT h.block FROM assets a JOIN hints h USING (reference, standard) WHERE a.id = @id AND h.block > @after
       ORDER BY block LIMIT @limit + 0`,
    ).pluck(),
  }
}
