import type { Balance, BalanceKey, Known, Observation, Unknown, UnknownReason } from '../core/balance.ts'
import type { BlockRef, Finality } from '../core/block.ts'
import { type CoverageTest, coverageTest } from '../core/coverage.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { StoredAsset, StoredBalance } from '../store/seam/store.ts'

/** The finality of a block, according to the finalized head of the chain's writer. */
export function finalityOf(block: BlockRef, clock: ChainClock): Finality {
  return clock.finalized !== undefined && clock.finalized.number >= block.number ? 'finalized' : 'latest'
}

/**
 * When the journal's amounts were last known true, in Unix seconds: the last poll at which its block was the node's
 * head, else the block's own time; never in the future. `replacedAt`: when a node first reported a higher block or
 * another one with its number, if one did.
 */
export function factsKnownAt(clock: ChainClock, now: number, replacedAt = Number.POSITIVE_INFINITY): number {
  const { published, caughtUpAt, caughtUpHash } = clock
  if (published === undefined) return 0
  const caughtUp = caughtUpAt !== undefined && caughtUpHash === published.hash
  return Math.min(now, Math.max(published.timestamp, caughtUp ? Math.min(caughtUpAt, replacedAt) : 0))
}

/** An unknown balance with its reason. */
export function unknown(reason: UnknownReason): Unknown {
  return { known: false, reason }
}

/**
 * Converts a read of the chain to an answer. `until`: the earliest time at which its block is known to have had a
 * child.
 */
export function observed(
  observation: Observation,
  { finality, until = Number.POSITIVE_INFINITY }: { readonly finality: Finality; readonly until?: number | undefined },
): Known {
  const { amount, block, observedAt } = observation
  // A node that lags returns what was true until the next block came, not what is true at the time of the read.
  return { known: true, amount, block, finality, source: 'reads', knownAt: Math.min(observedAt, until) }
}

/**
 * A time, in Unix seconds, until which a block at or above our checkpoint was surely the newest: the head's own time if
 * the head is the next block, else the time of the published block. Undefined if the polled head is not above the block.
 */
export function childlessUntil(number: number, { published, head }: ChainClock): number | undefined {
  if (head === undefined || head.number <= number) return undefined
  return head.number === number + 1 ? head.timestamp : published?.timestamp
}

/** A position as far as the journal alone knows it. */
export type Fact = {
  readonly key: BalanceKey
  readonly row: StoredBalance | undefined
  /** The asset as stored; undefined if it was never seen. */
  readonly asset: Pick<StoredAsset, 'accounting' | 'unreadable' | 'inDoubt' | 'eventsUntil'> | undefined
}

const TESTS = new WeakMap<object, CoverageTest>()

/** The test of a clock's coverage, compiled once per coverage; undefined before the chain's writer first ran. */
export function testOf({
  coverage,
  zeroAddress,
}: Pick<ChainClock, 'coverage' | 'zeroAddress'>): CoverageTest | undefined {
  if (coverage === undefined) return undefined
  const known = TESTS.get(coverage)
  if (known !== undefined) return known
  const test = coverageTest(coverage, zeroAddress)
  TESTS.set(coverage, test)
  return test
}

/**
 * The amount that the journal proves for a position at the published block (or at `asOf`); undefined if the chain must
 * be read.
 */
export function provenAmount(fact: Fact, clock: ChainClock, asOf = Number.POSITIVE_INFINITY): bigint | undefined {
  const { coverage, published } = clock
  if (coverage === undefined || published === undefined || clock.inDoubt) return undefined
  // While in doubt, the journal proves neither an amount nor zero.
  if (fact.row?.inDoubt === true || fact.asset?.inDoubt === true) return undefined
  if (fact.asset === undefined) return undefined
  const { accounting, eventsUntil } = fact.asset
  if (accounting !== 'events' && (eventsUntil === undefined || asOf >= eventsUntil)) return undefined
  if (fact.row !== undefined) return fact.row.amount
  // The token is unreadable, so its sums were never compared with the chain: no event does not prove zero.
  if (fact.asset.unreadable) return undefined
  return coverage.from === 0 && testOf(clock)?.covers(fact.key.account, fact.key.asset) ? 0n : undefined
}

/** The age of an answer in seconds. An unknown one is infinitely old. */
export function ageOf(balance: Balance, now: number): number {
  return balance.known ? Math.max(0, now - balance.knownAt) : Number.POSITIVE_INFINITY
}
