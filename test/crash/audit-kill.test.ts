import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JOURNAL_STEPS, type JournalStep } from '../../src/store/sqlite/write/journal-options.ts'
import { dumpChain } from '../store/dump.ts'
import { makeAuditRig } from './audit-chain.ts'

const CHILD = fileURLToPath(new URL('./audit-child.ts', import.meta.url))

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-audit-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** One run of the indexer. Returns true if it was killed, false if it exited normally. */
function live(store: string, death?: { step: JournalStep; count: number }): Promise<boolean> {
  const named = death === undefined ? [] : [death.step, String(death.count)]
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, store, ...named], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(true)
      else if (code === 0) resolve(false)
      else reject(new Error(`the indexer ended with ${String(code ?? signal)}`))
    })
  })
}

/**
 * The facts of a store. Of a reclassification only the token and the block: its evidence depends on when the audit ran.
 */
function facts(store: string): string[] {
  return dumpChain(join(store, 'eip155_1.db')).map((line) =>
    line.startsWith('turns') ? line.replace(/ reason=.*/, '') : line,
  )
}

test('killed while it adopts, repairs and reclassifies, the audit ends with the same facts as an undisturbed one', async () => {
  const whole = join(folder, 'whole')
  const rig = await makeAuditRig(whole, () => undefined)
  await rig.settle()
  await rig.close()
  const undisturbed = facts(whole)
  expect(undisturbed.filter((line) => line.startsWith('turns'))).toHaveLength(1)

  const store = join(folder, 'killed')
  const steps = JOURNAL_STEPS.filter((step) => /^(adopt|repair|reclassify):/.test(step))
  const died: JournalStep[] = []
  // Reclassification comes last: a run that reaches it has finished all repairs.
  const inOrder = [...steps].sort((a, b) => Number(a.startsWith('reclassify')) - Number(b.startsWith('reclassify')))
  for (const step of inOrder) {
    if (await live(store, { step, count: 1 })) died.push(step)
  }
  expect(await live(store)).toBe(false)
  expect(facts(store)).toEqual(undisturbed)
  expect(new Set(died)).toEqual(new Set(steps))
}, 120_000)
