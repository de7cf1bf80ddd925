import type { Subjects } from './chainbase.ts'
import type { TrueBlock, Truth } from './truth.ts'

/** A simulated chain with its nodes on sockets: what the fault run needs of a kind of chain. */
export type World = {
  readonly truth: Truth
  /** The configuration of the chain for the server. */
  readonly chain: object
  /** The canonical head. */
  readonly head: () => TrueBlock
  readonly subjects: () => Subjects
  /** Adds a block, or replaces the newest ones; nodes hear of it when their moods let them. */
  readonly grow: () => void
  readonly reorganize: (depth: number, blocks: number) => void
  /** Blocks above the finalized one: no reorg is deeper. */
  readonly unsettled: () => number
  /** Tokens of which the server must find out that events do not tell their balances. */
  readonly odd: () => readonly string[]
  /** From now on the server has to know of all that was odd so far. */
  readonly expectKnown: () => void
  readonly trouble: () => void
  readonly calm: () => void
  /** When the server was told that a block is not the newest. */
  readonly toldAfter: (block: TrueBlock) => number | undefined
  /** The server's process begins anew: it was told nothing yet. */
  readonly forgetTold: () => void
  /** Faults that happened, by name. */
  readonly happened: () => ReadonlyMap<string, number>
  readonly stop: () => Promise<void>
}
