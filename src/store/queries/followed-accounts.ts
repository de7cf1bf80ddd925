import type { AccountCodec } from '../../core/account.ts'
import { accountsTest, type Coverage, type CoverageTest, coverageTest, type Scope } from '../../core/coverage.ts'
import { type AnyRow, type Plan, scan } from '../../journal/plan.ts'
import { followedOf } from '../../journal/rules/followed-rows.ts'
import { followed } from '../../journal/tables/facts.ts'
import type { FollowedAccount } from '../seam/followed.ts'

/**
 * The accounts of a chain in its writer's memory, as the table `followed` has them. Empty if the scope is not `accounts`. Changes
 * of the table must be told by `changed`; at the beginning and after a failed transaction, `reload` must be run.
 */
export class FollowedAccounts {
  /** What is indexed now: its accounts are those that are followed. */
  readonly coverage: Coverage
  /** Tells what `coverage` covers at the moment of the call. */
  readonly test: CoverageTest
  readonly #codec: AccountCodec
  readonly #all = new Map<string, FollowedAccount>()
  readonly #followed = new Set<string>()
  /** Undefined if the followed accounts changed since it was made. */
  #scope: Scope | undefined
  /** Some account is known through a block. */
  #needsLeads = false

  constructor({ codec, coverage }: { readonly codec: AccountCodec; readonly coverage: Coverage }) {
    this.#codec = codec
    const { from, scope } = coverage
    if (scope.type !== 'accounts') {
      this.coverage = coverage
      this.test = coverageTest(coverage, codec.zeroAddress)
      return
    }
    const scopeNow = (): Scope => this.#scopeNow()
    this.coverage = {
      from,
      get scope() {
        return scopeNow()
      },
    }
    this.test = accountsTest(this.#followed, codec.zeroAddress)
  }

  /** True if the changes of this account are stored, completely or as far as its history has been fetched. */
  readonly stores = (account: string): boolean => {
    const { scope } = this.coverage
    return scope.type === 'accounts' ? this.#all.get(account)?.isLeaving === false : this.test.keeps(account)
  }

  /** True if transfers of some account are found by leads. */
  readonly needsLeads = (): boolean => this.#needsLeads

  list(): readonly FollowedAccount[] {
    return [...this.#all.values()]
  }

  /** Reads the rows of these accounts again, which were written or deleted. */
  *changed(rows: Iterable<AnyRow>): Plan<void> {
    for (const { account } of rows) {
      if (!Buffer.isBuffer(account)) continue
      const [row] = yield* scan(followed, { where: { account }, order: ['account'] })
      if (row === undefined) this.#drop(this.#codec.decode(account))
      else this.#set(followedOf(row, this.#codec))
    }
  }

  /** Reads the table again. */
  *reload(): Plan<void> {
    if (this.coverage.scope.type !== 'accounts') return
    const rows = yield* scan(followed, { order: ['account'] })
    // Not before they are read: that takes time, or fails.
    this.#all.clear()
    this.#followed.clear()
    this.#scope = undefined
    this.#needsLeads = false
    for (const row of rows) this.#set(followedOf(row, this.#codec))
  }

  #set(one: FollowedAccount): void {
    this.#all.set(one.account, one)
    this.#needsLeads ||= one.knownThrough !== undefined
    const changed = one.isFollowed ? !this.#followed.has(one.account) : this.#followed.has(one.account)
    if (!changed) return
    if (one.isFollowed) this.#followed.add(one.account)
    else this.#followed.delete(one.account)
    this.#scope = undefined
  }

  #drop(account: string): void {
    this.#all.delete(account)
    if (this.#followed.delete(account)) this.#scope = undefined
  }

  #scopeNow(): Scope {
    this.#scope ??= { type: 'accounts', accounts: [...this.#followed].sort() }
    return this.#scope
  }
}
