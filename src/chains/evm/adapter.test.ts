import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEitherAdapter } from '../../../test/chains/packed-adapter.ts'
import { type Anvil, blockNumber, deploy, mine, type Sending, send, startAnvil } from '../../../test/nodes/anvil.ts'
import { altering, inFrontOf, jsonRpc, startScriptedNode } from '../../../test/nodes/scripted-node.ts'
import { assert } from '../../core/assert.ts'
import { NO_ITEM } from '../../core/asset.ts'
import { type ChainId, parseChainId } from '../../core/chain.ts'
import type { AdapterOptions, ChainAdapter } from '../adapter.ts'
import { kindOf } from '../registry.ts'

const CHAIN = chainOf('eip155:31337')
const SIGNAL = new AbortController().signal
/** No pauses between retries, so no test waits. */
const FAST = { pauses: { baseMs: 0, maxMs: 0 } }
/** An account with no balance and no code. */
const OWNER = '0x000000000000000000000000000000000000dead'
const ALICE = '0x00000000000000000000000000000000000a11ce'
const BOB = '0x0000000000000000000000000000000000000b0b'
const ALL = { type: 'all' } as const

let anvil: Anvil
let adapter: ChainAdapter
let erc20: Address
let erc721: Address
let erc1155: Address

beforeAll(async () => {
  anvil = await startAnvil()
  adapter = adapterOf([anvil.url])
  erc20 = await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
  erc721 = await deploy(anvil, 'Erc721', ['Items', 'ITM'])
  erc1155 = await deploy(anvil, 'Erc1155', [])
  await act({ name: 'Erc20', address: erc20, functionName: 'mint', args: [ALICE, 2n ** 256n - 1n] })
  await act({ name: 'Erc721', address: erc721, functionName: 'mint', args: [ALICE, 7n] })
  await act({ name: 'Erc1155', address: erc1155, functionName: 'mint', args: [BOB, 3n, 40n] })
  await mine(anvil, 3)
})
afterAll(() => anvil.stop())

function act(sending: Sending): Promise<unknown> {
  return send(anvil, sending)
}

function adapterOf(rpc: readonly string[], options: Partial<AdapterOptions> = {}): ChainAdapter {
  const made = { chain: CHAIN, rpc, finality: 'finalized', warn: () => {}, ...options } as const
  return createEitherAdapter(made, FAST).adapter
}

test('the finalized head is below the newest one, by tag and by confirmations', async () => {
  const number = await blockNumber(anvil)
  const heads = await adapter.heads(SIGNAL)
  expect([heads.latest.number, heads.finalized.number]).toEqual([number, 0])
  const confirmed = await adapterOf([anvil.url], { finality: { confirmations: 2 } }).heads(SIGNAL)
  expect([confirmed.latest.number, confirmed.finalized.number]).toEqual([number, number - 2])
  const deep = await adapterOf([anvil.url], { finality: { confirmations: 1000 } }).heads(SIGNAL)
  expect(deep.finalized.number).toBe(0)
})

test('a node without the finalized tag gets 64 confirmations and one warning', async () => {
  const warnings: string[] = []
  const node = await startScriptedNode(
    inFrontOf(anvil.url, ({ calls }) => {
      const json = calls.map(({ id, params }) =>
        params[0] === 'finalized'
          ? { jsonrpc: '2.0', id, error: { code: -39001, message: 'Unknown block' } }
          : { jsonrpc: '2.0', id, result: heads.latest },
      )
      return calls.some(({ params }) => params[0] === 'finalized') ? { json } : undefined
    }),
  )
  const heads = { latest: await anvil.rpc('eth_getBlockByNumber', ['latest', false]) }
  const made = adapterOf([node.url], { warn: (message) => warnings.push(message) })
  expect((await made.heads(SIGNAL)).finalized.number).toBe(0)
  await made.heads(SIGNAL)
  expect(warnings).toEqual(['node knows no finalized block: 64 confirmations instead'])
  await node.stop()
})

test('a node of another chain is left out, and is an error when it is the only node', async () => {
  const other = await startScriptedNode(jsonRpc({ eth_chainId: () => '0x1' }))
  const mismatch = { code: 'CHAIN_MISMATCH', fields: { answered: 'eip155:1', configured: 'eip155:31337' } }
  await expect(adapterOf([other.url]).heads(SIGNAL)).rejects.toMatchObject(mismatch)
  const warnings: unknown[] = []
  const both = adapterOf([other.url, anvil.url], { warn: (message, fields) => warnings.push([message, fields.node]) })
  expect((await both.heads(SIGNAL)).latest.number).toBe(await blockNumber(anvil))
  expect(warnings).toEqual([['node is left out', other.url]])
  const range = { first: 0, last: 1 }
  expect(await adapterOf([other.url, anvil.url]).headers(range, SIGNAL)).toHaveLength(2)
  await other.stop()
})

