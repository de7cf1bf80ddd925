import { assert } from '../../../core/assert.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { AccountHistory, FollowedAccount, FollowStore, HistoryStored } from '../../seam/followed.ts'
import { int, nullable } from '../database.ts'
import type { FollowWriter } from './follow-writer.ts'
import type { FollowedAccounts } from './followed-accounts.ts'
import type { JournalStatements } from './journal-statements.ts'
import type { OwnBlocks } from './own-blocks.ts'
import type { UnfollowWriter } from './unfollow-writer.ts'

/** Steps of a change of the followed accounts. */
export type FollowStep = 'follow:rows' | 'follow:done' | 'unfollow:rows' | 'unfollow:done'

/** The dependencies of a `SqliteFollows`. `named`: blocks below the finalized head whose hashes are kept. */
export type FollowStoreDeps = {
  readonly followed: FollowedAccounts
  readonly follow: FollowWriter
  readonly unfollow: UnfollowWriter
  readonly blocks: OwnBlocks
  readonly statements: JournalStatements
  readonly named: number
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
    return this.#deps.followed.list()
  }

  async follow(history: AccountHistory): Promise<HistoryStored> {
    const { blocks, follow, onStep, statements, transaction } = this.#deps
    const stored = transaction((): HistoryStored => {
      this.#mustBeOurs(history)
      const { inserted, removed, ...stored } = follow.add(history, blocks.written()?.number)
      statements.repaired.run(inserted - removed)
      onStep('follow:rows')
      return { inserted, ...stored }
    })
    onStep('follow:done')
    return stored
  }

  async unfollow(account: string): Promise<boolean> {
    const { named, onStep, statements, transaction, unfollow } = this.#deps
    const isDone = transaction(() => {
      const finalized = nullable(statements.clock.get()?.[4], int) ?? 0
      const { transfers, isDone } = unfollow.remove(account, { finalized, named })
      statements.repaired.run(-transfers)
      onStep('unfollow:rows')
      return isDone
    })
    onStep('unfollow:done')
    return isDone
  }

  #mustBeOurs({ first, through, blocks }: AccountHistory): void {
    const { blocks: own, followed } = this.#deps
    assert(followed.coverage.scope.type === 'accounts', 'only a chain with the scope accounts follows accounts')
    if (through === undefined) {
      assert(own.written() === undefined && blocks.length === 0, 'without a block, nothing is written')
      return
    }
    for (const block of [through, ...blocks]) {
      assert(block.number >= first && block.number <= through.number, 'a block lies in its range')
      if (own.mayHold(block)) continue
      const fields = { block: block.number, hash: block.hash }
      throw new ServiceError('BLOCK_CONFLICT', `block ${block.number} of a history is not ours`, { fields })
    }
  }
}
