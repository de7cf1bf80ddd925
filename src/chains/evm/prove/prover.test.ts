import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, blockNumber, DEPLOYER, deploy, mine, send, startAnvil } from '../../../../test/nodes/anvil.ts'
import {
  type Answer,
  type Arrived,
  Fault,
  inFrontOf,
  jsonRpc,
  type Reply,
  type ScriptedNode,
  startScriptedNode,
} from '../../../../test/nodes/scripted-node.ts'
import { assert } from '../../../core/assert.ts'
import type { BlockRef } from '../../../core/block.ts'
import { type ChainId, parseChainId } from '../../../core/chain.ts'
import type { Standard } from '../../../core/standards.ts'
import type { ChainProver, Proof, Question } from '../../adapter.ts'
import { EVM_NATIVE } from '../native-asset.ts'
import { createEvmProver } from './prover.ts'

const SIGNAL = new AbortController().signal
/** No pauses between retries, so no test waits. */
const FAST = { pauses: { baseMs: 0, maxMs: 0 } }
const ALICE = '0x00000000000000000000000000000000000a11ce'
/** An account with no balance and no code. */
const NOBODY = '0x000000000000000000000000000000000000dead'
/** Modes of Misbehaving.sol. */
const MODES = { honest: 0, reverts: 1, burnsGas: 2, returnsHuge: 3, returns65Bytes: 4, returnsNothing: 5 }
const MAX = 2n ** 256n - 1n

let anvil: Anvil
let tokens: Readonly<Record<'erc20' | 'erc721' | 'erc1155' | 'weth' | keyof typeof MODES, Address>>
const nodes: ScriptedNode[] = []

beforeAll(async () => {
  anvil = await startAnvil()
  const misbehaving = async (mode: number): Promise<Address> => {
    const address = await deploy(anvil, 'Misbehaving', [mode])
    await send(anvil, { name: 'Misbehaving', address, functionName: 'mint', args: [ALICE, 5n] })
    return address
  }
  tokens = {
    erc20: await deploy(anvil, 'Erc20', ['Six', 'SIX', 6]),
    erc721: await deploy(anvil, 'Erc721', ['Items', 'ITM']),
    erc1155: await deploy(anvil, 'Erc1155', []),
    weth: await deploy(anvil, 'WrappedNative'),
    honest: await misbehaving(MODES.honest),
    reverts: await misbehaving(MODES.reverts),
    burnsGas: await misbehaving(MODES.burnsGas),
    returnsHuge: await misbehaving(MODES.returnsHuge),
    returns65Bytes: await misbehaving(MODES.returns65Bytes),
    returnsNothing: await misbehaving(MODES.returnsNothing),
  }
  const { erc20, erc721, erc1155, weth } = tokens
  await send(anvil, { name: 'Erc20', address: erc20, functionName: 'mint', args: [ALICE, MAX] })
  await send(anvil, { name: 'Erc721', address: erc721, functionName: 'mint', args: [ALICE, 7n] })
  await send(anvil, { name: 'Erc721', address: erc721, functionName: 'mint', args: [DEPLOYER, MAX] })
  await send(anvil, { name: 'Erc1155', address: erc1155, functionName: 'mint', args: [ALICE, 3n, 40n] })
  await send(anvil, { name: 'WrappedNative', address: weth, functionName: 'deposit', value: 9n })
  const burn = [`0x${'0'.repeat(40)}`, 2n]
  await send(anvil, { name: 'WrappedNative', address: weth, functionName: 'transfer', args: burn })
}, 180_000)
afterAll(async () => {
  await Promise.all([anvil.stop(), ...nodes.map((node) => node.stop())])
})

async function scripted(answer: Answer): Promise<ScriptedNode> {
  const node = await startScriptedNode(answer)
  nodes.push(node)
  return node
}

function proverOf(...rpc: readonly string[]): ChainProver {
  return createEvmProver({ chain: CHAIN, rpc, warn: () => {} }, FAST)
}

async function newest(): Promise<BlockRef> {
  const block = await proverOf(anvil.url).blockAt(await blockNumber(anvil), SIGNAL)
  assert(block !== undefined, 'the newest block exists')
  return block
}

type Rest = { readonly account?: string; readonly item?: string }
type Case = readonly [Standard, string, Rest, Proof]

