import { ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../nodes/session.ts'
import type { Lineage } from '../coins/lineage.ts'
import { coinsByNames } from '../coins/look-up.ts'
import { coinId } from '../puzzles/coin.ts'
import type { ReadCoin, SpentCoin } from './read-spends.ts'

/**
 * Leaves out spends of coins that never counted, as their parents were no coins of the CAT: the first coin of an issue. A spend
 * that proved what its coin's parent was needs no look at it.
 * @throws NODE_BEHIND the node has a spend, but not its coin; NODE_*
 */
export async function genuineSpends(
  session: RpcSession,
  spent: readonly SpentCoin[],
  { lineage, number }: { readonly lineage: Lineage; readonly number: number },
): Promise<readonly ReadCoin[]> {
  const unproven = new Map(spent.filter(({ isProven }) => !isProven).map(({ coin }) => [coinId(coin), coin]))
  if (unproven.size === 0) return spent
  const records = await coinsByNames(session, [...unproven.keys()])
  if (records.length < unproven.size) {
    throw new ServiceError('NODE_BEHIND', 'the node has a spend, but not its coin', { fields: { block: number } })
  }
  const { parentOf } = await lineage.look(session, records)
  const tails = new Map(records.map((record) => [record.id, parentOf(record)?.tail]))
  return spent.filter(({ coin, tail, isProven }) => isProven || tails.get(coinId(coin)) === tail)
}
