/** The full form of `bulk-kill.test.ts`: forty kills and more, at points, counts and times chosen at random, and power cuts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomFrom } from '../../src/demo/plan.ts'
import { dumpOf, index } from '../bulk/final-chain.ts'
import { killLoad, runLoad } from './asker.ts'
import { cutPower, FILE_POINTS } from './file-points.ts'
import type { Death } from './live.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const KILLS = 40
/** Deaths that are tried in one load, which may be complete before the last ones. */
const TRIED = 10
const POWER_CUTS = 20

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-bulk-crash-long-'))
  await index(join(folder, 'whole'), { isBulk: false })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

function deathFrom(random: () => number): Death {
  const step = FILE_POINTS[Math.floor(random() * FILE_POINTS.length)] ?? 'mark'
  if (random() < 0.3) return { afterMs: Math.floor(random() * 1_500) }
  return { step, count: 1 + Math.floor(random() * 3) }
}

test(`killed forty times and more, loads lose and double nothing (seed ${SEED})`, async () => {
  const random = randomFrom(SEED)
  let kills = 0
  for (let load = 0; kills < KILLS; load++) {
    const deaths = Array.from({ length: TRIED }, () => deathFrom(random))
    kills += await killLoad({ store: join(folder, `killed-${load}`), whole: join(folder, 'whole'), deaths })
  }
  expect(kills).toBeGreaterThanOrEqual(KILLS)
}, 900_000)

test(`after power cuts at any point, all is stored in the end (seed ${SEED})`, async () => {
  const random = randomFrom(SEED + 1)
  for (let cut = 0; cut < POWER_CUTS; cut++) {
    const isKilled = await runLoad(folder, 'power', deathFrom(random))
    cutPower(join(folder, 'power'), join(folder, 'power.trace'), random)
    if (isKilled) continue
    expect(dumpOf(join(folder, 'power'))).toEqual(dumpOf(join(folder, 'whole')))
    rmSync(join(folder, 'power'), { recursive: true })
  }
}, 900_000)
