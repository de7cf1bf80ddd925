import type { KindDefinition } from '../chains/adapter.ts'
import type { ChainConfig } from '../config/chains.ts'
import type { Store } from '../store/seam/store.ts'

/** The accounts of a chain that are to be followed: the configured ones, and those that were requested since. */
export async function wantedAccounts(
  store: Pick<Store, 'followRequests'>,
  { chain, kind }: { readonly chain: Pick<ChainConfig, 'id' | 'scope'>; readonly kind: KindDefinition },
): Promise<readonly string[]> {
  const { id, scope } = chain
  if (scope.type !== 'accounts') return []
  const requested = await store.followRequests.list(id)
  const { zeroAddress } = kind.accountCodec
  return [...scope.accounts, ...requested.map(({ account }) => account)].filter((account) => account !== zeroAddress)
}
