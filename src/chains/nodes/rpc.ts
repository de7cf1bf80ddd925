import { assert } from '../../core/assert.ts'
import { type ErrorCode, isCallError, ServiceError } from '../../core/errors.ts'
import type { TlsIdentity } from '../../core/tls-identity.ts'
import { within } from '../../net/deadline.ts'
import type { Classify } from '../../net/json-rpc.ts'
import { createNode, type Node, type NodeOptions } from '../../net/node.ts'
import { pauseMs, throwIfAborted, wait } from '../../net/wait.ts'
import { areAllOfAnotherChain, deprioritize, newPeer, type Peer, pickPeer } from './peers.ts'
import { RPC_LIMITS, type RpcLimits } from './rpc-limits.ts'
import { type RpcSession, sessionOf } from './session.ts'

/** Work that timed out twice (or once on each node) will hardly succeed next time. The caller may ask for less. */
const MAX_TIMEOUTS = 2
/** Failures in a row after which a warning is logged: a single failure is normal on the internet. */
const WARN_AFTER_FAILURES = 2

/** How long a node is skipped after it contradicted all other nodes: it may be about to catch up with them. */
const DISTRUST_MS = 60_000

/** Calls to one node that belong together, and what they result in. */
export type Work<T> = (session: RpcSession) => Promise<T>

/** How one piece of work is run. */
export type RunOptions = {
  readonly signal: AbortSignal
  /** Further errors after which each other node is asked once: it may have what this node lacks. */
  readonly asksOthers?: (error: ServiceError) => boolean
  /** True: skip the preferred node if there is another. */
  readonly skipPreferred?: boolean
  /**
   * Most attempts, over all nodes, at errors that the request itself may cause (an answer in an unknown form, an error
   * status). For callers that then try an alternative. Undefined: the usual number.
   */
  readonly maxOddAttempts?: number
  /** The kind of work. A node that fails at it while another node succeeds is asked last for it, for a while. */
  readonly workKind?: string
}

/** Several nodes of one chain behind one interface. All retries, pauses and fail-over are decided here. */
export type Rpc = {
  /**
   * Runs work on the preferred healthy node. Runs it again, after a pause or on another node, if the error may pass. An
   * unclassified JSON-RPC error is final only after each node was asked. Work must be safe to repeat.
   * @throws what the last attempt threw
   */
  readonly run: <T>(work: Work<T>, running: RunOptions) => Promise<T>
  /**
   * Checks the chain of every node. A node of another chain is excluded with a warning; a node that is down or hangs is
   * ignored.
   * @throws CHAIN_MISMATCH all nodes are of another chain
   */
  readonly checkAllNodes: (signal: AbortSignal) => Promise<void>
  /**
   * Runs work on all nodes at once and returns their answers. Nodes that fail or hang are left out.
   * @throws ABORTED
   */
  readonly askAll: <T>(work: Work<T>, signal: AbortSignal) => Promise<readonly NodeAnswer<T>[]>
}

/** The answer of one node. `distrust` makes the client skip the node for a while, for the given reason. */
export type NodeAnswer<T> = { readonly value: T; readonly distrust: (reason: ServiceError) => void }

/** What an `Rpc` needs. */
export type RpcOptions = {
  /** Node URLs in order of preference; may hold secrets. */
  readonly urls: readonly string[]
  readonly classify: Classify
  /**
   * Checks that a node is of the right chain: before its first work, and again after a failure.
   * @throws CHAIN_MISMATCH
   */
  readonly checkNode: Work<void>
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly counts: { calls: number; retries: number; nodesExcluded: number }
  readonly limits?: Partial<RpcLimits>
  /** How a node is asked: by JSON-RPC unless given. */
  readonly makeNode?: (options: NodeOptions) => Node
  readonly tls?: TlsIdentity | undefined
}

/** What a failure means for the node and for the work. */
type FailureKind = 'final' | 'again' | 'failing' | 'excluded'

/** Errors that another node may not have: each node is asked once before they are final. */
function isAskedElsewhere(error: ServiceError): boolean {
  return error.code === 'NODE_TOO_LARGE' || isCallError(error)
}

/** Errors that the request itself may cause. */
const REQUEST_RELATED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NODE_GARBAGE', 'NODE_HTTP'])

const FAILURE_KINDS: Partial<Record<ErrorCode, FailureKind>> = {
  NODE_BEHIND: 'again',
  BLOCK_CONFLICT: 'again',
  NODE_UNREACHABLE: 'failing',
  NODE_TIMEOUT: 'failing',
  NODE_HTTP: 'failing',
  NODE_GARBAGE: 'failing',
  NODE_RATE_LIMITED: 'failing',
  NODE_REFUSED: 'excluded',
  CHAIN_MISMATCH: 'excluded',
}

