import type { Felt } from './felt.ts'
import type { Program, Storage, Told } from './program.ts'

/** A contract at a block. */
export type Contract = { readonly program: Program; readonly storage: Storage }

/** The state at the end of a block. It is immutable, so a block's state shares data with its parent's. */
export type State = {
  readonly contracts: ReadonlyMap<Felt, Contract>
  /** How many transactions there were on this branch. */
  readonly serial: number
}

/** An event in its transaction, and the transfers that it reports. */
export type StarknetEvent = {
  readonly address: Felt
  readonly keys: readonly Felt[]
  readonly data: readonly Felt[]
  readonly told: readonly Told[]
}

/** A version 3 transaction pays its fee in STRK, a version 1 transaction in ETH, and a message from L1 pays none here. */
export type TransactionKind = 'INVOKE 3' | 'INVOKE 1' | 'L1_HANDLER'

/** A transaction that was executed. */
export type Transaction = {
  readonly kind: TransactionKind
  readonly hash: Felt
  readonly sender: Felt
  readonly nonce: Felt
  readonly calldata: readonly Felt[]
  readonly fee: bigint
  /** The reason if it reverted: then it emits only its fee transfer. */
  readonly revertReason: string | undefined
  readonly events: readonly StarknetEvent[]
}

/** A block of a branch, with the state at its end. `timestamp` is in Unix seconds. */
export type StarknetBlock = {
  readonly number: number
  readonly hash: Felt
  readonly parent: StarknetBlock | undefined
  readonly timestamp: number
  readonly sequencer: Felt
  readonly transactions: readonly Transaction[]
  readonly state: State
}

/** The state before the first block. */
export const EMPTY: State = { contracts: new Map(), serial: 0 }

/** The ancestor of a block with this number, or the block itself. */
export function ancestorAt(block: StarknetBlock, number: number): StarknetBlock | undefined {
  let at: StarknetBlock | undefined = block
  while (at !== undefined && at.number > number) at = at.parent
  return at
}

/** An event with its place: in the block over all transactions, and in its transaction. All places count from 0. */
export type PlacedEvent = {
  readonly event: StarknetEvent
  readonly transaction: Transaction
  readonly transactionIndex: number
  readonly eventIndex: number
  readonly position: number
}

const placed = new WeakMap<StarknetBlock, readonly PlacedEvent[]>()

/** All events of a block in order. */
export function eventsOf(block: StarknetBlock): readonly PlacedEvent[] {
  const known = placed.get(block)
  if (known !== undefined) return known
  let position = 0
  const events = block.transactions.flatMap((transaction, transactionIndex) =>
    transaction.events.map((event, eventIndex) => ({
      event,
      transaction,
      transactionIndex,
      eventIndex,
      position: position++,
    })),
  )
  placed.set(block, events)
  return events
}

/** A transfer as an event reports it. `part` is its index in a TransferBatch, else 0. */
export type TrueTransfer = Told & {
  readonly token: Felt
  readonly standard: Program['standard']
  readonly transaction: Felt
  readonly position: number
  readonly part: number
}

/** The transfers that a block's events report, in order. */
export function transfersOf(block: StarknetBlock): readonly TrueTransfer[] {
  return eventsOf(block).flatMap(({ event, transaction, position }) =>
    event.told.map((told, part) => ({
      ...told,
      token: event.address,
      standard: block.state.contracts.get(event.address)?.program.standard ?? 'none',
      transaction: transaction.hash,
      position,
      part,
    })),
  )
}
