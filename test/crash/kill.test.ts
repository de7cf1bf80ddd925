import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { WRITER_STEPS } from '../../src/store/engine/writer-engine.ts'
import { CHAIN, undisturbed } from '../indexer/harness.ts'
import { ENGINES } from '../store/engines.ts'
import { FINALIZED, HEADS, makeCrashChain } from './chain.ts'
import { type Death, liveIn } from './live.ts'

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each(ENGINES)(
  '$name: killed at every step of a write and at random times, during backfill and reorgs, the indexer loses and doubles nothing',
  async ({ isFull, makePlace }) => {
    const headFile = join(folder, 'head')
    const place = await makePlace()
    onTestFinished(() => place.end())
    const run = (death: Death): Promise<boolean> => liveIn(place, [CHILD, headFile, 'all'], death)
    const heads = isFull ? HEADS : HEADS.slice(0, 2)
    let killed = 0
    const rollbackSteps = WRITER_STEPS.filter((step) => step.startsWith('rollback'))
    const appendSteps = WRITER_STEPS.filter((step) => step.startsWith('append'))
    writeFileSync(headFile, HEADS[0])
    for (const death of [...appendSteps.map((step) => ({ step, count: 1 })), { afterMs: 0 }, { afterMs: 20 }]) {
      if (await run(death)) killed++
    }
    for (const [at, head] of heads.entries()) {
      writeFileSync(headFile, head)
      for (const step of at === 0 ? [] : rollbackSteps) if (await run({ step, count: 1 })) killed++
      const step = appendSteps[at % appendSteps.length] ?? 'append:rows'
      if (await run({ step, count: 1 })) killed++
      if (await run({ afterMs: at * 2 })) killed++
      await run('natural')
      const chain = makeCrashChain().show(head, FINALIZED)
      expect(await place.dumpChain(CHAIN)).toEqual(await undisturbed(chain))
    }
    expect(killed).toBeGreaterThanOrEqual(isFull ? 20 : 7)
  },
  360_000,
)