/** Creates a client for several nodes, in order of preference. */
export function createRpc(options: RpcOptions): Rpc {
  const limits: RpcLimits = { ...RPC_LIMITS, ...options.limits }
  assert(options.urls.length > 0, 'a chain has at least one node')
  const onRequest = (): void => void options.counts.calls++
  const peers = options.urls.map((url): Peer => {
    const { classify, tls, makeNode = createNode } = options
    const onSingleCalls = (): void =>
      options.warn('node refuses batches: calls are sent one by one', { node: node.label })
    const node = makeNode({ url, limits, pauses: limits.pauses, classify, onRequest, onSingleCalls, tls })
    return newPeer(node)
  })
  const client: Client = { peers, limits, options }
  return {
    run: (work, runOptions) => run(client, work, runOptions),
    checkAllNodes: (signal) => checkNodes(client, signal),
    askAll: async (work, signal) => {
      const asked = peers.map(async (peer): Promise<NodeAnswer<Awaited<ReturnType<typeof work>>>> => {
        const value = await within({ ms: limits.maxAskAllMs, signal }, async (bounded) => {
          if (!peer.checked) await checkPeer(client, peer, bounded)
          return work(sessionOf(peer.node, client.limits, bounded))
        })
        return { value, distrust: (reason) => distrust(client, peer, reason) }
      })
      const results = await Promise.allSettled(asked)
      throwIfAborted(signal)
      return results.flatMap((one) => {
        if (one.status === 'fulfilled') return [one.value]
        if (one.reason instanceof ServiceError) return []
        throw one.reason
      })
    },
  }
}

/** Skips a node that answers, as long as another node answers too. */
function distrust({ options }: Client, peer: Peer, reason: ServiceError): void {
  peer.distrustedUntil = Date.now() + DISTRUST_MS
  if (!peer.warned) options.warn('node is passed over', { node: peer.node.label, reason: reason.message })
  peer.warned = true
}

async function checkNodes(client: Client, signal: AbortSignal): Promise<void> {
  const { peers, limits } = client
  const checks = await Promise.allSettled(
    peers.map((peer) => within({ ms: limits.maxAskAllMs, signal }, (bounded) => checkPeer(client, peer, bounded))),
  )
  throwIfAborted(signal)
  let mismatch: ServiceError | undefined
  for (const [index, check] of checks.entries()) {
    const peer = peers[index]
    if (check.status === 'fulfilled' || peer === undefined) continue
    const error: unknown = check.reason
    if (!(error instanceof ServiceError)) throw error
    if (error.code !== 'CHAIN_MISMATCH') continue
    mismatch = error
    noteFailure(client, peer, { error, kind: 'excluded' })
  }
  if (mismatch !== undefined && areAllOfAnotherChain(peers)) throw mismatch
}

type Client = { readonly peers: readonly Peer[]; readonly limits: RpcLimits; readonly options: RpcOptions }

async function run<T>(client: Client, work: Work<T>, options: RunOptions): Promise<T> {
  try {
    return await retryOverNodes(client, work, options)
  } catch (error) {
    throw error instanceof ServiceError ? finalError(client, error) : error
  }
}

/**
 * Returns the error to throw. A node of another chain must not stop the chain while the right nodes only time out or
 * limit the rate: their error is returned instead.
 */
function finalError({ peers }: Client, error: ServiceError): ServiceError {
  if (error.code !== 'CHAIN_MISMATCH' || areAllOfAnotherChain(peers)) return error
  const others = peers.map(({ lastError }) => lastError).filter((one) => one !== undefined)
  const other = others.find(({ code }) => code !== 'CHAIN_MISMATCH')
  return other ?? new ServiceError('NODE_UNREACHABLE', 'no node of this chain answers', { cause: error })
}

