import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEitherAdapter } from '../../../../test/chains/packed-adapter.ts'
import { type Anvil, blockNumber, DEPLOYER, deploy, mine, send, startAnvil } from '../../../../test/nodes/anvil.ts'
import { altering, Fault, type ScriptedNode, startScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import { parseChainId } from '../../../core/chain.ts'
import type { ChainAdapter } from '../../adapter.ts'

const SIGNAL = new AbortController().signal
const ALICE = '0x00000000000000000000000000000000000a11ce'
const BOB = '0x0000000000000000000000000000000000000b0b'
const ALL = { type: 'all' } as const

let anvil: Anvil
let adapter: ChainAdapter
let coin: Address
let deed: Address
let goods: Address
let headers: readonly Header[]

beforeAll(async () => {
  anvil = await startAnvil()
  adapter = adapterOf(anvil.url)
  coin = await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
  deed = await deploy(anvil, 'Erc721', ['Items', 'ITM'])
  goods = await deploy(anvil, 'Erc1155', [])
  await send(anvil, { name: 'Erc20', address: coin, functionName: 'mint', args: [ALICE, 5n] })
  await send(anvil, { name: 'Erc20', address: coin, functionName: 'mint', args: [BOB, 6n] })
  await send(anvil, { name: 'Erc721', address: deed, functionName: 'mint', args: [ALICE, 7n] })
  await send(anvil, { name: 'Erc1155', address: goods, functionName: 'mint', args: [BOB, 3n, 40n] })
  await send(anvil, { name: 'Erc20', address: coin, functionName: 'mint', args: [DEPLOYER, 3n] })
  await send(anvil, { name: 'Erc20', address: coin, functionName: 'transfer', args: [ALICE, 2n] })
  await send(anvil, { name: 'Erc20', address: coin, functionName: 'burn', args: [1n] })
  await mine(anvil, 3)
  headers = await adapter.headers({ first: 0, last: await blockNumber(anvil) }, SIGNAL)
})
afterAll(() => anvil.stop())

function adapterOf(...rpc: readonly string[]): ChainAdapter {
  const chain = parseChainId('eip155:31337')
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = { chain, rpc, finality: 'finalized', warn: () => undefined } as const
  return createEitherAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }).adapter
}

/** A proxy before Anvil. `change` makes the results of one method from the true ones. */
async function changing(method: string, change: (result: unknown) => unknown): Promise<ScriptedNode> {
  return startScriptedNode(altering(anvil.url, (asked, result) => (asked.method === method ? change(result) : result)))
}

function askedFor(node: ScriptedNode, method: string): number {
  return node.arrived.flatMap(({ calls }) => calls).filter((call) => call.method === method).length
}

function fails(code: number, message: string): () => never {
  return () => {
    throw new Fault(code, message)
  }
}

const scopes = () =>
  [
    ALL,
    { type: 'tokens', tokens: [deed, goods] },
    { type: 'accounts', accounts: [ALICE] },
    { type: 'pair', token: coin, account: BOB },
    { type: 'mints', token: coin },
  ] as const

test('receipts give the same transfers as logs, in every scope', async () => {
  for (const scope of scopes()) {
    const logs = await adapter.transfersOf({ headers, scope, source: 'logs' }, SIGNAL)
    expect(await adapter.transfersOf({ headers, scope, source: 'receipts' }, SIGNAL)).toEqual(logs)
  }
})

test("a pair's transfers are those of one account in one token, over a range", async () => {
  const range = { first: 0, last: await blockNumber(anvil) }
  const pair = await adapter.transfers({ ...range, scope: { type: 'pair', token: coin, account: BOB } }, SIGNAL)
  expect(pair.flatMap(({ transfers }) => transfers.map(({ to, amount }) => [to, amount]))).toEqual([[BOB, 6n]])
  const items = await adapter.transfers({ ...range, scope: { type: 'pair', token: goods, account: BOB } }, SIGNAL)
  expect(items.flatMap(({ transfers }) => transfers.map(({ item, amount }) => [item, amount]))).toEqual([['3', 40n]])
  const none = await adapter.transfers({ ...range, scope: { type: 'pair', token: deed, account: BOB } }, SIGNAL)
  expect(none).toEqual([])
})

