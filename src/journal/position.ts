import { isAmount } from '../core/amount.ts'

/**
 * The state of one balance of an account after its changes. `opening` undefined: unknown. `closedBlock`: the block at
 * whose end the sum left the range.
 */
export type Position = {
  sum: bigint
  opening: bigint | undefined
  metBlock: number
  metLog: number
  metSub: number
  receivedBlock: number | undefined
  lastBlock: number
  closedBlock: number | undefined
  fungible: boolean
}

/** Where a change is in the chain, and what it does to the balance. */
export type PositionChange = {
  readonly block: number
  readonly log: number
  readonly sub: number
  readonly delta: bigint
  readonly received: boolean
  readonly fungible: boolean
}

/** The log index of a first contact without a log, such as an adopted read: after all logs of its block. */
export const REST_OF_BLOCK = 2 ** 31 - 1

/** The opening that coverage from this block on gives a new balance: 0 if it began with the chain, else unknown. */
export function openingFrom(first: number): bigint | undefined {
  return first === 0 ? 0n : undefined
}

/** The position of a balance before its first change. */
export function positionBefore({ block, log, sub, fungible }: PositionChange, opening: bigint | undefined): Position {
  const met = { metBlock: block, metLog: log, metSub: sub }
  return { sum: 0n, opening, ...met, receivedBlock: undefined, lastBlock: block, closedBlock: undefined, fungible }
}

/** Adds a change. The range is not checked: within a block, contracts log in any order. */
export function applyChange(position: Position, change: PositionChange): void {
  position.sum += change.delta
  position.lastBlock = change.block
  if (change.received) position.receivedBlock ??= change.block
}

/** Closes the segment if opening + sum is out of range after the last change of a block. Returns true if it did. */
export function endBlock(position: Position, block: number): boolean {
  if (position.closedBlock !== undefined || !leavesRange(position)) return false
  position.closedBlock = block
  return true
}

/** opening + sum; undefined if the opening is unknown or the segment is closed. */
export function amountOf(position: Pick<Position, 'sum' | 'opening' | 'closedBlock'>): bigint | undefined {
  if (position.opening === undefined || position.closedBlock !== undefined) return undefined
  return position.opening === 0n ? position.sum : position.opening + position.sum
}

/** True if opening + sum is out of range: the events contradict themselves. */
function leavesRange(position: Pick<Position, 'sum' | 'opening'>): boolean {
  return position.opening !== undefined && !isAmount(position.opening + position.sum)
}

/** True for a known amount above zero. Such an account is a holder. */
export function isPositive(amount: bigint | undefined): boolean {
  return amount !== undefined && amount > 0n
}

/** Where an account met an asset. */
export type MetAt = Pick<Position, 'metBlock' | 'metLog' | 'metSub'>

/** Orders by position in the chain. */
export function byMeeting(a: MetAt, b: MetAt): number {
  return a.metBlock - b.metBlock || a.metLog - b.metLog || a.metSub - b.metSub
}

/** True if the balance was met and never changed. Otherwise its first change is its meeting, or comes in a later block. */
export function neverChanged({ metBlock, metLog, lastBlock }: MetAt & Pick<Position, 'lastBlock'>): boolean {
  return metLog === REST_OF_BLOCK && lastBlock === metBlock
}

/** The meeting by a read or a hint, which have no position in their block: they come after its logs, by asset. */
export function metWithoutLog(block: number, asset: number): MetAt {
  return { metBlock: block, metLog: REST_OF_BLOCK, metSub: asset }
}
