/** The full form of `damaged-log.test.ts`. */
import { beforeAll, test } from 'vitest'
import { appendedDump, DAMAGES, expectMended } from './log-damages.ts'

let whole: readonly string[] = []
beforeAll(async () => {
  whole = await appendedDump()
}, 60_000)

test.each(DAMAGES.flatMap((damage) => [300, 1_500, 3_000].map((at) => ({ ...damage, at }))))(
  'if $name after $at answers, all is stored in the end',
  (damage) => expectMended(damage, damage.at, whole),
  120_000,
)
