/** Tests reads through one URL of a load balancer with two machines, where one lacks the newest blocks. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, deploy, startAnvil } from '../../../../test/nodes/anvil.ts'
import { inFrontOf, startScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import { createEvmAdapter } from '../adapter.ts'

const SIGNAL = new AbortController().signal
const ALICE = '0x00000000000000000000000000000000000a11ce'
const chain = parseChainId('eip155:31337')
assert(chain !== undefined, 'a CAIP-2 id')

let anvil: Anvil
let token = ''
beforeAll(async () => {
  anvil = await startAnvil()
  token = await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
})
afterAll(() => anvil.stop())

test.each([
  ['requested data not available', -32014],
  ['header not found', -32000],
])('when one of two machines behind one URL answers "%s", the other is asked', async (message, code) => {
  let turn = 0
  const front = await startScriptedNode(
    inFrontOf(anvil.url, ({ calls, batch }) => {
      const isPinned = calls.some(({ method }) => method === 'eth_call' || method === 'eth_getCode')
      if (!isPinned || turn++ % 2 === 1) return undefined
      const errors = calls.map(({ id }) => ({ jsonrpc: '2.0', id, error: { code, message } }))
      return { json: batch ? errors : errors[0] }
    }),
  )
  const options = { chain, rpc: [front.url], finality: 'finalized', warn: () => undefined } as const
  const { adapter } = createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } })
  const { latest: at } = await adapter.heads(SIGNAL)
  const held = { account: ALICE, asset: { standard: 'erc20' as const, reference: token }, item: '' }
  for (let round = 0; round < 5; round++) {
    expect((await adapter.readBalances({ keys: [held], at }, SIGNAL)).reads).toMatchObject([{ ok: true }])
    expect((await adapter.readTokens([held.asset], SIGNAL, { at })).facts).toMatchObject([{ decimals: 6 }])
  }
  expect(turn).toBeGreaterThan(5)
  await front.stop()
})
