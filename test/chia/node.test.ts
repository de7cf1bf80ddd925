/** The simulated node answers as a real one does. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { parseExactly } from '../../src/json/exact-json.ts'
import { type Simulated, startTestWorld } from './node/start.ts'

const CAT = { issuer: 1 }
const LARGE = 2n ** 60n

type Fields = Readonly<Record<string, unknown>>
const fields = (value: unknown): Fields => ({ ...Object(value) })

describe.skipIf(!hasSimulator())('the simulated node', () => {
  let world: Simulated
  let url: string
  let alice: string

  const ask = async (route: string, request: unknown, at = url) => {
    const response = await fetch(`${at}/${route}`, { method: 'POST', body: JSON.stringify(request) })
    return { status: response.status, text: await response.text() }
  }
  const fieldsOf = async (route: string, request: unknown, at = url): Promise<Fields> =>
    fields(parseExactly((await ask(route, request, at)).text))
  const coinsIn = (answer: Fields): readonly Fields[] => [Object(answer.coin_records)].flat().map(fields)

  beforeAll(async () => {
    world = await startTestWorld()
    alice = (await world.call('wallet', 2)).puzzleHash
    await world.call('mine', [])
    await world.call('mine', [{ do: 'issue', cat: CAT, outputs: [{ to: alice, amount: LARGE }] }])
    await world.call('mine', [])
    const bob = (await world.call('wallet', 3)).puzzleHash
    await world.call('mine', [{ do: 'send', cat: CAT, from: 2, outputs: [{ to: bob, amount: 7n }], changeMemos: [] }])
    url = (await world.call('startNode')).url
  })
  afterAll(() => world.stop())

  test('has the fields of the answers that a mainnet node gave', async () => {
    const { calls } = JSON.parse(readFileSync('test/chia/fixtures/docs-answers.json', 'utf8'))
    const hint = alice
    const puzzleHash = await world.call('catPuzzleHash', CAT, alice)
    const [coin] = coinsIn(await fieldsOf('get_coin_records_by_hint', { hint, include_spent_coins: true }))
    const parent = fields(coin?.coin).parent_coin_info
    const made = coinsIn(
      await fieldsOf('get_coin_records_by_puzzle_hash', { puzzle_hash: puzzleHash, include_spent_coins: true }),
    )
    const spent = made.find((record) => record.spent === true)
    const byParent = coinsIn(
      await fieldsOf('get_coin_records_by_parent_ids', { parent_ids: [parent], include_spent_coins: true }),
    )
    expect([made.length, byParent.length, spent?.spent_block_index]).toEqual([2, 1, 4])
    const name = String(await nameOf(spent))
    const ours: Record<string, unknown> = {
      get_coin_records_by_hint: { hint, include_spent_coins: true },
      get_coin_records_by_puzzle_hash: { puzzle_hash: puzzleHash, include_spent_coins: true },
      get_coin_records_by_puzzle_hashes: { puzzle_hashes: [puzzleHash] },
      get_coin_records_by_parent_ids: { parent_ids: [parent], include_spent_coins: true },
      get_coin_record_by_name: { name },
      get_puzzle_and_solution: { coin_id: name, height: 4 },
      get_network_info: {},
    }
    for (const { route, answer } of calls) {
      if (!(route in ours)) continue
      expect({ route, shape: shapeOf(await fieldsOf(route, ours[route])) }).toEqual({ route, shape: shapeOf(answer) })
    }
  })

  test('counts blocks from 0, and names each block by the one before', async () => {
    const { block_records: list } = await fieldsOf('get_block_records', { start: 0, end: 10 })
    const records = [list].flat().map(fields)
    expect(records.map(({ height }) => height)).toEqual([0, 1, 2, 3, 4])
    const { genesis_challenge: challenge } = await fieldsOf('get_network_info', {})
    expect(records.map((record) => record.prev_hash)).toEqual([
      challenge,
      ...records.slice(0, -1).map((record) => record.header_hash),
    ])
    const { blockchain_state: state } = await fieldsOf('get_blockchain_state', {})
    expect(fields(fields(state).peak)).toEqual(records[4])
  })

  test('has blocks without transactions, whose time, fees and rewards are null', async () => {
    const { block_records: list } = await fieldsOf('get_block_records', { start: 0, end: 5 })
    const shown = [list].flat().map((record) => {
      const {
        timestamp,
        fees,
        prev_transaction_block_hash: hash,
        prev_transaction_block_height: below,
      } = fields(record)
      return [timestamp, fees, hash === null, below]
    })
    expect(shown).toEqual([
      [1_763_887_000, 0, false, 0],
      [null, null, true, 0],
      [1_763_887_038, 0, false, 0],
      [null, null, true, 2],
      [1_763_887_076, 0, false, 2],
    ])
    const { block_record: record } = await fieldsOf('get_block_record_by_height', { height: 3 })
    const hash = fields(record).header_hash
    expect(await fieldsOf('get_block_spends', { header_hash: hash })).toEqual({ block_spends: [], success: true })
  })

  test('says what failed with success false and a code, and older nodes without the code', async () => {
    const failed = await ask('get_block_record_by_height', { height: 99 })
    expect(failed.status).toBe(200)
    expect(JSON.parse(failed.text)).toEqual({
      error: 'Block height 99 not found in chain',
      traceback: expect.stringContaining('Block height 99'),
      structuredError: {
        code: 'BLOCK_HEIGHT_NOT_FOUND',
        message: 'Block height not found in chain',
        data: { height: 99 },
      },
      success: false,
    })
    const { url: older } = await world.call('startNode', { options: { plainFailures: true } })
    const plain = await fieldsOf('get_block_record_by_height', {}, older)
    expect(Object.keys(plain).sort()).toEqual(['error', 'success', 'traceback'])
    const puzzleHash = await world.call('catPuzzleHash', CAT, alice)
    const open = { puzzle_hash: puzzleHash, start_height: null }
    expect((await fieldsOf('get_coin_records_by_puzzle_hash', open)).success).toBe(false)
    expect((await ask('get_coin_records_by_hints', {})).status).toBe(404)
  })

  test('refuses bodies above 1 MiB and texts that are no JSON', async () => {
    const large = { puzzle_hashes: Array(16_000).fill(`0x${'0'.repeat(64)}`) }
    expect((await ask('get_coin_records_by_puzzle_hashes', large)).status).toBe(413)
    const response = await fetch(`${url}/get_network_info`, { method: 'POST', body: '{' })
    expect(response.status).toBe(500)
  })

  test('filters by the confirming block, the end excluded, and hides spent coins unless asked', async () => {
    const puzzleHash = await world.call('catPuzzleHash', CAT, alice)
    const heights = async (window: Fields) => {
      const found = coinsIn(await fieldsOf('get_coin_records_by_puzzle_hash', { puzzle_hash: puzzleHash, ...window }))
      return found.map((record) => record.confirmed_block_index).sort()
    }
    const all = { include_spent_coins: true }
    expect(await heights({})).toEqual([4])
    expect(await heights(all)).toEqual([2, 4])
    expect(await heights({ ...all, start_height: 2, end_height: 4 })).toEqual([2])
    expect(await heights({ ...all, start_height: 3, end_height: 5 })).toEqual([4])
  })

  test('cuts hints before any filter, and fails above the limit of SQL variables', async () => {
    const [cut, failing, paging] = await Promise.all([
      world.call('startNode', { options: { hintRows: 1 } }),
      world.call('startNode', { options: { sqlVariables: 0 } }),
      world.call('startNode', { options: { pageRows: 1 } }),
    ])
    const hinted = { hint: alice, include_spent_coins: true }
    const later = { ...hinted, start_height: 3 }
    expect(coinsIn(await fieldsOf('get_coin_records_by_hint', hinted, cut.url))).toHaveLength(1)
    expect(coinsIn(await fieldsOf('get_coin_records_by_hint', later, cut.url))).toHaveLength(0)
    expect((await fieldsOf('get_coin_records_by_hint', hinted, failing.url)).error).toBe('too many SQL variables')
    const puzzleHash = await world.call('catPuzzleHash', CAT, alice)
    const whole = { puzzle_hash: puzzleHash, include_spent_coins: true }
    const first = await fieldsOf('get_coin_records_by_puzzle_hash', whole, paging.url)
    expect([coinsIn(first).length, first.truncated, first.next_cursor]).toEqual([1, true, '1'])
    const last = await fieldsOf('get_coin_records_by_puzzle_hash', { ...whole, cursor: '1' }, paging.url)
    expect([coinsIn(last).length, last.truncated, last.next_cursor]).toEqual([1, false, undefined])
  })

  test('shows the chain as of its head if it lags', async () => {
    const { url: behind } = await world.call('startNode', { options: { lag: 1 } })
    const puzzleHash = await world.call('catPuzzleHash', CAT, alice)
    const coins = coinsIn(await fieldsOf('get_coin_records_by_puzzle_hash', { puzzle_hash: puzzleHash }, behind))
    expect(coins.map((record) => [record.confirmed_block_index, record.spent_block_index])).toEqual([[2, 0]])
    expect((await fieldsOf('get_block_record_by_height', { height: 4 }, behind)).success).toBe(false)
  })

  test('keeps the spends of a block that was replaced, but not its additions', async () => {
    const { hash } = await world.call('head')
    const { url: old } = await world.call('startNode', { stays: true })
    const cat = await world.call('cat', CAT)
    expect(await world.call('truth', [alice], [cat])).toEqual([
      { owner: alice, tail: cat.tail, amount: LARGE - 7n, coins: 1 },
    ])
    await world.call('reorganize', 1, [[], []])
    expect(await world.call('truth', [alice], [cat])).toEqual([
      { owner: alice, tail: cat.tail, amount: LARGE, coins: 1 },
    ])
    const block = { header_hash: hash }
    const { block_spends: spends } = await fieldsOf('get_block_spends', block)
    expect([spends].flat()).toHaveLength(1)
    const error = await fieldsOf('get_additions_and_removals', block)
    expect(fields(error.structuredError).code).toBe('BLOCK_IN_FORK')
    expect(fields((await fieldsOf('get_block_record_by_height', { height: 4 }, old)).block_record).header_hash).toBe(
      `0x${hash}`,
    )
  })

  async function nameOf(record: Fields | undefined): Promise<unknown> {
    const { parent_coin_info: parent, puzzle_hash: puzzleHash, amount } = fields(record?.coin)
    return world.call('coinName', {
      parent: String(parent),
      puzzleHash: String(puzzleHash),
      amount: BigInt(String(amount)),
    })
  }
})

/** The names of fields, and the types of their values; bytes are those with 0x. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value === 'string') return value.startsWith('0x') ? 'bytes' : 'text'
  if (typeof value === 'bigint') return 'number'
  if (typeof value !== 'object' || value === null) return typeof value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, field]) => [name, shapeOf(field)]))
}
