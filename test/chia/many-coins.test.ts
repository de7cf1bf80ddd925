/** Accounts with more hinted coins than a node lists: coins of known CATs are counted all the same. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChainAdapter } from '../../src/chains/adapter.ts'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import type { Output } from '../../src/demo/chia/orders.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import type { ChiaNodeOptions } from '../../src/demo/chia/view.ts'
import { type Simulated, startTestWorld } from './node/start.ts'

const SIGNAL = new AbortController().signal
const CAT = { issuer: 1 }
const OTHER = { issuer: 2 }
const [RICH, DUSTED, PLAIN] = [3, 4, 5]
/** Coins of an account: more than the 50,000 hints that a node reads. */
const COINS = 60_000
const DUST = 51_000
/** Coins that one block makes: most of what its cost allows. */
const BLOCK_COINS = 1_500
/** A database that was built for more variables, so that nothing but the list of hints is cut. */
const CUTS: ChiaNodeOptions = { sqlVariables: 250_000 }
const FAILS: ChiaNodeOptions = {}

const chain = parseChainId('chia:simulator0')
assert(chain !== undefined, 'a CAIP-2 id')

describe.skipIf(!hasSimulator())('more hinted coins than a node lists', () => {
  let world: Simulated
  const account = async (wallet: number) => world.call('wallet', wallet)

  beforeAll(async () => {
    world = await startTestWorld({ funded: 5 })
    const [rich, dusted, plain] = await Promise.all([RICH, DUSTED, PLAIN].map(account))
    assert(rich !== undefined && dusted !== undefined && plain !== undefined, 'three accounts')
    for (let made = 0; made < COINS; made += BLOCK_COINS) {
      await world.call('mine', [{ do: 'issue', cat: CAT, outputs: coins(rich.puzzleHash, [rich.puzzleHash]) }])
    }
    for (let made = 0; made < DUST; made += BLOCK_COINS) {
      const outputs = coins('ab'.repeat(32), [dusted.puzzleHash])
      await world.call('mine', [{ do: 'pay', from: PLAIN, outputs }])
    }
    const real = [dusted, plain].map(({ puzzleHash }): Output => ({ to: puzzleHash, amount: 2n ** 60n }))
    await world.call('mine', [{ do: 'issue', cat: OTHER, outputs: real }])
    await world.call('mine', [{ do: 'issue', cat: CAT, outputs: [{ to: plain.puzzleHash, amount: 5n }] }])
  }, 120_000)
  afterAll(() => world.stop())

  async function adapterOver(options: ChiaNodeOptions): Promise<ChainAdapter> {
    assert(chain !== undefined, 'a CAIP-2 id')
    const { url } = await world.call('startNode', { options })
    return createChiaAdapter({ chain, rpc: [url], finality: { confirmations: 32 }, warn: () => undefined }).adapter
  }

  async function held(adapter: ChainAdapter, wallet: number) {
    const { address } = await account(wallet)
    const read = await adapter.accounts?.readCoins(address, 'tokens', SIGNAL)
    const sums = new Map<string, bigint>()
    for (const { asset, amount } of read?.coins ?? []) {
      sums.set(asset.reference, (sums.get(asset.reference) ?? 0n) + amount)
    }
    return { isCut: read?.isCut, sums, coins: read?.coins.length }
  }

  async function truth(wallet: number) {
    const { puzzleHash } = await account(wallet)
    const tokens = await Promise.all([CAT, OTHER].map((cat) => world.call('cat', cat)))
    const holdings = await world.call('truth', [puzzleHash], tokens)
    return {
      sums: new Map(holdings.map(({ tail, amount }) => [tail, amount])),
      coins: holdings.reduce((sum, one) => sum + one.coins, 0),
    }
  }

  test(`${COINS} coins of a CAT are counted on a node that cuts its list of hints, and it is said`, async () => {
    const adapter = await adapterOver(CUTS)
    expect(await held(adapter, RICH)).toEqual({ isCut: true, ...(await truth(RICH)) })
    expect((await truth(RICH)).coins).toBe(COINS)
  }, 120_000)

  test(`${COINS} coins are counted on a node that has too few SQL variables, once the CAT is known`, async () => {
    const adapter = await adapterOver(FAILS)
    expect(await held(adapter, RICH)).toEqual({ isCut: true, sums: new Map(), coins: 0 })
    expect(await held(adapter, PLAIN)).toEqual({ isCut: false, ...(await truth(PLAIN)) })
    expect(await held(adapter, RICH)).toEqual({ isCut: true, ...(await truth(RICH)) })
  }, 120_000)

  test.each([
    ['cuts its list of hints', CUTS],
    ['has too few SQL variables', FAILS],
  ])(
    'an account whose hints are all a stranger’s dust has its CATs on a node that %s',
    async (_, options) => {
      const adapter = await adapterOver(options)
      await held(adapter, PLAIN)
      expect(await held(adapter, DUSTED)).toEqual({ isCut: true, ...(await truth(DUSTED)) })
      expect((await truth(DUSTED)).sums.size).toBe(1)
    },
    120_000,
  )
})

/** Coins of different amounts, as one spend cannot create the same coin twice. */
function coins(to: string, memos: readonly string[]): readonly Output[] {
  return Array.from({ length: BLOCK_COINS }, (_, at) => ({ to, amount: BigInt(at + 1), memos }))
}
