/**
 * Tests nodes that lie: each answers like the real node behind it, except in one respect. The adapter must return the
 * true transfers.
 */
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEitherAdapter } from '../../../../test/chains/packed-adapter.ts'
import { type Anvil, blockNumber, deploy, mine, mineTogether, startAnvil } from '../../../../test/nodes/anvil.ts'
import { type Asked, altering, Fault, type ScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../../test/nodes/test-nodes.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import { parseChainId } from '../../../core/chain.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import type { AdapterCounts, ChainAdapter, FetchScope } from '../../adapter.ts'
import { TRANSFER_SINGLE } from './decode-log.ts'

const SIGNAL = new AbortController().signal
const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const BOB: Address = '0x0000000000000000000000000000000000000b0b'
const ALL = { type: 'all' } as const
const ONES = `0x${'f'.repeat(512)}`
const TAKEN = 'node left out logs: taken from receipts'
const CAUGHT = 'node left out logs: this kind of filter is not used again'
const ZEROS = `0x${'0'.repeat(512)}`

let anvil: Anvil
let coin: Address
let goods: Address
/** From the genesis to the head; block 10 has logs of two kinds. */
let headers: readonly Header[]
let truth: readonly BlockTransfers[]
const BOTH_KINDS = 10
const last = (): number => headers.length - 1

beforeAll(async () => {
  anvil = await startAnvil()
  coin = await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
  goods = await deploy(anvil, 'Erc1155', [])
  const mint = (to: Address, amount: bigint) =>
    ({ name: 'Erc20', address: coin, functionName: 'mint', args: [to, amount] }) as const
  const item = { name: 'Erc1155', address: goods, functionName: 'mint', args: [BOB, 3n, 40n] } as const
  const approval = { name: 'Erc20', address: coin, functionName: 'approve', args: [BOB, 1n] } as const
  for (let amount = 1n; amount <= 6n; amount++) await mineTogether(anvil, [mint(ALICE, amount)])
  await mine(anvil, 1)
  await mineTogether(anvil, [mint(ALICE, 7n), item, mint(BOB, 8n)])
  await mineTogether(anvil, [approval])
  for (let amount = 9n; amount <= 12n; amount++) await mineTogether(anvil, [mint(BOB, amount)])
  headers = await adapterOf(anvil.url).headers({ first: 0, last: await blockNumber(anvil) }, SIGNAL)
  truth = await adapterOf(anvil.url).transfersOf({ headers, scope: ALL, source: 'receipts' }, SIGNAL)
})
afterAll(() => anvil.stop())

const startNode = stoppedAfterEach()

type Change = (asked: Asked, result: unknown) => unknown
type Made = { adapter: ChainAdapter; counts: AdapterCounts; warnings: string[]; node: ScriptedNode }

function made(urls: readonly string[]): Omit<Made, 'node'> {
  const chain = parseChainId('eip155:31337')
  assert(chain !== undefined, 'a CAIP-2 id')
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const options = { chain, rpc: urls, finality: 'finalized', warn } as const
  return { ...createEitherAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }), warnings }
}

function adapterOf(...urls: readonly string[]): ChainAdapter {
  return made(urls).adapter
}

/** An adapter for a node that changes its answers by `change`. With `honest`, Anvil itself is the second node. */
async function liar(change: Change, { honest = false } = {}): Promise<Made> {
  const node = await startNode(altering(anvil.url, change))
  return { ...made(honest ? [node.url, anvil.url] : [node.url]), node }
}

function asked(node: ScriptedNode, method: string): number {
  return node.arrived.flatMap(({ calls }) => calls).filter((call) => call.method === method).length
}

type Log = { readonly blockNumber: string; readonly topics: readonly string[] }
const logsOf = (result: unknown): Log[] => (Array.isArray(result) ? result : [])
const numberOf = (log: Log): number => Number(log.blockNumber)

/** Keeps only the logs of each eth_getLogs answer for which `keep` returns true. */
function keeping(keep: (log: Log) => boolean): Change {
  return (call, result) => (call.method === 'eth_getLogs' ? logsOf(result).filter(keep) : result)
}
const without = (...methods: string[]): Change => {
  return (call, result) => {
    if (methods.includes(call.method)) throw new Fault(-32601, `the method ${call.method} does not exist`)
    return result
  }
}
const both = (a: Change, b: Change): Change => {
  return (call, result) => b(call, a(call, result))
}
const withBloom =
  (bloom: string | undefined): Change =>
  (call, result) =>
    call.method.startsWith('eth_getBlockBy') ? { ...Object(result), logsBloom: bloom } : result

