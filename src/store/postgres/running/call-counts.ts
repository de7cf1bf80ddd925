import { assert } from '../../../core/assert.ts'
import { APART_MS, FORGET_EVERY } from '../../rows/call-windows.ts'
import { int } from '../../rows/columns.ts'
import type { CallCount, CallCounts, CountedPolicy } from '../../seam/call-counts.ts'
import type { PostgresDatabase } from '../database.ts'

/** Calls by key in fixed windows, counted once over all processes. A crash of the server may lose the last ones. */
export class PostgresCallCounts implements CallCounts {
  readonly #db: PostgresDatabase
  /** New windows of each policy until keys are forgotten. */
  readonly #begun = new Map<string, number>()

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async add(policy: CountedPolicy, key: string, now: number): Promise<CallCount> {
    const { name, seconds } = policy
    const end = now + seconds * 1_000
    const latest = end + APART_MS
    const row = await this.#db.write((queries) => queries.get(ADD, name, key, end, now, latest, now, latest, end), {
      durable: false,
    })
    assert(row !== undefined, 'a count returns its row')
    const counted = this.#db.read(() => ({ count: int(row[0]), endsAt: int(row[1]) }))
    if (counted.count === 1) await this.#forget(policy, now)
    return counted
  }

  async #forget({ name, maxKeys }: CountedPolicy, now: number): Promise<void> {
    const begun = (this.#begun.get(name) ?? 0) + 1
    this.#begun.set(name, begun % FORGET_EVERY)
    if (begun < FORGET_EVERY) return
    await this.#db.write(
      async (queries) => {
        await queries.run('DELETE FROM calls WHERE policy = ? AND ends_at <= ?', name, now)
        const surplus = int((await queries.get('SELECT count(*) FROM calls WHERE policy = ?', name))?.[0]) - maxKeys
        if (surplus > 0) await queries.run(DROP_FIRST, name, name, surplus)
      },
      { durable: false },
    )
  }
}

/** A window that would end later than a new one was begun before the clock was set back. */
const ADD = `INSERT INTO calls AS c (policy, key, count, ends_at) VALUES (?, ?, 1, ?)
  ON CONFLICT (policy, key) DO UPDATE SET
    count = CASE WHEN c.ends_at > ?::bigint AND c.ends_at <= ?::bigint THEN c.count + 1 ELSE 1 END,
    ends_at = CASE WHEN c.ends_at > ?::bigint AND c.ends_at <= ?::bigint THEN c.ends_at ELSE ?::bigint END
  RETURNING count, ends_at`
const DROP_FIRST = `DELETE FROM calls WHERE policy = ? AND key IN
  (SELECT key FROM calls WHERE policy = ? ORDER BY ends_at LIMIT ?)`
