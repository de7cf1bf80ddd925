import { afterEach, describe, expect, test } from 'vitest'
import {
  type Answer,
  Fault,
  jsonRpc,
  type Methods,
  type ScriptedNode,
  startScriptedNode,
  withoutBatches,
} from '../../../test/nodes/scripted-node.ts'
import {
  blockHash,
  type Call,
  otherEvent,
  type TinyBlocks,
  tinyNode,
  transactionHash,
  transfer,
} from '../../../test/starknet/tiny-chain.ts'
import { assert } from '../../core/assert.ts'
import { parseChainId } from '../../core/chain.ts'
import { createStarknetAdapter } from './adapter.ts'
import { STARKNET } from './definition.ts'
import { parseAddress } from './words/felt.ts'
import { FUNCTIONS } from './words/selectors.ts'

const SIGNAL = new AbortController().signal
const chain = parseChainId('starknet:TNY')
assert(chain !== undefined, 'a CAIP-2 id')
const [STRK, NFT, A, B] = ['0x5', '0x6', '0xa', '0xb']
const canonical = (text: string): string => parseAddress(text) ?? ''

const BLOCKS: TinyBlocks = Array.from({ length: 12 }, (_, n) =>
  n === 4
    ? [
        [
          otherEvent(B),
          transfer(NFT, [A, B], { value: 77n }),
          transfer(STRK, [A, '0xc'], { value: 3n, layout: 'keys' }),
        ],
      ]
    : [[transfer(STRK, [A, '0xc'], { value: BigInt(n) })]],
)

/** STRK has decimals and one-felt balances; the NFT has owners. */
const CALL: Call = ({ contract, selector, block }) => {
  if (contract === STRK && selector === FUNCTIONS.decimals) return ['0x12']
  if (contract === STRK && selector === FUNCTIONS.balance_of) return [`0x${block.toString(16)}`]
  if (contract === STRK && selector === FUNCTIONS.symbol) return ['0x5354524b']
  if (contract === NFT && selector === FUNCTIONS.owner_of) return [B]
  throw new Fault(21, 'Requested entry point does not exist in the contract')
}

const NODE = tinyNode(BLOCKS, { call: CALL })
const nodes: ScriptedNode[] = []
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
})

async function adapterOf(answers: readonly Answer[], maxAttempts = 3) {
  for (const answer of answers) nodes.push(await startScriptedNode(answer))
  const warnings: string[] = []
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = {
    chain,
    rpc: nodes.map(({ url }) => url),
    finality: 'l1_accepted',
    warn: (message: string, fields: Readonly<Record<string, unknown>>): void =>
      void warnings.push(`${message} ${fields.reason ?? ''}`.trim()),
  }
  return { ...createStarknetAdapter(options, { pauses: { baseMs: 0, maxMs: 0 }, maxAttempts }), warnings }
}

const ALL = { type: 'all' } as const
const KEY = { account: canonical(A), asset: { standard: 'erc20', reference: canonical(STRK) }, item: '' } as const
const methodsAsked = (): readonly string[] =>
  nodes.flatMap(({ arrived }) => arrived.flatMap(({ calls }) => calls.map(({ method }) => method)))

