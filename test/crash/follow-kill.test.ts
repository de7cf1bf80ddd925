import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { JOURNAL_STEPS } from '../../src/store/sqlite/write/journal-options.ts'
import { CHAIN, undisturbed } from '../indexer/harness.ts'
import { ACCOUNTS } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { FINALIZED, HEADS, makeCrashChain } from './chain.ts'
import { type Death, live } from './live.ts'

const CHILD = fileURLToPath(new URL('./follow-child.ts', import.meta.url))

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-follow-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('killed while accounts are followed and no longer followed, during reorgs, the indexer loses and doubles nothing', async () => {
  const headFile = join(folder, 'head')
  const store = join(folder, 'store')
  const steps = JOURNAL_STEPS.filter((step) => /^(follow|unfollow):/.test(step))
  const wanted = new Set<string>()
  const change = async (add: readonly string[], remove: readonly string[]): Promise<void> => {
    const requests = new SqliteStore({ folder: store, codecOf: () => HEX_ACCOUNTS })
    await requests.followRequests.add({ chain: CHAIN, accounts: add, max: 10, at: 0 })
    await requests.followRequests.remove(CHAIN, remove)
    await requests.close()
    for (const account of add) wanted.add(account)
    for (const account of remove) wanted.delete(account)
  }
  let killed = 0
  const run = async (death: Death): Promise<void> => {
    if (await live(CHILD, [store, headFile], death)) killed++
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
    expect(dumpChain(join(store, 'eip155_1.db'))).toEqual(await undisturbed(chain, coverage))
  }
  expect(killed).toBeGreaterThanOrEqual(12)
}, 240_000)
