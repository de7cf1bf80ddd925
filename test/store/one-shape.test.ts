/** What every answer reads has one hidden class, so that V8 compiles the code that reads it once (decision 57). */
import { setImmediate as nextTick } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { ChainClock } from '../../src/store/seam/chain-clock.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from './chains.ts'
import { ENGINES } from './engines.ts'

setFlagsFromString('--allow-natives-syntax')
const haveSameClass = runInThisContext('(one, other) => %HaveSameMap(one, other)')

/** More than V8 needs to settle how it makes an object. */
const SETTLED = 50

test.each(ENGINES)(
  '$name: the clock of a chain keeps its hidden class while the chain goes on',
  async ({ makePlace }) => {
    const place = await makePlace()
    const { journal, reads } = await place.openChain({ scope: { type: 'all' }, from: 1 })
    const header = { number: 1, hash: hashOf(0, 1), parentHash: hashOf(0, 0), timestamp: 12 }
    const mint = { asset: ASSETS[0], from: undefined, to: ACCOUNTS[0], amount: 7n, item: 0 }
    await journal.append({ first: 1, through: header, blocks: [makeBlock([mint], header)], headers: [header] })
    await journal.finalize({ number: 1, hash: header.hash })
    const clocks: ChainClock[] = []
    for (let time = 1; time <= 2 * SETTLED; time++) {
      await journal.heartbeat({ state: 'live', head: header, caughtUpAt: time, error: undefined, counts: {} })
      // The reads of one tick share a snapshot.
      await nextTick()
      clocks.push(await reads.clock())
    }
    expect(new Set(clocks.map(({ caughtUpAt }) => caughtUpAt)).size).toBe(2 * SETTLED)
    const settled = clocks.slice(SETTLED)
    expect(settled.filter((clock) => !haveSameClass(clock, settled[0]))).toEqual([])
    await place.end()
  },
)
