import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The files that take longest, the longest first. Started last, one of them would keep one worker busy for a minute or two
 * while the other has nothing left to do. A fresh copy of the project has no times of an earlier run to sort by.
 */
const SLOWEST = [
  'test/e2e/missing-logs.test.ts',
  'test/robust/damage.test.ts',
  'test/indexer/doubt.test.ts',
  'test/faults/fault-run-starknet.test.ts',
  'test/faults/fault-run.test.ts',
  'test/odd/layouts.test.ts',
  'test/e2e/roles.test.ts',
  'test/faults/run.test.ts',
  'test/crash/ledger.test.ts',
  'test/robust/damaged-log.test.ts',
  'test/crash/bulk-kill.test.ts',
  'test/faults/fault-run-chia.test.ts',
  'test/robust/deadline.test.ts',
  'test/conformance/tokenkit-trouble.test.ts',
  'test/crash/follow-kill.test.ts',
  'test/indexer/follow.test.ts',
  'src/bulk/fetch/fetch-to-log.test.ts',
  'test/e2e/workers.test.ts',
  'test/robust/ledger-file.test.ts',
  'test/store/copy.test.ts',
]

/** Starts the slowest files first, and the others in Vitest's order. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = SLOWEST.indexOf(relative(this.ctx.config.root, moduleId))
      return place < 0 ? SLOWEST.length : place
    }
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b))
  }
}
