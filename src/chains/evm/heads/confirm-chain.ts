import { type ChainId, referenceOf } from '../../../core/chain.ts'
import { isCallError, ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../../net/session.ts'
import { garbage, parseAmount } from '../words/hex.ts'

/** How often a node must return another chain id before we believe it: a load balancer may have misrouted one call. */
const MISMATCHES_BELIEVED = 2

/**
 * Checks that the node is on the configured chain.
 * @throws CHAIN_MISMATCH it returned another chain id twice; NODE_GARBAGE no chain id; NODE_*
 */
export async function confirmChain(session: RpcSession, { chain }: { readonly chain: ChainId }): Promise<void> {
  const { label } = session
  let answered: bigint | undefined
  for (let n = 0; n < MISMATCHES_BELIEVED; n++) {
    answered = await chainIdOf(session)
    if (answered.toString() === referenceOf(chain)) return
  }
  const answeredChain = `eip155:${answered}`
  throw new ServiceError('CHAIN_MISMATCH', `${label} is ${answeredChain}, the configuration says ${chain}`, {
    fields: { node: label, answered: answeredChain, configured: chain },
  })
}

/** Reads the chain id of a node. @throws NODE_GARBAGE no chain id; NODE_* */
export async function chainIdOf(session: RpcSession): Promise<bigint> {
  const answer = await session.call({ method: 'eth_chainId', params: [] }).catch((error: unknown) => {
    // Nodes older than EIP-695, and plans without it, have only net_version.
    if (!isCallError(error)) throw error
    return session.call({ method: 'net_version', params: [] })
  })
  const id = parseId(answer)
  if (id === undefined) throw garbage('no chain id')
  return id
}

/** A chain id as a quantity, as decimal text (`net_version`), or as a JSON number. */
function parseId(answer: unknown): bigint | undefined {
  if (typeof answer === 'number') return Number.isSafeInteger(answer) && answer > 0 ? BigInt(answer) : undefined
  if (typeof answer === 'string' && /^[1-9]\d{0,77}$/.test(answer)) return BigInt(answer)
  return parseAmount(answer)
}
