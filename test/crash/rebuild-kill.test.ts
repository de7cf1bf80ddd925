/** What is stored is built anew with the blocks of a long pause, and the process is killed meanwhile. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BuildStep } from '../../src/bulk/build/build.ts'
import type { JournalStep } from '../../src/store/sqlite/write/journal-options.ts'
import { dumpOf, index, makeChain } from '../bulk/final-chain.ts'
import { live } from './live.ts'

const CHILD = fileURLToPath(new URL('./bulk-child.ts', import.meta.url))

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-rebuild-crash-'))
  await index(join(folder, 'whole'), { isBulk: false })
  const paused = makeChain((first) => {
    if (first > 500) throw new Error('the server stops')
  })
  let at = 0
  const now = (): number => {
    at += 3_000
    return at
  }
  expect(await index(join(folder, 'paused'), { isBulk: false, chain: paused, now })).toBeInstanceOf(Error)
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true }))

test.each<BuildStep | JournalStep>(['build:log', 'build:small', 'publish:rows', 'publish:pointer', 'publish:done'])(
  'killed at %s, and at random, a rebuild loses and doubles nothing',
  async (step) => {
    const store = join(folder, step)
    cpSync(join(folder, 'paused'), store, { recursive: true })
    expect(await live(CHILD, [store], { step: step as JournalStep, count: 1 })).toBe(true)
    for (const afterMs of [40, 120]) await live(CHILD, [store], { afterMs })
    expect(await live(CHILD, [store], 'natural')).toBe(false)
    expect(dumpOf(store)).toEqual(dumpOf(join(folder, 'whole')))
  },
  60_000,
)
