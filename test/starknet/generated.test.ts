import { afterAll, beforeAll, expect, test } from 'vitest'
import { amountOf, DEFAULT_SHAPE, MINT } from '../../bench/chain/generator.ts'
import { type GeneratedNode, startGeneratedNode } from '../../bench/chain/start.ts'
import { parseStarknetTransfers } from '../../bench/starknet/bare-limit.ts'
import { createStarknetGenerator } from '../../bench/starknet/generator.ts'
import { createStarknetRenderer, TRANSFER_KEY } from '../../bench/starknet/render.ts'
import { selectorOf, u256 } from '../../src/demo/starknet/felt.ts'
import { fieldsOf } from '../../src/demo/starknet/json-rpc.ts'
import { OpenRpc } from './node/open-rpc.ts'

// 51 blocks, so each pattern comes 17 times; the last block holds one transfer.
const SHAPE = { ...DEFAULT_SHAPE, transfers: 10_001, accounts: 500, tokens: 20 }
const generator = createStarknetGenerator(SHAPE)
const renderer = createStarknetRenderer(generator)
const openRpc = new OpenRpc('0.10.2')

let node: GeneratedNode
beforeAll(async () => {
  node = await startGeneratedNode(SHAPE, { kind: 'starknet' })
})
afterAll(() => node.stop())

async function ask(method: string, params: readonly unknown[] = []): Promise<ReadonlyMap<string, unknown>> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(node.url, { method: 'POST', body })
  const answer: unknown = await response.json()
  const request = { id: 1, method, params }
  expect(openRpc.problems(request, Object.fromEntries(fieldsOf(answer)))).toEqual([])
  return fieldsOf(answer)
}

test('balances never go negative, and a third to four fifths of each block are fees', () => {
  const balances = new Map<string, bigint>()
  const fees: number[] = []
  for (let index = 0; index < SHAPE.transfers; index++) {
    const movement = generator.movement(index)
    const key = (account: number): string => `${movement.token} ${account}`
    const amount = amountOf(movement)
    if (movement.from !== MINT) {
      const left = (balances.get(key(movement.from)) ?? 0n) - amount
      expect(left).toBeGreaterThanOrEqual(0n)
      balances.set(key(movement.from), left)
    }
    balances.set(key(movement.to), (balances.get(key(movement.to)) ?? 0n) + amount)
    const block = Math.floor(index / SHAPE.perBlock)
    fees[block] = (fees[block] ?? 0) + (movement.to === generator.sequencer ? 1 : 0)
  }
  for (const count of fees.slice(0, 50)) {
    expect(count / SHAPE.perBlock).toBeGreaterThan(0.32)
    expect(count / SHAPE.perBlock).toBeLessThan(0.81)
  }
})

test('events agree with receipts, page by page', async () => {
  for (const number of [1, 2, 3, 51]) {
    const block = fieldsOf((await ask('starknet_getBlockWithReceipts', [{ block_number: number }])).get('result'))
    const range = { from_block: { block_number: number }, to_block: { block_hash: renderer.blockHash(number) } }
    const events: unknown[] = []
    let token: unknown
    do {
      const filter = {
        ...range,
        keys: [[TRANSFER_KEY]],
        chunk_size: 77,
        ...(token === undefined ? {} : { continuation_token: token }),
      }
      const page = fieldsOf((await ask('starknet_getEvents', [filter])).get('result'))
      const some: unknown = page.get('events')
      if (Array.isArray(some)) events.push(...some)
      token = page.get('continuation_token')
    } while (token !== undefined)
    const expected = receiptsOf(block).flatMap((receipt, transactionIndex) =>
      listOf(receipt.get('events')).map((event, eventIndex) => ({
        ...Object(event),
        block_hash: renderer.blockHash(number),
        block_number: number,
        transaction_hash: receipt.get('transaction_hash'),
        transaction_index: transactionIndex,
        event_index: eventIndex,
      })),
    )
    expect(events).toEqual(expected)
    expect(block.get('event_count')).toBe(expected.length)
    expect(block.get('transaction_count')).toBe(receiptsOf(block).length)
    expect(block.get('parent_hash')).toBe(renderer.blockHash(number - 1))
    const hashes = fieldsOf((await ask('starknet_getBlockWithTxHashes', [{ block_number: number }])).get('result'))
    expect(hashes.get('transactions')).toEqual(receiptsOf(block).map((receipt) => receipt.get('transaction_hash')))
  }
})

