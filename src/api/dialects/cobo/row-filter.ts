import type { CustodyFilter } from '../../../custody/custody.ts'
import type { CoboDeps } from './deps.ts'
import { chainById } from './vendor-ids.ts'

/** The filters of balances and transactions, as the caller gives them. */
export type FilterQuery = {
  readonly wallet_uuid?: string
  readonly chain_id?: string
  readonly address?: string
  readonly token_id?: string
}

/** The filters as a cursor is bound to them. */
export function boundFilters({
  wallet_uuid,
  chain_id,
  address,
  token_id,
}: FilterQuery): readonly (string | undefined)[] {
  return [wallet_uuid, chain_id, address, token_id]
}

/** Returns what the filters mean; undefined if they match nothing, such as an id that no chain has. */
export async function filterOf(
  deps: Pick<CoboDeps, 'custody' | 'chains'>,
  { wallet_uuid: wallet, chain_id, address, token_id }: FilterQuery,
  principal: string,
): Promise<CustodyFilter | undefined> {
  const chain = chain_id === undefined ? undefined : (await chainById(deps, chain_id))?.id
  if (chain_id !== undefined && chain === undefined) return undefined
  const filter = { principal, wallet, chain, address }
  if (token_id === undefined) return filter
  const token = await deps.custody.ids.asset(token_id)
  const isOther = token === undefined || (chain !== undefined && token.chain !== chain)
  return isOther ? undefined : { ...filter, chain: token.chain, asset: token.asset }
}
