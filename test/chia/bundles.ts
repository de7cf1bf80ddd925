/** The recorded spend bundles of `test/chia/fixtures`: what they spend, and what is expected of it. */
import { readdirSync, readFileSync } from 'node:fs'
import type { CoinSpend } from '../../src/chains/chia/puzzles/spend.ts'
import { parseBytes, parseHex32 } from '../../src/chains/chia/words/hex.ts'
import { assert } from '../../src/core/assert.ts'

/** A coin that a bundle creates, as its file says. */
export type ExpectedCreated = {
  readonly coin_id: string
  readonly kind: 'cat' | 'not a cat'
  readonly asset_id: string | null
  readonly revocable?: boolean
  readonly inner_puzzle_hash: string | null
  readonly puzzle_hash: string
  readonly amount: number
  readonly hint: string | null
}

/** A CAT coin that a bundle spends, as its file says. */
export type ExpectedCatSpent = {
  readonly coin_id: string
  readonly asset_id: string
  readonly revocable: boolean
  readonly inner_puzzle_hash: string
  readonly amount: number
}

/** What the spends of a bundle do, as its file says. */
export type Expected = {
  readonly cat_spent: readonly ExpectedCatSpent[]
  readonly created: readonly ExpectedCreated[]
  readonly hinted_but_not_cat: readonly { readonly coin_id: string }[]
}

/** A recorded bundle. */
export type Bundle = { readonly name: string; readonly spends: readonly CoinSpend[]; readonly expected: Expected }

const FOLDER = new URL('./fixtures/', import.meta.url)

/** All recorded bundles. */
export function readBundles(): readonly Bundle[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith('bundle-'))
    .map((file) => {
      const { coin_spends, expected } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
      return { name: file.replace('.json', ''), spends: coin_spends.map(spendOf), expected }
    })
}

type RecordedSpend = {
  readonly coin: { readonly parent_coin_info: string; readonly puzzle_hash: string; readonly amount: number }
  readonly puzzle_reveal: string
  readonly solution: string
}

function spendOf({ coin, puzzle_reveal, solution }: RecordedSpend): CoinSpend {
  const [parent, puzzleHash] = [parseHex32(coin.parent_coin_info), parseHex32(coin.puzzle_hash)]
  const [reveal, ownSolution] = [parseBytes(puzzle_reveal), parseBytes(solution)]
  assert(parent !== undefined && puzzleHash !== undefined, 'the recording has a coin')
  assert(reveal !== undefined && ownSolution !== undefined, 'the recording has programs')
  return { coin: { parent, puzzleHash, amount: BigInt(coin.amount) }, reveal, solution: ownSolution }
}
