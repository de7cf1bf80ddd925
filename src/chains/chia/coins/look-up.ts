import { isServiceError } from '../../../core/errors.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage } from '../words/faults.ts'
import type { Hex } from '../words/hex.ts'
import { type CoinRecord, fieldIn, listIn, parseCoinRecord, sent } from '../words/records.ts'
import { readPages } from './read-pages.ts'

/** Hashes in one call: their text is below the 1 MiB that a node takes, and below SQLite's limit of variables. */
const HASHES_PER_CALL = 10_000
/**
 * A node's look-up by hint stops at 50,000 rows without a sign, before any other filter. Rows of coins that a reorg removed
 * stay and give no coin, so a list may be cut with somewhat fewer coins. A list with more is not of such a node.
 */
const CUT_ROWS = { least: 49_500, most: 50_000 }
/** Puzzles in one batch, some kB each, so that few are in memory at once. */
const REVEALS_PER_BATCH = 500

/** Which coins: those that were confirmed in these blocks, or of them only those that are unspent now. */
export type Which = { readonly first: number; readonly last: number; readonly unspent?: true }

/** The highest block that can be named, so that no block is left out. */
const LAST_BLOCK = 2 ** 32 - 2
/** All coins, the spent ones too. */
export const ALL_COINS: Which = { first: 0, last: LAST_BLOCK }
/** All coins that are unspent now. */
export const UNSPENT_COINS: Which = { ...ALL_COINS, unspent: true }

/** One call about hashes. */
type Question = {
  readonly method: string
  readonly field: string
  readonly hashes: readonly Hex[]
  readonly which: Which
}

/**
 * Reads the coins with these puzzle hashes, in no order. Asks for fewer hashes, then for fewer blocks, if an answer is too
 * large.
 * @throws NODE_*
 */
export function coinsByPuzzleHashes(
  session: RpcSession,
  hashes: readonly Hex[],
  which: Which,
): Promise<readonly CoinRecord[]> {
  return askAll(session, { method: 'get_coin_records_by_puzzle_hashes', field: 'puzzle_hashes', hashes, which })
}

/** Reads the coins with these ids, in no order. Unknown ones are left out. @throws NODE_* */
export function coinsByNames(session: RpcSession, ids: readonly Hex[]): Promise<readonly CoinRecord[]> {
  return askAll(session, { method: 'get_coin_records_by_names', field: 'names', hashes: ids, which: ALL_COINS })
}

/**
 * Reads all coins with a hint, the spent ones too. `isCut`: the node stops somewhere, so there may be more.
 * @throws NODE_*
 */
export async function coinsByHint(
  session: RpcSession,
  hint: Hex,
): Promise<{ readonly coins: readonly CoinRecord[]; readonly isCut: boolean }> {
  const call = hintCall(hint, ALL_COINS)
  const [outcome] = await session.batch([call])
  if (outcome === undefined) throw garbage('nothing')
  if (!outcome.ok) {
    // The node finds more rows than it can look up: too many SQL variables.
    if (outcome.error.code === 'NODE_TOO_LARGE') return { coins: [], isCut: true }
    throw outcome.error
  }
  const coins = await recordsIn(session, call, outcome.result)
  return { coins, isCut: coins.length >= CUT_ROWS.least && coins.length <= CUT_ROWS.most }
}

/** Reads the coins with a hint that were confirmed in these blocks, if all coins with it are not a cut list. @throws NODE_* */
export async function coinsByHintIn(session: RpcSession, hint: Hex, which: Which): Promise<readonly CoinRecord[]> {
  const call = hintCall(hint, which)
  return recordsIn(session, call, await session.call(call))
}

function hintCall(hint: Hex, which: Which): RpcCall {
  return { method: 'get_coin_records_by_hint', params: { hint: sent(hint), ...limitsOf(which) } }
}

/** A node fails on null for a height, so only the bounds that say something are sent. */
function limitsOf({ first, last, unspent }: Which): Readonly<Record<string, unknown>> {
  return {
    include_spent_coins: unspent !== true,
    ...(first > 0 ? { start_height: first } : {}),
    ...(last < LAST_BLOCK ? { end_height: last + 1 } : {}),
  }
}

function callOf({ method, field, hashes, which }: Question): RpcCall {
  return { method, params: { [field]: hashes.map(sent), ...limitsOf(which) } }
}

async function askAll(session: RpcSession, whole: Question): Promise<readonly CoinRecord[]> {
  const found: CoinRecord[] = []
  for (let open = inBatches(whole); open.length > 0; ) {
    const calls = open.map(callOf)
    const outcomes = await session.batch(calls)
    const next: Question[] = []
    for (const [index, question] of open.entries()) {
      const [outcome, call] = [outcomes[index], calls[index]]
      if (outcome === undefined || call === undefined) throw garbage('too little')
      if (outcome.ok) for (const coin of await recordsIn(session, call, outcome.result)) found.push(coin)
      else next.push(...smaller(question, outcome))
    }
    open = next
  }
  return found
}

function inBatches(whole: Question): readonly Question[] {
  const questions: Question[] = []
  for (let at = 0; at < whole.hashes.length; at += HASHES_PER_CALL) {
    questions.push({ ...whole, hashes: whole.hashes.slice(at, at + HASHES_PER_CALL) })
  }
  return questions
}

/** Halves a question whose answer was too large: its hashes, or the blocks if it has only one. */
function smaller(question: Question, { error }: Extract<RpcOutcome, { ok: false }>): readonly Question[] {
  if (error.code !== 'NODE_TOO_LARGE') throw error
  const { hashes, which } = question
  const { first, last } = which
  if (hashes.length > 1) {
    const half = Math.ceil(hashes.length / 2)
    return [hashes.slice(0, half), hashes.slice(half)].map((some) => ({ ...question, hashes: some }))
  }
  if (first >= last) throw error
  const middle = Math.floor((first + last) / 2)
  return [
    { ...question, which: { ...which, last: middle } },
    { ...question, which: { ...which, first: middle + 1 } },
  ]
}

async function recordsIn(session: RpcSession, call: RpcCall, answer: unknown): Promise<readonly CoinRecord[]> {
  const pages = await readPages(session, call, answer)
  const coins = pages.flatMap((page) => listIn(page, 'coin_records').map(parseCoinRecord))
  // An endpoint that does not read the cursor sends the same part again.
  if (new Set(coins.map(({ id }) => id)).size < coins.length) throw garbage('a coin twice')
  return coins
}

/** Reads the puzzles of coins that were spent in a block. Undefined: the node knows no such spend. @throws NODE_* */
export async function revealsOf(
  session: RpcSession,
  coins: readonly { readonly id: Hex; readonly spentIn: number }[],
): Promise<readonly unknown[]> {
  const reveals: unknown[] = []
  for (let at = 0; at < coins.length; at += REVEALS_PER_BATCH) {
    const calls = coins.slice(at, at + REVEALS_PER_BATCH).map(({ id, spentIn }): RpcCall => {
      return { method: 'get_puzzle_and_solution', params: { coin_id: sent(id), height: spentIn } }
    })
    for (const outcome of await session.batch(calls)) reveals.push(revealIn(outcome))
  }
  return reveals
}

function revealIn(outcome: RpcOutcome): unknown {
  if (outcome.ok) return fieldIn(fieldIn(outcome.result, 'coin_solution'), 'puzzle_reveal')
  if (isServiceError(outcome.error, 'NODE_BEHIND')) return undefined
  throw outcome.error
}
