import { type AdapterCounts, type AdapterOptions, type ChainAdapter, noCounts } from '../adapter.ts'
import { followHeads } from '../nodes/follow-heads.ts'
import { createRpc, type Work } from '../nodes/rpc.ts'
import { RPC_LIMITS, type RpcLimits } from '../nodes/rpc-limits.ts'
import { type RpcSession, retryingSession } from '../nodes/session.ts'
import { runBalanceReads, stateRun } from '../nodes/state-runs.ts'
import { confirmNode, type SpecVersions } from './heads/confirm-node.ts'
import { HEAD_CALLS } from './heads/headers.ts'
import { findTransactionBlock } from './heads/transaction-block.ts'
import { readBalances } from './state/read-balances.ts'
import { readTokens } from './state/read-tokens.ts'
import { Spellings } from './state/state-calls.ts'
import { natureAsker } from './state/token-nature.ts'
import { EventTrust } from './transfers/event-trust.ts'
import { TransferSource } from './transfers/transfer-source.ts'
import { classifyStarknetFault, isOfOneMachine } from './words/faults.ts'

/** The warning that a node has no block for the tag of the finalized head. */
const WITHOUT_TAG = 'no block is accepted on L1 yet: only block 0 is final'

/** Creates the adapter of one Starknet chain, over all its nodes. `limits` are for tests. */
export function createStarknetAdapter(
  options: AdapterOptions,
  limits: Partial<RpcLimits> = {},
): { readonly adapter: ChainAdapter; readonly counts: AdapterCounts } {
  const counts = noCounts()
  const { chain, rpc: urls, warn, timeoutMs = RPC_LIMITS.timeoutMs } = options
  const versions: SpecVersions = new Map()
  const checkNode: Work<void> = (session) => confirmNode(session, { chain, versions, warn })
  const rpc = createRpc({
    urls,
    classify: classifyStarknetFault,
    checkNode,
    warn,
    counts,
    limits: { timeoutMs, ...limits },
  })
  const { named, methods } = followHeads(rpc, { ...options, calls: HEAD_CALLS, withoutTag: WITHOUT_TAG })
  const reading = { named, spellings: new Spellings() }
  const trust = new EventTrust({ counts, versions, warn, now: Date.now, random: Math.random })
  const source = new TransferSource(rpc, trust, natureAsker(rpc, reading))
  const noteOneFelt = onceEach((contract) => warn('a token answers balances as one felt', { contract }))

  const adapter: ChainAdapter = {
    ...methods,
    headers: (range, signal) => source.headers(range, signal),
    transfers: (request, signal) => source.transfers(request, signal),
    transfersOf: (blocks, signal) => source.transfersOf(blocks, signal),
    transactionBlock: (hash, signal) => findTransactionBlock(rpc, hash, signal),
    distrustLogs: () => trust.distrust(),
    readBalances: ({ keys, at, ask }, signal) => {
      const reader = { ...reading, at, byNumber: ask === 'by_number' }
      const work = async (session: RpcSession) => {
        const { oneFelt, ...read } = await readBalances(retryingSession(session, isOfOneMachine), keys, reader)
        oneFelt.forEach(noteOneFelt)
        return read
      }
      return runBalanceReads(rpc, work, { keys: keys.length, at, running: stateRun(ask, signal) })
    },
    readTokens: (assets, signal, how) => {
      const reader = { ...reading, at: how?.at ?? ('latest' as const) }
      return rpc.run(
        (session) => readTokens(retryingSession(session, isOfOneMachine), assets, reader),
        stateRun(how?.ask, signal),
      )
    },
  }
  return { adapter, counts }
}

/** Most names for which an action is remembered; beyond this it may run again. */
const MAX_NAMES = 1_000

/** Runs the action once for each name. */
function onceEach(action: (name: string) => void): (name: string) => void {
  const done = new Set<string>()
  return (name) => {
    if (done.has(name)) return
    if (done.size >= MAX_NAMES) done.clear()
    done.add(name)
    action(name)
  }
}