describe('the adapter of a Starknet chain', () => {
  test('reads heads, linked headers, and transfers of ranges and single blocks alike', async () => {
    const { adapter, counts } = await adapterOf([jsonRpc(NODE)])
    const { latest, finalized } = await adapter.heads(SIGNAL)
    expect([latest.number, finalized.number]).toEqual([11, 9])
    const headers = await adapter.headers({ first: 2, last: 6 }, SIGNAL)
    const range = await adapter.transfers({ first: 2, last: 6, scope: ALL }, SIGNAL)
    expect(await adapter.transfersOf({ headers, scope: ALL }, SIGNAL)).toEqual(range)
    expect(await adapter.transfersOf({ headers, scope: ALL, source: 'receipts' }, SIGNAL)).toEqual(range)
    const moved = range.flatMap(({ number, transfers }) =>
      transfers.map(({ asset, item, amount, event }) => [number, event, asset.standard, item, amount]),
    )
    expect(moved).toEqual([
      [2, 0, 'erc20', '', 2n],
      [3, 0, 'erc20', '', 3n],
      [4, 1, 'erc721', '77', 1n],
      [4, 2, 'erc20', '', 3n],
      [5, 0, 'erc20', '', 5n],
      [6, 0, 'erc20', '', 6n],
    ])
    expect(counts).toMatchObject({ skippedLogs: 0, omittedLogs: 0, receiptsSettled: 0, laggingAnswers: 0 })
  })

  test('asks no header twice for what it says of its events', async () => {
    const { adapter } = await adapterOf([jsonRpc(NODE)])
    const headers = await adapter.headers({ first: 2, last: 6 }, SIGNAL)
    await adapter.transfersOf({ headers, scope: ALL }, SIGNAL)
    expect(methodsAsked().filter((method) => method === 'starknet_getBlockWithTxHashes')).toHaveLength(5)
  })

  test('reads balances and facts at one block', async () => {
    const { adapter, warnings } = await adapterOf([jsonRpc(NODE)])
    const at = { number: 7, hash: blockHash(7) }
    const { block, reads } = await adapter.readBalances({ keys: [KEY, KEY], at }, SIGNAL)
    expect([block, reads]).toEqual([
      at,
      [
        { ok: true, amount: 7n },
        { ok: true, amount: 7n },
      ],
    ])
    const newest = await adapter.readBalances({ keys: [KEY], at: 'latest' }, SIGNAL)
    expect(newest).toMatchObject({ block: { number: 11 }, reads: [{ ok: true, amount: 11n }] })
    const { facts } = await adapter.readTokens([KEY.asset], SIGNAL, { at })
    expect(facts).toMatchObject([{ symbol: 'STRK', decimals: 18, totalSupply: undefined }])
    expect(warnings).toEqual(['a token answers balances as one felt'])
  })

  test('finds the block of a transaction, whatever the spelling of its hash', async () => {
    const hash = transactionHash(4, 0)
    const receipt = ([named]: readonly unknown[]): unknown => {
      if (Object(named).transaction_hash !== hash) throw new Fault(29, 'Transaction hash not found')
      return { transaction_hash: hash, block_hash: blockHash(4), block_number: 4 }
    }
    const { adapter } = await adapterOf([jsonRpc({ ...NODE, starknet_getTransactionReceipt: receipt })])
    const found = await adapter.transactionBlock(`0x00${hash.slice(2).toUpperCase()}`, SIGNAL)
    expect(found).toEqual({ number: 4, hash: blockHash(4) })
    expect(await adapter.transactionBlock('0x1', SIGNAL)).toBeUndefined()
    expect(await adapter.transactionBlock('x', SIGNAL)).toBeUndefined()
  })

  test('reads receipts after a proof that events were left out', async () => {
    const { adapter } = await adapterOf([jsonRpc(NODE)])
    adapter.distrustLogs({ block: { number: 4, hash: blockHash(4) }, scope: ALL })
    const blocks = await adapter.transfers({ first: 4, last: 5, scope: ALL }, SIGNAL)
    expect(blocks.map(({ transfers }) => transfers.length)).toEqual([2, 1])
    expect(methodsAsked()).not.toContain('starknet_getEvents')
  })
})

