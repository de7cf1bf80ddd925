import type { Draw } from '../../src/demo/draw.ts'
import type { Questions, Subjects } from './questions.ts'
import type { TrueBlock, Truth } from './truth.ts'

/** A simulated chain with its nodes on sockets: what the fault run needs from a kind of chain. */
export type World = {
  readonly truth: Truth
  /** What clients ask. */
  readonly questions: Questions
  /** How long it may take until all is right once the faults are over, in milliseconds. */
  readonly settlingMs: number
  /** The server's configuration of the chain. */
  readonly chain: { readonly id: string; readonly rpc: readonly string[] } & Readonly<Record<string, unknown>>
  /** The canonical head. */
  readonly head: () => TrueBlock
  readonly subjects: () => Subjects
  /** Adds a block, or replaces the newest ones. Nodes see it when their moods allow. */
  readonly grow: () => void | Promise<void>
  readonly reorganize: (depth: number, blocks: number) => void | Promise<void>
  /** How many blocks the next reorg replaces, by how many. */
  readonly drawReorg: (draw: Draw) => { readonly depth: number; readonly blocks: number }
  /** How many blocks are above the finalized one. No reorg is deeper. */
  readonly unsettled: () => number
  /** Tokens with balances that their events do not report. The server must find them. */
  readonly odd: () => readonly string[]
  /** From now on the server must know all that was odd so far. */
  readonly expectKnown: () => void
  readonly trouble: () => void
  readonly calm: () => void
  /** When the server learned that a block is not the newest. */
  readonly toldAfter: (block: TrueBlock) => number | undefined
  /** The server process restarts and has learned nothing yet. */
  readonly forgetTold: () => void
  /** Faults that happened, by name. */
  readonly happened: () => ReadonlyMap<string, number>
  readonly stop: () => Promise<void>
}
