import type { AccountCodec } from '../../core/account.ts'
import type { AssetRef } from '../../core/asset.ts'
import { type BalanceKey, balanceName, type Observation } from '../../core/balance.ts'
import { decodeAmount, encodeAmount } from '../../journal/amount-codec.ts'
import { decodeHash, encodeHash } from '../../journal/hash-codec.ts'
import { parseStandard } from '../../journal/rules/assets.ts'
import {
  MAX_HELD,
  OBSERVATION_COLUMNS,
  OF_KEY,
  observationCursor,
  observationPage,
  observedKey,
  readObservation,
} from '../rows/observation-rows.ts'
import type { ObservationStore } from '../seam/observations.ts'
import type { ObservationPage, ObservationQuery } from '../seam/positions.ts'
import {
  bytes,
  guarded,
  int,
  nullable,
  type RowStatement,
  type SqliteDatabase,
  type Statement,
  text,
} from './database.ts'
import { TickSnapshot } from './read/tick-snapshot.ts'

/** Observations kept in memory between two writes, some 400 bytes each. */
const MAX_REMEMBERED = 20_000

/** The newest read of each key, in a file that no batch of facts ever locks. */
export class SqliteObservations implements ObservationStore {
  readonly #db: SqliteDatabase
  readonly #codec: AccountCodec
  readonly #tick: TickSnapshot
  readonly #version: Statement
  readonly #memory = new Map<string, Observation | undefined>()
  readonly #held = new Map<string, readonly AssetRef[]>()
  /** Null: not read since the file changed. */
  #newest: number | undefined | null = null
  #seen: unknown
  readonly #put: Statement
  readonly #get: RowStatement
  readonly #newestBlock: Statement
  readonly #heldBy: RowStatement
  readonly #dropAbove: readonly Statement[]
  readonly #uncompared: RowStatement
  readonly #mark: Statement
  readonly #drop: Statement
  readonly #unmark: Statement
  readonly #walk: RowStatement
  readonly #walkOfAccount: RowStatement

