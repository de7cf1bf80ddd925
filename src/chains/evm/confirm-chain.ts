import { type ChainId, referenceOf } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import type { RpcSession } from '../../net/rpc.ts'
import { parseAmount } from './hex.ts'

/** Asks the node which chain it is on. @throws CHAIN_MISMATCH another one than the configuration says */
export async function confirmChain(session: RpcSession, { chain }: { readonly chain: ChainId }): Promise<void> {
  const answered = parseAmount(await session.call({ method: 'eth_chainId', params: [] }))
  if (answered?.toString() === referenceOf(chain)) return
  const says = answered === undefined ? 'no chain id' : `eip155:${answered}`
  throw new ServiceError('CHAIN_MISMATCH', `${session.label} is ${says}, the configuration says ${chain}`, {
    fields: { node: session.label, answered: says, configured: chain },
  })
}
