import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { type BalanceKey, balanceName, type Observation } from '../../../core/balance.ts'
import { decodeAmount, encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash, encodeHash } from '../../../journal/hash-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { inLockOrder } from '../../queries/lock-order.ts'
import { type Asked, rowOf, rowsOf, type Sql } from '../../queries/query.ts'
import { bytes, int, nullable, type Row, text } from '../../rows/columns.ts'
import {
  MAX_HELD,
  OBSERVATION_COLUMNS,
  OF_KEY,
  observationCursor,
  observationPage,
  observedKey,
  readObservation,
} from '../../rows/observation-rows.ts'
import type { ObservationStore } from '../../seam/observations.ts'
import type { ObservationPage, ObservationQuery } from '../../seam/positions.ts'
import type { PostgresDatabase, Value } from '../database.ts'
import { askerOf } from './alike.ts'

/** The newest read of each key of a chain. Not durable at once: a crash of the server may lose the last reads. */
export class PostgresObservations implements ObservationStore {
  readonly #db: PostgresDatabase
  readonly #codec: AccountCodec
  readonly #ask: (asked: Asked) => Promise<readonly Row[]>
  readonly #frequent: Readonly<Record<'get' | 'newest' | 'heldBy', Sql>>

  /** `db`: a view of the chain's schemas. `reads`: a frequent statement names this schema, and needs no transaction. */
  constructor(db: PostgresDatabase, { codec, reads }: { readonly codec: AccountCodec; readonly reads: string }) {
    this.#db = db
    this.#codec = codec
    this.#ask = askerOf({ all: db.one.bind(db), run: db.run.bind(db) })
    const table = `${reads}.observations`
    this.#frequent = {
      get: rowOf(`SELECT block, hash, amount, observed_at FROM ${table} WHERE ${OF_KEY}`),
      newest: rowOf(`SELECT max(block) FROM ${table}`),
      heldBy: rowsOf(HELD_BY.replace('observations', table)),
    }
  }

  async put(observations: readonly Observation[]): Promise<void> {
    // One statement must not name a row twice; the newest read of a key is the one that is kept.
    const newest = new Map<string, Observation>()
    for (const one of observations) {
      const name = balanceName(one)
      const before = newest.get(name)
      if (before === undefined || one.block.number >= before.block.number) newest.set(name, one)
    }
    const rows = inLockOrder([...newest.values()], balanceName)
    if (rows.length === 0) return
    const columns = [
      rows.map(({ account }) => this.#codec.encode(account)),
      rows.map(({ asset }) => asset.reference),
      rows.map(({ asset }) => asset.standard),
      rows.map(({ item }) => encodeItem(item)),
      rows.map(({ block }) => block.number),
      rows.map(({ block }) => encodeHash(block.hash)),
      rows.map(({ amount }) => encodeAmount(amount)),
      rows.map(({ observedAt }) => observedAt),
    ]
    await this.#db.write((queries) => queries.run(PUT, ...columns), { durable: false })
  }

  get(keys: readonly BalanceKey[]): Promise<readonly (Observation | undefined)[]> {
    return Promise.all(keys.map((key) => this.#get(key)))
  }

  async #get(key: BalanceKey): Promise<Observation | undefined> {
    const [row] = await this.#ask([this.#frequent.get, ...observedKey(key, this.#codec)])
    if (row === undefined) return undefined
    return this.#db.read(() => {
      const block = { number: int(row[0]), hash: decodeHash(bytes(row[1])) }
      return { ...key, block, amount: decodeAmount(bytes(row[2])), observedAt: int(row[3]) }
    })
  }

  async newestBlock(): Promise<number | undefined> {
    const [row] = await this.#ask([this.#frequent.newest])
    return this.#db.read(() => nullable(row?.[0], int))
  }

  async heldBy(account: string): Promise<readonly AssetRef[]> {
    const rows = await this.#ask([this.#frequent.heldBy, this.#codec.encode(account), MAX_HELD])
    return this.#db.read(() => rows.map((row) => ({ reference: text(row[0]), standard: parseStandard(row[1]) })))
  }

  async uncompared(query: { readonly through: number; readonly limit: number }): Promise<readonly Observation[]> {
    const rows = await this.#db.all(UNCOMPARED, query.through, query.limit)
    return this.#db.read(() => rows.map((row) => readObservation(row, this.#codec)))
  }

  async markCompared(
    compared: readonly { readonly observation: Observation; readonly keep: boolean }[],
  ): Promise<void> {
    await this.#db.write(
      async (queries) => {
        for (const { observation, keep } of inLockOrder(compared, ({ observation: one }) => balanceName(one))) {
          const { block } = observation
          const where: readonly Value[] = [
            ...observedKey(observation, this.#codec),
            block.number,
            encodeHash(block.hash),
          ]
          await queries.run(keep ? MARK : DROP, ...where)
        }
      },
      { durable: false },
    )
  }

  async compareAgain(accounts: readonly string[]): Promise<void> {
    if (accounts.length === 0) return
    await this.#db.write(async (queries) => {
      await queries.exec(LOCK_ALL)
      await queries.run(
        'UPDATE observations SET judged = 0 WHERE account = ANY (?::bytea[])',
        accounts.map(this.#codec.encode),
      )
    })
  }

  async walk(query: ObservationQuery): Promise<ObservationPage> {
    const { from, account, behind } = observationCursor(query, this.#codec)
    const rows =
      account === undefined
        ? await this.#db.all(WALK, from, ...behind, query.limit)
        : await this.#db.all(WALK_OF_ACCOUNT, account, ...behind, query.limit)
    return this.#db.read(() => observationPage(rows, query, this.#codec))
  }

  async dropAbove(block: number): Promise<void> {
    await this.#db.write(async (queries) => {
      await queries.exec(`${LOCK_ALL}; LOCK TABLE trail IN SHARE ROW EXCLUSIVE MODE`)
      await queries.run('DELETE FROM observations WHERE block > ?', block)
      await queries.run('DELETE FROM trail WHERE block > ?', block)
    })
  }
}

