/** Accounts of a Starknet chain that are followed later, through a simulated node. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStarknetAdapter } from '../../src/chains/starknet/adapter.ts'
import { STARKNET } from '../../src/chains/starknet/definition.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { Draw } from '../../src/demo/draw.ts'
import { StarknetChain } from '../../src/demo/starknet/chain.ts'
import { StarknetNode } from '../../src/demo/starknet/node.ts'
import { type ServedNode, serveNode } from '../../src/demo/starknet/serve.ts'
import { makeRig } from '../indexer/harness.ts'
import { CAST } from './node/cast.ts'

const START = 1_700_000_000
const SIGNAL = new AbortController().signal
const chain = new StarknetChain(CAST, { draw: new Draw(11), l1Below: 60, startTime: START })
const node = new StarknetNode(chain)
let served: ServedNode
beforeAll(async () => {
  for (let nth = 1; nth <= 300; nth++) chain.grow(START + nth)
  node.show(chain.head)
  served = await serveNode((request) => node.answer(request))
})
afterAll(() => served.stop())

function adapterOf() {
  const id = parseChainId('starknet:SN_MAIN')
  assert(id !== undefined, 'a CAIP-2 id')
  const options = { chain: id, rpc: [served.url], finality: 'l1_accepted', warn: () => undefined } as const
  return createStarknetAdapter(options).adapter
}

/** The accounts with the most transfers of plain tokens. */
async function busiest(count: number): Promise<readonly string[]> {
  const blocks = await adapterOf().transfers({ first: 0, last: 200, scope: { type: 'all' } }, SIGNAL)
  const counts = new Map<string, number>()
  for (const { from, to } of blocks.flatMap(({ transfers }) => transfers)) {
    for (const side of [from, to]) if (side !== undefined) counts.set(side, (counts.get(side) ?? 0) + 1)
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([account]) => account)
}

test('accounts that are followed later, during a reorg, have the history that they would have had from the start', async () => {
  const accounts = await busiest(4)
  const [one = ''] = accounts
  const coverage = (listed: readonly string[]) => ({ scope: { type: 'accounts', accounts: listed }, from: 0 }) as const
  const wants = { accounts: [one] as readonly string[] }
  const codec = STARKNET.accountCodec
  const rig = await makeRig(adapterOf(), coverage([one]), { codec, wanted: async () => wants.accounts })
  await rig.settle()
  wants.accounts = accounts
  await rig.indexer.step(SIGNAL)
  node.show(chain.reorganize(7, 9))
  await rig.settle()
  const straight = await makeRig(adapterOf(), coverage(accounts), { codec })
  await straight.settle()
  expect((await rig.dump()).length).toBeGreaterThan(500)
  expect(await rig.dump()).toEqual(await straight.dump())
  wants.accounts = accounts.slice(1, 3)
  await rig.settle()
  const fewer = await makeRig(adapterOf(), coverage(accounts.slice(1, 3)), { codec })
  await fewer.settle()
  const withoutClasses = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('turns '))
  expect(withoutClasses(await rig.dump())).toEqual(withoutClasses(await fewer.dump()))
  for (const each of [rig, straight, fewer]) await each.close()
}, 120_000)
