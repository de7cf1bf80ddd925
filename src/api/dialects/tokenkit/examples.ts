import type { ServedChain } from '../../http/deps.ts'
import type { DialectExamples } from '../../http/dialect.ts'

/**
 * Returns example values that work on this server: an account and a token of the chain. Only if the whole chain is
 * indexed, since they would otherwise show callers without a key which accounts are followed.
 */
export async function tokenKitExamples(chain: ServedChain | undefined): Promise<DialectExamples> {
  if (chain === undefined || (await chain.clock()).coverage?.scope.type !== 'all') return { values: {} }
  const position = await chain.position?.()
  if (position === undefined) return { values: {} }
  const pair = { account_address: position.account, token_address: position.asset.reference }
  return {
    values: pair,
    ofCalls: { GetBalances: { balances: [pair] }, ListTransfers: { token: position.asset.reference } },
  }
}
