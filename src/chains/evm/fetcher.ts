import { isServiceError } from '../../core/errors.ts'
import type { Rpc, RpcSession, Running, Work } from '../../net/rpc.ts'
import type { ChainAdapter, FetchScope, LogsProof } from '../adapter.ts'
import { type Range, tooLarge } from './logs.ts'
import { lacksReceipts, readReceiptTransfers } from './receipts.ts'
import type { Fetching } from './settle.ts'
import { type ScopeTest, scopeTest } from './suspicion.ts'
import { readTransfers, readTransfersOf } from './transfers.ts'
import type { NodeWatch } from './watch.ts'

/** Fetches transfers over all nodes of a chain, and holds what they say against each other and against itself. */
export class Fetcher {
  private readonly rpc: Rpc
  private readonly watch: NodeWatch
  private readonly tests = new WeakMap<FetchScope, Promise<ScopeTest | undefined>>()

  constructor(rpc: Rpc, watch: NodeWatch) {
    this.rpc = rpc
    this.watch = watch
  }

  /** Runs work that needs blocks of the nodes: one that lacks them is counted and told of. @throws as `Rpc.run` does */
  run<T>(work: Work<T>, running: Running): Promise<T> {
    return this.rpc.run(async (session) => {
      try {
        return await work(session)
      } catch (error) {
        if (isServiceError(error, 'NODE_BEHIND')) {
          this.watch.counts.laggingAnswers++
          this.watch.tell(session.label, 'node is behind', error.fields)
        }
        throw error
      }
    }, running)
  }

  /** As `ChainAdapter.transfers`. */
  async transfers({ first, last, scope }: Range & { readonly scope: FetchScope }, signal: AbortSignal) {
    const range = { first, last }
    try {
      return await this.settle((session, fetching) => readTransfers(session, range, fetching), { scope, signal })
    } catch (error) {
      throw tooLarge(error, range)
    }
  }

  /** As `ChainAdapter.transfersOf`. */
  async transfersOf(blocks: Parameters<ChainAdapter['transfersOf']>[0], signal: AbortSignal) {
    const { headers, scope, source } = blocks
    if (headers.length === 0) return []
    if (source === 'receipts') {
      const request = { headers, scope, refusals: this.watch.refusals }
      return this.run((session) => readReceiptTransfers(session, request), { signal, elsewhere: lacksReceipts })
    }
    return this.settle((session, fetching) => readTransfersOf(session, headers, fetching), { scope, signal })
  }

  /** As `ChainAdapter.distrustLogs`. */
  distrustLogs(proof: LogsProof): void {
    this.watch.distrustLogs(proof)
  }

  /** Where what a node says is doubtful and it has no receipts, the others are asked; had none, it is taken. */
  private async settle<T>(
    work: (session: RpcSession, fetching: Fetching) => Promise<T>,
    { scope, signal }: { readonly scope: FetchScope; readonly signal: AbortSignal },
  ): Promise<T> {
    const { watch } = this
    const test = await this.testOf(scope)
    const attempt = (strict: boolean, running: Running): Promise<T> =>
      this.run((session) => work(session, { scope, test, watch, strict }), running)
    try {
      return await attempt(true, { signal, elsewhere: lacksReceipts })
    } catch (error) {
      if (!lacksReceipts(error)) throw error
      return attempt(false, { signal })
    }
  }

  private testOf(scope: FetchScope): Promise<ScopeTest | undefined> {
    const known = this.tests.get(scope)
    if (known !== undefined) return known
    const made = scopeTest(scope)
    this.tests.set(scope, made)
    return made
  }
}
