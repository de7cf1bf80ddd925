import type { AccountCodec } from '../../core/account.ts'
import { type Coverage, type CoverageTest, coverageTest } from '../../core/coverage.ts'
import type { ChainClock } from '../seam/chain-clock.ts'
import type { AssetTable } from './asset-table.ts'

/** What the reads of one snapshot of a chain know. */
export type ReadContext = {
  readonly codec: AccountCodec
  readonly clock: ChainClock
  readonly assets: AssetTable
  /** True if any contract was ever destroyed, as far as that was looked up with these assets. */
  hasEndings: boolean | undefined
}

const tests = new WeakMap<Coverage, CoverageTest>()

/**
 * True if the rows of an account are incomplete, so that nothing is answered from them: its history is being fetched, or
 * it is no longer followed.
 */
export function hides({ clock, codec }: ReadContext, account: string): boolean {
  const { coverage } = clock
  if (coverage?.scope.type !== 'accounts') return false
  let test = tests.get(coverage)
  if (test === undefined) {
    test = coverageTest(coverage, codec.zeroAddress)
    tests.set(coverage, test)
  }
  return !test.keeps(account)
}
