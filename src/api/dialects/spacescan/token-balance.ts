import type { Static } from 'typebox'
import type { AsOf } from '../../../balances/as-of.ts'
import { type AssetRef, assetKey } from '../../../core/asset.ts'
import { ServiceError } from '../../../core/errors.ts'
import { asOfKnown } from '../../http/as-of-header.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { accountOf } from './address.ts'
import type { SpacescanDeps } from './deps.ts'
import { byValue, renderRow } from './render.ts'
import type { AddressParams, TokenBalanceAnswer, WindowQuery } from './schema.ts'
import { receivedIn, type Window, windowOf } from './window.ts'

/** Most CATs of an answer, which has no paging. With more, the answer is marked as incomplete. */
const MAX_ROWS = 10_000

/** What an address holds, without amounts of 0. */
type Holdings = {
  readonly held: readonly { readonly asset: AssetRef; readonly amount: bigint }[]
  readonly asOf: AsOf
}

/** The CATs of an address by value, or of them only the coins that it received in a window. */
export async function tokenBalance(
  deps: SpacescanDeps,
  { params, query }: { readonly params: Static<typeof AddressParams>; readonly query: Static<typeof WindowQuery> },
): Promise<Reply<Answer<Static<typeof TokenBalanceAnswer>>>> {
  const { chain, now, tokens } = deps
  const account = accountOf(params, chain)
  const window = windowOf(query)
  const { held, asOf } = window === undefined ? await all(deps, account) : await received(deps, account, window)
  // CATs report nothing about themselves, so the chain is not read for them.
  const infos = held.length === 0 ? [] : await tokens.get(chain.id, assetsOf(held))
  const owned = held.flatMap(({ amount }, index) => {
    const info = infos[index]
    return info === undefined ? [] : [{ info, amount }]
  })
  const render = renderRow(deps)
  const rows = byValue(owned).map(render)
  return { body: { status: 'success', balance: rows, data: rows }, asOf: asOfKnown(chain.id, asOf, now()) }
}

function assetsOf(held: Holdings['held']): readonly AssetRef[] {
  return held.map(({ asset }) => asset)
}

/** @throws BALANCE_UNKNOWN an amount is not known: the vendor's answers are never partial */
async function all({ balances, chain }: SpacescanDeps, account: string): Promise<Holdings> {
  const { rows, count, asOf } = await balances.account({
    chain: chain.id,
    account,
    standards: ['cat'],
    receivedOnly: false,
    freshness: { mode: 'stored' },
    unknownRows: true,
    offset: 0,
    limit: MAX_ROWS,
  })
  if (asOf === undefined) throw unknown()
  const held = rows.flatMap(({ asset, balance }) => {
    if (!balance.known) throw unknown()
    return balance.amount === 0n ? [] : [{ asset, amount: balance.amount }]
  })
  return { held, asOf: { ...asOf, complete: asOf.complete && count <= rows.length } }
}

async function received({ balances, chain }: SpacescanDeps, account: string, window: Window): Promise<Holdings> {
  const { coins, asOf } = await balances.coins({ chain: chain.id, account, of: 'tokens' })
  const held = new Map<string, { asset: AssetRef; amount: bigint }>()
  for (const { asset, amount } of receivedIn(coins, window)) {
    // A coin of 0 mojo holds nothing.
    if (amount === 0n) continue
    const key = assetKey(asset)
    held.set(key, { asset, amount: amount + (held.get(key)?.amount ?? 0n) })
  }
  return { held: [...held.values()], asOf }
}

function unknown(): ServiceError {
  return new ServiceError('BALANCE_UNKNOWN', 'Service unavailable')
}
