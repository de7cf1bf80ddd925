/** A chain of three blocks around a recorded spend bundle: the spent coins, the bundle, and a block without transactions. */
import { createHash } from 'node:crypto'
import { type Block, type ChainCoin, hex } from '../../../src/demo/chia/chain.ts'
import type { Bytes, SdkCoin, SdkCoinSpend } from '../../../src/demo/chia/sdk.ts'
import type { NodeChain } from '../../../src/demo/chia/view.ts'
import type { ExpectedCreated, RecordedBundle } from '../bundles.ts'

/** The blocks that the spent coins and the bundle are in. */
const [CREATED, SPENT, HEAD] = [1, 2, 3]
const START_TIME = 1_700_000_000
const BLOCK_SECONDS = 52

/** The bundle as a chain. */
export function bundleChain({ coin_spends: spends, expected }: RecordedBundle): NodeChain {
  const blocks = [0, CREATED, SPENT, HEAD].map(blockAt)
  const coinSpends: SdkCoinSpend[] = spends.map(({ coin, puzzle_reveal: puzzle, solution }) => ({
    coin: coinOf(bytes(coin.parent_coin_info), coin),
    puzzleReveal: bytes(puzzle),
    solution: bytes(solution),
  }))
  const parents = new Map(coinSpends.map(({ coin }) => [hex(coin.coinId()), coin]))
  const created = expected.created.map((one) => ({ coin: childOf([...parents.values()], one), hint: one.hint }))
  const made = new Set(created.map(({ coin }) => hex(coin.coinId())))
  const record = (coin: SdkCoin, confirmed: number): ChainCoin => {
    const isSpent = parents.has(hex(coin.coinId()))
    return { coin, coinbase: false, confirmed, spent: isSpent ? SPENT : undefined }
  }
  const older = [...parents].flatMap(([id, coin]) => (made.has(id) ? [] : [record(coin, CREATED)]))
  const additions = created.map(({ coin }) => record(coin, SPENT))
  const all = [...older, ...additions]
  const pick = { names: (coin: SdkCoin) => coin.coinId(), parents: (coin: SdkCoin) => coin.parentCoinInfo }
  return {
    height: HEAD,
    genesisChallenge: digest('genesis'),
    at: (number) => blocks[number],
    find: (hash) => blocks.find((block) => hex(block.hash) === hex(hash)),
    spendsOf: ({ number }) => (number === SPENT ? coinSpends : []),
    changesOf: ({ number }) => ({
      additions: [[], older, additions, []][number] ?? [],
      removals: number === SPENT ? all.filter(({ spent }) => spent !== undefined) : [],
    }),
    coinsBy: (what, values) => {
      const wanted = new Set(values.map(hex))
      const keyOf = what === 'puzzle hashes' ? (coin: SdkCoin) => coin.puzzleHash : pick[what]
      return all.filter(({ coin }) => wanted.has(hex(keyOf(coin))))
    },
    coinsByHint: (hint) => {
      const named = new Set(created.flatMap((one) => (one.hint === hex(hint) ? [hex(one.coin.coinId())] : [])))
      return all.filter(({ coin }) => named.has(hex(coin.coinId())))
    },
    spendOf: (coin, number) => {
      return number === SPENT ? coinSpends.find((spend) => hex(spend.coin.coinId()) === hex(coin)) : undefined
    },
  }
}

function blockAt(number: number): Block {
  return {
    number,
    hash: digest(`block ${number}`),
    parent: number === 0 ? digest('genesis') : digest(`block ${number - 1}`),
    timestamp: START_TIME + number * BLOCK_SECONDS,
    hasTransactions: number < HEAD,
    transactionsBelow: Math.max(0, number - 1),
    rewards: [],
  }
}

/** The spend that created a coin is the one whose id makes the coin's own. */
function childOf(parents: readonly SdkCoin[], child: ExpectedCreated): SdkCoin {
  for (const parent of parents) {
    const coin = coinOf(parent.coinId(), child)
    if (hex(coin.coinId()) === child.coin_id) return coin
  }
  throw new Error(`${child.coin_id} has a parent in the bundle`)
}

function coinOf(parent: Bytes, { puzzle_hash, amount }: { puzzle_hash: string; amount: number }): SdkCoin {
  const [puzzleHash, mojos] = [bytes(puzzle_hash), BigInt(amount)]
  const id = createHash('sha256').update(parent).update(puzzleHash).update(signed(mojos)).digest()
  return { parentCoinInfo: parent, puzzleHash, amount: mojos, coinId: () => id }
}

/** A number as CLVM writes it: big-endian, as short as possible, its first bit being the sign. */
function signed(value: bigint): Bytes {
  if (value === 0n) return Buffer.alloc(0)
  const digits = value.toString(16)
  const whole = digits.length % 2 === 0 ? digits : `0${digits}`
  return Buffer.from(/^[89a-f]/.test(whole) ? `00${whole}` : whole, 'hex')
}

function bytes(text: string): Bytes {
  return Buffer.from(text.replace(/^0x/, ''), 'hex')
}

function digest(text: string): Bytes {
  return createHash('sha256').update(text).digest()
}
