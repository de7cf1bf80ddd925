import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { type BalanceKey, balanceName, type Observation } from '../../../core/balance.ts'
import { gatherPerTick } from '../../../core/per-tick.ts'
import { decodeAmount, encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash, encodeHash } from '../../../journal/hash-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { inLockOrder } from '../../queries/lock-order.ts'
import { bytes, int, nullable, text } from '../../rows/columns.ts'
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

/** Keys that are looked up in the statement of their tick. */
type Asked = {
  readonly keys: readonly BalanceKey[]
  readonly resolve: (found: readonly (Observation | undefined)[]) => void
  readonly reject: (error: unknown) => void
}

/** The newest read of each key of a chain. Not durable at once: a crash of the server may lose the last reads. */
export class PostgresObservations implements ObservationStore {
  readonly #db: PostgresDatabase
  readonly #codec: AccountCodec
  readonly #ask = gatherPerTick<Asked>((asked) => void this.#answer(asked))
  readonly #frequent: Readonly<Record<'get' | 'newest' | 'heldBy', string>>

  /** `db`: a view of the chain's schemas. `reads`: a frequent statement names this schema, and needs no transaction. */
  constructor(db: PostgresDatabase, { codec, reads }: { readonly codec: AccountCodec; readonly reads: string }) {
    this.#db = db
    this.#codec = codec
    this.#frequent = {
      get: GET.replace('JOIN observations', `JOIN ${reads}.observations`),
      newest: `SELECT max(block) FROM ${reads}.observations`,
      heldBy: HELD_BY.replace('FROM observations', `FROM ${reads}.observations`),
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

  /** All that is asked in one tick of the event loop is one statement. */
  get(keys: readonly BalanceKey[]): Promise<readonly (Observation | undefined)[]> {
    if (keys.length === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => this.#ask({ keys, resolve, reject }))
  }

  async #answer(asked: readonly Asked[]): Promise<void> {
    try {
      const found = await this.#find(asked.flatMap(({ keys }) => keys))
      let at = 0
      for (const { keys, resolve } of asked) {
        resolve(found.slice(at, at + keys.length))
        at += keys.length
      }
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }

  async #find(keys: readonly BalanceKey[]): Promise<readonly (Observation | undefined)[]> {
    const columns = [
      keys.map(({ account }) => this.#codec.encode(account)),
      keys.map(({ asset }) => asset.reference),
      keys.map(({ asset }) => asset.standard),
      keys.map(({ item }) => encodeItem(item)),
    ]
    const rows = await this.#db.one(this.#frequent.get, ...columns)
    return this.#db.read(() => {
      const found: (Observation | undefined)[] = keys.map(() => undefined)
      for (const row of rows) {
        const at = int(row[0]) - 1
        const key = keys[at]
        if (key === undefined) continue
        const block = { number: int(row[1]), hash: decodeHash(bytes(row[2])) }
        found[at] = { ...key, block, amount: decodeAmount(bytes(row[3])), observedAt: int(row[4]) }
      }
      return found
    })
  }

  async newestBlock(): Promise<number | undefined> {
    const [row] = await this.#db.one(this.#frequent.newest)
    return this.#db.read(() => nullable(row?.[0], int))
  }

  async heldBy(account: string): Promise<readonly AssetRef[]> {
    const rows = await this.#db.one(this.#frequent.heldBy, this.#codec.encode(account), MAX_HELD)
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
const GET = `SELECT k.n, o.block, o.hash, o.amount, o.observed_at
  FROM unnest(?::bytea[], ?::text[], ?::text[], ?::bytea[]) WITH ORDINALITY AS k (account, reference, standard, item, n)
  JOIN observations o ON o.account = k.account AND o.reference = k.reference AND o.standard = k.standard AND o.item = k.item`
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
