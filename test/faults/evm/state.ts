import type { TrueTransfer } from '../truth.ts'
import type { Program, RawLog, Storage } from './program.ts'

/** A contract at a block. `created`: the block of this code at this address. */
export type Contract = { readonly program: Program; readonly storage: Storage; readonly created: string }

/** The state at the end of a block. It is immutable, so a block's state shares data with its parent's. */
export type State = {
  readonly contracts: ReadonlyMap<string, Contract>
  readonly native: ReadonlyMap<string, bigint>
  /** Tokens that sent an account something by their events, by account. */
  readonly met: ReadonlyMap<string, ReadonlySet<string>>
  /** How many tokens were ever created on this branch. */
  readonly serial: number
}

/** A log in its block. */
export type PlacedLog = RawLog & { readonly address: string; readonly transaction: string; readonly logIndex: number }

export type EvmBlock = {
  readonly number: number
  readonly hash: string
  readonly parent: EvmBlock | undefined
  readonly timestamp: number
  /** Hashes of its transactions, in order. */
  readonly transactions: readonly string[]
  readonly logs: readonly PlacedLog[]
  readonly transfers: readonly TrueTransfer[]
  readonly state: State
}

/** The state before the first block. */
export const EMPTY: State = { contracts: new Map(), native: new Map(), met: new Map(), serial: 0 }

/** The ancestor of a block with this number, or the block itself. */
export function ancestorAt(block: EvmBlock, number: number): EvmBlock | undefined {
  let at: EvmBlock | undefined = block
  while (at !== undefined && at.number > number) at = at.parent
  return at
}