const amount = (value: bigint): Proof => ({ ok: true, amount: value })
const not = (reason: 'token_does_not_answer' | 'not_supported' | 'no_archive' | 'block_replaced'): Proof => ({
  ok: false,
  reason,
})

/** Every kind of balance, with the chain's amount. */
function cases(): readonly Case[] {
  const t = tokens
  return [
    ['erc20', t.erc20, {}, amount(MAX)],
    ['erc20', t.erc20, { account: NOBODY }, amount(0n)],
    ['erc721', t.erc721, {}, amount(1n)],
    ['erc721', t.erc721, { item: '7' }, amount(1n)],
    ['erc721', t.erc721, { item: '7', account: NOBODY }, amount(0n)],
    ['erc721', t.erc721, { item: '8' }, amount(0n)],
    ['erc721', t.erc721, { item: MAX.toString(), account: DEPLOYER }, amount(1n)],
    ['erc721', t.erc721, { item: (MAX + 1n).toString() }, not('not_supported')],
    ['erc1155', t.erc1155, { item: '3' }, amount(40n)],
    ['erc1155', t.erc1155, { item: '4' }, amount(0n)],
    ['erc1155', t.erc1155, {}, not('not_supported')],
    ['erc20', t.honest, {}, amount(5n)],
    ['erc20', t.reverts, {}, not('token_does_not_answer')],
    ['erc20', t.burnsGas, {}, not('token_does_not_answer')],
    ['erc20', t.returnsHuge, {}, amount(5n)],
    ['erc20', t.returns65Bytes, {}, amount(5n)],
    ['erc20', t.returnsNothing, {}, not('token_does_not_answer')],
    ['erc721', t.reverts, { item: '7' }, not('token_does_not_answer')],
    ['erc20', NOBODY, {}, not('token_does_not_answer')],
    ['native', EVM_NATIVE.reference, { account: NOBODY }, amount(0n)],
  ]
}

function questionOf([standard, reference, { account = ALICE, item = '' }]: Case, block: BlockRef): Question {
  return { what: 'balance', key: { account, asset: { standard, reference }, item }, block }
}

const PLAIN = 'invalid argument 1: json: cannot unmarshal object into Go value of type string'

function refuseHashes({ batch, calls, text }: Arrived): Reply | undefined {
  if (!text.includes('requireCanonical')) return undefined
  const json = calls.map(({ id }) => ({ jsonrpc: '2.0', id, error: { code: -32602, message: PLAIN } }))
  return { json: batch ? json : json[0] }
}

test.each<[string, () => Promise<string>]>([
  ['by block hash', async () => anvil.url],
  [
    'by block number, when the node takes no hash',
    async () => (await scripted(inFrontOf(anvil.url, refuseHashes))).url,
  ],
  [
    'one by one, when the node takes no batches',
    async () =>
      (await scripted(inFrontOf(anvil.url, ({ batch }) => (batch ? { status: 400, text: '' } : undefined)))).url,
  ],
])('balances of all standards and of odd tokens are read, %s', async (_, way) => {
  const block = await newest()
  const questions = cases().map((one) => questionOf(one, block))
  expect(await proverOf(await way()).prove(questions, SIGNAL)).toEqual(cases().map(([, , , proof]) => proof))
})

test('each question is answered at its own block', async () => {
  const bob = '0x0000000000000000000000000000000000000b0b'
  const before = await newest()
  await anvil.rpc('eth_sendTransaction', [{ from: DEPLOYER, to: bob, value: '0x10' }])
  await mine(anvil)
  const after = await newest()
  const ask = (block: BlockRef): Question => questionOf(['native', '60', { account: bob }, amount(0n)], block)
  expect(await proverOf(anvil.url).prove([ask(after), ask(before)], SIGNAL)).toEqual([amount(16n), amount(0n)])
})

test('a supply is returned with and without the balance of the zero address', async () => {
  const block = await newest()
  const supply = (standard: Standard, reference: string): Question => {
    return { what: 'supply', asset: { standard, reference }, block }
  }
  const questions = [
    supply('erc20', tokens.erc20),
    supply('erc20', tokens.weth),
    supply('erc721', tokens.erc721),
    supply('erc1155', tokens.erc1155),
  ]
  expect(await proverOf(anvil.url).prove(questions, SIGNAL)).toEqual([
    amount(MAX),
    { ok: true, amount: 9n, otherwise: 7n },
    not('token_does_not_answer'),
    not('not_supported'),
  ])
})

