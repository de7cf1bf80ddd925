import type { CoverageTest } from '../core/coverage.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import { testOf } from './freshness.ts'

/** Decides whether a list can be answered at all, and whether it is complete. */
export class ListRules {
  readonly #servePartial: boolean
  readonly #isOwn: boolean

  /** `isOwn`: the chain is written only here, so there is nothing to catch up with. */
  constructor({ servePartial, isOwn }: { readonly servePartial: boolean; readonly isOwn: boolean }) {
    this.#servePartial = servePartial
    this.#isOwn = isOwn
  }

  /**
   * Rejects lists outside the scope, where an empty list would be a guess.
   * @throws UNAVAILABLE; BAD_REQUEST the account is the zero address
   */
  mustCover(clock: ChainClock, lists: (test: CoverageTest) => boolean, account?: string): void {
    const test = testOf(clock)
    if (test === undefined || lists(test)) return
    if (account !== undefined && account === clock.zeroAddress) {
      throw new ServiceError('BAD_REQUEST', 'the zero address has no lists: only its single balances are known')
    }
    throw new ServiceError('UNAVAILABLE', 'outside the scope that is indexed here')
  }

  /**
   * Rejects lists of a chain that has not caught up once, since they lack later rows, unless partial lists are wanted.
   * @throws UNAVAILABLE
   */
  mustHaveCaughtUp(clock: ChainClock, partial = this.#servePartial): void {
    if (this.isCaughtUp(clock) || partial) return
    throw new ServiceError('UNAVAILABLE', 'this chain has not caught up yet: its lists are not complete')
  }

  /** True if the chain has caught up with its nodes at least once. */
  isCaughtUp({ wasReady }: ChainClock): boolean {
    return wasReady || this.#isOwn
  }

  /** True if the journal has every event of its scope since block 0, up to the published block. */
  isWhole(clock: ChainClock): boolean {
    return this.#isOwn || (clock.wasReady && clock.coverage?.from === 0)
  }
}
