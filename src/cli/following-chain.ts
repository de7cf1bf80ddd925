import type { ChainConfig } from '../config/chains.ts'
import { configuredChain } from './configured-chain.ts'
import { UsageError } from './outcome.ts'

/** The configured chain, which must follow accounts. @throws UsageError */
export function followingChain(
  text: string,
  chains: readonly ChainConfig[],
): { readonly chain: ChainConfig; readonly configured: readonly string[]; readonly followedMax: number } {
  const chain = configuredChain(text, chains)
  const { scope, followedMax } = chain
  if (scope.type === 'accounts' && followedMax !== undefined) return { chain, configured: scope.accounts, followedMax }
  const what = scope.type === 'all' ? 'indexes all accounts' : 'indexes all accounts of some tokens'
  throw new UsageError(`chain: ${chain.id} ${what}: only a chain with "scope: { accounts: [...] }" follows accounts`)
}
