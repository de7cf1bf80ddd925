/**
 * A process that places holds, to be killed: `hold-child.ts URL NAME` places holds of 1 to 3 of the 100 that are available,
 * each with a request id of its own, and prints `REQUEST ID` for each that was placed. It ends when nothing is left.
 */
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTick } from 'node:timers/promises'
import { openStore } from '../../src/store/open.ts'
import { holdOf } from '../custody/hold-store.ts'

const [url = '', name = ''] = process.argv.slice(2)
const { holds } = (await openStore({ url, create: false })).custody
process.stdout.write('started\n')
for (let at = 0; ; at++) {
  const hold = holdOf({ id: randomUUID(), requestId: `${name}-${at}`, amount: BigInt(1 + (at % 3)) })
  const result = await holds.place({ principal: 'ann', hold, available: 100n, maxActive: 1_000 })
  if (result?.outcome === 'placed') process.stdout.write(`${result.hold.requestId} ${result.hold.id}\n`)
  else if (result?.outcome === 'short' && result.left === 0n) break
  // Lets an outside signal arrive between any two writes.
  await nextTick()
}
process.exit(0)
