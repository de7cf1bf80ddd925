/** A Chia chain on the simulator that a test makes block by block, for the conformance suite. */
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import type { Cat, Order } from '../../src/demo/chia/orders.ts'
import type { ChiaNodeOptions } from '../../src/demo/chia/view.ts'
import { startTestWorld } from '../chia/node/start.ts'
import type { ChainUnderTest, Mood, Move, NodeUnderTest, Traits } from './under-test.ts'

/** The usual number of confirmations. */
const FINAL_BELOW = 32
/** The wallet that issues the coin, which is above those of the accounts. */
const COIN: Cat = { issuer: 4 }

/** What a chain of coins has. A CAT tells neither a name nor a supply. */
export const CHIA_TRAITS: Traits = {
  hasContracts: false,
  transfers: 'coins',
  followsAll: false,
  findsTransactions: false,
  settlesLies: 'another node',
  coinFacts: { name: undefined, decimals: 3, totalSupply: undefined },
  limits: [{ maxRows: 2 }, { maxEvents: 3 }, { pageSize: 2 }],
}

/** Starts a chain in a process of its own. */
export async function startChiaUnderTest(): Promise<ChainUnderTest> {
  const world = await startTestWorld({ funded: COIN.issuer })
  const wallets = await Promise.all([1, 2, 3].map((number) => world.call('wallet', number)))
  const numbers = new Map(wallets.map(({ address }, at) => [address, at + 1]))
  const [one, two, three] = wallets.map(({ address }) => address)
  const chain = parseChainId('chia:simulator0')
  assert(chain !== undefined && one !== undefined && two !== undefined && three !== undefined, 'a chain and accounts')
  const puzzleHashOf = (account: string): string => wallets[(numbers.get(account) ?? 0) - 1]?.puzzleHash ?? ''
  const order = ({ from, to, amount }: Move): Order => {
    const outputs = to === undefined ? [] : [{ to: puzzleHashOf(to), amount }]
    if (from === undefined) return { do: 'issue', cat: COIN, outputs }
    const sender = numbers.get(from) ?? 0
    return to === undefined
      ? { do: 'melt', cat: COIN, from: sender, amount }
      : { do: 'send', cat: COIN, from: sender, outputs }
  }
  return {
    chain,
    accounts: [one, two, three],
    coin: { standard: 'cat', reference: (await world.call('cat', COIN)).tail },
    large: 2n ** 60n,
    finalBelow: FINAL_BELOW,
    mine: async (...moves) => void (await world.call('mine', moves.map(order))),
    reorganize: async (depth, blocks) => {
      await world.call(
        'reorganize',
        depth,
        blocks.map((moves) => moves.map(order)),
      )
    },
    node: async (mood = {}) => {
      const { id, url } = await world.call('startNode', settingOf(mood))
      const behave = (other: Mood): Promise<void> => world.call('behave', id, settingOf(other))
      return { url, behave } satisfies NodeUnderTest
    },
    stop: () => world.stop(),
  }
}

function settingOf({ lag = 0, stays = false, omits = false, maxRows, maxEvents, pageSize }: Mood) {
  const options: ChiaNodeOptions = {
    lag,
    omitsSpends: omits,
    ...(maxRows === undefined ? {} : { hintRows: maxRows }),
    ...(maxEvents === undefined ? {} : { sqlVariables: maxEvents }),
    ...(pageSize === undefined ? {} : { pageRows: pageSize }),
  }
  return { stays, options }
}
