import type { Static } from 'typebox'
import { type AssetRef, NO_ITEM } from '../../../core/asset.ts'
import { ServiceError } from '../../../core/errors.ts'
import { asOfKnown } from '../../http/as-of-header.ts'
import type { Reply, VendorError } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type { AbcDeps } from './deps.ts'
import { vendorError } from './errors.ts'
import { renderAsset, renderTransaction } from './render.ts'
import type * as schema from './schema.ts'

/**
 * Returns a wallet's balance of an asset. It is 0 if the wallet is known and holds none, even for an unknown asset.
 * @throws BALANCE_UNKNOWN, STORE_UNAVAILABLE
 */
export async function balance(
  deps: AbcDeps,
  { asset_id, wallet_address }: Static<typeof schema.BalanceQuery>,
): Promise<Reply<Answer<Static<typeof schema.BalanceAnswer>>> | VendorError> {
  if (!(await deps.ledger.hasWallet(wallet_address))) return vendorError('WALLET_NOT_FOUND')
  const asset: AssetRef = { standard: 'ledger', reference: asset_id }
  const [held] = await deps.balances.get({
    chain: deps.chain,
    keys: [{ account: wallet_address, asset, item: NO_ITEM }],
    freshness: { mode: 'stored' },
  })
  if (held === undefined || !held.known) {
    throw new ServiceError('BALANCE_UNKNOWN', 'Balance is not known', { fields: { reason: held?.reason } })
  }
  return {
    body: { asset_id, wallet_address, balance: held.amount },
    asOf: asOfKnown(deps.chain, held, deps.now()),
  }
}

/** Returns a page of the registered assets, in the order of their registration. @throws STORE_UNAVAILABLE */
export async function assets(
  deps: AbcDeps,
  query: Static<typeof schema.AssetsQuery>,
): Promise<Reply<Answer<Static<typeof schema.AssetsAnswer>>> | VendorError> {
  const { after, limit } = query
  // One extra row shows whether another page follows.
  const found = await deps.ledger.assets({ after, limit: limit + 1 })
  if (found === undefined) return vendorError('INVALID_INPUT', 'after is not a registered asset')
  const page = found.slice(0, limit)
  const next = found.length > limit ? page.at(-1)?.assetId : undefined
  return { body: { assets: page.map(renderAsset), next: next ?? null } }
}

/** Returns a page of the audit trail: every accepted operation, oldest first. @throws STORE_UNAVAILABLE */
export async function transactions(
  deps: AbcDeps,
  query: Static<typeof schema.TransactionsQuery>,
): Promise<Reply<Answer<Static<typeof schema.TransactionsAnswer>>>> {
  const { asset_id, wallet_address, after, limit } = query
  const found = await deps.ledger.operations({
    ...(asset_id === undefined ? {} : { assetId: asset_id }),
    ...(wallet_address === undefined ? {} : { wallet: wallet_address }),
    after,
    // One extra row shows whether another page follows.
    limit: limit + 1,
  })
  const page = found.slice(0, limit)
  return {
    body: {
      transactions: page.map(renderTransaction),
      next: page.at(-1)?.block.number ?? after,
      has_more: found.length > limit,
    },
  }
}