async function retryOverNodes<T>(client: Client, work: Work<T>, running: RunOptions): Promise<T> {
  const { peers, limits, options } = client
  const { signal, skipPreferred, workKind } = running
  const [preferred] = peers
  let skipped = new Set(skipPreferred === true && peers.length > 1 && preferred !== undefined ? [preferred] : [])
  const asksElsewhere = (error: ServiceError): boolean =>
    isAskedElsewhere(error) || running.asksOthers?.(error) === true
  /** Nodes that failed at the work in a way that will not pass. */
  const failing = new Set<Peer>()
  let timeouts = 0
  /** The last error of a node that may answer later. It takes precedence over the error of an excluded node. */
  let temporary: ServiceError | undefined
  for (let n = 1; ; n++) {
    throwIfAborted(signal)
    const peer = await pickPeer(peers, { skipped, signal, maxWaitMs: limits.maxWaitMs, workKind })
    const failuresBefore = peer.failures
    try {
      if (!peer.checked) await checkPeer(client, peer, signal)
      const result = await work(sessionOf(peer.node, client.limits, signal))
      noteSuccess(client, peer)
      if (workKind !== undefined) {
        peer.deprioritized.delete(workKind)
        for (const one of failing) deprioritize(one, workKind)
      }
      return result
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      const asksOthers = peer.checked && asksElsewhere(error)
      const kind = failureKindOf(error, { asksOthers, isChecked: peer.checked })
      if (kind === 'final' || signal.aborted) throw error
      if (kind !== 'again') noteFailure(client, peer, { error, failuresBefore, kind })
      if (asksOthers || error.code === 'NODE_GARBAGE') failing.add(peer)
      if (kind !== 'excluded') temporary = error
      if (error.code === 'NODE_TIMEOUT') timeouts++
      const reason = temporary ?? peers.find((one) => !one.excluded && one.lastError !== undefined)?.lastError ?? error
      const isOdd = REQUEST_RELATED.has(error.code) || error.fields.unsure === true
      const most = isOdd ? (running.maxOddAttempts ?? limits.maxAttempts) : limits.maxAttempts
      if (n >= Math.max(most, peers.length) || timeouts >= Math.max(MAX_TIMEOUTS, peers.length)) {
        throw reason
      }
      skipped.add(peer)
      // Wait for a paused node only if the other nodes cannot answer.
      const waitUntil = Date.now() + (asksOthers ? limits.maxWaitMs : 0)
      const allAsked = peers.every((one) => skipped.has(one) || one.excluded || one.pausedUntil > waitUntil)
      const exhausted = temporary === undefined ? peers.every((one) => one.excluded) : asksElsewhere(temporary)
      if (allAsked && exhausted) throw reason
      options.counts.retries++
      if (!allAsked) continue
      skipped = new Set()
      if (kind === 'again') await wait(pauseMs(n, limits.pauses, Math.random()), signal)
    }
  }
}

/** Classifies an error. A node that cannot even return its chain id is failing, whatever the error. */
function failureKindOf(
  error: ServiceError,
  how: { readonly asksOthers: boolean; readonly isChecked: boolean },
): FailureKind {
  if (how.asksOthers) return 'again'
  const kind = FAILURE_KINDS[error.code]
  return kind ?? (!how.isChecked && error.code !== 'ABORTED' ? 'failing' : 'final')
}

async function checkPeer(client: Client, peer: Peer, signal: AbortSignal): Promise<void> {
  await client.options.checkNode(sessionOf(peer.node, client.limits, signal))
  peer.checked = true
  peer.mismatchAt = undefined
}

function noteSuccess({ options }: Client, peer: Peer): void {
  peer.failures = 0
  peer.pausedUntil = 0
  peer.excluded = false
  if (!peer.warned || peer.distrustedUntil > Date.now()) return
  peer.warned = false
  options.warn('node is back', { node: peer.node.label })
}

type Failure = { readonly error: ServiceError; readonly failuresBefore?: number; readonly kind: FailureKind }

// Requests in flight together fail together: only the first of them lengthens the pause.
function noteFailure({ peers, options, limits }: Client, peer: Peer, { error, failuresBefore, kind }: Failure): void {
  peer.lastError = error
  // A rate limit does not change the node's chain.
  if (error.code !== 'NODE_RATE_LIMITED') peer.checked = false
  if (error.code === 'CHAIN_MISMATCH') peer.mismatchAt = Date.now()
  if (failuresBefore !== undefined && peer.failures !== failuresBefore) return
  peer.failures++
  if (kind === 'excluded' && !peer.excluded) options.counts.nodesExcluded++
  peer.excluded = kind === 'excluded'
  const asked = Number(error.fields.retryAfterMs ?? 0)
  const own = kind === 'excluded' ? limits.pauses.maxMs : pauseMs(peer.failures, limits.pauses, Math.random())
  // Another request to a hanging node would lose as much time again while another node can answer.
  const hung = error.code === 'NODE_TIMEOUT' && peers.length > 1 ? Math.min(limits.timeoutMs, limits.maxWaitMs) : 0
  peer.pausedUntil = Date.now() + Math.max(asked, own, hung)
  if (peer.warned || (kind !== 'excluded' && peer.failures < WARN_AFTER_FAILURES)) return
  peer.warned = true
  const message = kind === 'excluded' ? 'node is left out' : 'node is failing'
  options.warn(message, { node: peer.node.label, code: error.code, reason: error.message })
}
