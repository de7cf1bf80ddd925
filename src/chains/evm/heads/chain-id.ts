import { isCallError } from '../../../core/errors.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage, parseAmount } from '../words/hex.ts'

/** CAIP-2 namespace of EVM chains (https://chainagnostic.org/CAIPs/caip-3). */
export const EVM_NAMESPACE = 'eip155'

/** Reads a node's chain as CAIP-2 text. Ids above 32 digits are no valid CAIP-2. @throws NODE_GARBAGE; NODE_* */
export async function readChain(session: RpcSession): Promise<string> {
  return `${EVM_NAMESPACE}:${await readChainId(session)}`
}

/** Reads the chain id of a node. @throws NODE_GARBAGE no chain id; NODE_* */
async function readChainId(session: RpcSession): Promise<bigint> {
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
