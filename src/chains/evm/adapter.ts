import { type AdapterCounts, type AdapterOptions, type ChainAdapter, noCounts } from '../adapter.ts'
import { confirmChain } from '../nodes/confirm-chain.ts'
import { CoolDowns } from '../nodes/cool-downs.ts'
import { followHeads } from '../nodes/follow-heads.ts'
import { readLinkedHeaders } from '../nodes/linked-headers.ts'
import { createRpc } from '../nodes/rpc.ts'
import { RPC_LIMITS, type RpcLimits } from '../nodes/rpc-limits.ts'
import { type RpcSession, retryingSession } from '../nodes/session.ts'
import { runBalanceReads, stateRun } from '../nodes/state-runs.ts'
import { readChain } from './heads/chain-id.ts'
import { HEAD_CALLS, readHeaders } from './heads/headers.ts'
import { findTransactionBlock } from './heads/transaction-block.ts'
import { NodeTrust } from './node-trust.ts'
import { packBlocks } from './scan/pack-blocks.ts'
import { CodeCheck } from './state/code-check.ts'
import { Abilities } from './state/read-at-block.ts'
import { BALANCES_PER_CALL, readBalances } from './state/read-balances.ts'
import { readTokens, TOKENS_PER_CALL } from './state/read-tokens.ts'
import { readNatures, STANDARDS_PER_CALL } from './state/token-nature.ts'
import { withHints } from './transfers/notes.ts'
import { TokenStandards } from './transfers/token-standards.ts'
import { TransferSource } from './transfers/transfer-source.ts'
import { classifyEvmFault, isOfOneMachine } from './words/faults.ts'

/** The warning that a node has no block for the tag of the finalized head. */
const WITHOUT_TAG = 'node knows no finalized block: 64 confirmations instead'

/** Creates the adapter of one EVM chain, over all its nodes. `limits` are for tests; production uses the defaults. */
export function createEvmAdapter(
  options: AdapterOptions,
  limits: Partial<RpcLimits> = {},
): { readonly adapter: ChainAdapter; readonly counts: AdapterCounts } {
  const counts = noCounts()
  const { chain, rpc: urls, warn, timeoutMs = RPC_LIMITS.timeoutMs } = options
  const checkNode = (session: RpcSession): Promise<void> => confirmChain(session, { chain, readChain })
  const rpc = createRpc({ urls, classify: classifyEvmFault, checkNode, warn, counts, limits: { timeoutMs, ...limits } })
  const { pauses } = { ...RPC_LIMITS, ...limits }
  const source = new TransferSource(rpc, new NodeTrust({ counts, warn, now: Date.now, random: Math.random }), pauses)
  const { named, methods } = followHeads(rpc, { ...options, calls: HEAD_CALLS, withoutTag: WITHOUT_TAG })
  const reading = { abilities: new Abilities(), coolDowns: new CoolDowns(Date.now), codeCheck: new CodeCheck(), named }
  const standards = new TokenStandards((samples, signal) => {
    const reader = { ...reading, at: 'latest' as const, perCall: STANDARDS_PER_CALL }
    return rpc.run((session) => readNatures(retryingSession(session, isOfOneMachine), samples, reader), { signal })
  }, new CoolDowns(Date.now))

  const adapter: ChainAdapter = {
    ...methods,
    headers: (range, signal) =>
      source.run((session) => readLinkedHeaders(range, (numbers) => readHeaders(session, numbers)), { signal }),
    transfers: async (request, signal) => {
      const blocks = await standards.assignStandards(await source.transfers(request, signal), { isOld: true }, signal)
      return blocks.map(withHints).filter(({ transfers, hints }) => transfers.length > 0 || hints !== undefined)
    },
    packTransfers: async (request, into, signal) => {
      const timed = await source.scannedBlocks(request, signal)
      await packBlocks(timed, { standards, into, signal })
      source.free(timed)
    },
    transfersOf: async (blocks, signal) => {
      const found = await standards.assignStandards(await source.transfersOf(blocks, signal), { isOld: false }, signal)
      return found.map(withHints)
    },
    transactionBlock: (hash, signal) => findTransactionBlock(rpc, hash, signal),
    distrustLogs: (proof) => source.distrustLogs(proof),
    readBalances: ({ keys, at, ask }, signal) => {
      const reader = { ...reading, at, perCall: BALANCES_PER_CALL, byNumber: ask === 'by_number' }
      const work = (session: RpcSession) => readBalances(retryingSession(session, isOfOneMachine), keys, reader)
      return runBalanceReads(rpc, work, { keys: keys.length, at, running: stateRun(ask, signal) })
    },
    readTokens: (assets, signal, how) => {
      const reader = { ...reading, at: how?.at ?? ('latest' as const), perCall: TOKENS_PER_CALL }
      return rpc.run(
        (session) => readTokens(retryingSession(session, isOfOneMachine), assets, reader),
        stateRun(how?.ask, signal),
      )
    },
  }
  return { adapter, counts }
}
