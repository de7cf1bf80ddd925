import type { BlockRef } from '../../core/block.ts'
import { ServiceError } from '../../core/errors.ts'
import type { BlockTransfers, Transfer } from '../../core/transfer.ts'
import type { CoinReads } from '../account-reader.ts'
import {
  type AdapterCounts,
  type AdapterOptions,
  type BalanceReads,
  type ChainAdapter,
  type FetchScope,
  noCounts,
} from '../adapter.ts'
import { followHeads } from '../nodes/follow-heads.ts'
import { readLinkedHeaders } from '../nodes/linked-headers.ts'
import { countingLag, NodeReports } from '../nodes/node-reports.ts'
import { createRpc, type Rpc, type Work } from '../nodes/rpc.ts'
import { RPC_LIMITS, type RpcLimits } from '../nodes/rpc-limits.ts'
import type { RpcSession } from '../nodes/session.ts'
import { runBalanceReads, stateRun } from '../nodes/state-runs.ts'
import { AccountIndex } from './blocks/account-index.ts'
import { readBlocks } from './blocks/read-blocks.ts'
import { CoinFinder } from './coins/finder.ts'
import { readHistory } from './coins/history.ts'
import { LeadBook } from './coins/lead-book.ts'
import { Lineage } from './coins/lineage.ts'
import { readNativeCoins, readTokenCoins } from './coins/read-coins.ts'
import { confirmNode } from './heads/confirm-node.ts'
import { HEAD_CALLS, readHeaders, readHeadRef } from './heads/headers.ts'
import { makeChiaNode } from './make-node.ts'
import { readBalances } from './state/read-balances.ts'
import { factsOf } from './state/token-facts.ts'
import { classifyChiaFault } from './words/faults.ts'

/** Creates the adapter of one Chia chain, over all its nodes. `limits` are for tests. */
export function createChiaAdapter(
  options: AdapterOptions,
  limits: Partial<RpcLimits> = {},
): { readonly adapter: ChainAdapter; readonly counts: AdapterCounts } {
  const counts = noCounts()
  const { chain, rpc: urls, warn, tls, memory, timeoutMs = RPC_LIMITS.timeoutMs } = options
  const rpc = createRpc({
    urls,
    classify: classifyChiaFault,
    checkNode: (session) => confirmNode(session, chain),
    warn,
    counts,
    tls,
    makeNode: makeChiaNode,
    limits: { timeoutMs, ...limits },
  })
  const book = new LeadBook(memory)
  const lineage = new Lineage()
  const coins = { finder: new CoinFinder(book, lineage), book }
  const { named, methods } = followHeads(rpc, { ...options, calls: HEAD_CALLS })
  const headOf: HeadOf = (session) => async () => {
    const head = await readHeadRef(session)
    named.note(head)
    return head
  }
  const indexOf = lastIndex()
  const reports = new NodeReports(warn, () => performance.now())
  const run = <T>(work: Work<T>, signal: AbortSignal): Promise<T> => {
    return rpc.run(countingLag(work, { counts, reports }), { signal })
  }

  const adapter: ChainAdapter = {
    ...coinReads(rpc, headOf, coins),
    ...methods,
    headers: (range, signal) =>
      run((session) => readLinkedHeaders(range, (numbers) => readHeaders(session, numbers)), signal),
    transfers: async (range, signal) => {
      const wanted = { ...range, ...accountsIn(range.scope) }
      return run((session) => readHistory(session, wanted, coins), signal)
    },
    transfersOf: async ({ headers, scope }, signal) => {
      const { accounts: addresses, token } = accountsIn(scope)
      const reading = { accounts: indexOf(addresses), leads: await book.since(0), lineage, counts }
      const read = await run((session) => readBlocks(session, headers, reading), signal)
      await book.add(read.leads)
      return ofToken(read.blocks, token)
    },
    transactionBlock: async () => {
      throw new ServiceError('UNAVAILABLE', 'a Chia chain has no transactions with a hash: a block is one')
    },
    distrustLogs: () => undefined,
  }
  return { adapter, counts }
}

/** Asks a node for its newest block. */
type HeadOf = (session: RpcSession) => () => Promise<BlockRef>

/** The reads of what accounts hold. */
function coinReads(
  rpc: Rpc,
  headOf: HeadOf,
  { finder, book }: { readonly finder: CoinFinder; readonly book: LeadBook },
): Pick<ChainAdapter, 'readBalances' | 'readTokens' | 'accounts'> {
  return {
    readBalances: ({ keys, at, ask }, signal) => {
      const byNumber = ask === 'by_number'
      const work: Work<Omit<BalanceReads, 'observedAt'>> = (session) =>
        readBalances(session, keys, { at, finder, book, byNumber, headOf: headOf(session) })
      return runBalanceReads(rpc, work, { keys: keys.length, at, running: stateRun(ask, signal) })
    },
    readTokens: async (assets, signal, how) => {
      const block = how?.at ?? (await rpc.run((session) => headOf(session)(), stateRun(how?.ask, signal)))
      return { block, facts: assets.map(factsOf) }
    },
    accounts: {
      readCoins: async (account, of, signal) => {
        const observedAt = Math.floor(Date.now() / 1000)
        const work: Work<Omit<CoinReads, 'observedAt'>> = (session) => {
          const reading = { account, headOf: headOf(session), finder }
          return of === 'native' ? readNativeCoins(session, reading) : readTokenCoins(session, reading)
        }
        return { ...(await rpc.run(work, { signal })), observedAt }
      },
      leads: () => book.count(),
    },
  }
}

/** The accounts of a scope, and their only token if it names one. @throws UNAVAILABLE the scope names no accounts */
function accountsIn(scope: FetchScope): {
  readonly accounts: readonly string[]
  readonly above?: number
  readonly token?: string
} {
  if (scope.type === 'accounts') {
    return { accounts: scope.accounts, ...('leadsAbove' in scope ? { above: scope.leadsAbove } : {}) }
  }
  if (scope.type === 'pair') return { accounts: [scope.account], token: scope.token }
  throw new ServiceError('UNAVAILABLE', 'a Chia chain has no log of transfers: it is followed for accounts alone')
}

/** The blocks with only the transfers of one TAIL, if one is given. */
function ofToken(blocks: readonly BlockTransfers[], token: string | undefined): readonly BlockTransfers[] {
  if (token === undefined) return blocks
  const isOf = ({ asset }: Transfer): boolean => asset.reference === token
  return blocks.map((block) => ({ ...block, transfers: block.transfers.filter(isOf) }))
}

/** The index of the accounts that were asked for last: mostly the same list as before, of thousands. */
function lastIndex(): (addresses: readonly string[]) => AccountIndex {
  let last: { readonly addresses: readonly string[]; readonly index: AccountIndex } | undefined
  return (addresses) => {
    if (last?.addresses !== addresses) last = { addresses, index: new AccountIndex(addresses) }
    return last.index
  }
}
