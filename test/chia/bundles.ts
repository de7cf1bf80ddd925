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
  /** By inner puzzle hash, and for each by TAIL. */
  readonly balances_from_this_alone: Readonly<
    Record<string, { readonly address: string; readonly assets: Readonly<Record<string, { readonly amount: number }>> }>
  >
  readonly hinted_but_not_cat: readonly { readonly coin_id: string; readonly hint: string; readonly amount: number }[]
}

/** A spend as a node sends it. */
export type RecordedSpend = {
  readonly coin: { readonly parent_coin_info: string; readonly puzzle_hash: string; readonly amount: number }
  readonly puzzle_reveal: string
  readonly solution: string
}

/** A recorded bundle with what it does, as its file has it: see the README of the fixtures. */
export type RecordedBundle = { readonly coin_spends: readonly RecordedSpend[]; readonly expected: Expected }

/** A recorded bundle, with its spends as we read them. */
export type Bundle = { readonly name: string; readonly spends: readonly CoinSpend[]; readonly expected: Expected }

const FOLDER = new URL('./fixtures/', import.meta.url)

/** The files of the recorded bundles. */
export const BUNDLES: readonly string[] = readdirSync(FOLDER).filter((file) => file.startsWith('bundle-'))

/** Reads the file of a recorded bundle. */
export function readBundle(file: string): RecordedBundle {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
}

/** All recorded bundles. */
export function readBundles(): readonly Bundle[] {
  return BUNDLES.map((file) => {
    const { coin_spends, expected } = readBundle(file)
    return { name: file.replace('.json', ''), spends: coin_spends.map(spendOf), expected }
  })
}

function spendOf({ coin, puzzle_reveal, solution }: RecordedSpend): CoinSpend {
  const [parent, puzzleHash] = [parseHex32(coin.parent_coin_info), parseHex32(coin.puzzle_hash)]
  const [reveal, ownSolution] = [parseBytes(puzzle_reveal), parseBytes(solution)]
  assert(parent !== undefined && puzzleHash !== undefined, 'the recording has a coin')
  assert(reveal !== undefined && ownSolution !== undefined, 'the recording has programs')
  return { coin: { parent, puzzleHash, amount: BigInt(coin.amount) }, reveal, solution: ownSolution }
}
