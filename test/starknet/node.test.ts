import { afterEach, describe, expect, test } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import { selectorOf, u256 } from '../../src/demo/starknet/felt.ts'
import { fieldsOf } from '../../src/demo/starknet/json-rpc.ts'
import { byteArray } from '../../src/demo/starknet/names.ts'
import { ancestorAt, eventsOf } from '../../src/demo/starknet/state.ts'
import { type CommittedEvent, commitmentOf, eventCommitment } from './commitment.ts'
import { addressOf, CAST, type ContractName } from './node/cast.ts'
import { blocksOf, readEvents } from './node/read-events.ts'
import { type NodeWorld, type NodeWorldOptions, startNodeWorld } from './node/world.ts'

const TRANSFER = '0x99cd8bde557814842a3121e8ddfd433a539b8c9f14bf31ebf108d12e6196e9'

let world: NodeWorld | undefined
afterEach(async () => {
  const problems = world?.problems
  await world?.stop()
  world = undefined
  expect(problems).toEqual([])
})

async function start(options: NodeWorldOptions): Promise<NodeWorld> {
  world = await startNodeWorld(options)
  return world
}

function call(contract: ContractName, name: string, calldata: readonly string[] = []): object {
  return { contract_address: addressOf(contract), entry_point_selector: selectorOf(name), calldata }
}

describe('blocks', () => {
  test('link, and their event commitments are those of their receipts', async () => {
    const { chain, ask } = await start({ blocks: 12, commit: commitmentOf })
    let parent = '0x0'
    for (let number = 0; number <= chain.head.number; number++) {
      const answer = await ask('starknet_getBlockWithReceipts', { block_id: { block_number: number } })
      const block = fieldsOf(answer.get('result'))
      expect(block.get('parent_hash')).toBe(parent)
      parent = String(block.get('block_hash'))
      const events = receiptEvents(block.get('transactions'))
      expect(block.get('event_count')).toBe(events.length)
      expect(block.get('event_commitment')).toBe(eventCommitment(events, String(block.get('starknet_version'))))
    }
    expect(parent).toBe(chain.head.hash)
  })

  test('are found by hash, number and tag, in any spelling', async () => {
    const { chain, ask } = await start({ blocks: 30 })
    const { hash, number } = chain.head
    const padded = `0x${hash.slice(2).toUpperCase().padStart(64, '0')}`
    const ids = [{ block_hash: hash }, { block_number: number }, 'latest']
    const found = await Promise.all(ids.map((id) => ask('starknet_getBlockWithTxHashes', [id])))
    for (const one of found) expect(fieldsOf(one.get('result')).get('block_hash')).toBe(hash)
    // The specification does not allow this spelling, but nodes accept it.
    const answer = chainAnswer(await start({ blocks: 30 }), 'starknet_getBlockWithTxHashes', [{ block_hash: padded }])
    expect(fieldsOf(fieldsOf(answer).get('result')).get('block_hash')).toBe(hash)
  })

  test('are pre-confirmed without a hash, and never land', async () => {
    const { chain, node, ask } = await start({ blocks: 30 })
    let proposed = chain.propose(chain.head.timestamp + 1)
    while (eventsOf(proposed).length === 0) proposed = chain.propose(chain.head.timestamp + 1)
    const [transaction] = proposed.transactions
    const open = fieldsOf((await ask('starknet_getBlockWithReceipts', ['pre_confirmed'])).get('result'))
    expect(open.get('block_number')).toBe(chain.head.number + 1)
    expect([open.has('block_hash'), open.has('parent_hash'), open.has('status')]).toEqual([false, false, false])
    const receipt = await ask('starknet_getTransactionReceipt', { transaction_hash: transaction?.hash })
    expect(fieldsOf(receipt.get('result')).get('finality_status')).toBe('PRE_CONFIRMED')
    const from = { from_block: { block_number: proposed.number } }
    const events = await readEvents(current(), { ...from, to_block: 'pre_confirmed' })
    expect(events).toHaveLength(eventsOf(proposed).length)
    expect(events.every((event) => !fieldsOf(event).has('block_hash'))).toBe(true)
    expect(await readEvents(current(), { ...from, to_block: 'latest' })).toEqual([])
    node.show(chain.grow(chain.head.timestamp + 4))
    expect((await ask('starknet_getTransactionReceipt', { transaction_hash: transaction?.hash })).get('error')).toEqual(
      {
        code: 29,
        message: 'Transaction hash not found',
      },
    )
  })
})

describe('events', () => {
  test('are the same in pages of any size, and with a limit of blocks', async () => {
    const one = await start({ blocks: 60 })
    const all = await readEvents(one, { chunk_size: 1_000 })
    expect(all).toHaveLength(blocksOf(one.chain.head).flatMap(eventsOf).length)
    for (const size of [1, 7]) expect(await readEvents(one, { chunk_size: size })).toEqual(all)
    await one.stop()
    const limited = await start({ blocks: 60, scanBlocks: 3 })
    expect(await readEvents(limited, { chunk_size: 1_000 })).toEqual(all)
    const strk = { address: CAST.strk, keys: [[selectorOf('Nothing')]] }
    const page = fieldsOf(
      (await limited.ask('starknet_getEvents', { filter: { ...strk, chunk_size: 9 } })).get('result'),
    )
    expect(Object.fromEntries(page)).toEqual({ events: [], continuation_token: '3-0' })
  })

  test('are filtered by addresses and keys', async () => {
    await start({ blocks: 60 })
    const filter = { address: [CAST.strk, addressOf('deeds')], keys: [[TRANSFER], [], ['0x0', CAST.sequencer]] }
    const events = await readEvents(current(), filter)
    const isWanted = (event: unknown): boolean => {
      const fields = fieldsOf(event)
      const keys: unknown = fields.get('keys')
      const third: unknown = Array.isArray(keys) ? keys[2] : undefined
      return (
        filter.address.includes(String(fields.get('from_address'))) && ['0x0', CAST.sequencer].includes(String(third))
      )
    }
    const all = await readEvents(current(), {})
    expect(events).toEqual(all.filter(isWanted))
  })
})

