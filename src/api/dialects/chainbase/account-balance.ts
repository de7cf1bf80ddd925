import type { Static } from 'typebox'
import { EVM_NATIVE, NO_ITEM } from '../../../core/asset.ts'
import { ServiceError } from '../../../core/errors.ts'
import { asOfKnown } from '../../as-of.ts'
import type { Answer } from '../../json-schema.ts'
import type { Reply } from '../../route.ts'
import type { ChainbaseDeps } from './deps.ts'
import { renderBalance } from './render.ts'
import type { AccountBalanceAnswer, AccountBalanceQuery } from './schema.ts'

type Body = Answer<Static<typeof AccountBalanceAnswer>>

/** The native balance of an account, now or as of a block. @throws CHAIN_UNSUPPORTED, BALANCE_UNKNOWN */
export async function accountBalance(
  deps: ChainbaseDeps,
  query: Static<typeof AccountBalanceQuery>,
): Promise<Reply<Body>> {
  const chain = deps.chainOf(query.chain_id)
  const at = query.to_block === undefined || query.to_block === 'latest' ? {} : { asOf: Number(query.to_block) }
  const [balance] = await deps.balances.get({
    chain,
    keys: [{ account: query.address, asset: EVM_NATIVE, item: NO_ITEM }],
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
