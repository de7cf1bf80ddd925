/** A chain whose nodes are asked for the coins of accounts. */
import { setImmediate as nextTick } from 'node:timers/promises'
import type { AccountReader, HeldCoin } from '../../src/chains/account-reader.ts'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { ALICE, BOB, GOLD, NOW, SILVER, STORED, type TableChain, type World, world } from './world.ts'

/** What an account holds according to the node, and how often it was asked. */
export class Coins implements AccountReader {
  readonly held = new Map<string, HeldCoin[]>()
  readonly asked: string[] = []
  isCut = false
  /** Answers of machines that are behind, each given once, before those of `held`. */
  readonly stale: (readonly (readonly [HeldCoin['asset'], bigint, number])[])[] = []
  /** The node takes questions and never answers. */
  hangs = false
  #chain: TableChain | undefined

  readonly on = (chain: TableChain): AccountReader => {
    this.#chain = chain
    return this
  }

  async readCoins(account: string, of: 'tokens' | 'native', signal: AbortSignal) {
    this.asked.push(`${of}/${account}`)
    await (this.hangs ? aborted(signal) : nextTick())
    this.#chain?.fault('readCoins')
    const block = this.#chain?.canonical().at(-1)
    if (block === undefined) throw new ServiceError('NODE_BEHIND', 'no block')
    const all = this.stale.shift()?.map(coinOf) ?? this.held.get(account) ?? []
    const coins = all.filter(({ asset }) => (asset.standard === 'native') === (of === 'native'))
    const isCut = this.isCut && of === 'tokens'
    return { block: { number: block.number, hash: block.hash }, observedAt: NOW, coins, isCut }
  }

  async leads(): Promise<number> {
    return 0
  }

  has(account: string, ...coins: readonly (readonly [HeldCoin['asset'], bigint, number])[]): void {
    this.held.set(account, coins.map(coinOf))
  }
}

function coinOf([asset, amount, confirmed]: readonly [HeldCoin['asset'], bigint, number]): HeldCoin {
  return { asset, amount, confirmed, timestamp: confirmed * 12 }
}

async function aborted(signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  throw new ServiceError('ABORTED', 'Stopped')
}

/** Alice is followed; Bob has two coins of silver, one of gold and one of the native asset. */
export async function coinWorld(options: Parameters<typeof world>[0] = {}): Promise<World & { coins: Coins }> {
  const coins = new Coins()
  coins.has(BOB, [SILVER, 5n, 2], [GOLD, 30n, 3], [SILVER, 2n, 1], [EVM_NATIVE, 9n, 4])
  const coverage = { scope: { type: 'accounts', accounts: [ALICE] }, from: 0 } as const
  return { ...(await world({ coverage, accounts: coins.on, ...options })), coins }
}

/** The question for what is stored of an account. */
export const COIN_LIST = { standards: ['erc20'], receivedOnly: false, freshness: STORED, offset: 0, limit: 10 } as const
