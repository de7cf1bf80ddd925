import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cat } from '../../src/demo/chia/orders.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { JOURNAL_STEPS } from '../../src/store/sqlite/write/journal-options.ts'
import { type Simulated, startTestWorld } from '../chia/node/start.ts'
import { dumpChain } from '../store/dump.ts'
import { type Death, live } from './live.ts'

const CHILD = fileURLToPath(new URL('./chia-child.ts', import.meta.url))
/** More than the indexer follows without a backfill. */
const TRUNK = 240
const TRADERS = 6
const CATS: readonly Cat[] = [{ issuer: 7 }, { issuer: 8 }, { issuer: 9, revoker: 6 }]
const MARKET = { cats: CATS, traders: TRADERS }

/** Reorgs after the trunk: how many blocks, and by how many they are replaced. One makes the chain shorter. */
const REORGS = [
  { depth: 1, blocks: 2 },
  { depth: 25, blocks: 28 },
  { depth: 7, blocks: 4 },
]

describe.skipIf(!hasSimulator())('a Chia chain', () => {
  let folder = ''
  let world: Simulated
  let url = ''
  let accounts = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'steelyard-chia-crash-'))
    world = await startTestWorld({ funded: 9 })
    await world.call('tradeFor', TRUNK, MARKET)
    url = (await world.call('startNode')).url
    const wallets = Array.from({ length: TRADERS }, (_, at) => world.call('wallet', at + 1))
    accounts = (await Promise.all(wallets)).map(({ address }) => address).join(',')
  }, 180_000)
  afterAll(async () => {
    await world.stop()
    rmSync(folder, { recursive: true })
  })

  const dump = (store: string): readonly string[] => dumpChain(join(folder, store, 'chia_simulator0.db'))

  test('whose indexer is killed at the steps of a write and at random times, during backfill and reorgs, has the store of an undisturbed run', async () => {
    let killed = 0
    const run = (death: Death, store = 'store'): Promise<boolean> =>
      live(CHILD, [join(folder, store), url, accounts], death)
    const appendSteps = JOURNAL_STEPS.filter((step) => step.startsWith('append'))
    const rollbackSteps = JOURNAL_STEPS.filter((step) => step.startsWith('rollback'))
    for (const death of [...appendSteps.map((step) => ({ step, count: 1 })), { afterMs: 0 }, { afterMs: 40 }]) {
      if (await run(death)) killed++
    }
    await run('natural')
    await run('natural', 'undisturbed 0')
    expect(dump('store').filter((line) => line.startsWith('transfers ')).length).toBeGreaterThan(200)
    expect(dump('store')).toEqual(dump('undisturbed 0'))
    for (const [at, { depth, blocks }] of REORGS.entries()) {
      await world.call('replaceDrawn', depth, blocks, MARKET)
      for (const steps of [rollbackSteps, appendSteps]) {
        const step = steps[at % steps.length]
        if (step !== undefined && (await run({ step, count: 1 }))) killed++
      }
      if (await run({ afterMs: at * 10 })) killed++
      await run('natural')
      const undisturbed = `undisturbed ${at + 1}`
      await run('natural', undisturbed)
      expect(dump('store')).toEqual(dump(undisturbed))
    }
    expect(killed).toBeGreaterThanOrEqual(8)
  }, 240_000)
})
