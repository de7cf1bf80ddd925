import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { type BalanceKey, balanceName, type Observation } from '../../../core/balance.ts'
import type { Soon } from '../../../core/soon.ts'
import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import { decodeHash, encodeHash } from '../../../journal/hash-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
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
import { inLockOrder } from '../lock-order.ts'
import { ALONE, each, type Query, rowOf, rowsOf } from '../query.ts'
import { dropTrailAbove } from './trail.ts'

/** Observations kept in memory between two writes, some 400 bytes each. */
const MAX_REMEMBERED = 20_000

const KEY = ['bytes', 'text', 'text', 'bytes'] as const
const PUT = each(
  `INSERT INTO observations (account, reference, standard, item, block, hash, amount, observed_at, judged)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
   ON CONFLICT (account, reference, standard, item) DO UPDATE SET
     block = excluded.block, hash = excluded.hash, amount = excluded.amount, observed_at = excluded.observed_at,
     judged = CASE WHEN observations.judged = 1 AND observations.hash = excluded.hash
       AND observations.amount = excluded.amount THEN 1 ELSE 0 END
   WHERE excluded.block >= observations.block`,
  [...KEY, 'int', 'bytes', 'bytes', 'int'],
)
const GET = each(`SELECT block, hash, amount, observed_at FROM observations WHERE ${OF_KEY}`, KEY)
const NEWEST_BLOCK = rowOf('SELECT max(block) FROM observations')
const HELD_BY = rowsOf(
  `SELECT reference, standard FROM observations
   WHERE account = ? AND item = x'' AND standard <> 'native' AND amount > x'80' ORDER BY reference, standard LIMIT ? + 0`,
)
const UNCOMPARED = rowsOf(
  `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE judged = 0 AND block <= ? ORDER BY block LIMIT ? + 0`,
)
const OF_READ = `${OF_KEY} AND block = ? AND hash = ?`
const MARK = each(`UPDATE observations SET judged = 1 WHERE ${OF_READ}`, [...KEY, 'int', 'bytes'])
const DROP = each(`DELETE FROM observations WHERE ${OF_READ}`, [...KEY, 'int', 'bytes'])
const UNMARK = each('UPDATE observations SET judged = 0 WHERE account = ?', ['bytes'])
const WALK = rowsOf(
  `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE (account, reference, standard, item) > (?, ?, ?, ?)
   ORDER BY account, reference, standard, item LIMIT ? + 0`,
)
const WALK_OF_ACCOUNT = rowsOf(
  `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE account = ? AND (reference, standard, item) > (?, ?, ?)
   ORDER BY reference, standard, item LIMIT ? + 0`,
)
const DROP_ABOVE = rowOf('DELETE FROM observations WHERE block > ?')

/** What was read of one state of the tables. */
class Memory {
  readonly state: number | undefined
  readonly read = new Map<string, Observation | undefined>()
  readonly held = new Map<string, readonly AssetRef[]>()
  /** Undefined: not read yet. */
  newest: { readonly block: number | undefined } | undefined

  constructor(state: number | undefined) {
    this.state = state
  }
}

/** The newest read of each key of a chain, on any engine. */
export class StoredObservations implements ObservationStore {
  readonly #engine: TableEngine
  readonly #codec: AccountCodec
  #memory = new Memory(undefined)

  /** Commits of the engine need not be on disk: a crash may lose the last reads. */
  constructor(engine: TableEngine, codec: AccountCodec) {
    this.#engine = engine
    this.#codec = codec
  }