test('headers link to their parents, and a range beyond the head is NODE_BEHIND', async () => {
  const last = await blockNumber(anvil)
  const headers = await adapter.headers({ first: 0, last }, SIGNAL)
  expect(headers.map((header) => header.number)).toEqual(Array.from({ length: last + 1 }, (_, number) => number))
  expect(headers.slice(1).map((header) => header.parentHash)).toEqual(headers.slice(0, -1).map((header) => header.hash))
  await expect(adapter.headers({ first: last, last: last + 1 }, SIGNAL)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
})

test('transfers of all standards are read with their block times', async () => {
  const last = await blockNumber(anvil)
  const blocks = await adapter.transfers({ first: 0, last, scope: ALL }, SIGNAL)
  const headers = await adapter.headers({ first: 0, last }, SIGNAL)
  expect(blocks.map(({ number, hash, timestamp }) => ({ number, hash, timestamp }))).toEqual(
    [4, 5, 6].map((number) => ({ number, hash: headers[number]?.hash, timestamp: headers[number]?.timestamp })),
  )
  expect(
    blocks
      .flatMap(({ transfers }) => transfers)
      .map(({ asset, from, to, item, amount }) => [asset, from, to, item, amount]),
  ).toEqual([
    [{ standard: 'erc20', reference: erc20 }, undefined, ALICE, '', 2n ** 256n - 1n],
    [{ standard: 'erc721', reference: erc721 }, undefined, ALICE, '7', 1n],
    [{ standard: 'erc1155', reference: erc1155 }, undefined, BOB, '3', 40n],
  ])
})

test('a scope limits transfers to the listed tokens or accounts', async () => {
  const last = await blockNumber(anvil)
  const seen = async (scope: Parameters<ChainAdapter['transfers']>[0]['scope']): Promise<unknown> =>
    (await adapter.transfers({ first: 0, last, scope }, SIGNAL)).flatMap(({ transfers }) =>
      transfers.map((transfer) => transfer.asset.reference),
    )
  expect(await seen({ type: 'tokens', tokens: [erc721, BOB] })).toEqual([erc721])
  expect(await seen({ type: 'accounts', accounts: [ALICE] })).toEqual([erc20, erc721])
  expect(await seen({ type: 'accounts', accounts: [ALICE, BOB, OWNER] })).toEqual([erc20, erc721, erc1155])
  expect(await seen({ type: 'accounts', accounts: [] })).toEqual([])
})

test('block times come from headers when logs carry none, and headers of other blocks are garbage', async () => {
  const strip = (forge: (text: string) => string) =>
    startScriptedNode(
      altering(anvil.url, ({ method }, result) => {
        if (method !== 'eth_getLogs') return result
        const text = JSON.stringify(result).replaceAll('"blockTimestamp"', '"unknown"')
        const forged: unknown = JSON.parse(forge(text))
        return forged
      }),
    )
  const last = await blockNumber(anvil)
  const node = await strip((text) => text)
  const blocks = await adapterOf([node.url]).transfers({ first: 0, last, scope: ALL }, SIGNAL)
  const whole = await adapter.transfers({ first: 0, last, scope: ALL }, SIGNAL)
  expect(blocks.map((block) => block.timestamp)).toEqual(whole.map((block) => block.timestamp))
  const hash = whole[0]?.hash ?? ''
  const liar = await strip((text) => text.replaceAll(hash, `0x${'d'.repeat(64)}`))
  const lied = adapterOf([liar.url]).transfers({ first: 0, last, scope: ALL }, SIGNAL)
  await expect(lied).rejects.toMatchObject({ code: 'NODE_GARBAGE' })
  await Promise.all([node.stop(), liar.stop()])
})

test('an answer for blocks that the node does not have yet is not accepted', async () => {
  const last = (await blockNumber(anvil)) + 1
  const asked = adapter.transfers({ first: 0, last, scope: ALL }, SIGNAL)
  await expect(asked).rejects.toMatchObject({ code: 'NODE_BEHIND', fields: { head: last - 1, asked: last } })
})

test('a lagging node is passed over when another node has the blocks', async () => {
  const lagging = await startScriptedNode(
    jsonRpc({ eth_chainId: () => '0x7a69', eth_blockNumber: () => '0x1', eth_getLogs: () => [] }),
  )
  const last = await blockNumber(anvil)
  const blocks = await adapterOf([lagging.url, anvil.url]).transfers({ first: 0, last, scope: ALL }, SIGNAL)
  expect(blocks).toHaveLength(3)
  await lagging.stop()
})

test('a second opinion on a balance or a supply comes from another node', async () => {
  const liar = await startScriptedNode(
    inFrontOf(anvil.url, ({ calls }) => {
      if (!calls.some(({ method }) => method === 'eth_call')) return undefined
      return { json: calls.map(({ id }) => ({ jsonrpc: '2.0', id, result: `0x${'00'.repeat(31)}07` })) }
    }),
  )
  const two = adapterOf([liar.url, anvil.url])
  const { latest: at } = await two.heads(SIGNAL)
  const asset = { standard: 'erc20', reference: erc20.toLowerCase() } as const
  const request = { keys: [{ account: ALICE, asset, item: NO_ITEM }], at }
  const before = liar.arrived.length
  const { reads } = await two.readBalances({ ...request, ask: 'another_node' }, SIGNAL)
  expect(reads).toMatchObject([{ amount: 2n ** 256n - 1n }])
  const tokens = await two.readTokens([asset], SIGNAL, { at, ask: 'another_node' })
  expect(tokens).toMatchObject({ facts: [{ name: 'Six' }] })
  expect(liar.arrived).toHaveLength(before)
  await liar.stop()
})

test('a node that lacks the state of a block is passed over for reads of it', async () => {
  const pruned = await startScriptedNode(
    inFrontOf(anvil.url, ({ calls }) => {
      if (!calls.some(({ method }) => method === 'eth_call')) return undefined
      const error = { code: -32000, message: 'missing trie node' }
      return { json: calls.map(({ id }) => ({ jsonrpc: '2.0', id, error })) }
    }),
  )
  const two = adapterOf([pruned.url, anvil.url])
  const { latest: at } = await two.heads(SIGNAL)
  const asset = { standard: 'erc20', reference: erc20.toLowerCase() } as const
  const { reads } = await two.readBalances({ keys: [{ account: ALICE, asset, item: NO_ITEM }], at }, SIGNAL)
  expect(reads).toMatchObject([{ amount: 2n ** 256n - 1n }])
  await pruned.stop()
})

test('the error for a range that is too large suggests a smaller one', async () => {
  const node = await startScriptedNode(
    inFrontOf(anvil.url, ({ calls }) => {
      const error = {
        code: -32005,
        message: 'query returned more than 10000 results. Try with this block range [0x0, 0x2].',
      }
      const json = calls.map(({ id, method }) => ({
        jsonrpc: '2.0',
        id,
        ...(method === 'eth_getLogs' ? { error } : { result: '0x64' }),
      }))
      return calls.some(({ method }) => method === 'eth_getLogs') ? { json } : undefined
    }),
  )
  const asked = adapterOf([node.url]).transfers({ first: 0, last: 50, scope: ALL }, SIGNAL)
  await expect(asked).rejects.toMatchObject({ code: 'RANGE_TOO_LARGE', fields: { suggested: 3 } })
  const small = createEitherAdapter(
    { chain: CHAIN, rpc: [anvil.url], finality: 'finalized', warn: () => {} },
    { ...FAST, maxBytes: 1500 },
  ).adapter
  const capped = small.transfers({ first: 0, last: await blockNumber(anvil), scope: ALL }, SIGNAL)
  await expect(capped).rejects.toMatchObject({ code: 'RANGE_TOO_LARGE' })
  await node.stop()
})

test('transfers are read for given blocks, even empty ones, and an unknown block is NODE_BEHIND', async () => {
  const headers = await adapter.headers({ first: 3, last: 6 }, SIGNAL)
  const blocks = await adapter.transfersOf({ headers, scope: ALL }, SIGNAL)
  expect(blocks.map((block) => [block.number, block.transfers.length])).toEqual([
    [3, 0],
    [4, 1],
    [5, 1],
    [6, 1],
  ])
  expect(blocks.map(({ transfers, ...header }) => header)).toEqual(headers)
  expect(await adapter.transfersOf({ headers: [], scope: ALL }, SIGNAL)).toEqual([])
  const unknown = headers.map((header) => ({ ...header, hash: `0x${'d'.repeat(64)}` }))
  const asked = adapter.transfersOf({ headers: unknown, scope: ALL }, SIGNAL)
  await expect(asked).rejects.toMatchObject({ code: 'NODE_BEHIND' })
})

test('a node without batch support gives the same results', async () => {
  const refusal = { status: 400, text: '' }
  const node = await startScriptedNode(inFrontOf(anvil.url, ({ batch }) => (batch ? refusal : undefined)))
  const single = adapterOf([node.url])
  const last = await blockNumber(anvil)
  const range = { first: 0, last, scope: ALL }
  expect(await single.transfers(range, SIGNAL)).toEqual(await adapter.transfers(range, SIGNAL))
  expect(await single.headers(range, SIGNAL)).toEqual(await adapter.headers(range, SIGNAL))
  await node.stop()
})

test('the registry finds the kind of a chain by its namespace, and its account codec is lossless', () => {
  const kind = kindOf(chainOf('eip155:1'))
  expect(kindOf(chainOf('cosmos:hub'))).toBeUndefined()
  expect(kind?.kind).toBe('evm')
  expect(kind?.parseAddress(`0X${'aB'.repeat(20)}`)).toBe(`0x${'ab'.repeat(20)}`)
  expect(kind?.parseAddress('0x12')).toBeUndefined()
  const bytes = kind?.accountCodec.encode(ALICE)
  expect(bytes).toHaveLength(20)
  expect(bytes === undefined ? undefined : kind?.accountCodec.decode(bytes)).toBe(ALICE)
})

function chainOf(text: string): ChainId {
  const chain = parseChainId(text)
  assert(chain !== undefined, `${text} is a CAIP-2 id`)
  return chain
}
