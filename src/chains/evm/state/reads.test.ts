import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  type Anvil,
  blockNumber,
  DEPLOYER,
  deploy,
  placeMulticall3,
  type Sending,
  send,
  startAnvil,
} from '../../../../test/nodes/anvil.ts'
import {
  type Answer,
  Fault,
  inFrontOf,
  jsonRpc,
  type ScriptedNode,
  startScriptedNode,
} from '../../../../test/nodes/scripted-node.ts'
import { assert } from '../../../core/assert.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import { type ChainId, parseChainId } from '../../../core/chain.ts'
import type { Standard } from '../../../core/standards.ts'
import type { BalanceRead, ChainAdapter } from '../../adapter.ts'
import { createEvmAdapter } from '../adapter.ts'
import { EVM_NATIVE } from '../native-asset.ts'

const CHAIN = chainOf('eip155:31337')
const SIGNAL = new AbortController().signal
/** No pauses between retries, so no test waits. */
const FAST = { pauses: { baseMs: 0, maxMs: 0 } }
/** An account with no balance and no code. */
const OWNER = '0x000000000000000000000000000000000000dead'
const ALICE = '0x00000000000000000000000000000000000a11ce'
/** A precompile: it answers every call with 32 bytes, and has no code. */
const SHA256 = `0x${'2'.padStart(40, '0')}`
/** ecrecover, SHA-256, RIPEMD-160, identity, modexp, the curves, BLAKE2, and the point evaluation. */
const PRECOMPILES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `0x${n.toString(16).padStart(40, '0')}`)
/** A contract of the genesis block, with an address that looks like a precompile's. It answers 9 to every call. */
const GENESIS = '0x4200000000000000000000000000000000000006'
const SAYS_NINE = '0x600960005260206000f3'
/** Modes of Misbehaving.sol. */
const MODES = { honest: 0, reverts: 1, burnsGas: 2, returnsHuge: 3, returns65Bytes: 4, returnsNothing: 5 }
const UNKNOWN: BalanceRead = { ok: false, reason: 'token_does_not_answer' }

/** Two chains with the same contracts: `anvil` has Multicall3, `bare` does not. */
let anvil: Anvil
let bare: Anvil
const nodes: ScriptedNode[] = []

type Tokens = Readonly<Record<'erc20' | 'erc721' | 'erc1155' | keyof typeof MODES, Address>>
const tokens = new Map<Anvil, Tokens>()

beforeAll(async () => {
  anvil = await startAnvil()
  bare = await startAnvil()
  await placeMulticall3(anvil)
  for (const node of [anvil, bare]) tokens.set(node, await deployAll(node))
})
afterAll(async () => {
  await Promise.all([anvil.stop(), bare.stop(), ...nodes.map((node) => node.stop())])
})

async function deployAll(node: Anvil): Promise<Tokens> {
  const act = (sending: Sending) => send(node, sending)
  const odd = async (mode: keyof typeof MODES): Promise<Address> => {
    const address = await deploy(node, 'Misbehaving', [MODES[mode]])
    await act({ name: 'Misbehaving', address: address, functionName: 'mint', args: [ALICE, 5n] })
    return address
  }
  await node.rpc('anvil_setCode', [GENESIS, SAYS_NINE])
  const erc20 = await deploy(node, 'Erc20', ['Six', 'SIX', 6])
  const erc721 = await deploy(node, 'Erc721', ['Items', 'ITM'])
  const erc1155 = await deploy(node, 'Erc1155', [])
  await act({ name: 'Erc20', address: erc20, functionName: 'mint', args: [ALICE, 2n ** 256n - 1n] })
  await act({ name: 'Erc721', address: erc721, functionName: 'mint', args: [ALICE, 7n] })
  await act({ name: 'Erc721', address: erc721, functionName: 'mint', args: [DEPLOYER, 2n ** 256n - 1n] })
  await act({ name: 'Erc1155', address: erc1155, functionName: 'mint', args: [ALICE, 3n, 40n] })
  return {
    erc20,
    erc721,
    erc1155,
    honest: await odd('honest'),
    reverts: await odd('reverts'),
    burnsGas: await odd('burnsGas'),
    returnsHuge: await odd('returnsHuge'),
    returns65Bytes: await odd('returns65Bytes'),
    returnsNothing: await odd('returnsNothing'),
  }
}

function adapterOf(url: string): ChainAdapter {
  const chain = CHAIN
  return createEvmAdapter({ chain, rpc: [url], finality: 'finalized', warn: () => {} }, FAST).adapter
}

async function scripted(answer: Answer): Promise<ScriptedNode> {
  const node = await startScriptedNode(answer)
  nodes.push(node)
  return node
}

function key(standard: Standard, reference: string, rest: { account?: string; item?: string } = {}): BalanceKey {
  return { account: rest.account ?? ALICE, asset: { standard, reference }, item: rest.item ?? '' }
}

function tokensOf(node: Anvil): Tokens {
  const found = tokens.get(node)
  if (found === undefined) throw new TypeError('deployed before the tests')
  return found
}

