import { Contract, RpcProvider, shortString, uint256 } from 'starknet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { u256 } from '../../src/demo/starknet/felt.ts'
import { fieldsOf } from '../../src/demo/starknet/json-rpc.ts'
import type { Spec } from '../../src/demo/starknet/render.ts'
import { type ServedNode, serveNode } from '../../src/demo/starknet/serve.ts'
import { ancestorAt, eventsOf, type StarknetBlock } from '../../src/demo/starknet/state.ts'
import { addressOf, CAST, type ContractName } from './node/cast.ts'
import { blocksOf } from './node/read-events.ts'
import { type NodeWorld, startNodeWorld } from './node/world.ts'

/** The ABI of an ERC-20 in Cairo 1, as far as the tests call it. */
const ABI = [
  {
    type: 'struct',
    name: 'core::byte_array::ByteArray',
    members: [
      { name: 'data', type: 'core::array::Array::<core::bytes_31::bytes31>' },
      { name: 'pending_word', type: 'core::felt252' },
      { name: 'pending_word_len', type: 'core::integer::u32' },
    ],
  },
  {
    type: 'interface',
    name: 'IERC20',
    items: [
      {
        type: 'function',
        name: 'name',
        inputs: [],
        outputs: [{ type: 'core::byte_array::ByteArray' }],
        state_mutability: 'view',
      },
      {
        type: 'function',
        name: 'balance_of',
        inputs: [{ name: 'account', type: 'core::starknet::contract_address::ContractAddress' }],
        outputs: [{ type: 'core::integer::u256' }],
        state_mutability: 'view',
      },
    ],
  },
]

describe.each<Spec>(['0.9.0', '0.10.2'])('starknet.js at specification %s', (spec) => {
  let world: NodeWorld
  let served: ServedNode
  let provider: RpcProvider

  beforeAll(async () => {
    world = await startNodeWorld({ spec, blocks: 60 })
    served = await serveNode((request) => world.node.answer(request))
    provider = new RpcProvider({ nodeUrl: world.url, specVersion: spec })
  })
  afterAll(async () => {
    await Promise.all([world.stop(), served.stop()])
  })

  test('reads the chain and its head', async () => {
    const { head, l1Accepted } = world.chain
    expect(shortString.decodeShortString(await provider.getChainId())).toBe('SN_MAIN')
    expect(await provider.getSpecVersion()).toBe(spec)
    expect(await provider.getBlockLatestAccepted()).toEqual({ block_hash: head.hash, block_number: head.number })
    expect(await provider.getBlockWithTxHashes('l1_accepted')).toMatchObject({
      status: 'ACCEPTED_ON_L1',
      block_hash: l1Accepted.hash,
    })
  })

  test('reads the same events', async () => {
    const read: unknown[] = []
    let token: string | undefined
    do {
      const page = await provider.getEvents({
        from_block: { block_number: 0 },
        to_block: { block_hash: world.chain.head.hash },
        chunk_size: 37,
        ...(token === undefined ? {} : { continuation_token: token }),
      })
      read.push(...page.events)
      token = page.continuation_token
    } while (token !== undefined)
    expect(read).toEqual(blocksOf(world.chain.head).flatMap((block) => renderedEvents(block, spec)))
  })

  test('reads the same balances, also at an older block', async () => {
    const older = ancestorAt(world.chain.head, 30)
    for (const block of [world.chain.head, older]) {
      if (block === undefined) continue
      for (const account of CAST.accounts) {
        const call = { contractAddress: addressOf('cairo1'), entrypoint: 'balance_of', calldata: [account] }
        const held = block.state.contracts.get(addressOf('cairo1'))?.storage.get(account) ?? 0n
        expect(await provider.callContract(call, block.hash)).toEqual([...u256(held)])
      }
    }
  })

  test.each<[ContractName, string]>([
    ['cairo1', 'Cairo One'],
    ['longName', 'Wrapped liquid staked Ether 2.0, bridged from L1 by StarkGate!!'],
  ])('reads the ByteArray name of %s with an ABI', async (contract, name) => {
    const token = new Contract({ abi: ABI, address: addressOf(contract), providerOrAccount: provider })
    const [account] = CAST.accounts
    const storage = world.chain.head.state.contracts.get(addressOf(contract))?.storage
    expect(await token.call('name')).toBe(name)
    expect(await token.call('balance_of', [account ?? '0x0'])).toBe(storage?.get(account ?? '') ?? 0n)
  })

  test('reads a short string as a name, and an error by its code', async () => {
    const call = { contractAddress: addressOf('cairo0'), entrypoint: 'name' }
    const [name] = await provider.callContract(call)
    expect(shortString.decodeShortString(name ?? '')).toBe('Cairo Zero')
    const missing = provider.callContract({ ...call, entrypoint: 'balance_of', calldata: ['0x1'] })
    await expect(missing).rejects.toMatchObject({ baseError: { code: 21 } })
    const [low, high] = await provider.callContract({ ...call, entrypoint: 'balanceOf', calldata: ['0x1'] })
    expect(uint256.uint256ToBN({ low: low ?? '', high: high ?? '' })).toBe(0n)
  })

  test("reads the same from the demo's own server", async () => {
    const other = new RpcProvider({ nodeUrl: served.url, specVersion: spec })
    const { hash } = world.chain.head
    expect(await other.getBlockWithReceipts(hash)).toEqual(await provider.getBlockWithReceipts(hash))
    const [transaction] = blocksOf(world.chain.head).flatMap(({ transactions }) => transactions.slice(0, 1))
    expect(fieldsOf(await other.getTransactionStatus(transaction?.hash ?? '')).get('finality_status')).toBe(
      'ACCEPTED_ON_L1',
    )
  })

  test('got answers that are all as the specification says', () => {
    expect(world.problems).toEqual([])
  })
})

function renderedEvents(block: StarknetBlock, spec: Spec): readonly unknown[] {
  return eventsOf(block).map(({ event: { address, keys, data }, transaction, transactionIndex, eventIndex }) => ({
    from_address: address,
    keys,
    data,
    block_hash: block.hash,
    block_number: block.number,
    transaction_hash: transaction.hash,
    ...(spec === '0.9.0' ? {} : { transaction_index: transactionIndex, event_index: eventIndex }),
  }))
}