describe('calls', () => {
  test.each<[ContractName, string, readonly string[]]>([
    ['longName', 'name', byteArray('Wrapped liquid staked Ether 2.0, bridged from L1 by StarkGate!!')],
    ['cairo0', 'name', ['0x436169726f205a65726f']],
    ['brokenName', 'name', ['0x0', '0x42726f6b656e', '0x28']],
    ['cairo1', 'decimals', ['0x6']],
  ])('of %s.%s answer', async (contract, name, felts) => {
    const { ask } = await start({ blocks: 1 })
    const answer = await ask('starknet_call', { request: call(contract, name), block_id: 'latest' })
    expect(answer.get('result')).toEqual(felts)
  })

  test('answer at the block that they name', async () => {
    const { chain, ask } = await start({ blocks: 80 })
    for (const number of [0, 20, 40, 60, 80]) {
      const storage = ancestorAt(chain.head, number)?.state.contracts.get(addressOf('cairo1'))?.storage
      const answer = await ask('starknet_call', [call('cairo1', 'total_supply'), { block_number: number }])
      expect(answer.get('result')).toEqual([...u256(storage?.get('supply') ?? 0n)])
    }
  })

  test('fail with the codes of the specification', async () => {
    const { ask, post } = await start({ blocks: 5 })
    const code = async (method: string, params: unknown): Promise<unknown> =>
      fieldsOf((await ask(method, params)).get('error')).get('code')
    expect(await code('starknet_call', [{ ...call('cairo1', 'name'), contract_address: '0x1' }, 'latest'])).toBe(20)
    expect(await code('starknet_call', [call('cairo1', 'balanceOf', ['0x1']), 'latest'])).toBe(21)
    expect(await code('starknet_call', [call('cairo1', 'name'), { block_number: 6 }])).toBe(24)
    expect(await code('starknet_getEvents', [{ chunk_size: 1_025 }])).toBe(31)
    expect(await code('starknet_getEvents', [{ chunk_size: 10, continuation_token: '9-0' }])).toBe(33)
    const keys = [Array.from({ length: 257 }, (_, at) => `0x${(at + 1).toString(16)}`)]
    expect(await code('starknet_getEvents', [{ chunk_size: 10, keys }])).toBe(34)
    expect(await code('starknet_getEvents', [{ chunk_size: 10, to_block: { block_hash: '0x123' } }])).toBe(24)
    expect(await code('starknet_getEvents', [{ chunk_size: 0 }])).toBe(-32602)
    expect(await code('starknet_getBlockWithTxHashes', { block: 'latest' })).toBe(-32602)
    expect(await code('starknet_getBlockWithTxHashes', ['pending'])).toBe(-32602)
    expect(await code('starknet_getBlockWithTxHashes', [])).toBe(-32602)
    expect(await code('starknet_subscribe', [])).toBe(-32601)
    expect(await code('starknet_getTransactionReceipt', ['0x1'])).toBe(-32602)
    expect(await code('starknet_getTransactionReceipt', { transaction_hash: '0x1' })).toBe(29)
    const batch = await post([
      { jsonrpc: '2.0', id: 1, method: 'starknet_blockNumber', params: [] },
      { jsonrpc: '2.0', id: 'b', method: 'starknet_blockNumber' },
    ])
    expect(batch).toEqual([
      { jsonrpc: '2.0', id: 1, result: 5 },
      { jsonrpc: '2.0', id: 'b', result: 5 },
    ])
  })

  test('give a nested revert error', async () => {
    const { ask } = await start({ blocks: 5, missingEntryPoint: 40 })
    const frame = (contract: ContractName, name: string) => ({
      contract_address: addressOf(contract),
      class_hash: expect.stringMatching(/^0x[0-9a-f]+$/),
      selector: selectorOf(name),
    })
    const missing = await ask('starknet_call', [call('cairo1', 'balanceOf', ['0x1']), 'latest'])
    const text = "0x454e545259504f494e545f4e4f545f464f554e44 ('ENTRYPOINT_NOT_FOUND')"
    const missingFrame = frame('cairo1', 'balanceOf')
    expect(missing.get('error')).toEqual({
      code: 40,
      message: 'Contract error',
      data: { revert_error: { ...missingFrame, error: { ...missingFrame, error: text } } },
    })
    const refused = await ask('starknet_call', [call('unreadable', 'balance_of', ['0x1']), 'latest'])
    expect(JSON.stringify(refused.get('error'))).toContain("('balances are private')")
  })
})

function receiptEvents(transactions: unknown): readonly CommittedEvent[] {
  const listed: readonly unknown[] = Array.isArray(transactions) ? transactions : []
  return listed.flatMap((one) => {
    const receipt = fieldsOf(fieldsOf(one).get('receipt'))
    const events: unknown = receipt.get('events')
    return (Array.isArray(events) ? events : []).map((event: unknown) => {
      const { from_address, keys, data } = Object(event)
      return { transactionHash: String(receipt.get('transaction_hash')), from_address, keys, data }
    })
  })
}

function chainAnswer({ node }: NodeWorld, method: string, params: readonly unknown[]): unknown {
  return node.answer({ id: 1, method, params })
}

function current(): NodeWorld {
  assert(world !== undefined, 'a test starts its world')
  return world
}