const scopes = (): readonly FetchScope[] => [
  ALL,
  { type: 'tokens', tokens: [coin, goods] },
  { type: 'accounts', accounts: [ALICE, BOB] },
]

describe('near the head', () => {
  const ask = (from: ChainAdapter, scope: FetchScope = ALL) => from.transfersOf({ headers, scope }, SIGNAL)

  test('logs that a node leaves out of some blocks are taken from receipts, in every scope', async () => {
    for (const scope of scopes()) {
      const { adapter, counts, warnings } = await liar(keeping((log) => numberOf(log) % 2 === 0))
      expect(await ask(adapter, scope)).toEqual(truth)
      expect(counts.omittedLogs).toBe(truth.flatMap((b) => (b.number % 2 ? b.transfers : [])).length)
      // Missing logs in several blocks are no late index, so this kind of filter is not used again.
      expect(warnings).toEqual([TAKEN, CAUGHT])
    }
  })

  test('missing logs of one event are taken from receipts even if other logs of the block are present', async () => {
    const { adapter, counts } = await liar(keeping((log) => log.topics[0] !== TRANSFER_SINGLE))
    expect(await ask(adapter)).toEqual(truth)
    expect(counts).toMatchObject({ omittedLogs: 1, receiptsSettled: 1 })
  })

  test('a bloom that wrongly reports an event costs the receipts of one block, once', async () => {
    const empty = headers.slice(BOTH_KINDS + 1, BOTH_KINDS + 2)
    const { logsBloom } = Object(await anvil.rpc('eth_getBlockByNumber', ['0x3', false]))
    const { adapter, counts, node } = await liar(withBloom(String(logsBloom)))
    expect(await adapter.transfersOf({ headers: empty, scope: ALL }, SIGNAL)).toEqual(truth.slice(11, 12))
    expect(counts).toMatchObject({ omittedLogs: 0, receiptsSettled: 1, retries: 0 })
    expect(asked(node, 'eth_getBlockReceipts')).toBe(1)
  })

  test.each([
    ['ones', ONES],
    ['zeros', ZEROS],
    ['nothing', undefined],
    ['words', 'no bloom'],
  ])('a chain with blooms of %s is followed without them', async (_, bloom) => {
    const { adapter, node } = await liar(withBloom(bloom))
    expect(await ask(adapter)).toEqual(truth)
    expect(asked(node, 'eth_getBlockReceipts')).toBe(0)
  })

  test('without receipts another node is asked, and without another node the answer is accepted with a warning', async () => {
    const lies = both(
      keeping(() => false),
      without('eth_getBlockReceipts', 'eth_getTransactionReceipt'),
    )
    const { adapter: two } = await liar(lies, { honest: true })
    expect(await ask(two)).toEqual(truth)
    const { adapter: one, warnings } = await liar(lies)
    expect((await ask(one)).flatMap(({ transfers }) => transfers)).toEqual([])
    expect(warnings).toContain('logs may be missing, and no node has receipts to check them')
  })

  test('receipts that do not have their logs yet are fetched again', async () => {
    let early = 1
    const late: Change = (call, result) => {
      if (call.method !== 'eth_getBlockReceipts' || early-- <= 0) return result
      return logsOf(result).map((receipt) => ({ ...receipt, logs: [] }))
    }
    const { adapter } = await liar(
      both(
        keeping(() => false),
        late,
      ),
    )
    const blocks = { headers: headers.slice(3, 4), scope: ALL }
    expect(await adapter.transfersOf(blocks, SIGNAL)).toEqual(truth.slice(3, 4))
  })

  test('a block with more logs than the node returns is read from its receipts', async () => {
    const capped: Change = (call, result) => {
      if (call.method !== 'eth_getLogs' || logsOf(result).length < 3) return result
      throw new Fault(-32000, 'query returns too many logs, narrow your filter: 3')
    }
    const { adapter } = await liar(capped)
    expect(await ask(adapter)).toEqual(truth)
    const range = { first: BOTH_KINDS, last: BOTH_KINDS, scope: ALL }
    expect(facts(await adapter.transfers(range, SIGNAL))).toEqual(facts(truth.slice(BOTH_KINDS, BOTH_KINDS + 1)))
  })

  test.each([
    [
      'reports that',
      () => {
        throw new Fault(-32602, 'invalid argument 0: unknown field blockHash')
      },
    ],
    ['ignores it and answers for the newest block', (): unknown => newestLogs],
  ] as const)(
    'a node that takes no block hash and %s is asked by number, and the adapter remembers it',
    async (_, answer) => {
      newestLogs = await anvil.rpc('eth_getLogs', [{ blockHash: headers.at(-1)?.hash }])
      const { adapter, node } = await liar((call, result) =>
        call.method === 'eth_getLogs' && Object(call.params[0]).blockHash !== undefined ? answer() : result,
      )
      expect(await ask(adapter)).toEqual(truth)
      const before = node.arrived.length
      expect(await ask(adapter)).toEqual(truth)
      expect(node.arrived.slice(before).some(({ text }) => text.includes('"blockHash"'))).toBe(false)
    },
  )

  test('a block that was replaced meanwhile is not accepted by number either', async () => {
    const { adapter } = await liar((call, result) => {
      if (call.method === 'eth_getLogs' && Object(call.params[0]).blockHash !== undefined) throw new Fault(-32602, 'no')
      return call.method === 'eth_getBlockByNumber' ? { ...Object(result), hash: `0x${'d'.repeat(64)}` } : result
    })
    await expect(ask(adapter)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  })
})

let newestLogs: unknown

/** Blocks as a range answer has them: without the parent hash, and only those with transfers. */
function facts(blocks: readonly BlockTransfers[]): unknown {
  return blocks.filter(({ transfers }) => transfers.length > 0).map(({ parentHash, ...block }) => block)
}

describe('in a range', () => {
  const range = () => ({ first: 0, last: last(), scope: ALL })

  test.each([
    ['all of them', () => false],
    ['the last one', (log: Log) => numberOf(log) < last()],
    ['one in the middle', (log: Log) => numberOf(log) !== 5],
  ] as const)('blocks with missing logs are read from receipts: %s', async (_, keep) => {
    for (const scope of scopes()) {
      const { adapter, counts, warnings } = await liar(keeping(keep))
      expect(facts(await adapter.transfers({ ...range(), scope }, SIGNAL))).toEqual(facts(truth))
      expect(counts.omittedLogs).toBe(truth.flatMap((b) => b.transfers.filter(() => !keep(at(b)))).length)
      expect(warnings).toEqual([CAUGHT, TAKEN])
    }
  })

  test('one missing log in a block is found once the block is compared, and in every later answer', async () => {
    const dropFirst: Change = (call, result) =>
      call.method === 'eth_getLogs' ? logsOf(result).filter((_log, at, all) => at > 0 || all.length < 2) : result
    const { adapter, counts } = await liar(dropFirst)
    const only = { first: BOTH_KINDS, last: BOTH_KINDS, scope: ALL }
    const whole = facts(truth.slice(BOTH_KINDS, BOTH_KINDS + 1))
    const answers: unknown[] = []
    for (let n = 0; n < 17; n++) answers.push(facts(await adapter.transfers(only, SIGNAL)))
    expect(answers.at(-1)).toEqual(whole)
    expect(counts.omittedLogs).toBeGreaterThan(0)
    expect(facts(await adapter.transfers(only, SIGNAL))).toEqual(whole)
  })

  test('a healthy range of known tokens costs two requests, one for the logs and one for the blooms', async () => {
    const { adapter, node, counts } = await liar((_, result) => result)
    // The first read asks the contracts of the range once whether their tokens are amounts or items.
    await adapter.transfers(range(), SIGNAL)
    const before = node.arrived.length
    await adapter.transfers(range(), SIGNAL)
    expect(node.arrived.length - before).toBe(2)
    expect(counts).toMatchObject({ omittedLogs: 0, receiptsSettled: 0 })
  })

  test('duplicate logs count once', async () => {
    const twice: Change = (call, result) =>
      call.method === 'eth_getLogs' ? [...logsOf(result), ...logsOf(result)] : result
    const { adapter } = await liar(twice)
    expect(facts(await adapter.transfers(range(), SIGNAL))).toEqual(facts(truth))
  })

  test.each([
    ['of another block', (log: Log) => ({ ...log, blockNumber: '0xffff' })],
    ['with another hash than their block', (log: Log) => ({ ...log, blockHash: `0x${'d'.repeat(64)}` })],
    ['with the index of other logs', (log: Log) => ({ ...log, logIndex: '0x0' })],
  ] as const)('logs %s are not accepted, and the next node is asked', async (_, forge) => {
    const forged: Change = (call, result) => {
      if (call.method !== 'eth_getLogs') return result
      return logsOf(result).map((log, index) => (index % 2 ? { ...forge(log), blockTimestamp: undefined } : log))
    }
    const { adapter } = await liar(forged, { honest: true })
    expect(facts(await adapter.transfers(range(), SIGNAL))).toEqual(facts(truth))
  })
})

function at({ number }: BlockTransfers): Log {
  return { blockNumber: `0x${number.toString(16)}`, topics: [] }
}
