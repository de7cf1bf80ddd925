import type { ChainId } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import type { RpcSession } from './session.ts'

/** How often a node must return another chain id before we believe it: a load balancer may have misrouted one call. */
const MISMATCHES_BELIEVED = 2

/**
 * Checks that the node is on the configured chain. `readChain`: asks the node for its chain; returns CAIP-2 text, which
 * need not be a valid id.
 * @throws CHAIN_MISMATCH it named another chain twice; what `readChain` throws
 */
export async function confirmChain(
  session: RpcSession,
  { chain, readChain }: { readonly chain: ChainId; readonly readChain: (session: RpcSession) => Promise<string> },
): Promise<void> {
  const { label } = session
  let answered = ''
  for (let n = 0; n < MISMATCHES_BELIEVED; n++) {
    answered = await readChain(session)
    if (answered === chain) return
  }
  throw new ServiceError('CHAIN_MISMATCH', `${label} is ${answered}, the configuration says ${chain}`, {
    fields: { node: label, answered, configured: chain },
  })
}