test('an event is the movement that the generator makes, in both layouts', async () => {
  for (const [number, form] of [
    [2, [1, 4]],
    [50, [3, 2]],
  ] as const) {
    const filter = { from_block: { block_number: number }, to_block: { block_number: number }, chunk_size: 1_000 }
    const events = listOf(fieldsOf((await ask('starknet_getEvents', [filter])).get('result')).get('events')).map(
      fieldsOf,
    )
    const { start } = generator.span(number)
    events.forEach((event, at) => {
      const movement = generator.movement(start + at)
      const [, ...keys] = listOf(event.get('keys'))
      const from = movement.from === MINT ? '0x0' : renderer.accountFelt(movement.from)
      expect([...keys, ...listOf(event.get('data'))]).toEqual([
        from,
        renderer.accountFelt(movement.to),
        ...u256(amountOf(movement)),
      ])
      expect(event.get('from_address')).toBe(renderer.tokenFelt(movement.token))
      const isStrk = movement.token === generator.strk
      if (isStrk) expect([keys.length + 1, listOf(event.get('data')).length]).toEqual(form)
    })
  }
})

test('tokens answer their metadata, supply and balances, and nothing else', async () => {
  const call = (name: string): object => ({
    contract_address: renderer.tokenFelt(3),
    entry_point_selector: selectorOf(name),
    calldata: [],
  })
  const answers = await Promise.all(
    ['name', 'symbol', 'decimals', 'total_supply'].map((name) => ask('starknet_call', [call(name), 'latest'])),
  )
  let supply = 0n
  for (let index = 0; index < SHAPE.transfers; index++) {
    const movement = generator.movement(index)
    if (movement.token === 3 && movement.from === MINT) supply += amountOf(movement)
  }
  expect(answers.map((answer) => answer.get('result'))).toEqual([
    [`0x${Buffer.from('Generated 3').toString('hex')}`],
    [`0x${Buffer.from('GEN3').toString('hex')}`],
    ['0x12'],
    [...u256(supply)],
  ])
  // The sequencer has the most movements. The blocks are in no order, since answers are kept.
  for (const block of [20, 51, 7, 8, 50]) {
    let fees = 0n
    for (let index = 0; index < generator.span(block).end; index++) {
      const movement = generator.movement(index)
      if (movement.to === generator.sequencer) fees += amountOf(movement)
    }
    const request = {
      contract_address: renderer.tokenFelt(generator.strk),
      entry_point_selector: selectorOf('balance_of'),
      calldata: [renderer.accountFelt(generator.sequencer)],
    }
    const answer = await ask('starknet_call', [request, { block_number: block }])
    expect(answer.get('result')).toEqual([...u256(fees)])
  }
  const missing = await ask('starknet_call', [call('owner_of'), 'latest'])
  expect(fieldsOf(missing.get('error')).get('code')).toBe(21)
})

test('every parsed transfer counts once', async () => {
  expect(await parseStarknetTransfers(node, Number.POSITIVE_INFINITY, SHAPE.perBlock)).toBe(SHAPE.transfers)
})

function receiptsOf(block: ReadonlyMap<string, unknown>): readonly ReadonlyMap<string, unknown>[] {
  return listOf(block.get('transactions')).map((one) => fieldsOf(fieldsOf(one).get('receipt')))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