/** Rows are found by a condition, so not in the order of `inLockOrder`: such a write waits until nobody else writes. */
const LOCK_ALL = 'LOCK TABLE observations IN SHARE ROW EXCLUSIVE MODE'
const PUT = `INSERT INTO observations AS o (account, reference, standard, item, block, hash, amount, observed_at)
  SELECT * FROM unnest(?::bytea[], ?::text[], ?::text[], ?::bytea[], ?::bigint[], ?::bytea[], ?::bytea[], ?::bigint[])
  ON CONFLICT (account, reference, standard, item) DO UPDATE SET
    block = excluded.block, hash = excluded.hash, amount = excluded.amount, observed_at = excluded.observed_at,
    judged = CASE WHEN o.judged = 1 AND o.hash = excluded.hash AND o.amount = excluded.amount THEN 1 ELSE 0 END
  WHERE excluded.block >= o.block`
const HELD_BY = `SELECT reference, standard FROM observations
  WHERE account = ? AND item = ''::bytea AND standard <> 'native' AND amount > '\\x80'::bytea
  ORDER BY reference, standard LIMIT ?`
const UNCOMPARED = `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE judged = 0 AND block <= ? ORDER BY block LIMIT ?`
const MARK = `UPDATE observations SET judged = 1 WHERE ${OF_KEY} AND block = ? AND hash = ?`
const DROP = `DELETE FROM observations WHERE ${OF_KEY} AND block = ? AND hash = ?`
const WALK = `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE (account, reference, standard, item) > (?, ?, ?, ?)
  ORDER BY account, reference, standard, item LIMIT ?`
const WALK_OF_ACCOUNT = `SELECT ${OBSERVATION_COLUMNS} FROM observations
  WHERE account = ? AND (reference, standard, item) > (?, ?, ?) ORDER BY reference, standard, item LIMIT ?`
