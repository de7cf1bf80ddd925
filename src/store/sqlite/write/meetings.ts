import { byMeeting, type MetAt, metWithoutLog, type Position } from '../../../journal/position.ts'
import { int, nullable, type SqliteDatabase, type Statement } from '../database.ts'
import { PAIR, type PairKey, pairValues } from './pair-writer.ts'

/** How an account met an asset: the position in the chain, and the first block in which the account received some. */
export type Meeting = Pick<Position, 'metBlock' | 'metLog' | 'metSub' | 'receivedBlock'>

/** Finds how pairs were met from their stored changes, adopted reads and hints. */
export class Meetings {
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase) {
    this.#s = prepare(db)
  }

  /** The first meeting; undefined if no stored row concerns the pair. Reads and hints come last in their block. */
  of(key: PairKey): Meeting | undefined {
    const pair = pairValues(key)
    const change = this.#s.change.get(...pair)
    const hint = nullable(this.#s.hint.get(key.asset, key.account, key.item), int)
    const read = nullable(this.#s.read.get(...pair), int)
    const meetings: MetAt[] = [hint, read].flatMap((block) =>
      block === undefined ? [] : [metWithoutLog(block, key.asset)],
    )
    if (change !== undefined) {
      meetings.push({ metBlock: int(change[0]), metLog: int(change[1]), metSub: int(change[2]) })
    }
    const [met] = meetings.sort(byMeeting)
    if (met === undefined) return undefined
    const received = [
      nullable(this.#s.received.get(...pair, key.account), int),
      nullable(this.#s.positiveRead.get(...pair), int),
      hint,
    ].filter((block) => block !== undefined)
    return { ...met, receivedBlock: received.length === 0 ? undefined : Math.min(...received) }
  }
}

function prepare(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    change: sql(`SELECT block, log, sub FROM changes WHERE ${PAIR} ORDER BY block, log, sub LIMIT 1`).raw(),
    read: sql(`SELECT min(block) FROM openings WHERE ${PAIR}`).pluck(),
    // Ignores hints of contracts that are not known to be tokens.
    hint: sql(
      `SELECT h.block FROM assets a JOIN hints h USING (reference, standard)
       WHERE a.id = ? AND a.first_block IS NOT NULL AND h.account = ? AND h.item = ?`,
    ).pluck(),
    received: sql(
      `SELECT c.block FROM changes c JOIN transfers t USING (block, log, sub)
       WHERE c.account = ? AND c.asset = ? AND c.item = ? AND t.receiver = ? ORDER BY block, log, sub LIMIT 1`,
    ).pluck(),
    positiveRead: sql(`SELECT min(block) FROM openings WHERE ${PAIR} AND amount > x'80'`).pluck(),
  }
}
