import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Anvil, DEPLOYER, deploy, startAnvil } from '../../../../test/nodes/anvil.ts'
import { type Answer, altering, inFrontOf, startScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import type { ChainAdapter } from '../../adapter.ts'
import { createEvmAdapter } from '../adapter.ts'

const SIGNAL = new AbortController().signal
const UNKNOWN = `0x${'d'.repeat(64)}`
const METHOD = 'eth_getTransactionByHash'

let anvil: Anvil
/** A transaction of block 1, and one that is pending. */
let [included, pending] = ['', '']
let block: { number: number; hash: string }

beforeAll(async () => {
  anvil = await startAnvil()
  await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
  const [header] = await adapterOf([anvil.url]).headers({ first: 1, last: 1 }, SIGNAL)
  assert(header !== undefined, 'the deployment made block 1')
  block = { number: 1, hash: header.hash }
  included = String(Object(await anvil.rpc('eth_getBlockByNumber', ['0x1', false])).transactions[0])
  await anvil.rpc('evm_setAutomine', [false])
  pending = String(await anvil.rpc('eth_sendTransaction', [{ from: DEPLOYER, to: DEPLOYER, value: '0x1' }]))
})
afterAll(() => anvil.stop())

function adapterOf(rpc: readonly string[]): ChainAdapter {
  const chain = parseChainId('eip155:31337')
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = { chain, rpc, finality: 'finalized', warn: () => undefined } as const
  return createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }).adapter
}

async function withNodes<T>(answers: readonly Answer[], work: (adapter: ChainAdapter) => Promise<T>): Promise<T> {
  const nodes = await Promise.all(answers.map(startScriptedNode))
  try {
    return await work(adapterOf(nodes.map(({ url }) => url)))
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
  }
}

/** A node that answers the request for a transaction with `result`. */
function answering(result: unknown): Answer {
  return altering(anvil.url, ({ method }, answer) => (method === METHOD ? result : answer))
}

describe('the block of a transaction', () => {
  test('is that of a real node, and undefined if the transaction is unknown or pending', async () => {
    const adapter = adapterOf([anvil.url])
    expect(await adapter.transactionBlock(included, SIGNAL)).toEqual(block)
    expect(await adapter.transactionBlock(pending, SIGNAL)).toBeUndefined()
    expect(await adapter.transactionBlock(UNKNOWN, SIGNAL)).toBeUndefined()
  })

  test('is asked of another node if one does not have the transaction', async () => {
    const found = await withNodes([answering(null), inFrontOf(anvil.url)], (adapter) =>
      adapter.transactionBlock(included, SIGNAL),
    )
    expect(found).toEqual(block)
  })

  test.each<[string, object | string]>([
    ['text', 'x'],
    ['a list', []],
    ['another transaction', { hash: UNKNOWN, blockHash: UNKNOWN, blockNumber: '0x1' }],
    ['a block that is no hash', { blockHash: '0x1', blockNumber: '0x1' }],
    ['a number that is none', { blockHash: UNKNOWN, blockNumber: '-1' }],
    ['a number beyond 2^53', { blockHash: UNKNOWN, blockNumber: `0x${'f'.repeat(20)}` }],
  ])('%s is no answer', async (_, result) => {
    const whole = typeof result === 'object' && !Array.isArray(result) ? { hash: included, ...result } : result
    const asked = withNodes([answering(whole)], (adapter) => adapter.transactionBlock(included, SIGNAL))
    await expect(asked).rejects.toMatchObject({ code: 'NODE_GARBAGE' })
  })

  test.each<[string, object]>([
    ['no block', {}],
    ['a null block', { blockHash: null, blockNumber: null }],
  ])('a transaction with %s is pending', async (_, fields) => {
    const asked = withNodes([answering({ hash: included, ...fields })], (adapter) =>
      adapter.transactionBlock(included, SIGNAL),
    )
    expect(await asked).toBeUndefined()
  })

  test('a node that fails is an error, not an unknown transaction', async () => {
    const down: Answer = inFrontOf(anvil.url, ({ calls }) =>
      calls.some(({ method }) => method === METHOD) ? { status: 500, text: '' } : undefined,
    )
    const asked = withNodes([down], (adapter) => adapter.transactionBlock(included, SIGNAL))
    await expect(asked).rejects.toMatchObject({ code: 'NODE_HTTP' })
  })
})

test('a second opinion is asked of another node', async () => {
  const keys = [{ account: DEPLOYER, asset: { standard: 'native', reference: '60' } as const, item: '' }]
  const [first, second] = [await startScriptedNode(inFrontOf(anvil.url)), await startScriptedNode(inFrontOf(anvil.url))]
  const adapter = adapterOf([first.url, second.url])
  const asked = (): number[] =>
    [first, second].map(({ arrived }) => arrived.filter(({ text }) => /eth_(call|getBalance)/.test(text)).length)
  await adapter.readBalances({ keys, at: 'latest', ask: 'another_node' }, SIGNAL)
  expect(asked()).toEqual([0, expect.any(Number)])
  expect(asked()[1]).toBeGreaterThan(0)
  await adapter.readTokens([{ standard: 'erc20', reference: DEPLOYER }], SIGNAL, { at: block, ask: 'another_node' })
  expect(asked()[0]).toBe(0)
  await Promise.all([first.stop(), second.stop()])
})
