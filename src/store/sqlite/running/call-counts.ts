import { assert } from '../../../core/assert.ts'
import { APART_MS, FORGET_EVERY } from '../../rows/call-windows.ts'
import type { CallCount, CallCounts, CountedPolicy } from '../../seam/call-counts.ts'
import { int, type RowStatement, type Statement } from '../database.ts'
import { RunningFile, type RunningFileOptions } from './running-file.ts'

type Statements = {
  readonly add: RowStatement
  readonly dropEnded: Statement
  readonly count: Statement
  readonly dropFirst: Statement
}

/** Calls by key in fixed windows, in the file of running processes. */
export class SqliteCallCounts implements CallCounts {
  readonly #file: RunningFile<Statements>
  /** New windows of each policy until keys are forgotten. */
  readonly #begun = new Map<string, number>()

  constructor(options: RunningFileOptions) {
    this.#file = new RunningFile(options, (db) => ({
      // A window that would end later than a new one was begun before the clock was set back.
      add: db
        .prepare(
          `INSERT INTO calls (policy, key, count, ends_at) VALUES (@policy, @key, 1, @end)
           ON CONFLICT DO UPDATE SET
             count = CASE WHEN ends_at > @now AND ends_at <= @latest THEN count + 1 ELSE 1 END,
             ends_at = CASE WHEN ends_at > @now AND ends_at <= @latest THEN ends_at ELSE @end END
           RETURNING count, ends_at`,
        )
        .raw(),
      dropEnded: db.prepare('DELETE FROM calls WHERE policy = ? AND ends_at <= ?'),
      count: db.prepare('SELECT count(*) FROM calls WHERE policy = ?').pluck(),
      dropFirst: db.prepare(
        `DELETE FROM calls WHERE policy = @policy AND key IN
           (SELECT key FROM calls WHERE policy = @policy ORDER BY ends_at LIMIT @surplus + 0)`,
      ),
    }))
  }

  async add(policy: CountedPolicy, key: string, now: number): Promise<CallCount> {
    const { name, seconds } = policy
    return this.#file.write((statements) => {
      const end = now + seconds * 1_000
      const row = statements.add.get({ policy: name, key, now, end, latest: end + APART_MS })
      assert(row !== undefined, 'a count returns its row')
      const counted = { count: int(row[0]), endsAt: int(row[1]) }
      if (counted.count === 1) this.#forget(statements, policy, now)
      return counted
    })
  }

  #forget({ dropEnded, count, dropFirst }: Statements, { name, maxKeys }: CountedPolicy, now: number): void {
    const begun = (this.#begun.get(name) ?? 0) + 1
    this.#begun.set(name, begun % FORGET_EVERY)
    if (begun < FORGET_EVERY) return
    dropEnded.run(name, now)
    const surplus = int(count.get(name)) - maxKeys
    if (surplus > 0) dropFirst.run({ policy: name, surplus })
  }
}
