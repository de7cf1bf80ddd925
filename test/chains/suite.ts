/**
 * The conformance suite of all kinds of chains that are read from nodes. Each kind has a test file that calls
 * `chainSuite` with a `KindUnderTest`: a small chain that the test makes block by block, and nodes on sockets that serve
 * it well or badly.
 */
import { afterEach, describe } from 'vitest'
import { headerTests, transferTests } from './suite-blocks.ts'
import { lagTests, lieTests, limitTests, reorgTests } from './suite-faults.ts'
import { balanceTests, factTests } from './suite-state.ts'
import { Bench, type ChainUnderTest, type KindUnderTest } from './under-test.ts'

/** Declares the suite's tests for one kind. */
export function chainSuite(kind: KindUnderTest): void {
  const started: ChainUnderTest[] = []
  const start = async (): Promise<Bench> => {
    const world = await kind.start()
    started.push(world)
    return new Bench(kind, world)
  }
  afterEach(async () => {
    await Promise.all(started.splice(0).map((world) => world.stop()))
  })
  describe.skipIf(kind.runsHere === false)(kind.name, () => {
    describe('headers', () => headerTests(start, kind))
    describe('transfers', () => transferTests(start, kind.traits))
    describe('a reorg', () => reorgTests(start))
    describe('a node that lags', () => lagTests(start))
    describe('a node that leaves events out', () => lieTests(start, kind.traits))
    describe('a node with limits', () => limitTests(start, kind.traits))
    describe('balances', () => balanceTests(start, kind.traits))
    describe('facts of tokens', () => factTests(start, kind.traits))
  })
}
