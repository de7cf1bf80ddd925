import type { Static } from 'typebox'
import { referenceOf } from '../../../core/chain.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type { TokenKitDeps } from './deps.ts'
import type { ProgressAnswer } from './schema-lists.ts'

/** How far the chain is indexed, as one chunk. */
export async function progress({
  chain,
  history,
  now,
}: TokenKitDeps): Promise<Reply<Answer<Static<typeof ProgressAnswer>>>> {
  // The clock keeps its last state while the store is unavailable. This read fails then, as it does in every other call.
  await history.blockAt({ chain: chain.id, timestamp: now() })
  const { coverage, head, published, transfers } = await chain.clock()
  const first = coverage?.from ?? 0
  const latest = published?.number ?? null
  const done = latest === null ? 0 : latest - first + 1
  const all = head === undefined ? undefined : Math.max(1, head.number - first + 1)
  // Two decimals, rounded down: 100 means that nothing is missing.
  const percent = all === undefined ? null : Math.min(100, Math.floor((done / all) * 10_000) / 100)
  return {
    body: {
      network: referenceOf(chain.id),
      chunks: [{ name: 'main', range: [first, null], latest_block: latest, transfers, percent }],
      totals: { transfers, latest_block_overall: latest },
    },
  }
}
