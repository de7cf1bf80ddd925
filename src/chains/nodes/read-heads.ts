import type { Header, Heads } from '../../core/block.ts'
import type { RpcOutcome } from '../../net/json-rpc.ts'
import type { AdapterOptions } from '../adapter.ts'
import type { NamedHeads } from './named-heads.ts'
import type { RpcSession } from './session.ts'

/** How a kind asks a node for its heads. Each throws NODE_*. */
export type HeadCalls = {
  /** Reads the newest block. */
  readonly newest: (session: RpcSession) => Promise<Header>
  /** Reads the newest block and the outcome of the call for the block with a tag, in one batch. */
  readonly newestAndTagged: (
    session: RpcSession,
    tag: string,
  ) => Promise<{ readonly latest: Header; readonly tagged: RpcOutcome }>
  /** Reads the block with this number. */
  readonly at: (session: RpcSession, number: number) => Promise<Header>
  /** Parses the result of the call for a tag. */
  readonly parse: (result: unknown) => Header
  /** True if the node says that it does not know the tag, not that the call failed. */
  readonly lacksTag: (outcome: RpcOutcome) => boolean
  /** Confirmations to use with a node that does not know the tag. */
  readonly confirmationsWithoutTag: number
}

/** How to find the finalized head, and whom to notify if the node lacks the tag. */
export type Finalizing = {
  readonly finality: AdapterOptions['finality']
  /** Nodes (by label) that have returned a block for the tag, so they support it. */
  readonly tagged: Set<string>
  readonly tagUnsupported: () => void
  readonly named: NamedHeads
}

/**
 * Reads the node's newest and finalized blocks. The finalized block is never above the newest. Finality must not go
 * back: confirmations are used only if the node says that it does not know the tag and has never returned a block for
 * it.
 * @throws NODE_*
 */
export async function readHeads(session: RpcSession, calls: HeadCalls, finalizing: Finalizing): Promise<Heads> {
  const { finality, tagged: withTag, tagUnsupported, named } = finalizing
  if (typeof finality === 'object') {
    const latest = await calls.newest(session)
    named.note(latest)
    return confirmedHeads(session, calls, { latest, confirmations: finality.confirmations })
  }
  const { latest, tagged } = await calls.newestAndTagged(session, finality)
  named.note(latest)
  if (withTag.has(session.label) || !calls.lacksTag(tagged)) {
    if (!tagged.ok) throw tagged.error
    const finalized = calls.parse(tagged.result)
    withTag.add(session.label)
    return clamp(latest, finalized)
  }
  tagUnsupported()
  return confirmedHeads(session, calls, { latest, confirmations: calls.confirmationsWithoutTag })
}

async function confirmedHeads(
  session: RpcSession,
  calls: HeadCalls,
  { latest, confirmations }: { readonly latest: Header; readonly confirmations: number },
): Promise<Heads> {
  const number = Math.max(0, latest.number - confirmations)
  return clamp(latest, number === latest.number ? latest : await calls.at(session, number))
}

// Several machines may serve one URL, and one of them may lack the newest block.
function clamp(latest: Header, finalized: Header): Heads {
  return { latest, finalized: finalized.number > latest.number ? latest : finalized }
}
