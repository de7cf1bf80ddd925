import { afterEach, expect, test } from 'vitest'
import { Fault, jsonRpc, type ScriptedNode, startScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { assert } from '../../../core/assert.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { parseChainId } from '../../../core/chain.ts'
import { createEvmAdapter } from '../adapter.ts'

const TOKEN: AssetRef = { standard: 'erc20', reference: `0x${'a'.repeat(40)}` }
const NAME = '0x06fdde03'
const SYMBOL = '0x95d89b41'
const DECIMALS = '0x313ce567'
const word = (value: number): string => value.toString(16).padStart(64, '0')
const text = (value: string): string =>
  `0x${word(32)}${word(value.length)}${Buffer.from(value).toString('hex').padEnd(64, '0')}`

let node: ScriptedNode
afterEach(() => node.stop())

/** The token's facts from a node without Multicall3. `views` replaces answers of the token's view functions. */
async function factsWith(views: Readonly<Record<string, () => string>>) {
  const well: typeof views = {
    [NAME]: () => text('Coin'),
    [SYMBOL]: () => text('COIN'),
    [DECIMALS]: () => `0x${word(6)}`,
  }
  const hash = `0x${word(1)}`
  const block = { number: '0x1', hash, parentHash: hash, timestamp: '0x1' }
  node = await startScriptedNode(
    jsonRpc({
      eth_chainId: () => '0x1',
      eth_getBlockByNumber: () => block,
      eth_getCode: () => '0x',
      eth_call: ([call]) => ({ ...well, ...views })[String(Object(call).data)]?.() ?? `0x${word(500)}`,
    }),
  )
  const chain = parseChainId('eip155:1')
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = { chain, rpc: [node.url], finality: 'finalized', warn: () => undefined } as const
  const { adapter } = createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } })
  return (await adapter.readTokens([TOKEN], new AbortController().signal)).facts
}

function failing(code: number, message: string): () => never {
  return () => {
    throw new Fault(code, message)
  }
}

const WHOLE = { asset: TOKEN, name: 'Coin', symbol: 'COIN', decimals: 6, totalSupply: 500n }

test('a token that answers every call has no unknown facts', async () => {
  expect(await factsWith({})).toEqual([WHOLE])
})

test('a fact that the token reverts or leaves empty is undefined, and not listed as unknown', async () => {
  const facts = await factsWith({ [NAME]: failing(3, 'execution reverted'), [SYMBOL]: () => '0x' })
  expect(facts).toEqual([{ ...WHOLE, name: undefined, symbol: undefined }])
})

test('a fact that fails because of the node or its gas cost is listed as unknown', async () => {
  const facts = await factsWith({
    [SYMBOL]: failing(-32000, 'out of gas'),
    [DECIMALS]: failing(-32603, 'Internal error'),
  })
  expect(facts).toEqual([{ ...WHOLE, symbol: undefined, decimals: undefined, unknownFacts: ['symbol', 'decimals'] }])
})
