import type { AdapterOptions, ChainAdapter } from '../adapter.ts'
import { confirmConflict, HighestHeads } from './agreement.ts'
import { NamedHeads } from './named-heads.ts'
import { type HeadCalls, readHeads } from './read-heads.ts'
import type { Rpc, Work } from './rpc.ts'

/**
 * How a kind's nodes are followed. `calls`: how one node is asked. `withoutTag`: the
 * warning that a node lacks the tag; a kind without tags has none.
 */
export type FollowedHeads = Pick<AdapterOptions, 'rpc' | 'finality' | 'onHead' | 'warn'> & {
  readonly calls: HeadCalls
  readonly withoutTag?: string
}

/**
 * Follows the heads of all nodes of a chain. Returns the heads that nodes reported, and the methods of an adapter that depend on
 * heads alone.
 */
export function followHeads(
  rpc: Rpc,
  { rpc: urls, finality, onHead, warn, calls, withoutTag }: FollowedHeads,
): {
  readonly named: NamedHeads
  readonly methods: Pick<ChainAdapter, 'heads' | 'confirm' | 'replacedAt' | 'noteHead'>
} {
  const highest = new HighestHeads(rpc, urls.length)
  const named = new NamedHeads(() => Math.floor(Date.now() / 1000), onHead)
  const hashAt = (number: number): Work<string> => {
    return async (session) => (await calls.at(session, number)).hash
  }
  let isTagMissed = false
  const tagUnsupported = (): void => {
    if (!isTagMissed && withoutTag !== undefined) warn(withoutTag, { finality })
    isTagMissed = true
  }
  const finalizing = { finality, tagged: new Set<string>(), tagUnsupported, named }
  let isChecked = false
  return {
    named,
    methods: {
      heads: async (signal) => {
        if (!isChecked) await rpc.checkAllNodes(signal)
        isChecked = true
        return highest.read((session) => readHeads(session, calls, finalizing), signal)
      },
      confirm: (conflict, signal) => confirmConflict(rpc, conflict, { hashAt, signal }),
      replacedAt: (block) => named.replacedAt(block),
      noteHead: (block, at) => named.note(block, at),
    },
  }
}
