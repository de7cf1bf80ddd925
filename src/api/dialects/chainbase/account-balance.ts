import type { Static } from 'typebox'
import { NO_ITEM } from '../../../core/asset.ts'
import type { Balance } from '../../../core/balance.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { andThen, type Soon } from '../../../core/soon.ts'
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
export function accountBalance(deps: ChainbaseDeps, query: Static<typeof AccountBalanceQuery>): Soon<Reply<Body>> {
  const chain = deps.chainOf(query.chain_id)
  const keys = [{ account: query.address, asset: deps.nativeOf(chain), item: NO_ITEM }]
  const freshness = { mode: 'stored' } as const
  if (query.to_block === undefined || query.to_block === 'latest') {
    return andThen(deps.balances.get({ chain, keys, freshness }), ([balance]) => replyOf(deps, { chain, balance }))
  }
  const asOf = Number(query.to_block)
  return mustExist(deps, chain, asOf)
    .then(() => deps.balances.get({ chain, keys, freshness, asOf }))
    .then(([balance]) => replyOf(deps, { chain, balance, asOf }))
}

function replyOf(
  deps: ChainbaseDeps,
  { chain, balance, asOf }: { readonly chain: ChainId; readonly balance: Balance | undefined; readonly asOf?: number },
): Reply<Body> {
  if (balance === undefined || !balance.known) {
    throw new ServiceError('BALANCE_UNKNOWN', 'balance is not known', {
      fields: { reason: balance?.reason, as_of: asOf },
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
