import type { Static } from 'typebox'
import type { AsOf } from '../../../balances/as-of.ts'
import { format } from '../../../core/amount.ts'
import { type AssetRef, NO_ITEM } from '../../../core/asset.ts'
import { ServiceError } from '../../../core/errors.ts'
import { type AnswerAsOf, asOfKnown } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { accountOf } from './address.ts'
import type { SpacescanDeps } from './deps.ts'
import type { AddressParams, XchBalanceAnswer, XchBalanceQuery } from './schema.ts'
import { receivedIn, type Window, windowOf } from './window.ts'

/** One XCH is 10^12 mojo. */
const XCH_DECIMALS = 12
/** Coins below this many mojo are dust, as the vendor documents. */
const DUST_MOJO = 10_000n

type Question = { readonly account: string; readonly window: Window | undefined; readonly dust: boolean }

/** The XCH of an address: without dust unless the caller asks for it, and perhaps only coins received in a window. */
export async function xchBalance(
  deps: SpacescanDeps,
  { params, query }: { readonly params: Static<typeof AddressParams>; readonly query: Static<typeof XchBalanceQuery> },
): Promise<Reply<Answer<Static<typeof XchBalanceAnswer>>>> {
  const { chain, now } = deps
  const question = { account: accountOf(params, chain), window: windowOf(query), dust: query.include_dust }
  const isWhole = question.dust && question.window === undefined
  const { mojo, asOf } = isWhole ? await whole(deps, question) : await ofCoins(deps, question)
  return {
    body: { status: 'success', xch: format(mojo, XCH_DECIMALS), mojo },
    asOf: asOfKnown(chain.id, asOf, now()),
  }
}

/** The whole balance, which needs no single coins, so a stored one answers while no node does. */
async function whole(
  { balances, chain }: SpacescanDeps,
  { account }: Question,
): Promise<{ readonly mojo: bigint; readonly asOf: AnswerAsOf }> {
  const key = { account, asset: nativeOf(chain), item: NO_ITEM }
  const [balance] = await balances.get({ chain: chain.id, keys: [key], freshness: { mode: 'stored' } })
  if (balance?.known !== true) throw new ServiceError('BALANCE_UNKNOWN', 'Service unavailable')
  return { mojo: balance.amount, asOf: balance }
}

async function ofCoins(
  { balances, chain }: SpacescanDeps,
  { account, window, dust }: Question,
): Promise<{ readonly mojo: bigint; readonly asOf: AsOf }> {
  const { coins, asOf } = await balances.coins({ chain: chain.id, account, of: 'native' })
  let mojo = 0n
  for (const { amount } of receivedIn(coins, window)) if (dust || amount >= DUST_MOJO) mojo += amount
  return { mojo, asOf }
}

function nativeOf({ id, nativeAsset }: SpacescanDeps['chain']): AssetRef {
  if (nativeAsset === undefined) throw new ServiceError('CHAIN_UNSUPPORTED', `${id} has no native asset`)
  return nativeAsset
}
