import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Draw } from '../../src/demo/draw.ts'
import { StarknetChain } from '../../src/demo/starknet/chain.ts'
import { StarknetNode } from '../../src/demo/starknet/node.ts'
import { type ServedNode, serveNode } from '../../src/demo/starknet/serve.ts'
import { JOURNAL_STEPS } from '../../src/store/sqlite/write/journal-options.ts'
import { CAST } from '../starknet/node/cast.ts'
import { dumpChain } from '../store/dump.ts'
import { type Death, live } from './live.ts'

const CHILD = fileURLToPath(new URL('./starknet-child.ts', import.meta.url))
const START = 1_700_000_000
const TRUNK = 600

/** Reorgs after the trunk: how many blocks, and by how many they are replaced. One makes the chain shorter. */
const REORGS = [
  { depth: 1, blocks: 2 },
  { depth: 50, blocks: 53 },
  { depth: 7, blocks: 4 },
]

let folder = ''
let served: ServedNode
const chain = new StarknetChain(CAST, { draw: new Draw(7), l1Below: 60, startTime: START })
const node = new StarknetNode(chain)
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-starknet-crash-'))
  for (let nth = 1; nth <= TRUNK; nth++) chain.grow(START + nth)
  node.show(chain.head)
  served = await serveNode((request) => node.answer(request))
})
afterAll(async () => {
  await served.stop()
  rmSync(folder, { recursive: true })
})

const dump = (store: string): readonly string[] => dumpChain(join(folder, store, 'starknet_SN_MAIN.db'))

test('killed at the steps of a write and at random times, during backfill and reorgs, the store of a Starknet chain is that of an undisturbed run', async () => {
  let killed = 0
  const run = (death: Death, store = 'store'): Promise<boolean> => live(CHILD, [join(folder, store), served.url], death)
  const appendSteps = JOURNAL_STEPS.filter((step) => step.startsWith('append'))
  const rollbackSteps = JOURNAL_STEPS.filter((step) => step.startsWith('rollback'))
  for (const death of [...appendSteps.map((step) => ({ step, count: 1 })), { afterMs: 0 }, { afterMs: 40 }]) {
    if (await run(death)) killed++
  }
  await run('natural')
  await run('natural', 'undisturbed 0')
  expect(dump('store').length).toBeGreaterThan(1_000)
  expect(dump('store')).toEqual(dump('undisturbed 0'))
  for (const [at, { depth, blocks }] of REORGS.entries()) {
    node.show(chain.reorganize(depth, blocks))
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
