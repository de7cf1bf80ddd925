/** How many rounds of calls a first question about an account takes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noCounts } from '../../src/chains/adapter.ts'
import { CoinFinder } from '../../src/chains/chia/coins/finder.ts'
import { LeadBook } from '../../src/chains/chia/coins/lead-book.ts'
import { Lineage } from '../../src/chains/chia/coins/lineage.ts'
import { readTokenCoins } from '../../src/chains/chia/coins/read-coins.ts'
import { readHeadRef } from '../../src/chains/chia/heads/headers.ts'
import { makeChiaNode } from '../../src/chains/chia/make-node.ts'
import { classifyChiaFault } from '../../src/chains/chia/words/faults.ts'
import { createRpc } from '../../src/chains/nodes/rpc.ts'
import type { RpcSession } from '../../src/chains/nodes/session.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { SIGNAL } from '../chains/under-test.ts'
import { type Simulated, startTestWorld } from './node/start.ts'

const CATS = 100
/** The wallet that holds them; each of the others issues one. */
const HOLDER = CATS + 1

describe.skipIf(!hasSimulator())('an account with 100 CATs', () => {
  let world: Simulated
  beforeAll(async () => {
    world = await startTestWorld({ funded: HOLDER })
    const { puzzleHash } = await world.call('wallet', HOLDER)
    const issues = Array.from({ length: CATS }, (_, at) => {
      const outputs = [
        { to: puzzleHash, amount: BigInt(at + 1) },
        { to: puzzleHash, amount: 1_000n, memos: [] },
      ]
      return { do: 'issue', cat: { issuer: at + 1 }, outputs } as const
    })
    for (let at = 0; at < CATS; at += 10) await world.call('mine', issues.slice(at, at + 10))
  })
  afterAll(() => world.stop())

  test('is answered in at most six rounds of calls, and again in at most four', async () => {
    const { url } = await world.call('startNode')
    const { address } = await world.call('wallet', HOLDER)
    const book = new LeadBook()
    const finder = new CoinFinder(book, new Lineage())
    const rpc = createRpc({
      urls: [url],
      classify: classifyChiaFault,
      checkNode: async () => undefined,
      warn: () => undefined,
      counts: noCounts(),
      makeNode: makeChiaNode,
    })
    const ask = async () => {
      const rounds = { last: 0 }
      const work = (session: RpcSession) => {
        const counted = countingRounds(session, rounds)
        return readTokenCoins(counted, { account: address, headOf: () => readHeadRef(counted), finder })
      }
      return { read: await rpc.run(work, { signal: SIGNAL }), rounds: rounds.last }
    }
    const cold = await ask()
    expect(cold.rounds).toBeLessThanOrEqual(6)
    expect(cold.read.coins).toHaveLength(2 * CATS)
    expect(cold.read.coins.reduce((sum, { amount }) => sum + amount, 0n)).toBe(5_050n + 100_000n)
    expect(await book.count()).toBe(CATS)
    const again = await ask()
    expect(again.rounds).toBeLessThanOrEqual(4)
    expect(again.read).toEqual(cold.read)
  })
})

/** A call is in the round after the last round that had ended when it began. */
function countingRounds(session: RpcSession, rounds: { last: number }): RpcSession {
  const batch: RpcSession['batch'] = async (calls) => {
    const own = rounds.last + 1
    const outcomes = await session.batch(calls)
    rounds.last = Math.max(rounds.last, own)
    return outcomes
  }
  const call: RpcSession['call'] = async (one) => {
    const [outcome] = await batch([one])
    if (outcome?.ok !== true) throw outcome?.error
    return outcome.result
  }
  return { label: session.label, batch, call }
}
