import { assert } from '../../../core/assert.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { int } from '../../rows/columns.ts'
import type { CallCount, CallCounts, CountedPolicy } from '../../seam/call-counts.ts'
import { type Query, rowOf, TURN } from '../query.ts'

/** Keys are forgotten once in so many new windows, so that a call seldom pays for it. */
const FORGET_EVERY = 128
/** How far two processes may be apart when they count: the one that read the clock first may write last, in milliseconds. */
const APART_MS = 1_000

/** A window that would end later than a new one was begun before the clock was set back. */
const ADD = rowOf(
  `INSERT INTO calls (policy, key, count, ends_at) VALUES (@policy, @key, 1, @end)
   ON CONFLICT (policy, key) DO UPDATE SET
     count = CASE WHEN calls.ends_at > @now AND calls.ends_at <= @latest THEN calls.count + 1 ELSE 1 END,
     ends_at = CASE WHEN calls.ends_at > @now AND calls.ends_at <= @latest THEN calls.ends_at ELSE @end END
   RETURNING count, ends_at`,
)
const DROP_ENDED = rowOf('DELETE FROM calls WHERE policy = ? AND ends_at <= ?')
const COUNT = rowOf('SELECT count(*) FROM calls WHERE policy = ?')
const DROP_FIRST = rowOf(
  `DELETE FROM calls WHERE policy = @policy AND key IN
     (SELECT key FROM calls WHERE policy = @policy ORDER BY ends_at LIMIT @surplus + 0)`,
)

/** Calls by key in fixed windows, counted once over all processes, on any engine. */
export class StoredCallCounts implements CallCounts {
  readonly #engine: TableEngine
  /** New windows of each policy until keys are forgotten. */
  readonly #begun = new Map<string, number>()

  /** Commits of the engine need not be on disk: a crash may lose the last calls. */
  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async add(policy: CountedPolicy, key: string, now: number): Promise<CallCount> {
    const end = now + policy.seconds * 1_000
    const named = { policy: policy.name, key, now, end, latest: end + APART_MS }
    const counted = await this.#engine.write(function* (): Query<CallCount> {
      const [row] = yield [ADD, named]
      assert(row !== undefined, 'a count returns its row')
      return { count: int(row[0]), endsAt: int(row[1]) }
    })
    if (counted.count === 1) await this.#forget(policy, now)
    return counted
  }

  async #forget({ name, maxKeys }: CountedPolicy, now: number): Promise<void> {
    const begun = (this.#begun.get(name) ?? 0) + 1
    this.#begun.set(name, begun % FORGET_EVERY)
    if (begun < FORGET_EVERY) return
    // A transaction of its own: one that counts locks no second row.
    await this.#engine.write(function* (): Query<void> {
      yield [TURN, 'calls']
      yield [DROP_ENDED, name, now]
      const surplus = int((yield [COUNT, name])[0]?.[0]) - maxKeys
      if (surplus > 0) yield [DROP_FIRST, { policy: name, surplus }]
    })
  }
}