  /** `reader`: a second connection to the same file, which never writes. */
  constructor(connections: { readonly writer: SqliteDatabase; readonly reader: SqliteDatabase }, codec: AccountCodec) {
    const db = connections.writer
    this.#db = db
    this.#tick = new TickSnapshot(connections.reader)
    this.#version = connections.reader.prepare('PRAGMA data_version').pluck()
    this.#codec = codec
    this.#put = db.prepare(
      `INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET
       block = excluded.block, hash = excluded.hash, amount = excluded.amount, observed_at = excluded.observed_at,
       judged = judged AND hash = excluded.hash AND amount = excluded.amount
       WHERE excluded.block >= block`,
    )
    this.#get = connections.reader
      .prepare(`SELECT block, hash, amount, observed_at FROM observations WHERE ${OF_KEY}`)
      .raw()
    this.#newestBlock = connections.reader.prepare('SELECT max(block) FROM observations').pluck()
    this.#heldBy = connections.reader
      .prepare(
        `SELECT reference, standard FROM observations
         WHERE account = ? AND item = x'' AND standard <> 'native' AND amount > x'80' LIMIT ? + 0`,
      )
      .raw()
    const key = `${OF_KEY} AND block = ? AND hash = ?`
    this.#uncompared = db
      .prepare(
        `SELECT ${OBSERVATION_COLUMNS} FROM observations
         WHERE judged = 0 AND block <= ? ORDER BY block LIMIT ? + 0`,
      )
      .raw()
    this.#mark = db.prepare(`UPDATE observations SET judged = 1 WHERE ${key}`)
    this.#drop = db.prepare(`DELETE FROM observations WHERE ${key}`)
    this.#unmark = db.prepare('UPDATE observations SET judged = 0 WHERE account = ?')
    this.#dropAbove = ['observations', 'trail'].map((table) => db.prepare(`DELETE FROM ${table} WHERE block > ?`))
    this.#walk = connections.reader
      .prepare(
        `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE (account, reference, standard, item) > (?, ?, ?, ?)
         ORDER BY account, reference, standard, item LIMIT ? + 0`,
      )
      .raw()
    this.#walkOfAccount = connections.reader
      .prepare(
        `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE account = ? AND (reference, standard, item) > (?, ?, ?)
         ORDER BY reference, standard, item LIMIT ? + 0`,
      )
      .raw()
  }

  async put(observations: readonly Observation[]): Promise<void> {
    const run = this.#db.transaction(() => {
      for (const { amount, block, observedAt, ...key } of observations) {
        this.#put.run(
          ...observedKey(key, this.#codec),
          block.number,
          encodeHash(block.hash),
          encodeAmount(amount),
          observedAt,
        )
      }
    })
    guarded(this.#db, () => {
      run.immediate()
      // A read in the same tick must already see these rows.
      this.#tick.leave()
    })
  }

  async get(keys: readonly BalanceKey[]): Promise<readonly (Observation | undefined)[]> {
    return this.#inTick(() => keys.map((key) => this.#remembered(key)))
  }

  newestBlock(): number | undefined {
    return this.#inTick(() => {
      if (this.#newest === null) this.#newest = nullable(this.#newestBlock.get(), int)
      return this.#newest
    })
  }

  heldBy(account: string): readonly AssetRef[] {
    return this.#inTick(() => {
      const known = this.#held.get(account)
      if (known !== undefined) return known
      const rows = this.#heldBy.all(this.#codec.encode(account), MAX_HELD)
      const held = rows.map((row): AssetRef => ({ reference: text(row[0]), standard: parseStandard(row[1]) }))
      this.#held.set(account, held)
      return held
    })
  }

  async uncompared(query: { readonly through: number; readonly limit: number }): Promise<readonly Observation[]> {
    return guarded(this.#db, () =>
      this.#uncompared.all(query.through, query.limit).map((row) => readObservation(row, this.#codec)),
    )
  }

  async markCompared(
    compared: readonly { readonly observation: Observation; readonly keep: boolean }[],
  ): Promise<void> {
    const run = this.#db.transaction(() => {
      for (const { observation, keep } of compared) {
        const { block } = observation
        const where = [...observedKey(observation, this.#codec), block.number, encodeHash(block.hash)]
        if (keep) this.#mark.run(...where)
        else this.#drop.run(...where)
      }
    })
    guarded(this.#db, () => run.immediate())
    this.#tick.leave()
  }

  async compareAgain(accounts: readonly string[]): Promise<void> {
    if (accounts.length === 0) return
    const run = this.#db.transaction(() => {
      for (const account of accounts) this.#unmark.run(this.#codec.encode(account))
    })
    guarded(this.#db, () => run.immediate())
  }

  async walk(query: ObservationQuery): Promise<ObservationPage> {
    return guarded(this.#db, () => {
      const { from, account, behind } = observationCursor(query, this.#codec)
      const rows =
        account === undefined
          ? this.#walk.all(from, ...behind, query.limit)
          : this.#walkOfAccount.all(account, ...behind, query.limit)
      return observationPage(rows, query, this.#codec)
    })
  }

  async dropAbove(block: number): Promise<void> {
    const run = this.#db.transaction(() => this.#dropAbove.forEach((statement) => void statement.run(block)))
    guarded(this.#db, () => run.immediate())
  }

  /** Runs reads in this tick's snapshot. */
  #inTick<T>(work: () => T): T {
    return guarded(this.#db, () => {
      if (this.#tick.enter()) this.#forgetIfChanged()
      return work()
    })
  }

  /** Cached reads are valid until any process writes to the file. */
  #forgetIfChanged(): void {
    const version = this.#version.get()
    if (version === this.#seen && this.#memory.size + this.#held.size < MAX_REMEMBERED) return
    this.#seen = version
    this.#newest = null
    this.#held.clear()
    this.#memory.clear()
  }

  #remembered(key: BalanceKey): Observation | undefined {
    const name = balanceName(key)
    const known = this.#memory.get(name)
    if (known !== undefined || this.#memory.has(name)) return known
    const read = this.#read(key)
    this.#memory.set(name, read)
    return read
  }

  #read({ account, asset, item }: BalanceKey): Observation | undefined {
    const row = this.#get.get(...observedKey({ account, asset, item }, this.#codec))
    if (row === undefined) return undefined
    const block = { number: int(row[0]), hash: decodeHash(bytes(row[1])) }
    return { account, asset, item, block, amount: decodeAmount(bytes(row[2])), observedAt: int(row[3]) }
  }
}
