import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, test } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { Draw } from '../../src/demo/draw.ts'
import { StarknetChain } from '../../src/demo/starknet/chain.ts'
import { StarknetNode } from '../../src/demo/starknet/node.ts'
import { type ServedNode, serveNode } from '../../src/demo/starknet/serve.ts'
import { CAST } from '../starknet/node/cast.ts'
import { killThroughReorgs, reorgsOf } from './through-reorgs.ts'

const CHILD = fileURLToPath(new URL('./starknet-child.ts', import.meta.url))
const START = 1_700_000_000
const TRUNK = 600

let served: ServedNode
const chain = new StarknetChain(CAST, { draw: new Draw(7), l1Below: 60, startTime: START })
const node = new StarknetNode(chain)
beforeAll(async () => {
  for (let nth = 1; nth <= TRUNK; nth++) chain.grow(START + nth)
  node.show(chain.head)
  served = await serveNode((request) => node.answer(request))
})
afterAll(async () => {
  await served.stop()
})

test('killed at the steps of a write and at random times, during backfill and reorgs, the store of a Starknet chain is that of an undisturbed run', async () => {
  const id = parseChainId('starknet:SN_MAIN')
  assert(id !== undefined, 'a CAIP-2 id')
  const reorgs = reorgsOf(50).map(({ depth, blocks }) => async () => {
    node.show(chain.reorganize(depth, blocks))
  })
  await killThroughReorgs({ chain: id, script: [CHILD, served.url], reorgs })
}, 360_000)
