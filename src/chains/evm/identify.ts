import { parseChainId } from '../../core/chain.ts'
import { createRpc } from '../../net/rpc.ts'
import { type IdentifiedNode, type IdentifyOptions, noCounts } from '../adapter.ts'
import { chainIdOf } from './heads/confirm-chain.ts'
import { classifyEvmFault } from './words/faults.ts'
import { garbage, parseNumber } from './words/hex.ts'

/** Asks a node once for its chain and its head. @throws NODE_* it does not answer as EVM nodes do, ABORTED */
export async function identifyEvmNode({ url, timeoutMs, signal }: IdentifyOptions): Promise<IdentifiedNode> {
  const rpc = createRpc({
    urls: [url],
    classify: classifyEvmFault,
    checkNode: async () => undefined,
    warn: () => undefined,
    counts: noCounts(),
    limits: { timeoutMs, maxAttempts: 1 },
  })
  return rpc.run(
    async (session) => {
      const chain = parseChainId(`eip155:${await chainIdOf(session)}`)
      const head = parseNumber(await session.call({ method: 'eth_blockNumber', params: [] }))
      // CAIP-2 allows 32 characters for a reference. Ids of 256 bits may have up to 78 digits, but no chain has one.
      if (chain === undefined) throw garbage('no chain id')
      if (head === undefined) throw garbage('no block number')
      return { chain, head }
    },
    { signal },
  )
}