describe('bad nodes', () => {
  const read = async (answers: readonly Answer[], maxAttempts?: number) => {
    const { adapter, warnings, counts } = await adapterOf(answers, maxAttempts)
    const { reads } = await adapter.readBalances({ keys: [KEY], at: { number: 7, hash: blockHash(7) } }, SIGNAL)
    const blocks = await adapter.transfers({ first: 0, last: 11, scope: ALL }, SIGNAL)
    return { reads, transfers: blocks.flatMap(({ transfers }) => transfers).length, warnings, counts }
  }
  const GOOD = { reads: [{ ok: true, amount: 7n }], transfers: 13 }
  const old: Methods = { ...NODE, starknet_specVersion: () => '0.7.1' }

  test.each<[string, Answer]>([
    ['that refuses batches', withoutBatches(NODE, { status: 400, text: '{"error":"no batches"}' })],
    ['that refuses batches by JSON-RPC', withoutBatches(NODE, { json: { error: { code: -32600, message: 'batch' } } })],
    ['that limits the rate in bodies of status 200', limited()],
    ['that writes padded felts', padded()],
  ])('a node %s answers all the same', async (_, answer) => {
    expect(await read([answer], 5)).toMatchObject(GOOD)
  })

  test.each<[string, Answer, string]>([
    ['of an old version is left out', jsonRpc(old), 'node is left out'],
    [
      'of another network is left out',
      jsonRpc({ ...NODE, starknet_chainId: () => '0x534e5f4d41494e' }),
      'node is left out',
    ],
  ])('a node %s, and the other one answers', async (_, answer, warning) => {
    const { warnings, ...rest } = await read([answer, jsonRpc(NODE)])
    expect(rest).toMatchObject(GOOD)
    expect(warnings.join('\n')).toContain(warning)
  })

  test('a node that answers HTML, and the other one answers', async () => {
    const html: Answer = () => ({ status: 200, text: '<html>', headers: { 'content-type': 'text/html' } })
    expect(await read([html, jsonRpc(NODE)])).toMatchObject(GOOD)
  })

  test('a node alone of an old version says what to do', async () => {
    const { adapter } = await adapterOf([jsonRpc(old)])
    await expect(adapter.heads(SIGNAL)).rejects.toMatchObject({
      code: 'NODE_REFUSED',
      message: expect.stringContaining('/rpc/v0_10'),
    })
  })

  test('a node without old state: the balance is not known there, but another node may know it', async () => {
    const pruned: Methods = {
      ...NODE,
      starknet_call: () => {
        throw new Fault(24, 'Block not found')
      },
    }
    const { adapter } = await adapterOf([jsonRpc(pruned)])
    const at = { number: 7, hash: blockHash(7) }
    const { reads } = await adapter.readBalances({ keys: [KEY], at }, SIGNAL)
    expect(reads).toEqual([{ ok: false, reason: 'no_archive' }])
    const both = await adapterOf([jsonRpc(pruned), jsonRpc(NODE)])
    expect(await both.adapter.readBalances({ keys: [KEY], at }, SIGNAL)).toMatchObject({ reads: GOOD.reads })
  })

  test('a node without old state is asked at its newest block what a contract holds', async () => {
    const starknet_call = (params: readonly unknown[]): unknown => {
      if (Object(params[1]).block_hash !== blockHash(11)) throw new Fault(24, 'Block not found')
      return NODE.starknet_call?.(params)
    }
    const { adapter } = await adapterOf([jsonRpc({ ...NODE, starknet_call })])
    const [, block] = await adapter.transfers({ first: 3, last: 4, scope: ALL }, SIGNAL)
    expect(block?.transfers.map(({ asset }) => asset.standard)).toEqual(['erc721', 'erc20'])
    expect(block?.hints).toBeUndefined()
  })

  test('a node that fails once at a contract is asked again', async () => {
    let failures = 2
    const starknet_call = (params: readonly unknown[]): unknown => {
      if (failures-- > 0) throw new Fault(-32603, 'Internal error')
      return NODE.starknet_call?.(params)
    }
    const { adapter } = await adapterOf([jsonRpc({ ...NODE, starknet_call })])
    const [block] = await adapter.transfers({ first: 3, last: 3, scope: ALL }, SIGNAL)
    expect([block?.transfers.length, block?.hints]).toEqual([1, undefined])
  })

  test('a contract that no node can ask is undecided, and its events are not its balances', async () => {
    const starknet_call = (): never => {
      throw new Fault(-32603, 'Internal error')
    }
    const { adapter } = await adapterOf([jsonRpc({ ...NODE, starknet_call })])
    const [block] = await adapter.transfers({ first: 3, last: 3, scope: ALL }, SIGNAL)
    expect(block?.hints?.map(({ asset, reason }) => `${asset.standard} ${reason}`)).toEqual([
      'erc20 undecodable',
      'erc20 undecodable',
      'erc721 undecodable',
      'erc721 undecodable',
    ])
  })

  test('nodes that disagree on a block', async () => {
    const other: Methods = {
      ...NODE,
      starknet_getBlockWithTxHashes: (params) => {
        const block = Object(NODE.starknet_getBlockWithTxHashes?.(params))
        return block.block_number === 7 ? { ...block, block_hash: '0x9' } : block
      },
    }
    const conflict = { number: 7, theirs: '0x9', ours: blockHash(7) }
    const { adapter } = await adapterOf([jsonRpc(other), jsonRpc(NODE)])
    expect(await adapter.confirm(conflict, SIGNAL)).toBe('refused')
    const two = await adapterOf([jsonRpc(other), jsonRpc(other)])
    expect(await two.adapter.confirm({ ...conflict, ours: '0x8' }, SIGNAL)).toBe('agreed')
  })
})

/** Every third request is over the limit, in an answer of status 200. */
function limited(): Answer {
  const healthy = jsonRpc(NODE)
  return (arrived) => {
    if (arrived.nth % 3 !== 0) return healthy(arrived)
    const error = { code: 429, message: 'slow' }
    const answers = arrived.calls.map(({ id }) => ({ jsonrpc: '2.0', id, error }))
    return { json: arrived.batch ? answers : answers[0] }
  }
}

/** All felts have leading zeros and upper-case digits. */
function padded(): Answer {
  const healthy = jsonRpc(NODE)
  return async (arrived) => {
    const reply = await healthy(arrived)
    assert(typeof reply === 'object' && 'json' in reply, 'a healthy node answers JSON')
    const text = JSON.stringify(reply.json).replace(/"0x([0-9a-f]+)"/g, (_, digits) => `"0x00${digits.toUpperCase()}"`)
    return { json: JSON.parse(text) }
  }
}

test('a node is identified by its chain and its head', async () => {
  const node = await startScriptedNode(jsonRpc(NODE))
  nodes.push(node)
  const asked = STARKNET.source === 'nodes' ? STARKNET.identify({ url: node.url, timeoutMs: 5_000, signal: SIGNAL }) : 0
  expect(await asked).toEqual({ chain, head: 11 })
  node.become(() => ({
    json: { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'the method does not exist' } },
  }))
  const again = STARKNET.source === 'nodes' ? STARKNET.identify({ url: node.url, timeoutMs: 5_000, signal: SIGNAL }) : 0
  await expect(again).rejects.toMatchObject({ code: 'NODE_NO_METHOD' })
})
