import { type ChainId, referenceOf } from '../../../core/chain.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcSession } from '../../../net/session.ts'
import { garbage, parseAmount } from '../words/hex.ts'

/** Times that a node must name another chain: a balancer may have sent one call astray. */
const MISMATCHES_BELIEVED = 2

/**
 * Asks the node which chain it is on.
 * @throws CHAIN_MISMATCH twice another one than the configuration says; NODE_GARBAGE no chain id; NODE_*
 */
export async function confirmChain(session: RpcSession, { chain }: { readonly chain: ChainId }): Promise<void> {
  const { label } = session
  let answered: bigint | undefined
  for (let n = 0; n < MISMATCHES_BELIEVED; n++) {
    answered = await chainIdOf(session)
    if (answered.toString() === referenceOf(chain)) return
  }
  const says = `eip155:${answered}`
  throw new ServiceError('CHAIN_MISMATCH', `${label} is ${says}, the configuration says ${chain}`, {
    fields: { node: label, answered: says, configured: chain },
  })
}

/** The chain id that a node names. @throws NODE_GARBAGE none; NODE_* */
export async function chainIdOf(session: RpcSession): Promise<bigint> {
  const answer = await session.call({ method: 'eth_chainId', params: [] }).catch((error: unknown) => {
    // Nodes older than EIP-695, and plans without it, name the network only.
    if (!isServiceError(error, 'NODE_RPC')) throw error
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
