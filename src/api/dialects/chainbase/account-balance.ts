import type { Static } from 'typebox'
import { NO_ITEM } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { asOfKnown } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type { ChainbaseDeps } from './deps.ts'
import { renderBalance } from './render.ts'
import type { AccountBalanceAnswer, AccountBalanceQuery } from './schema.ts'

type Body = Answer<Static<typeof AccountBalanceAnswer>>

/**
 * Returns the native balance of an account, now or as of a block.
 * @throws CHAIN_UNSUPPORTED, BAD_REQUEST, BALANCE_UNKNOWN
 */
export async function accountBalance(
  deps: ChainbaseDeps,
  query: Static<typeof AccountBalanceQuery>,
): Promise<Reply<Body>> {
  const chain = deps.chainOf(query.chain_id)
  const at = query.to_block === undefined || query.to_block === 'latest' ? {} : { asOf: Number(query.to_block) }
  if (at.asOf !== undefined) await mustExist(deps, chain, at.asOf)
  const [balance] = await deps.balances.get({
    chain,
    keys: [{ account: query.address, asset: deps.nativeOf(chain), item: NO_ITEM }],
    freshness: { mode: 'stored' },
    ...at,
  })
  if (balance === undefined || !balance.known) {
    throw new ServiceError('BALANCE_UNKNOWN', 'balance is not known', {
      fields: { reason: balance?.reason, as_of: at.asOf },
    })
  }
  return {
    body: { code: 0, message: 'ok', data: renderBalance(balance.amount, deps.balanceFormat) },
    asOf: asOfKnown(chain, balance, deps.now()),
  }
}

/** Rejects a block above the newest one that we or any node know: a retry would not help. @throws BAD_REQUEST */
async function mustExist(deps: ChainbaseDeps, chain: ChainId, block: number): Promise<void> {
  const newest = await deps.balances.newestBlock({ chain, atLeast: block })
  if (newest !== undefined && block > newest) {
    throw new ServiceError('BAD_REQUEST', `to_block is above the newest block, ${newest}`)
  }
}