test('a gas bomb among many reads does not spoil the others, and gets a cool-down', async () => {
  const front = await scripted(inFrontOf(anvil.url))
  const prover = proverOf(front.url)
  const block = await newest()
  const accounts = Array.from({ length: 60 }, (_, n) => `0x${n.toString(16).padStart(40, '1')}`)
  const questions = accounts.flatMap((account) => [
    questionOf(['erc20', tokens.burnsGas, { account }, amount(0n)], block),
    questionOf(['erc20', tokens.erc20, { account }, amount(0n)], block),
  ])
  const expected = accounts.flatMap(() => [not('token_does_not_answer'), amount(0n)])
  expect(await prover.prove(questions, SIGNAL)).toEqual(expected)
  const seen = front.arrived.length
  expect(await prover.prove(questions, SIGNAL)).toEqual(expected)
  expect(front.arrived.slice(seen).some(({ text }) => text.includes(tokens.burnsGas.slice(2)))).toBe(false)
})

test('a pruned block is no_archive, not a wrong amount, and another node is asked', async () => {
  const block = await newest()
  const fault = (): never => {
    throw new Fault(-32000, 'missing trie node 1234 (path )')
  }
  const pruned = await scripted(jsonRpc({ eth_chainId: () => '0x7a69', eth_call: fault }))
  const question = questionOf(['erc20', tokens.erc20, {}, amount(MAX)], block)
  expect(await proverOf(pruned.url).prove([question], SIGNAL)).toEqual([not('no_archive')])
  expect(await proverOf(pruned.url, anvil.url).prove([question], SIGNAL)).toEqual([amount(MAX)])
})

test('a block that is not canonical is block_replaced, by hash and by number', async () => {
  const block = { ...(await newest()), hash: `0x${'d'.repeat(64)}` }
  const question = questionOf(['erc20', tokens.erc20, {}, amount(MAX)], block)
  expect(await proverOf(anvil.url).prove([question], SIGNAL)).toEqual([not('block_replaced')])
  const front = await scripted(inFrontOf(anvil.url, refuseHashes))
  expect(await proverOf(front.url).prove([question], SIGNAL)).toEqual([not('block_replaced')])
})

test('a block that the node does not have yet is undefined, and a node of another chain is an error', async () => {
  expect(await proverOf(anvil.url).blockAt(1_000_000, SIGNAL)).toBeUndefined()
  const other = await scripted(jsonRpc({ eth_chainId: () => '0x1' }))
  await expect(proverOf(other.url).blockAt(1, SIGNAL)).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
})

test('a node that hangs is replaced by another one after the timeout', async () => {
  const hung = await scripted(() => 'hang')
  const question = questionOf(['erc20', tokens.erc20, {}, amount(MAX)], await newest())
  const rpc = [hung.url, anvil.url]
  // Far above what Anvil needs, and far below the client's own 30 s.
  const prover = createEvmProver({ chain: CHAIN, rpc, warn: () => {}, timeoutMs: 2_000 }, FAST)
  expect(await prover.prove([question], SIGNAL)).toEqual([amount(MAX)])
  expect(hung.arrived).toHaveLength(1)
}, 120_000)

test('a node that fails midway is asked again, and its keys stay secret', async () => {
  let asked = 0
  const flaky = await scripted(inFrontOf(anvil.url, () => (++asked === 2 ? { status: 503, text: '' } : undefined)))
  const block = await newest()
  const question = questionOf(['erc20', tokens.erc20, {}, amount(MAX)], block)
  expect(await proverOf(flaky.url).prove([question], SIGNAL)).toEqual([amount(MAX)])
  // The check of the node, the failure, the check after the failure, the answer.
  expect(asked).toBe(4)
  const gone = proverOf('http://127.0.0.1:1/v2/secret-key').prove([question], SIGNAL)
  await expect(gone).rejects.toMatchObject({ code: 'NODE_UNREACHABLE', message: expect.not.stringContaining('secret') })
})

const CHAIN = chainOf('eip155:31337')

function chainOf(text: string): ChainId {
  const chain = parseChainId(text)
  assert(chain !== undefined, `${text} is a CAIP-2 id`)
  return chain
}
