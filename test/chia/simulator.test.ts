/** On the simulator, what the adapter finds equals the sums over the simulator's own coins: see `node/truth.ts`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChainAdapter } from '../../src/chains/adapter.ts'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { createChiaProver } from '../../src/chains/chia/prove/prover.ts'
import { addressOf } from '../../src/chains/chia/words/address.ts'
import { assert } from '../../src/core/assert.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import type { Header } from '../../src/core/block.ts'
import { parseChainId } from '../../src/core/chain.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { Cat } from '../../src/demo/chia/orders.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { type Simulated, startTestWorld } from './node/start.ts'
import type { Token } from './node/truth.ts'

const SIGNAL = new AbortController().signal
/** One TAIL twice: its coins are revocable or not. */
const CATS: readonly Cat[] = [
  { issuer: 1 },
  { issuer: 2 },
  { issuer: 3, revoker: 9 },
  { issuer: 3 },
  { issuer: 4, revoker: 8 },
]
const TRADERS = 9
const BLOCKS = 240
const MAX_BATCH = 40

const chain = parseChainId('chia:simulator0')
assert(chain !== undefined, 'a CAIP-2 id')

describe.skipIf(!hasSimulator())('a simulated chain with hundreds of coins', () => {
  let world: Simulated
  let url: string
  let owners: readonly string[]
  let tokens: readonly Token[]

  beforeAll(async () => {
    world = await startTestWorld()
    owners = await Promise.all(
      Array.from({ length: TRADERS }, async (_, at) => (await world.call('wallet', at + 1)).puzzleHash),
    )
    // Whoever revokes a coin gets one that is not revocable.
    const all = [...CATS, { issuer: 4 }]
    tokens = await Promise.all(all.map((cat) => world.call('cat', cat)))
    await world.call('tradeFor', BLOCKS, { cats: CATS, traders: TRADERS })
    url = (await world.call('startNode')).url
  }, 180_000)
  afterAll(() => world.stop())

  const adapterOver = (rpc: string): ChainAdapter =>
    createChiaAdapter({ chain, rpc: [rpc], finality: { confirmations: 32 }, warn: () => undefined }).adapter
  const scope = () => ({ type: 'accounts', accounts: owners.map(addressOf) }) as const

  /** Sums by account and TAIL, as of a block. */
  async function truth(block?: number): Promise<ReadonlyMap<string, bigint>> {
    const holdings = await world.call('truth', owners, tokens, block)
    const sums = new Map<string, bigint>()
    // A TAIL that is revocable and not is one asset.
    for (const { owner, tail, amount } of holdings) {
      const key = `${addressOf(owner)} ${tail}`
      sums.set(key, (sums.get(key) ?? 0n) + amount)
    }
    return sums
  }

  function sumsOf(blocks: readonly BlockTransfers[], through: number): ReadonlyMap<string, bigint> {
    const sums = new Map<string, bigint>()
    for (const { transfers } of blocks.filter(({ number }) => number <= through)) {
      for (const { from, to, asset, amount } of transfers) {
        const key = `${from ?? to} ${asset.reference}`
        const sum = (sums.get(key) ?? 0n) + (to === undefined ? -amount : amount)
        expect(sum >= 0n).toBe(true)
        sums.set(key, sum)
      }
    }
    return new Map([...sums].filter(([, amount]) => amount > 0n))
  }

  async function follow(adapter: ChainAdapter, headers: readonly Header[]): Promise<readonly BlockTransfers[]> {
    const found: BlockTransfers[] = []
    for (let at = 0; at < headers.length; at += MAX_BATCH) {
      found.push(...(await adapter.transfersOf({ headers: headers.slice(at, at + MAX_BATCH), scope: scope() }, SIGNAL)))
    }
    return found
  }

  async function held(adapter: ChainAdapter): Promise<ReadonlyMap<string, bigint>> {
    const sums = new Map<string, bigint>()
    for (const account of scope().accounts) {
      const { coins } = (await adapter.accounts?.readCoins(account, 'tokens', SIGNAL)) ?? { coins: [] }
      for (const { asset, amount } of coins) {
        const key = `${account} ${asset.reference}`
        sums.set(key, (sums.get(key) ?? 0n) + amount)
      }
    }
    return sums
  }

  test('is followed block by block to the simulator’s sums at every block that changed one', async () => {
    const adapter = adapterOver(url)
    const headers = await adapter.headers({ first: 0, last: BLOCKS }, SIGNAL)
    const blocks = await follow(adapter, headers)
    const changed = blocks.filter(({ transfers }) => transfers.length > 0)
    expect(changed.length).toBeGreaterThan(50)
    for (const { number } of changed)
      expect({ number, sums: sumsOf(blocks, number) }).toEqual({ number, sums: await truth(number) })
    expect(await held(adapter)).toEqual(await truth())
    const created = blocks.flatMap(({ transfers }) => transfers.filter(({ to }) => to !== undefined))
    expect(created.length).toBeGreaterThan(200)
    expect(created.some(({ amount }) => amount > 2n ** 53n)).toBe(true)
  }, 180_000)

  test('has the same history by the coins of its accounts, once the leads are known', async () => {
    const adapter = adapterOver(url)
    const headers = await adapter.headers({ first: 0, last: BLOCKS }, SIGNAL)
    const followed = await follow(adapter, headers)
    const history = await adapter.transfers({ first: 0, last: BLOCKS, scope: scope() }, SIGNAL)
    const full = followed.filter(({ transfers }) => transfers.length > 0)
    const shown = (blocks: readonly BlockTransfers[]) =>
      blocks.map(({ number, hash, timestamp, transfers }) => ({ number, hash, timestamp, transfers }))
    expect(shown(history)).toEqual(shown(full))
  }, 180_000)

  test('is proven by the prover, which shares no code with the adapter', async () => {
    const memory = memoryOf(tokens)
    const prover = createChiaProver({ chain, rpc: [url], warn: () => undefined, memory })
    const block = await prover.blockAt(BLOCKS - 20, SIGNAL)
    assert(block !== undefined, 'the chain has the block')
    const expected = await truth(block.number)
    const tails = [...new Set(tokens.map(({ tail }) => tail))]
    const questions = scope().accounts.flatMap((account) =>
      tails.map((reference) => ({
        what: 'balance' as const,
        block,
        key: { account, asset: { standard: 'cat' as const, reference }, item: NO_ITEM },
      })),
    )
    const proofs = await prover.prove(questions, SIGNAL)
    const amounts = questions.map(({ key }) => expected.get(`${key.account} ${key.asset.reference}`) ?? 0n)
    expect(proofs).toEqual(amounts.map((amount) => ({ ok: true, amount })))
  }, 180_000)

  test('is asked only what a real full node answers', async () => {
    const asked = await world.call('asked')
    const routes = new Set(asked.map(({ path }) => path.slice(1)))
    const real = ['get_blockchain_state', 'get_network_info', 'get_block_record_by_height', 'get_block_record']
    const more = ['get_block_records', 'get_block_spends', 'get_additions_and_removals', 'get_puzzle_and_solution']
    const coins = ['get_coin_record_by_name', 'get_coin_records_by_names', 'get_coin_records_by_parent_ids']
    const finding = ['get_coin_records_by_hint', 'get_coin_records_by_puzzle_hash', 'get_coin_records_by_puzzle_hashes']
    const known = new Set([...real, ...more, ...coins, ...finding])
    expect([...routes].filter((route) => !known.has(route))).toEqual([])
    expect(routes.size).toBeGreaterThan(6)
    // A node fails if a bound is null, or is left out where it is needed.
    expect(asked.filter(({ request }) => Object.values(Object(request)).includes(null))).toEqual([])
  })

  test('is right again after blocks were replaced', async () => {
    const adapter = adapterOver(url)
    await follow(adapter, await adapter.headers({ first: 0, last: BLOCKS }, SIGNAL))
    await world.call('reorganize', 7, [[], []])
    await world.call('tradeFor', 20, { cats: CATS, traders: TRADERS })
    const last = BLOCKS - 7 + 22
    const headers = await adapter.headers({ first: 0, last }, SIGNAL)
    const blocks = await follow(adapter, headers)
    expect(sumsOf(blocks, last)).toEqual(await truth())
    expect(await held(adapter)).toEqual(await truth())
  }, 180_000)

  test('gives XCH by its coins', async () => {
    const adapter = adapterOver(url)
    const [first = ''] = owners
    const key = { account: addressOf(first), asset: { standard: 'native' as const, reference: '8444' }, item: NO_ITEM }
    const { reads } = await adapter.readBalances({ keys: [key], at: 'latest' }, SIGNAL)
    expect(reads).toEqual([{ ok: true, amount: await world.call('xch', first) }])
  })
})

function memoryOf(tokens: readonly Token[]) {
  const texts = tokens.map(({ tail, hidden }) => (hidden === undefined ? tail : `${tail}:${hidden}`))
  return { since: async (after: number) => texts.slice(after), add: async () => undefined }
}
