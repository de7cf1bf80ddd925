/** Tests which reads get a cool-down: a short failure of a node must not put a contract on cool-down. */
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, deploy, placeMulticall3, send, startAnvil } from '../../../test/nodes/anvil.ts'
import { type Asked, altering, Fault, type ScriptedNode } from '../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../test/nodes/test-nodes.ts'
import type { BalanceKey } from '../../core/balance.ts'
import { type ChainId, parseChainId } from '../../core/chain.ts'
import { type BalanceRead, type ChainAdapter, noCounts } from '../adapter.ts'
import { CoolDowns } from '../nodes/cool-downs.ts'
import { createRpc } from '../nodes/rpc.ts'
import { createEvmAdapter } from './adapter.ts'
import { EVM_NATIVE } from './native-asset.ts'
import { type ReadOutcome, readAll } from './state/multicall-reads.ts'
import { classifyEvmFault } from './words/faults.ts'

const CHAIN = parseChainId('eip155:31337') as ChainId
const SIGNAL = new AbortController().signal
/** No pauses between retries, so no test here waits. */
const FAST = { pauses: { baseMs: 0, maxMs: 0 } }
const ALICE = `0x${'a11ce'.padStart(40, '0')}`
const BALANCE_OF_ALICE = `0x70a08231${'a11ce'.padStart(64, '0')}`
const FIVE: BalanceRead = { ok: true, amount: 5n }
const NOTHING: BalanceRead = { ok: true, amount: 0n }
const UNAVAILABLE: BalanceRead = { ok: false, reason: 'node_unavailable' }
const UNKNOWN: BalanceRead = { ok: false, reason: 'token_does_not_answer' }

/** Two chains with the same two coins: `anvil` has Multicall3, `bare` does not. */
let anvil: Anvil
let bare: Anvil
let coin: Address
let other: Address
beforeAll(async () => {
  anvil = await startAnvil()
  bare = await startAnvil()
  for (const node of [anvil, bare]) {
    coin = await deploy(node, 'Erc20', ['Coin', 'CN', 0])
    other = await deploy(node, 'Erc20', ['Other', 'OT', 0])
    for (const address of [coin, other]) {
      await send(node, { name: 'Erc20', address, functionName: 'mint', args: [ALICE, 5n] })
    }
  }
  await placeMulticall3(anvil)
})
afterAll(() => Promise.all([anvil.stop(), bare.stop()]))

const startNode = stoppedAfterEach()

/** Starts a proxy before the node that fails each call for which `fails` returns a fault. */
async function failing(node: Anvil, fails: (asked: Asked) => Fault | undefined): Promise<ScriptedNode> {
  const front = await startNode(
    altering(node.url, (asked, result) => {
      const fault = fails(asked)
      if (fault !== undefined) throw fault
      return result
    }),
  )
  return front
}

function adapterOf({ url }: ScriptedNode): ChainAdapter {
  return createEvmAdapter({ chain: CHAIN, rpc: [url], finality: 'finalized', warn: () => {} }, FAST).adapter
}

const late = () => new Fault(-32002, 'request timed out')
const native: BalanceKey = { account: ALICE, asset: EVM_NATIVE, item: '' }
const of = (reference: string): BalanceKey => ({ account: ALICE, asset: { standard: 'erc20', reference }, item: '' })

async function read(adapter: ChainAdapter, ...keys: BalanceKey[]): Promise<readonly BalanceRead[]> {
  return (await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)).reads
}

const NODES: ReadonlyArray<readonly [string, () => Anvil]> = [
  ['with Multicall3', () => anvil],
  ['without Multicall3', () => bare],
]

test.each(NODES)('a native balance is read again at once after a failure, %s', async (_, node) => {
  for (const fault of [late(), new Fault(-32000, 'out of gas'), new Fault(-32603, 'internal error')]) {
    let coolDowns = true
    const methods = ['eth_getBalance', 'eth_call']
    const adapter = adapterOf(
      await failing(node(), ({ method }) => (coolDowns && methods.includes(method) ? fault : undefined)),
    )
    expect(await read(adapter, native)).toEqual([UNAVAILABLE])
    coolDowns = false
    expect(await read(adapter, native)).toEqual([NOTHING])
  }
})

test.each(NODES)('a token gets no cool-down when the node answers no call in time, %s', async (_, node) => {
  let coolDowns = true
  const front = await failing(node(), ({ method }) => (coolDowns && method === 'eth_call' ? late() : undefined))
  const adapter = adapterOf(front)
  expect(await read(adapter, of(coin))).toEqual([UNAVAILABLE])
  coolDowns = false
  expect(await read(adapter, of(coin), of(other))).toEqual([FIVE, FIVE])
})

test.each(NODES)('a token that times out while others answer gets a cool-down, %s', async (_, node) => {
  const slow = coin.slice(2)
  const front = await failing(node(), ({ params }) => (JSON.stringify(params).includes(slow) ? late() : undefined))
  const adapter = adapterOf(front)
  expect(await read(adapter, of(coin), of(other), native)).toEqual([UNKNOWN, FIVE, NOTHING])
  const seen = front.arrived.length
  expect(await read(adapter, of(coin), of(other))).toEqual([UNKNOWN, FIVE])
  expect(front.arrived.slice(seen).some(({ text }) => text.includes(slow))).toBe(false)
})

test('an answer through Multicall3 clears the failures of a token, so its next failure counts as the first', async () => {
  let bad = true
  const broken = new Fault(-32000, 'out of gas')
  const front = await failing(anvil, ({ method }) => (bad && method === 'eth_call' ? broken : undefined))
  const clock = { atMs: 0 }
  const coolDowns = new CoolDowns(() => clock.atMs)
  const rpc = createRpc({
    urls: [front.url],
    classify: classifyEvmFault,
    checkNode: async () => {},
    warn: () => {},
    counts: noCounts(),
    limits: FAST,
  })
  const { latest: block } = await adapterOf(front).heads(SIGNAL)
  const bulk = { pin: { block, byHash: true }, multicall: true, coolDowns, perCall: 10 }
  const ask = (): Promise<readonly ReadOutcome[]> =>
    rpc.run((session) => readAll(session, [{ target: coin, data: BALANCE_OF_ALICE }], bulk), { signal: SIGNAL })
  const five = { ok: true, data: `0x${'5'.padStart(64, '0')}` }
  expect(await ask()).toEqual([{ ok: false, failure: 'costly' }])
  expect(await ask()).toEqual([{ ok: false, failure: 'unsent' }])
  clock.atMs = 31_000
  bad = false
  expect(await ask()).toEqual([five])
  bad = true
  expect(await ask()).toEqual([{ ok: false, failure: 'costly' }])
  clock.atMs += 31_000
  bad = false
  expect(await ask()).toEqual([five])
})