/** Every kind of key, with the expected read. */
function cases(t: Tokens): ReadonlyArray<readonly [BalanceKey, BalanceRead]> {
  const amount = (value: bigint): BalanceRead => ({ ok: true, amount: value })
  return [
    [key('erc20', t.erc20), amount(2n ** 256n - 1n)],
    [key('erc20', t.erc20, { account: OWNER }), amount(0n)],
    [key('erc721', t.erc721), amount(1n)],
    [key('erc721', t.erc721, { item: '7' }), amount(1n)],
    [key('erc721', t.erc721, { item: '7', account: OWNER }), amount(0n)],
    [key('erc721', t.erc721, { item: '8' }), amount(0n)],
    [key('erc721', t.erc721, { item: (2n ** 256n - 1n).toString(), account: DEPLOYER }), amount(1n)],
    [key('erc721', t.erc721, { item: (2n ** 256n).toString() }), { ok: false, reason: 'not_supported' }],
    [key('erc1155', t.erc1155, { item: '3' }), amount(40n)],
    [key('erc1155', t.erc1155, { item: '4' }), amount(0n)],
    [key('erc1155', t.erc1155), { ok: false, reason: 'not_supported' }],
    [key('erc20', t.honest), amount(5n)],
    [key('erc20', t.reverts), UNKNOWN],
    [key('erc20', t.burnsGas), UNKNOWN],
    [key('erc20', t.returnsHuge), UNKNOWN],
    [key('erc20', t.returns65Bytes), UNKNOWN],
    [key('erc20', t.returnsNothing), UNKNOWN],
    [key('erc721', t.reverts, { item: '7' }), UNKNOWN],
    [key('erc20', OWNER), { ok: false, reason: 'not_a_token' }],
    [key('erc721', OWNER, { item: '1' }), { ok: false, reason: 'not_a_token' }],
    ...PRECOMPILES.map((at) => [key('erc20', at), { ok: false, reason: 'not_a_token' }] as const),
    [key('erc721', SHA256, { item: '1' }), { ok: false, reason: 'not_a_token' }],
    [key('erc1155', SHA256, { item: '1' }), { ok: false, reason: 'not_a_token' }],
    [key('erc20', GENESIS), amount(9n)],
    [{ account: OWNER, asset: EVM_NATIVE, item: '' }, amount(0n)],
  ]
}

const PLAIN = 'invalid argument 1: json: cannot unmarshal object into Go value of type string'
const WAYS: ReadonlyArray<readonly [string, () => Promise<[string, Anvil]>]> = [
  ['by Multicall3', async () => [anvil.url, anvil]],
  ['by batches, without Multicall3', async () => [bare.url, bare]],
  [
    'one by one, when the node takes no batches',
    async () => {
      const refuse = inFrontOf(bare.url, ({ batch }) => (batch ? { status: 400, text: '' } : undefined))
      return [(await scripted(refuse)).url, bare]
    },
  ],
  [
    'by block number, when the node takes no block hash',
    async () => {
      const refuse = inFrontOf(anvil.url, ({ batch, calls, text }) => {
        if (!text.includes('requireCanonical')) return undefined
        const json = calls.map(({ id }) => ({ jsonrpc: '2.0', id, error: { code: -32602, message: PLAIN } }))
        return { json: batch ? json : json[0] }
      })
      return [(await scripted(refuse)).url, anvil]
    },
  ],
]

test.each(WAYS)('balances of all standards and of odd tokens are read, %s', async (_, way) => {
  const [url, node] = await way()
  const all = cases(tokensOf(node))
  const adapter = adapterOf(url)
  const newest = await adapter.readBalances({ keys: all.map(([one]) => one), at: 'latest' }, SIGNAL)
  expect(newest.reads).toEqual(all.map(([, read]) => read))
  expect(newest.block.number).toBe(await blockNumber(node))
  const again = await adapter.readBalances({ keys: all.map(([one]) => one), at: newest.block }, SIGNAL)
  expect(again.block).toEqual(newest.block)
  expect(again.reads).toEqual(newest.reads)
})

test('balances are read at the given block, not at the newest one', async () => {
  const adapter = adapterOf(anvil.url)
  const bob = '0x0000000000000000000000000000000000000b0b'
  const keys = [{ account: bob, asset: EVM_NATIVE, item: '' }]
  const { latest: at } = await adapter.heads(SIGNAL)
  await anvil.rpc('eth_sendTransaction', [{ from: DEPLOYER, to: bob, value: '0x10' }])
  // Anvil mines shortly after it answers.
  await vi.waitUntil(async () => (await blockNumber(anvil)) > at.number, { timeout: 60_000 })
  expect((await adapter.readBalances({ keys, at }, SIGNAL)).reads).toEqual([{ ok: true, amount: 0n }])
  expect((await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)).reads).toEqual([{ ok: true, amount: 16n }])
})

