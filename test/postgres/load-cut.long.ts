/** Processes of bulk loads into PostgreSQL that are killed at the swap, and as soon as all is published. */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appendedDump } from '../bulk/final-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { CutLoads, NOTHING } from './cut-loads.ts'

/** Loads that are killed as soon as they are published, in whatever they do then. */
const KILLS = 10

let cut: CutLoads
beforeEach(async () => {
  cut = await CutLoads.make()
  await (await cut.place.openChain()).journal.close()
})
afterEach(() => cut.end())

test('killed at the swap, a load leaves nothing, and the next one goes on from the log', async () => {
  const { other } = cut
  await other.query(`BEGIN; SELECT * FROM ${cut.chain}.clock`)
  const child = cut.start()
  await cut.waiting()
  await cut.kill(child)
  await other.query('COMMIT')
  // The server notices the death once the lock is granted.
  while (JSON.stringify(await cut.stored()) !== JSON.stringify(NOTHING)) await wait(20)
  expect(await cut.load()).toBeUndefined()
  expect(await cut.place.dumpChain(CHAIN)).toEqual(await appendedDump())
}, 60_000)

test('killed as soon as all is published, a load loses and doubles nothing', async () => {
  const whole = await appendedDump()
  for (let kills = 0; kills < KILLS; kills++) {
    const child = cut.start()
    await cut.published()
    await wait(kills)
    await cut.kill(child)
    expect(await cut.load()).toBeUndefined()
    expect(await cut.place.dumpChain(CHAIN)).toEqual(whole)
    await (await cut.place.open({ loadFolder: cut.loadFolder })).forget(CHAIN)
    await (await cut.place.openChain()).journal.close()
  }
}, 300_000)
