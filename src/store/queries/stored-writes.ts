import { assert } from '../../core/assert.ts'
import type { Plan } from '../../journal/plan.ts'
import { NAMED_BELOW_FINAL } from '../../journal/rules/finalize.ts'
import { follow } from '../../journal/rules/follow.ts'
import type { JournalRules } from '../../journal/rules/journal-rules.ts'
import { confirmAlive, recordEnd, recordNewCode } from '../../journal/rules/lives.ts'
import { looked, refetched, refute, resolve } from '../../journal/rules/settle-doubts.ts'
import { unfollow } from '../../journal/rules/unfollow.ts'
import type { OnWriterStep, WriterEngine } from '../engine/writer-engine.ts'
import { int } from '../rows/columns.ts'
import type { DoubtPage, DoubtStore, DoubtWork, Refutation } from '../seam/doubts.ts'
import type { AccountHistory, FollowedAccount, FollowStore, HistoryStored } from '../seam/followed.ts'
import type { Ending, LifeStore, OpenLife } from '../seam/lives.ts'
import { doubtPage, doubtWork } from './doubts.ts'
import { planned, rowsOf, type Work } from './query.ts'

/** Changes which accounts of a chain are followed, on any engine. */
export class StoredFollows implements FollowStore {
  readonly #engine: WriterEngine
  readonly #step: OnWriterStep

  constructor(engine: WriterEngine, step: OnWriterStep) {
    this.#engine = engine
    this.#step = step
  }

  list(): readonly FollowedAccount[] {
    return this.#engine.memory.followed.list()
  }

  async follow(history: AccountHistory): Promise<HistoryStored> {
    const [engine, step] = [this.#engine, this.#step]
    const { scope } = engine.memory.followed.coverage
    assert(scope.type === 'accounts', 'only a chain with the scope accounts follows accounts')
    const at = Math.floor(Date.now() / 1000)
    const stored = await engine.transact(function* ({ rules }): Work<HistoryStored> {
      const done = yield* planned(follow(history, at, rules))
      step('follow:rows')
      return done
    })
    step('follow:done')
    return stored
  }

  async unfollow(account: string): Promise<boolean> {
    const [engine, step] = [this.#engine, this.#step]
    const isDone = await engine.transact(function* ({ rules }): Work<boolean> {
      const done = yield* planned(unfollow(account, NAMED_BELOW_FINAL, rules))
      step('unfollow:rows')
      return done
    })
    step('unfollow:done')
    return isDone
  }
}

const OPEN_LIVES = rowsOf(
  `SELECT asset, block, unsure FROM endings WHERE (again IS NULL OR unsure = 1) AND asset > ?
   ORDER BY asset LIMIT ? + 0`,
)

/** The marks of destroyed contracts, on any engine. */
export class StoredLives implements LifeStore {
  readonly #engine: WriterEngine

  constructor(engine: WriterEngine) {
    this.#engine = engine
  }

  async recordEnd(ending: Ending): Promise<boolean> {
    return this.#engine.transact(({ rules }) => planned(recordEnd(ending, rules)))
  }

  async recordNewCode(life: Parameters<LifeStore['recordNewCode']>[0]): Promise<boolean> {
    return this.#engine.transact(({ rules }) => planned(recordNewCode(life, rules)))
  }

  async confirmAlive(life: Parameters<LifeStore['confirmAlive']>[0]): Promise<boolean> {
    return this.#engine.transact(({ rules }) => planned(confirmAlive(life, rules)))
  }

  async open({ after, limit }: Parameters<LifeStore['open']>[0]): Promise<readonly OpenLife[]> {
    return this.#engine.transact(function* ({ assets }): Work<readonly OpenLife[]> {
      const lives: OpenLife[] = []
      for (const row of yield [OPEN_LIVES, after, limit]) {
        const [id, block, unsure] = row.map(int)
        assert(id !== undefined && block !== undefined, 'a row has its columns')
        const { asset } = yield* assets.byId(id)
        lives.push({ id, asset, since: unsure === 1 ? block : undefined })
      }
      return lives
    })
  }
}

/** The marks of what is in doubt, on any engine. */
export class StoredDoubts implements DoubtStore {
  readonly #engine: WriterEngine

  constructor(engine: WriterEngine) {
    this.#engine = engine
  }

  async state(): Promise<DoubtWork> {
    return this.#engine.transact(doubtWork)
  }

  async refute(refuted: readonly Refutation[] | 'all'): Promise<void> {
    await this.#run((rules) => refute(refuted, rules))
  }

  async next(cursor: string, limit: number): Promise<DoubtPage> {
    return this.#engine.transact((memory) => doubtPage(memory, cursor, limit))
  }

  async resolve(equal: Parameters<DoubtStore['resolve']>[0]): Promise<void> {
    await this.#run((rules) => resolve(equal, rules))
  }

  async refetched(through: number): Promise<void> {
    await this.#run((rules) => refetched(through, rules))
  }

  async looked(at: 'all' | 'some'): Promise<void> {
    await this.#run((rules) => looked(at, rules))
  }

  async #run(plan: (rules: JournalRules) => Plan<void>): Promise<void> {
    await this.#engine.transact(({ rules }) => planned(plan(rules)))
  }
}
