import type { ServiceError } from '../core/errors.ts'
import type { Node } from './node.ts'
import { wait } from './wait.ts'

/** How long a node's word that it is another chain's counts: the other nodes may have been asked in between. */
const MISMATCH_MS = 60_000
/** First time for which a node is asked last for what it failed at while another one answered; doubled each time. */
const FIRST_DEPRIORITIZED_MS = 30_000
/** Longest such time: a node that was repaired is asked first again within the hour. */
const MAX_DEPRIORITIZED_MS = 60 * 60_000
/** Failures at one kind of work in a row, answered elsewhere, after which a node is asked last for it: one may be chance. */
const FAILURES_BEFORE_DEPRIORITIZED = 2

/** One node of several, and what is remembered of it. */
export type Peer = {
  readonly node: Node
  checked: boolean
  failures: number
  pausedUntil: number
  /** Until then it is asked only where no other node answers. */
  distrustedUntil: number
  warned: boolean
  excluded: boolean
  /** When it last said that it is another chain's; undefined: since then it said otherwise. */
  mismatchAt: number | undefined
  /** Kinds of work that it failed at where another one did not. */
  readonly deprioritized: Map<string, { failures: number; until: number }>
  lastError: ServiceError | undefined
}

/** A node of which nothing is known. */
export function newPeer(node: Node): Peer {
  return {
    node,
    checked: false,
    failures: 0,
    pausedUntil: 0,
    distrustedUntil: 0,
    warned: false,
    excluded: false,
    mismatchAt: undefined,
    deprioritized: new Map(),
    lastError: undefined,
  }
}

/** Another node answered a kind of work that this one failed at. */
export function deprioritize({ deprioritized }: Peer, workKind: string): void {
  const failures = (deprioritized.get(workKind)?.failures ?? 0) + 1
  const doublings = Math.min(failures - FAILURES_BEFORE_DEPRIORITIZED, 20)
  const ms = doublings < 0 ? 0 : Math.min(MAX_DEPRIORITIZED_MS, FIRST_DEPRIORITIZED_MS * 2 ** doublings)
  deprioritized.set(workKind, { failures, until: Date.now() + ms })
}

/** True where all nodes said lately that they are another chain's. */
export function areAllOfAnotherChain(peers: readonly Peer[]): boolean {
  const since = Date.now() - MISMATCH_MS
  return peers.every(({ mismatchAt }) => mismatchAt !== undefined && mismatchAt >= since)
}

/** How a node is picked. `what`: the kind of work. */
export type PickOptions = {
  readonly skipped: ReadonlySet<Peer>
  readonly signal: AbortSignal
  readonly maxWaitMs: number
  readonly workKind: string | undefined
}

/**
 * The first node that is not passed over, paused or distrusted, and did not fail at this kind of work lately; else the
 * trusted one whose pause ends first, once it has ended; else one that is distrusted: what it says is better than nothing,
 * and held against what we know.
 */
export async function pickPeer(
  peers: readonly Peer[],
  { skipped, signal, maxWaitMs, workKind }: PickOptions,
): Promise<Peer> {
  const now = Date.now()
  const open = peers.filter((peer) => !skipped.has(peer))
  const trusted = open.filter((peer) => peer.distrustedUntil <= now)
  const ready = trusted.filter((peer) => peer.pausedUntil <= now)
  const best =
    ready.find(({ deprioritized }) => workKind === undefined || (deprioritized.get(workKind)?.until ?? 0) <= now) ??
    ready[0]
  if (best !== undefined) return best
  const soon = trusted.filter((peer) => peer.pausedUntil - now <= maxWaitMs)
  const distrusted = open.find((peer) => peer.distrustedUntil > now && peer.pausedUntil <= now)
  if (soon.length === 0 && distrusted !== undefined) return distrusted
  const first = (soon.length > 0 ? soon : peers).reduce((a, b) => (b.pausedUntil < a.pausedUntil ? b : a))
  const ms = first.pausedUntil - Date.now()
  if (ms > maxWaitMs && first.lastError !== undefined) throw first.lastError
  await wait(ms, signal)
  return first
}
