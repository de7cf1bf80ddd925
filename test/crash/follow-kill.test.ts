import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { WRITER_STEPS } from '../../src/store/engine/writer-engine.ts'
import { CHAIN, undisturbed } from '../indexer/harness.ts'
import { ACCOUNTS } from '../store/chains.ts'
import { ENGINES } from '../store/engines.ts'
import { FINALIZED, HEADS, makeCrashChain } from './chain.ts'
import { type Death, liveIn } from './live.ts'

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-follow-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each(ENGINES.filter(({ isFull }) => isFull))(
  '$name: killed while accounts are followed and no longer followed, during reorgs, the indexer loses and doubles nothing',
  async ({ makePlace }) => {
    const headFile = join(folder, 'head')
    const place = await makePlace()
    onTestFinished(() => place.end())
    const { followRequests } = await place.open()
    const steps = WRITER_STEPS.filter((step) => /^(follow|unfollow):/.test(step))
    const wanted = new Set<string>()
    const change = async (add: readonly string[], remove: readonly string[]): Promise<void> => {
      await followRequests.add({ chain: CHAIN, accounts: add, max: 10, at: 0 })
      await followRequests.remove(CHAIN, remove)
      for (const account of add) wanted.add(account)
      for (const account of remove) wanted.delete(account)
    }
    let killed = 0
    const run = async (death: Death): Promise<void> => {
      if (await liveIn(place, [CHILD, headFile, 'asked'], death)) killed++
    }
    for (const [at, head] of HEADS.entries()) {
      writeFileSync(headFile, head)
      const [add = '', remove = ''] = [ACCOUNTS[at % 5], ACCOUNTS[(at + 2) % 5]]
      await change([add], at < 3 ? [] : [remove])
      for (const step of steps) await run({ step, count: 1 + (at % 2) })
      await run({ afterMs: at * 3 })
      await run('natural')
      const coverage = { scope: { type: 'accounts', accounts: [...wanted] }, from: 0 } as const
      const chain = makeCrashChain().show(head, FINALIZED)
      expect(await place.dumpChain(CHAIN)).toEqual(await undisturbed(chain, coverage))
    }
    expect(killed).toBeGreaterThanOrEqual(12)
  },
  360_000,
)
