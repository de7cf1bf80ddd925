/**
 * Tests nodes that fail in an unknown way, each as the only node of its chain. The adapter must follow all of them: by
 * smaller requests, other filters or other methods. The result must be the true transfers, each with its position and
 * time.
 */
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEitherAdapter } from '../../../../test/chains/packed-adapter.ts'
import { type Anvil, blockNumber, deploy, mine, mineTogether, startAnvil } from '../../../../test/nodes/anvil.ts'
import {
  type Answer,
  type Asked,
  altering,
  Fault,
  type Reply,
  type ScriptedNode,
} from '../../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../../test/nodes/test-nodes.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import { parseChainId } from '../../../core/chain.ts'
import type { Scope } from '../../../core/coverage.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import { backfill } from '../../../indexer/backfill.ts'
import type { ChainAdapter } from '../../adapter.ts'
import type { RpcLimits } from '../../nodes/rpc-limits.ts'

const SIGNAL = new AbortController().signal
const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const BOB: Address = '0x0000000000000000000000000000000000000b0b'

let anvil: Anvil
let coin: Address
let goods: Address
let headers: readonly Header[]

beforeAll(async () => {
  anvil = await startAnvil()
  coin = await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
  goods = await deploy(anvil, 'Erc1155', [])
  const mint = (to: Address, amount: bigint) =>
    ({ name: 'Erc20', address: coin, functionName: 'mint', args: [to, amount] }) as const
  const item = { name: 'Erc1155', address: goods, functionName: 'mint', args: [BOB, 3n, 40n] } as const
  const approval = { name: 'Erc20', address: coin, functionName: 'approve', args: [BOB, 1n] } as const
  for (let amount = 1n; amount <= 6n; amount++) await mineTogether(anvil, [mint(ALICE, amount)])
  await mine(anvil, 4)
  await mineTogether(anvil, [approval, mint(ALICE, 7n), item, mint(BOB, 8n)])
  await mineTogether(anvil, [approval])
  await mineTogether(anvil, [item, approval, mint(ALICE, 9n)])
  for (let amount = 10n; amount <= 14n; amount++) await mineTogether(anvil, [mint(BOB, amount), mint(ALICE, amount)])
  headers = await adapterOf([anvil.url]).headers({ first: 0, last: await blockNumber(anvil) }, SIGNAL)
})
afterAll(() => anvil.stop())

const startNode = stoppedAfterEach()

function adapterOf(rpc: readonly string[], limits: Partial<RpcLimits> = {}): ChainAdapter {
  const chain = parseChainId('eip155:31337')
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = { chain, rpc, finality: 'finalized', warn: () => undefined } as const
  return createEitherAdapter(options, { pauses: { baseMs: 0, maxMs: 0 }, ...limits }).adapter
}

async function started(answer: Answer): Promise<ScriptedNode> {
  const node = await startNode(answer)
  return node
}

const scopes = (): readonly Scope[] => [
  { type: 'all' },
  { type: 'tokens', tokens: [coin, goods, BOB] },
  { type: 'accounts', accounts: [ALICE, BOB] },
]

type Told = readonly Omit<BlockTransfers, 'parentHash'>[]
const facts = (blocks: readonly BlockTransfers[]): Told =>
  blocks.filter(({ transfers }) => transfers.length > 0).map(({ parentHash, ...block }) => block)

/** The transfers from a backfill, then those from reading each block. */
async function followed(adapter: ChainAdapter, scope: Scope): Promise<{ ranges: Told; blocks: Told }> {
  const range = { first: 0, last: headers.length - 1 }
  const ranges: BlockTransfers[] = []
  for await (const { blocks } of backfill({ adapter, scope, ...range, signal: SIGNAL, now: () => performance.now() })) {
    ranges.push(...blocks)
  }
  return { ranges: facts(ranges), blocks: facts(await adapter.transfersOf({ headers, scope }, SIGNAL)) }
}

type Filter = Readonly<Record<string, unknown>>
const NO_FILTER: Filter = {}
const filterOf = ({ params: [filter] }: Asked): Filter => (isRecord(filter) ? filter : NO_FILTER)
const topicsOf = (asked: Asked): readonly unknown[] => {
  const { topics } = filterOf(asked)
  return Array.isArray(topics) ? topics : []
}
const isLogs = ({ method }: Asked): boolean => method === 'eth_getLogs'
const blocksOf = (asked: Asked): number => {
  const { fromBlock, toBlock } = filterOf(asked)
  return isLogs(asked) && fromBlock !== undefined ? Number(toBlock) - Number(fromBlock) + 1 : 0
}
const sizeOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0)
const isLong = (asked: Asked): boolean => blocksOf(asked) > 3

/** Fails the calls that `at` selects. */
function failing(at: (asked: Asked) => boolean, fault = new Fault(-31_999, 'nope')): Answer {
  return altering(anvil.url, (asked, result) => {
    if (at(asked)) throw fault
    return result
  })
}

