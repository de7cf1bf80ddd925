import type { Balance, BalanceKey, Known, Observation, Unknown, UnknownReason } from '../core/balance.ts'
import { type BlockRef, type Finality, sameBlock } from '../core/block.ts'
import { type CoverageTest, coverageTest } from '../core/coverage.ts'
import type { ChainClock, StoredAsset, StoredBalance } from '../store/seam/store.ts'

/** How certain a block is, by what the chain's writer knows to be final. */
export function finalityOf(block: BlockRef, clock: ChainClock): Finality {
  return clock.finalized !== undefined && clock.finalized.number >= block.number ? 'finalized' : 'latest'
}

/**
 * When what the journal says was last known true, in Unix seconds: the last poll at which its block was the node's
 * head, else the block's own time; never in the future. `higherSince`: when a node first named a higher block, if one did.
 */
export function factsKnownAt(clock: ChainClock, now: number, higherSince = Number.POSITIVE_INFINITY): number {
  const { published, head, caughtUpAt } = clock
  if (published === undefined) return 0
  const caughtUp = caughtUpAt !== undefined && head !== undefined && sameBlock(published, head)
  return Math.min(now, Math.max(published.timestamp, caughtUp ? Math.min(caughtUpAt, higherSince) : 0))
}

/** An absent answer with its reason. */
export function unknown(reason: UnknownReason): Unknown {
  return { known: false, reason }
}

/** What a read of the chain says, as an answer. `until`: when its block is known to have had a child, at the earliest. */
export function observed(
  observation: Observation,
  { finality, until = Number.POSITIVE_INFINITY }: { readonly finality: Finality; readonly until?: number | undefined },
): Known {
  const { amount, block, observedAt } = observation
  // A node that lags says what was true until the next block came, not what is true when it is asked.
  return { known: true, amount, block, finality, source: 'reads', knownAt: Math.min(observedAt, until) }
}

/**
 * A time at which a block at or above our checkpoint had no child yet that the last polled head rests on, in Unix seconds;
 * undefined where that head is no higher than the block.
 */
export function childlessUntil(number: number, { published, head }: ChainClock): number | undefined {
  if (head === undefined || head.number <= number) return undefined
  return head.number === number + 1 ? head.timestamp : published?.timestamp
}

/** A position as far as the journal alone can tell. */
export type Fact = {
  readonly key: BalanceKey
  readonly row: StoredBalance | undefined
  /** The asset as stored; undefined where it has never been seen. */
  readonly asset: Pick<StoredAsset, 'accounting' | 'unreadable' | 'inDoubt' | 'eventsUntil'> | undefined
}

const TESTS = new WeakMap<object, CoverageTest>()

/** The test of a clock's coverage, compiled once for each; undefined where nothing was looked at yet. */
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

/** What the journal proves of a position at the published block (or at `asOf`), or undefined: the chain must be asked. */
export function provenAmount(fact: Fact, clock: ChainClock, asOf = Number.POSITIVE_INFINITY): bigint | undefined {
  const { coverage, published } = clock
  if (coverage === undefined || published === undefined || clock.inDoubt) return undefined
  // What the chain refuted is no proof, neither of an amount nor of nothing, until the contradiction is settled.
  if (fact.row?.inDoubt === true || fact.asset?.inDoubt === true) return undefined
  if (fact.asset === undefined) return undefined
  const { accounting, eventsUntil } = fact.asset
  if (accounting !== 'events' && (eventsUntil === undefined || asOf >= eventsUntil)) return undefined
  if (fact.row !== undefined) return fact.row.amount
  // Nobody could have told this sum from what the contract holds: no event is no proof of nothing.
  if (fact.asset.unreadable) return undefined
  return coverage.from === 0 && testOf(clock)?.covers(fact.key.account, fact.key.asset) ? 0n : undefined
}

/** The age of an answer in seconds; an unknown one is infinitely old. */
export function ageOf(balance: Balance, now: number): number {
  return balance.known ? Math.max(0, now - balance.knownAt) : Number.POSITIVE_INFINITY
}
