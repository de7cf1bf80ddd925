import { didYouMean, nearest } from '../config/nearest.ts'
import type { ChainId } from '../core/chain.ts'
import { UsageError } from './outcome.ts'

/** Returns the configured chain that an argument names. @throws UsageError there is none */
export function configuredChain<C extends { readonly id: ChainId }>(text: string, chains: readonly C[]): C {
  const ids = chains.map(({ id }) => id)
  const chain = chains.find(({ id }) => id === text)
  if (chain !== undefined) return chain
  const hint = didYouMean(nearest(text, ids))
  const words = `chain: got ${JSON.stringify(text.slice(0, 100))}, expected one of ${ids.join(', ')}`
  throw new UsageError(hint === undefined ? words : `${words}; ${hint}`)
}