test('1,000 balances take two round trips with Multicall3, and three without', async () => {
  for (const [node, roundTrips] of [
    [anvil, 2],
    [bare, 3],
  ] as const) {
    const front = await scripted(inFrontOf(node.url))
    const adapter = adapterOf(front.url)
    await adapter.heads(SIGNAL)
    const seen = front.arrived.length
    const { erc20 } = tokensOf(node)
    const keys = Array.from({ length: 1000 }, (_, n) =>
      key('erc20', erc20, { account: `0x${n.toString(16).padStart(40, '1')}` }),
    )
    const { reads } = await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)
    expect(reads).toEqual(keys.map(() => ({ ok: true, amount: 0n })))
    expect(front.arrived.length - seen).toBe(roundTrips)
  }
})

test('a gas bomb among many reads does not spoil the others, and gets a cool-down', async () => {
  const { erc20, burnsGas, returnsHuge } = tokensOf(anvil)
  const front = await scripted(inFrontOf(anvil.url))
  const adapter = adapterOf(front.url)
  const accounts = Array.from({ length: 100 }, (_, n) => `0x${n.toString(16).padStart(40, '1')}`)
  const keys = accounts.flatMap((account) => [
    key('erc20', burnsGas, { account }),
    key('erc20', erc20, { account }),
    key('erc20', returnsHuge, { account }),
  ])
  const expected = accounts.flatMap(() => [UNKNOWN, { ok: true, amount: 0n }, UNKNOWN])
  expect((await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)).reads).toEqual(expected)
  const seen = front.arrived.length
  expect((await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)).reads).toEqual(expected)
  const later = front.arrived.slice(seen)
  expect(later).toHaveLength(2)
  expect(later.some(({ text }) => text.includes(burnsGas.slice(2)) || text.includes(returnsHuge.slice(2)))).toBe(false)
})

test('a block with pruned state is no_archive, and another node that has the state answers', async () => {
  const { erc20 } = tokensOf(anvil)
  const pruned = await scripted(
    jsonRpc({
      eth_chainId: () => '0x7a69',
      eth_getCode: () => {
        throw new Fault(-32000, 'missing trie node 1234 (path )')
      },
    }),
  )
  const { latest } = await adapterOf(anvil.url).heads(SIGNAL)
  const request = { keys: [key('erc20', erc20)], at: latest }
  const alone = await adapterOf(pruned.url).readBalances(request, SIGNAL)
  expect(alone.reads).toEqual([{ ok: false, reason: 'no_archive' }])
  const chain = CHAIN
  const both = createEvmAdapter({ chain, rpc: [pruned.url, anvil.url], finality: 'finalized', warn: () => {} }, FAST)
  expect((await both.adapter.readBalances(request, SIGNAL)).reads).toEqual([{ ok: true, amount: 2n ** 256n - 1n }])
})

test('a block that is not canonical is not read', async () => {
  const at = { number: 1, hash: `0x${'d'.repeat(64)}` }
  const asked = adapterOf(anvil.url).readBalances({ keys: [key('erc20', tokensOf(anvil).erc20)], at }, SIGNAL)
  await expect(asked).rejects.toMatchObject({ code: 'NODE_BEHIND' })
})

test('token facts are read for every standard, bytes32 texts, hostile text, no decimals and accounts that are no token', async () => {
  const t = tokensOf(anvil)
  const bytes32 = await deploy(anvil, 'Bytes32Metadata', [])
  const hostile = await deploy(anvil, 'HostileMetadata', [])
  const noDecimals = await deploy(anvil, 'NoDecimals', ['None', 'NON'])
  const assets: AssetRef[] = [
    { standard: 'erc20', reference: t.erc20 },
    { standard: 'erc721', reference: t.erc721 },
    { standard: 'erc1155', reference: t.erc1155 },
    { standard: 'erc20', reference: bytes32 },
    { standard: 'erc20', reference: hostile },
    { standard: 'erc20', reference: noDecimals },
    { standard: 'erc20', reference: OWNER },
    { standard: 'erc20', reference: SHA256 },
    { standard: 'erc20', reference: GENESIS },
    EVM_NATIVE,
  ]
  const { block, facts } = await adapterOf(anvil.url).readTokens(assets, SIGNAL)
  expect(block.number).toBe(await blockNumber(anvil))
  expect(facts.map((fact) => fact.asset)).toEqual(assets)
  expect(facts.map(({ name, symbol, decimals, totalSupply }) => [name, symbol, decimals, totalSupply])).toEqual([
    ['Six', 'SIX', 6, 2n ** 256n - 1n],
    ['Items', 'ITM', undefined, undefined],
    [undefined, undefined, undefined, undefined],
    ['Maker of old', 'OLD', 18, 0n],
    ['N'.repeat(128), 'EVIL', 18, 0n],
    ['None', 'NON', undefined, 0n],
    [undefined, undefined, undefined, undefined],
    [undefined, undefined, undefined, undefined],
    [undefined, undefined, 9, 9n],
    [undefined, undefined, 18, undefined],
  ])
})

function chainOf(text: string): ChainId {
  const chain = parseChainId(text)
  assert(chain !== undefined, `${text} is a CAIP-2 id`)
  return chain
}
