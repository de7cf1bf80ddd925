import type { RpcSession } from '../../nodes/session.ts'
import { fieldIn } from '../words/records.ts'
import type { SentCoin } from './sent-coins.ts'

/**
 * The serialized beginning of a CAT's curried puzzle arguments: its own hash and the TAIL's, each as (c (q . hash) …). What
 * stands before them is the puzzle itself, whose hash the coin's puzzle hash has vouched for.
 */
const ARGUMENTS = (tail: string): string =>
  `ff04ffff01a037bef360ee858133b69d595a906dc45d01af50379dad515eb9518abb7c1d2a7affff04ffff01a0${tail}ff`

/** Whether the parent of each coin was a coin of a CAT, in order. @throws NODE_* */
export async function isCatOf(
  session: RpcSession,
  tail: string,
  coins: readonly SentCoin[],
): Promise<readonly boolean[]> {
  const calls = coins.map(({ parent, confirmed }) => {
    return { method: 'get_puzzle_and_solution', params: { coin_id: parent, height: confirmed } }
  })
  const outcomes = await session.batch(calls)
  return outcomes.map((outcome) => {
    if (!outcome.ok) {
      // The parent of a reward is no coin.
      if (outcome.error.code === 'NODE_BEHIND') return false
      throw outcome.error
    }
    const reveal = fieldIn(fieldIn(outcome.result, 'coin_solution'), 'puzzle_reveal')
    return typeof reveal === 'string' && reveal.toLowerCase().includes(ARGUMENTS(tail))
  })
}
