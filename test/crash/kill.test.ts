import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JOURNAL_STEPS } from '../../src/store/sqlite/write/journal-options.ts'
import { undisturbed } from '../indexer/harness.ts'
import { dumpChain } from '../store/dump.ts'
import { FINALIZED, HEADS, makeCrashChain } from './chain.ts'
import { type Death, live } from './live.ts'

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

/** One run of the indexer, ended as `death` says. Returns true if it was killed, false if it finished first. */
function run(folder: string, headFile: string, death: Death): Promise<boolean> {
  return live(CHILD, [folder, headFile], death)
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('killed at every step of a write and at random times, during backfill and reorgs, the indexer loses and doubles nothing', async () => {
  const headFile = join(folder, 'head')
  const store = join(folder, 'store')
  let killed = 0
  const rollbackSteps = JOURNAL_STEPS.filter((step) => step.startsWith('rollback'))
  const appendSteps = JOURNAL_STEPS.filter((step) => step.startsWith('append'))
  writeFileSync(headFile, HEADS[0])
  for (const death of [...appendSteps.map((step) => ({ step, count: 1 })), { afterMs: 0 }, { afterMs: 20 }]) {
    if (await run(store, headFile, death)) killed++
  }
  for (const [at, head] of HEADS.entries()) {
    writeFileSync(headFile, head)
    for (const step of at === 0 ? [] : rollbackSteps) if (await run(store, headFile, { step, count: 1 })) killed++
    const step = appendSteps[at % appendSteps.length] ?? 'append:rows'
    if (await run(store, headFile, { step, count: 1 })) killed++
    if (await run(store, headFile, { afterMs: at * 2 })) killed++
    await run(store, headFile, 'natural')
    const chain = makeCrashChain().show(head, FINALIZED)
    expect(dumpChain(join(store, 'eip155_1.db'))).toEqual(await undisturbed(chain))
  }
  expect(killed).toBeGreaterThanOrEqual(20)
}, 240_000)
