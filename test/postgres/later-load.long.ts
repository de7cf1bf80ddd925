/** The full form of `later-load.test.ts`: interruptions at statements chosen at random, with generations that grow as well. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { randomFrom } from '../../src/demo/plan.ts'
import { CHAIN } from '../indexer/harness.ts'
import { LaterLoads, slowClock } from './later-loads.ts'
import { cut } from './load-points.ts'
import { PostgresServer } from './server.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const INTERRUPTIONS = 120
const REPAIRED = 33

let server: PostgresServer
let whole: LaterLoads
let statements: number
let expected: readonly string[]
beforeAll(async () => {
  server = await PostgresServer.create()
  vi.stubEnv('STEELYARD_TEST_POSTGRES', server.url)
  whole = await LaterLoads.make()
  await whole.repair(REPAIRED)
  statements = (await whole.statements()).length
  expected = await whole.place.dumpChain(CHAIN)
}, 180_000)
afterAll(async () => {
  await whole.end()
  await server.stop()
  vi.unstubAllEnvs()
})

test(`interrupted at any statement, by any death, loads lose and double nothing (seed ${SEED})`, async () => {
  const random = randomFrom(SEED)
  const counts = { cut: 0, killed: 0, crashed: 0, unanswered: 0, whole: 0 }
  for (let done = 0; done < INTERRUPTIONS; ) {
    const loads = await LaterLoads.make()
    const asked = await loads.ask(whole)
    // A generation after the other in every second load.
    const run = counts.whole % 2 === 0 ? {} : { now: slowClock() }
    await loads.repair(REPAIRED)
    for (let tries = 0; tries < 12; tries++) {
      const at = Math.floor(random() * statements)
      const death = random()
      done++
      if (death < 0.2) {
        if (!(await loads.killed(at))) break
        counts.killed++
      } else {
        let crash: Promise<void> | undefined
        const crashes = (): void => {
          crash = server.crash()
        }
        const when = death < 0.4 ? 'unanswered' : 'before'
        const error = await loads.later(
          { at, when, act: death < 0.3 || (death > 0.4 && death < 0.6) ? crashes : cut },
          { run },
        )
        if (crash !== undefined) {
          await crash
          await server.start()
          counts.crashed++
        } else if (error !== undefined) counts[when === 'before' ? 'cut' : 'unanswered']++
        if (error === undefined) break
        expect([at, error]).toMatchObject([at, { code: 'STORE_UNAVAILABLE' }])
      }
      await loads.place.endLeases()
    }
    expect(await loads.load({ isEager: true })).toBeUndefined()
    expect(await loads.place.dumpChain(CHAIN)).toEqual(expected)
    await asked.end()
    await loads.end()
    counts.whole++
  }
  console.log(counts)
}, 1_500_000)