  async put(observations: readonly Observation[]): Promise<void> {
    // The newest read of a key is the one that is kept.
    const newest = new Map<string, Observation>()
    for (const one of observations) {
      const name = balanceName(one)
      const before = newest.get(name)
      if (before === undefined || one.block.number >= before.block.number) newest.set(name, one)
    }
    const inOrder = newest.size === 1 ? [...newest] : inLockOrder([...newest], ([name]) => name)
    const rows = inOrder.map(([, read]) => {
      const [account, reference, standard, item] = observedKey(read, this.#codec)
      const { block, amount, observedAt } = read
      return [
        account,
        reference,
        standard,
        item,
        block.number,
        encodeHash(block.hash),
        encodeAmount(amount),
        observedAt,
      ]
    })
    if (rows.length === 0) return
    await this.#engine.write(function* (): Query<void> {
      yield [PUT, rows]
    })
  }

  async get(keys: readonly BalanceKey[]): Promise<readonly (Observation | undefined)[]> {
    return this.#engine.read((state) => this.#get(keys, this.#memoryOf(state)))
  }

  newestBlock(): Soon<number | undefined> {
    return this.#engine.read((state) => newestBlock(this.#memoryOf(state)))
  }

  heldBy(account: string): Soon<readonly AssetRef[]> {
    return this.#engine.read((state) => this.#heldBy(account, this.#memoryOf(state)))
  }

  async uncompared({ through, limit }: Parameters<ObservationStore['uncompared']>[0]): Promise<readonly Observation[]> {
    const codec = this.#codec
    return this.#engine.read(function* (): Query<readonly Observation[]> {
      return (yield [UNCOMPARED, through, limit]).map((row) => readObservation(row, codec))
    })
  }

  async markCompared(compared: Parameters<ObservationStore['markCompared']>[0]): Promise<void> {
    const inOrder = inLockOrder(compared, ({ observation }) => balanceName(observation))
    const rows = inOrder.map(({ observation, keep }) => {
      const { block } = observation
      return { keep, read: [...observedKey(observation, this.#codec), block.number, encodeHash(block.hash)] }
    })
    await this.#engine.write(function* (): Query<void> {
      for (const { keep, read } of rows) yield [keep ? MARK : DROP, [read]]
    })
  }

  async compareAgain(accounts: readonly string[]): Promise<void> {
    if (accounts.length === 0) return
    const rows = accounts.map((account) => [this.#codec.encode(account)])
    await this.#engine.write(function* (): Query<void> {
      yield [ALONE, 'observations']
      yield [UNMARK, rows]
    })
  }

  async walk(query: ObservationQuery): Promise<ObservationPage> {
    const codec = this.#codec
    const { from, account, behind } = observationCursor(query, codec)
    return this.#engine.read(function* (): Query<ObservationPage> {
      const rows: readonly Row[] =
        account === undefined
          ? yield [WALK, from, ...behind, query.limit]
          : yield [WALK_OF_ACCOUNT, account, ...behind, query.limit]
      return observationPage(rows, query, codec)
    })
  }

  async dropAbove(block: number): Promise<void> {
    await this.#engine.write(function* (): Query<void> {
      yield [ALONE, 'observations']
      yield [DROP_ABOVE, block]
      yield* dropTrailAbove(block)
    })
  }

  *#get(keys: readonly BalanceKey[], { read }: Memory): Query<readonly (Observation | undefined)[]> {
    const missing = keys.filter((key) => !read.has(balanceName(key)))
    if (missing.length > 0) {
      const rows = yield [GET, missing.map((key) => observedKey(key, this.#codec))]
      for (const [index, key] of missing.entries()) read.set(balanceName(key), observationOf(key, rows[index]))
    }
    return keys.map((key) => read.get(balanceName(key)))
  }

  *#heldBy(account: string, { held }: Memory): Query<readonly AssetRef[]> {
    const known = held.get(account)
    if (known !== undefined) return known
    const rows = yield [HELD_BY, this.#codec.encode(account), MAX_HELD]
    const assets = rows.map((row): AssetRef => ({ reference: text(row[0]), standard: parseStandard(row[1]) }))
    held.set(account, assets)
    return assets
  }

  /** What is remembered is valid until any process writes to the tables. */
  #memoryOf(state: number | undefined): Memory {
    const { read, held } = this.#memory
    if (state === undefined || state !== this.#memory.state || read.size + held.size >= MAX_REMEMBERED) {
      this.#memory = new Memory(state)
    }
    return this.#memory
  }
}

function* newestBlock(memory: Memory): Query<number | undefined> {
  memory.newest ??= { block: nullable((yield [NEWEST_BLOCK])[0]?.[0], int) }
  return memory.newest.block
}

function observationOf({ account, asset, item }: BalanceKey, row: Row | undefined): Observation | undefined {
  if (row === undefined || row.length === 0) return undefined
  const block = { number: int(row[0]), hash: decodeHash(bytes(row[1])) }
  return { account, asset, item, block, amount: decodeAmount(bytes(row[2])), observedAt: int(row[3]) }
}
