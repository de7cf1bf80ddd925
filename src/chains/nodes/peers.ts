import type { ServiceError } from '../../core/errors.ts'
import type { Node } from '../../net/node.ts'
import { wait } from '../../net/wait.ts'

/** How long a chain mismatch counts: the other nodes may be asked only later. */
const MISMATCH_MS = 60_000
/**
 * First time for which a node is asked last for a kind of work that it failed at while another node succeeded; doubled
 * each time.
 */
const FIRST_DEPRIORITIZED_MS = 30_000
/** Longest such time: a repaired node is preferred again within the hour. */
const MAX_DEPRIORITIZED_MS = 60 * 60_000
/**
 * Failures in a row at one kind of work, each while another node succeeded, before a node is asked last for it: one may
 * be chance.
 */
const FAILURES_BEFORE_DEPRIORITIZED = 2

/** A node and its recent state. */
export type Peer = {
  readonly node: Node
  checked: boolean
  failures: number
  pausedUntil: number
  /** Until then it is asked only if no other node answers. */
  distrustedUntil: number
  warned: boolean
  excluded: boolean
  /** When it last returned another chain id; undefined: it has returned the right one since. */
  mismatchAt: number | undefined
  /** Kinds of work that it failed at while another node succeeded. */
  readonly deprioritized: Map<string, { failures: number; until: number }>
  lastError: ServiceError | undefined
}

/** Creates the state of a node that was not asked yet. */
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

/** Records that another node succeeded at a kind of work that this node failed at. */
export function deprioritize({ deprioritized }: Peer, workKind: string): void {
  const failures = (deprioritized.get(workKind)?.failures ?? 0) + 1
  const doublings = Math.min(failures - FAILURES_BEFORE_DEPRIORITIZED, 20)
  const ms = doublings < 0 ? 0 : Math.min(MAX_DEPRIORITIZED_MS, FIRST_DEPRIORITIZED_MS * 2 ** doublings)
  deprioritized.set(workKind, { failures, until: Date.now() + ms })
}

/** True if all nodes returned another chain id lately. */
export function areAllOfAnotherChain(peers: readonly Peer[]): boolean {
  const since = Date.now() - MISMATCH_MS
  return peers.every(({ mismatchAt }) => mismatchAt !== undefined && mismatchAt >= since)
}

/** How to pick a node. `workKind`: the kind of work. */
export type PickOptions = {
  readonly skipped: ReadonlySet<Peer>
  readonly signal: AbortSignal
  readonly maxWaitMs: number
  readonly workKind: string | undefined
}

/**
 * Picks a node that is not skipped, paused or distrusted: the first that did not fail lately at this kind of work, else
 * the first. If there is none, waits up to `maxWaitMs` for the pause that ends first. A distrusted node is picked only
 * if no trusted one is ready in that time: its answers are still checked against what we know.
 * @throws the last error of the node whose pause is too long to wait for
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
