/**
 * Tests nodes that mishandle one kind of filter. After a proof the adapter does not use that kind on them again, and
 * another kind returns all logs.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEitherAdapter } from '../../../../test/chains/packed-adapter.ts'
import { type Anvil, blockNumber, deploy, mineTogether, startAnvil } from '../../../../test/nodes/anvil.ts'
import { type Asked, altering, type ScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import { stoppedAfterEach } from '../../../../test/nodes/test-nodes.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import { parseChainId } from '../../../core/chain.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import type { ChainAdapter, FetchScope } from '../../adapter.ts'

const SIGNAL = new AbortController().signal
const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const BOB: Address = '0x0000000000000000000000000000000000000b0b'

let anvil: Anvil
let coin: Address
let headers: readonly Header[]

beforeAll(async () => {
  anvil = await startAnvil()
  coin = await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
  const mint = (to: Address, amount: bigint) =>
    ({ name: 'Erc20', address: coin, functionName: 'mint', args: [to, amount] }) as const
  const approval = { name: 'Erc20', address: coin, functionName: 'approve', args: [BOB, 1n] } as const
  for (let amount = 1n; amount <= 4n; amount++) await mineTogether(anvil, [mint(ALICE, amount), approval])
  for (let amount = 5n; amount <= 8n; amount++) await mineTogether(anvil, [mint(BOB, amount)])
  headers = await adapterOf(anvil.url).adapter.headers({ first: 0, last: await blockNumber(anvil) }, SIGNAL)
})
afterAll(() => anvil.stop())

const startNode = stoppedAfterEach()

function adapterOf(...rpc: readonly string[]): { adapter: ChainAdapter; warnings: string[] } {
  const chain = parseChainId('eip155:31337')
  assert(chain !== undefined, 'a CAIP-2 id')
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const options = { chain, rpc, finality: 'finalized', warn } as const
  return { adapter: createEitherAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }).adapter, warnings }
}

type Filter = Readonly<Record<string, unknown>>
const filterOf = ({ method, params: [filter] }: Asked): Filter | undefined =>
  method === 'eth_getLogs' && isRecord(filter) ? filter : undefined

/** A node without blooms that returns no logs for the filters that `lies` selects. */
async function liar(lies: (filter: Filter) => boolean): Promise<ScriptedNode> {
  const node = await startNode(
    altering(anvil.url, (asked, result) => {
      const filter = filterOf(asked)
      if (filter !== undefined && lies(filter)) return []
      return isRecord(result) && 'logsBloom' in result ? { ...result, logsBloom: undefined } : result
    }),
  )
  return node
}

function filtersAsked(node: ScriptedNode): readonly Filter[] {
  const filters = node.arrived.flatMap(({ calls }) => calls.map(filterOf))
  return filters.filter((filter) => filter !== undefined)
}

const namesEvents = ({ topics }: Filter): boolean => Array.isArray(topics) && topics.length > 0
const namesAccounts = ({ topics }: Filter): boolean => Array.isArray(topics) && topics.length > 1
const byNumber = (filter: Filter): boolean => 'fromBlock' in filter

/** The kinds of filter that a node mishandles, each with a scope that uses it. */
const LIES: ReadonlyArray<readonly [string, (filter: Filter) => boolean, () => FetchScope]> = [
  ['accounts', namesAccounts, () => ({ type: 'accounts', accounts: [ALICE] })],
  ['accounts of a token', namesAccounts, () => ({ type: 'pair', token: coin, account: ALICE })],
  ['the zero address', namesAccounts, () => ({ type: 'mints', token: coin })],
  ['a token', ({ address }) => address !== undefined, () => ({ type: 'tokens', tokens: [coin] })],
  ['events', namesEvents, () => ({ type: 'all' })],
  ['events of a token', namesEvents, () => ({ type: 'tokens', tokens: [coin] })],
]

const answer = (blocks: readonly BlockTransfers[]) =>
  blocks.filter(({ transfers }) => transfers.length > 0).map(({ hash, transfers }) => ({ hash, transfers }))

test.each(LIES)('proofs replace filters by %s that return no logs, in ranges and by hash', async (_, lies, scopeOf) => {
  const scope = scopeOf()
  const range = { first: 0, last: headers.length - 1, scope }
  const truth = answer(await adapterOf(anvil.url).adapter.transfers(range, SIGNAL))
  expect(truth.length).toBeGreaterThan(0)
  const node = await liar(lies)
  const { adapter, warnings } = adapterOf(node.url)
  const [block] = truth.flatMap(({ hash }) => headers.filter((header) => header.hash === hash))
  assert(block !== undefined, 'a header for each block')
  const fits = (blocks: readonly BlockTransfers[]): boolean => isDeepStrictEqual(answer(blocks), truth)
  for (let proofs = 0; proofs < 4 && !fits(await adapter.transfers(range, SIGNAL)); proofs++) {
    adapter.distrustLogs({ block, scope })
  }
  const before = filtersAsked(node).length
  expect(answer(await adapter.transfers(range, SIGNAL))).toEqual(truth)
  expect(filtersAsked(node).slice(before).filter(lies)).toEqual([])
  for (let proofs = 0; proofs < 4 && !fits(await adapter.transfersOf({ headers, scope }, SIGNAL)); proofs++) {
    adapter.distrustLogs({ block, scope })
  }
  const later = filtersAsked(node).length
  expect(answer(await adapter.transfersOf({ headers, scope }, SIGNAL))).toEqual(truth)
  expect(filtersAsked(node).slice(later).filter(lies)).toEqual([])
  expect(warnings).toContain('node left out logs: this kind of filter is not used again')
})

test('a proof affects only the node that answered for the block, and only the way it was asked', async () => {
  const scope = { type: 'accounts', accounts: [ALICE] } as const
  const first = await liar((filter) => namesAccounts(filter) && byNumber(filter))
  const second = await liar(() => false)
  const { adapter } = adapterOf(first.url, second.url)
  const [, , block] = headers
  assert(block !== undefined, 'a third block')
  await adapter.transfers({ first: 0, last: 3, scope }, SIGNAL)
  adapter.distrustLogs({ block, scope })
  await adapter.transfers({ first: 0, last: 3, scope }, SIGNAL)
  expect(filtersAsked(first).map(namesAccounts)).toEqual([true, true, true, true, false])
  await adapter.transfersOf({ headers: [block], scope }, SIGNAL)
  expect(filtersAsked(first).slice(5).map(namesAccounts)).toEqual([true, true, true, true])
  first.become(() => 'reset')
  await adapter.transfers({ first: 0, last: 3, scope }, SIGNAL)
  expect(filtersAsked(second).map(namesAccounts)).toEqual([true, true, true, true])
})

test('a proof about blocks that an earlier process fetched affects one kind of filter, on every node', async () => {
  const scope = { type: 'accounts', accounts: [ALICE] } as const
  const node = await liar(namesAccounts)
  const { adapter } = adapterOf(node.url)
  for (const block of headers) adapter.distrustLogs({ block, scope })
  await adapter.transfers({ first: 0, last: headers.length - 1, scope }, SIGNAL)
  expect(filtersAsked(node).map(({ topics }) => Array.isArray(topics) && topics.length)).toEqual([1])
})
