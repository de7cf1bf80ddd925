import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DEFAULT_SHAPE } from '../../bench/chain/generator.ts'
import { soak } from '../../bench/soak/run.ts'

/** The short form. `npm run bench:soak` runs ten minutes and watches memory. */
const SECONDS = 10

test(`for ${SECONDS} s during a backfill, good and bad callers get only the responses they should get`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-soak-'))
  const shape = { ...DEFAULT_SHAPE, transfers: 20_000, accounts: 2_000 }
  const result = await soak(folder, { seconds: SECONDS, shape, onMinute: () => undefined })
  rmSync(folder, { recursive: true, force: true })
  expect(result.faults).toEqual([])
  expect(result.connections).toBe(200)
  expect(result.outcomes.get('good')?.get(200)).toBeGreaterThan(100)
  expect(result.backfill).toBeGreaterThan(0)
}, 180_000)