test("a token's mints and burns are read without its other transfers, over a range", async () => {
  const range = { first: 0, last: await blockNumber(anvil) }
  const mints = await adapter.transfers({ ...range, scope: { type: 'mints', token: coin } }, SIGNAL)
  expect(mints.flatMap(({ transfers }) => transfers.map(({ from, to, amount }) => [from, to, amount]))).toEqual([
    [undefined, ALICE, 5n],
    [undefined, BOB, 6n],
    [undefined, DEPLOYER, 3n],
    [DEPLOYER, undefined, 1n],
  ])
})

describe('a node without eth_getBlockReceipts', () => {
  test.each([
    [-32601, 'the method eth_getBlockReceipts does not exist/is not available'],
    [-32600, 'Method eth_getBlockReceipts is not supported on this plan'],
    [-32000, 'unsupported method'],
  ])('that answers %i %s is asked for the receipts one by one, and that is remembered', async (code, message) => {
    const node = await changing('eth_getBlockReceipts', fails(code, message))
    const own = adapterOf(node.url)
    const blocks = { headers, scope: ALL, source: 'receipts' } as const
    const truth = await adapter.transfersOf(blocks, SIGNAL)
    expect(await own.transfersOf(blocks, SIGNAL)).toEqual(truth)
    const asked = askedFor(node, 'eth_getBlockReceipts')
    expect(await own.transfersOf(blocks, SIGNAL)).toEqual(truth)
    expect(askedFor(node, 'eth_getBlockReceipts')).toBe(asked)
    await node.stop()
  })
})

const gone = (): never => {
  throw new Fault(-32000, 'failed to find transaction in block')
}
/** Odd answers to a request for a block's receipts. */
const ODD: ReadonlyArray<readonly [string, (result: unknown) => unknown]> = [
  ['too few', (result) => (Array.isArray(result) ? result.slice(1) : result)],
  ['not a list', () => 7],
  ['without logs', (result) => without(result, 'logs')],
  ['null', () => null],
  ['a broken index', gone],
  ['an internal error', fails(-32603, 'Internal error')],
  ['refused for their size', fails(-32003, 'response too large')],
]

test.each(ODD)('receipts that are %s are not accepted, and are fetched one by one', async (_, change) => {
  const node = await changing('eth_getBlockReceipts', change)
  const blocks = { headers: headers.slice(-4), scope: ALL, source: 'receipts' } as const
  const truth = await adapter.transfersOf(blocks, SIGNAL)
  expect(await adapterOf(node.url).transfersOf(blocks, SIGNAL)).toEqual(truth)
  await node.stop()
})

test.each(ODD)('receipts that are %s and unavailable one by one are fetched from another node', async (_, change) => {
  const node = await startScriptedNode(
    altering(anvil.url, ({ method }, result) => {
      if (method === 'eth_getTransactionReceipt') return null
      return method === 'eth_getBlockReceipts' ? change(result) : result
    }),
  )
  const blocks = { headers: headers.slice(-4), scope: ALL, source: 'receipts' } as const
  await expect(adapterOf(node.url).transfersOf(blocks, SIGNAL)).rejects.toMatchObject({
    code: 'NODE_NO_RECEIPTS',
  })
  const truth = await adapter.transfersOf(blocks, SIGNAL)
  expect(await adapterOf(node.url, anvil.url).transfersOf(blocks, SIGNAL)).toEqual(truth)
  await node.stop()
})

test('receipts of another block are not accepted', async () => {
  const node = await changing('eth_getBlockReceipts', moved)
  const blocks = { headers: headers.slice(-4), scope: ALL, source: 'receipts' } as const
  await expect(adapterOf(node.url).transfersOf(blocks, SIGNAL)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  expect(await adapterOf(node.url, anvil.url).transfersOf(blocks, SIGNAL)).toHaveLength(4)
  await node.stop()
})

function without(receipts: unknown, key: string): unknown {
  return Array.isArray(receipts) ? receipts.map((receipt) => ({ ...receipt, [key]: undefined })) : receipts
}

function moved(receipts: unknown): unknown {
  const blockHash = `0x${'d'.repeat(64)}`
  return Array.isArray(receipts) ? receipts.map((receipt) => ({ ...receipt, blockHash })) : receipts
}
