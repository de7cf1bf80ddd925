import { assert } from '../../../core/assert.ts'
import { NAMED_BELOW_FINAL } from '../../../journal/rules/finalize.ts'
import { follow } from '../../../journal/rules/follow.ts'
import { unfollow } from '../../../journal/rules/unfollow.ts'
import type { AccountHistory, FollowedAccount, FollowStore, HistoryStored } from '../../seam/followed.ts'
import type { JournalFile } from './journal-file.ts'

/** Steps of a change of the followed accounts. */
export type FollowStep = 'follow:rows' | 'follow:done' | 'unfollow:rows' | 'unfollow:done'

/** The dependencies of a `SqliteFollows`. */
export type FollowStoreDeps = {
  readonly file: JournalFile
  readonly onStep: (step: FollowStep) => void
  /** Runs work in one transaction of the chain's writer. */
  readonly transaction: <T>(work: () => T) => T
}

/** Changes which accounts of a chain are followed. */
export class SqliteFollows implements FollowStore {
  readonly #deps: FollowStoreDeps

  constructor(deps: FollowStoreDeps) {
    this.#deps = deps
  }

  list(): readonly FollowedAccount[] {
    return this.#deps.file.followed.list()
  }

  async follow(history: AccountHistory): Promise<HistoryStored> {
    const { file, onStep, transaction } = this.#deps
    const { scope } = file.followed.coverage
    assert(scope.type === 'accounts', 'only a chain with the scope accounts follows accounts')
    const stored = transaction((): HistoryStored => {
      const at = Math.floor(Date.now() / 1000)
      const done = file.run(follow(history, at, file.rules))
      onStep('follow:rows')
      return done
    })
    onStep('follow:done')
    return stored
  }

  async unfollow(account: string): Promise<boolean> {
    const { file, onStep, transaction } = this.#deps
    const isDone = transaction(() => {
      const done = file.run(unfollow(account, NAMED_BELOW_FINAL, file.rules))
      onStep('unfollow:rows')
      return done
    })
    onStep('unfollow:done')
    return isDone
  }
}
