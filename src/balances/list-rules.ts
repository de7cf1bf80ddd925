import type { CoverageTest } from '../core/coverage.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainClock } from '../store/seam/store.ts'
import { testOf } from './freshness.ts'

/** When a list can be answered at all, and when it may claim to be whole. */
export class ListRules {
  readonly #servePartial: boolean
  readonly #isOwn: boolean

  /** `isOwn`: the chain is written here, so there is nothing to catch up with. */
  constructor({ servePartial, isOwn }: { readonly servePartial: boolean; readonly isOwn: boolean }) {
    this.#servePartial = servePartial
    this.#isOwn = isOwn
  }

  /**
   * A list is of what is in the scope: outside of it, an empty one would be a guess.
   * @throws UNAVAILABLE; BAD_REQUEST the account is the one that stands for nobody
   */
  mustCover(clock: ChainClock, lists: (test: CoverageTest) => boolean, account?: string): void {
    const test = testOf(clock)
    if (test === undefined || lists(test)) return
    if (account !== undefined && account === clock.zeroAddress) {
      throw new ServiceError('BAD_REQUEST', 'nothing is listed of the zero address: only its single balances are known')
    }
    throw new ServiceError('UNAVAILABLE', 'outside the scope that is indexed here')
  }

  /**
   * Before a chain has caught up once, a list lacks what came later: it is refused, unless partial lists are wanted.
   * @throws UNAVAILABLE
   */
  mustHaveCaughtUp(clock: ChainClock, partial = this.#servePartial): void {
    if (this.isCaughtUp(clock) || partial) return
    throw new ServiceError('UNAVAILABLE', 'this chain has not caught up yet: its lists are not complete')
  }

  /** True where the chain has caught up with its nodes at least once. */
  isCaughtUp({ wasReady }: ChainClock): boolean {
    return wasReady || this.#isOwn
  }

  /** True where every event of the chain up to the published block is in the journal. */
  isWhole(clock: ChainClock): boolean {
    return this.#isOwn || (clock.wasReady && clock.coverage?.from === 0)
  }
}