/** Answers a whole request with `reply` if `at` selects one of its calls. */
function replying(at: (asked: Asked) => boolean, reply: Reply): Answer {
  const whole = altering(anvil.url, (_, result) => result)
  return (arrived) => (arrived.calls.some(at) ? reply : whole(arrived))
}

/** Changes the results of the calls that `at` selects. */
const saying = (at: (asked: Asked) => boolean, change: (result: unknown) => unknown): Answer =>
  altering(anvil.url, (asked, result) => (at(asked) ? change(result) : result))

const isReceipts = ({ method }: Asked): boolean => method === 'eth_getBlockReceipts'
const isEmpty = (result: unknown): boolean => Array.isArray(result) && result.length === 0
const logsOf = (result: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(result) ? result.filter(isRecord) : []

/** Fails every other call that `at` selects, like a load balancer with two machines where one lags; none twice in a row. */
function everyOther(at: (asked: Asked) => boolean, fault: Fault): Answer {
  const failed = new Set<string>()
  let turn = 0
  return failing((asked) => {
    const call = JSON.stringify([asked.method, asked.params])
    return at(asked) && !failed.delete(call) && turn++ % 2 === 0 && failed.add(call) !== undefined
  }, fault)
}

const ODD: ReadonlyArray<readonly [string, () => Answer]> = [
  ['an unknown error for ranges over 3 blocks', () => failing(isLong)],
  ['-32005 without details for ranges over 3 blocks', () => failing(isLong, new Fault(-32_005, 'no'))],
  ['HTTP 500 for ranges over 3 blocks', () => replying(isLong, { status: 500, text: '' })],
  ['HTML for ranges over 3 blocks', () => replying(isLong, { text: '<html>' })],
  ['a broken connection for ranges over 3 blocks', () => replying(isLong, 'reset')],
  ['half an answer for ranges over 3 blocks', () => replying(isLong, 'half')],
  ['an object for ranges over 3 blocks', () => saying(isLong, () => ({}))],
  ['an unknown error for all ranges', () => failing((asked) => blocksOf(asked) > 0)],
  ['-32005 for all ranges', () => failing((asked) => blocksOf(asked) > 0, new Fault(-32_005, 'limit exceeded'))],
  ['an unknown error for logs by block hash', () => failing((asked) => isLogs(asked) && blocksOf(asked) === 0)],
  [
    '-32602 for logs by block hash',
    () => failing((asked) => isLogs(asked) && blocksOf(asked) === 0, new Fault(-32_602, 'x')),
  ],
  ['an error for more than 1 address', () => failing((asked) => sizeOf(filterOf(asked).address) > 1)],
  ['an error for any address', () => failing((asked) => filterOf(asked).address !== undefined)],
  [
    'an error for more than 1 account',
    () =>
      failing((asked) =>
        topicsOf(asked)
          .slice(1)
          .some((t) => sizeOf(t) > 1),
      ),
  ],
  ['an error for more than 1 event', () => failing((asked) => sizeOf(topicsOf(asked)[0]) > 1)],
  ['an error for a null topic', () => failing((asked) => topicsOf(asked).includes(null), new Fault(-32_602, 'None'))],
  ['an error for any topic', () => failing((asked) => topicsOf(asked).length > 0)],
  [
    'an error without topics or addresses',
    () => failing((asked) => isLogs(asked) && filterOf(asked).address === undefined, new Fault(-32_701, 'an address!')),
  ],
  ['an error for all logs', () => failing(isLogs)],
  ['an error for all logs and all receipts of a block', () => failing((asked) => isLogs(asked) || isReceipts(asked))],
  [
    'null for no logs',
    () => altering(anvil.url, (asked, result) => (isLogs(asked) && isEmpty(result) ? null : result)),
  ],
  ['null for any logs', () => saying(isLogs, () => null)],
  ['an object for any logs', () => saying(isLogs, () => ({ logs: [] }))],
  [
    'an error for blocks without their transactions',
    () => failing(({ method, params }) => method === 'eth_getBlockByNumber' && params[1] === false),
  ],
  ['an error for every other call for logs', () => everyOther(isLogs, new Fault(-32_014, 'data not available'))],
  [
    'an error for every other block',
    () => everyOther(({ method }) => method === 'eth_getBlockByNumber', new Fault(-32_014, 'data not available')),
  ],
  ['no more than 2 answers to a batch', () => cut(2)],
  ['log indexes that start at 0 in each transaction', () => saying(isLogs, (logs) => reindexed(logs))],
  ['logs without an index', () => saying(isLogs, (logs) => logsOf(logs).map((log) => ({ ...log, logIndex: null })))],
  ['numbers as JSON numbers', () => saying(isLogs, (logs) => logsOf(logs).map(asNumbers))],
  ['each log twice', () => saying(isLogs, (logs) => [...logsOf(logs), ...logsOf(logs)])],
]

function cut(most: number): Answer {
  const whole = altering(anvil.url, (_, result) => result)
  return async (arrived) => {
    const reply = await whole(arrived)
    if (typeof reply === 'string' || !('json' in reply) || !Array.isArray(reply.json)) return reply
    return { json: reply.json.slice(0, most) }
  }
}

function reindexed(logs: unknown): unknown {
  const counts = new Map<unknown, number>()
  return logsOf(logs).map((log) => {
    const index = counts.get(log.transactionHash) ?? 0
    counts.set(log.transactionHash, index + 1)
    return { ...log, logIndex: `0x${index.toString(16)}` }
  })
}

function asNumbers(log: Readonly<Record<string, unknown>>): unknown {
  const { blockNumber, logIndex, blockTimestamp } = log
  return {
    ...log,
    blockNumber: Number(blockNumber),
    logIndex: Number(logIndex),
    blockTimestamp: Number(blockTimestamp),
  }
}

describe.each(['all', 'tokens', 'accounts'] as const)('in scope %s the adapter follows a node that returns', (type) => {
  test.each(ODD)('%s', async (_, make) => {
    const scope = scopes().find((one) => one.type === type)
    assert(scope !== undefined, 'a scope of each type')
    const truth = await followed(adapterOf([anvil.url]), scope)
    expect(truth.ranges).toEqual(truth.blocks)
    expect(truth.ranges.length).toBeGreaterThan(0)
    const node = await started(make())
    const adapter = adapterOf([node.url])
    expect(await followed(adapter, scope)).toEqual(truth)
    expect(await followed(adapter, scope)).toEqual(truth)
    // A generous bound: it only proves that no request repeats forever.
    expect(node.arrived.length).toBeLessThan(20 * headers.length)
  })
})

test('a node that fails for the latest tag is asked for the newest block by number', async () => {
  const node = await started(failing(({ params: [tag] }) => tag === 'latest'))
  const { latest } = await adapterOf([node.url]).heads(SIGNAL)
  expect(latest).toEqual(headers.at(-1))
})

/**
 * How many bytes longer each log is, so that a block with several exceeds the cap of 4,000; and whether receipts are
 * needed.
 */
const FAT = [
  [1_500, false],
  [15_000, true],
] as const

test.each(FAT)('blocks with logs over the size cap, by %i bytes per log, are read', async (bytes, byReceipts) => {
  const [scope] = scopes()
  assert(scope !== undefined, 'a scope')
  const truth = await followed(adapterOf([anvil.url]), scope)
  const padding = 'x'.repeat(bytes)
  const node = await started(saying(isLogs, (logs) => logsOf(logs).map((log) => ({ ...log, padding }))))
  expect(await followed(adapterOf([node.url], { maxBytes: 4_000 }), scope)).toEqual(truth)
  const asked = node.arrived.flatMap(({ calls }) => calls)
  expect(asked.some(({ method }) => method === 'eth_getTransactionReceipt')).toBe(byReceipts)
})

const SHIFTED: ReadonlyArray<readonly [string, (time: number) => unknown]> = [
  ['0x0', () => '0x0'],
  ['null', () => null],
  ['decimal text', (time) => String(time)],
  ['milliseconds', (time) => `0x${(time * 1000).toString(16)}`],
  ['the future', (time) => `0x${(time + 10 ** 6).toString(16)}`],
  ['a second before the first block', () => `0x${((headers[0]?.timestamp ?? 0) - 1).toString(16)}`],
  [
    'counted backwards from the last block’s',
    (time) => `0x${((headers.at(-1)?.timestamp ?? 0) - (time - (headers[0]?.timestamp ?? 0))).toString(16)}`,
  ],
  ['text that is not a number', () => '0xzz'],
  ['a negative number', () => -5],
]

test.each(SHIFTED)('a log with a time of %s still gets the time of its block', async (_, change) => {
  const node = await started(
    saying(isLogs, (logs) =>
      logsOf(logs).map((log) => ({ ...log, blockTimestamp: change(Number(log.blockTimestamp)) })),
    ),
  )
  for (const scope of scopes()) {
    const truth = await followed(adapterOf([anvil.url]), scope)
    expect(await followed(adapterOf([node.url]), scope)).toEqual(truth)
  }
})

test('logs that no method returns are an error that names what would help, after a bounded number of requests', async () => {
  const node = await started(
    failing((asked) => isLogs(asked) || isReceipts(asked) || asked.method === 'eth_getTransactionReceipt'),
  )
  const asked = adapterOf([node.url]).transfers({ first: 6, last: 6, scope: { type: 'all' } }, SIGNAL)
  await expect(asked).rejects.toMatchObject({ code: 'NODE_NO_LOGS', message: expect.stringMatching(/would help/) })
  expect(node.arrived.length).toBeLessThan(60)
})
