/** Bulk loads that are killed, while readers ask, and that lose power. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUILD_STEPS } from '../../src/bulk/build/build.ts'
import { randomFrom } from '../../src/demo/plan.ts'
import { JOURNAL_STEPS } from '../../src/store/sqlite/write/journal-options.ts'
import { dumpOf, index } from '../bulk/final-chain.ts'
import { killLoad, runLoad } from './asker.ts'
import { cutPower, FILE_POINTS } from './file-points.ts'
import type { Death } from './live.ts'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-bulk-crash-'))
  await index(join(folder, 'whole'), { isBulk: false })
})
afterAll(() => rmSync(folder, { recursive: true }))

const STEPS = [...BUILD_STEPS, ...JOURNAL_STEPS.filter((step) => step.startsWith('publish'))]

test('killed at each step of a build and of publishing, at each touch of its files, and at random, a load loses and doubles nothing', async () => {
  // Each run goes on where the one before was killed: those that need a long way come first.
  const deaths: Death[] = [
    ...[...STEPS, ...FILE_POINTS].map((step) => ({ step, count: 1 })),
    ...(['scan', 'sync', 'mark'] as const).map((step) => ({ step, count: 2 })),
    ...[0, 40, 120].map((afterMs) => ({ afterMs })),
  ]
  const kills = await killLoad({ store: join(folder, 'killed'), whole: join(folder, 'whole'), deaths })
  expect(kills).toBeGreaterThanOrEqual(20)
}, 240_000)

test.each(JOURNAL_STEPS.filter((step) => step.startsWith('end:')))(
  'killed at %s, the end of a load loses and doubles nothing',
  async (step) => {
    const stores = { store: join(folder, step), whole: join(folder, 'whole') }
    expect(await killLoad({ ...stores, deaths: [{ step, count: 1 }] })).toBe(1)
  },
  60_000,
)

test('after power cuts, only what was made durable is there, and all is stored in the end', async () => {
  const random = randomFrom(5)
  const [store, trace] = [join(folder, 'power'), join(folder, 'power.trace')]
  for (const step of ['sync', 'mark', 'file', 'swap', 'remove'] as const) {
    expect([step, await runLoad(folder, 'power', { step, count: 1 })]).toEqual([step, true])
    cutPower(store, trace, random)
  }
  expect(await runLoad(folder, 'power', 'natural')).toBe(false)
  expect(dumpOf(store)).toEqual(dumpOf(join(folder, 'whole')))
}, 240_000)
