import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { Rpc, Running, Work } from '../../../net/rpc.ts'
import { askingAgain, type RpcSession } from '../../../net/session.ts'
import { type Pauses, pauseMs, wait } from '../../../net/wait.ts'
import type { ChainAdapter, FetchScope, LogsProof } from '../../adapter.ts'
import type { NodeWatch } from '../node-trust.ts'
import { isOdd, isUnknown } from '../words/faults.ts'
import { type ScopeTest, scopeTest } from './bloom-check.ts'
import { type Range, tooLarge } from './logs.ts'
import { readTransfers, readTransfersOf } from './read-transfers.ts'
import { isRefused, lacksReceipts, readReceiptTransfers } from './receipts.ts'
import type { Fetching } from './receipts-fallback.ts'

/** Tries of one kind of request at answers that are odd, over all nodes, before it is asked otherwise. */
const ODD_ATTEMPTS = 2

/** `range` undefined: very blocks are asked for. */
type Settling = { readonly scope: FetchScope; readonly signal: AbortSignal; readonly range?: Range }

/** Fetches transfers over all nodes of a chain, and holds what they say against each other and against itself. */
export class Fetcher {
  private readonly rpc: Rpc
  private readonly watch: NodeWatch
  private readonly pauses: Pauses
  private readonly tests = new WeakMap<FetchScope, Promise<ScopeTest | undefined>>()

  /** `pauses` before what failed is asked otherwise. */
  constructor(rpc: Rpc, watch: NodeWatch, pauses: Pauses) {
    this.rpc = rpc
    this.watch = watch
    this.pauses = pauses
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
      return await this.settle((session, fetching) => readTransfers(session, range, fetching), { scope, signal, range })
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

  /**
   * In up to three rounds over all nodes. First each is asked the usual way, so that a healthy one answers at once. What they
   * fail at for an unknown reason is asked again, and then otherwise. Where no node has receipts to settle a doubt, what
   * they said is taken.
   */
  private async settle<T>(
    work: (session: RpcSession, fetching: Fetching) => Promise<T>,
    { scope, signal, range }: Settling,
  ): Promise<T> {
    const { watch } = this
    const test = await this.testOf(scope)
    const attempt = (how: Pick<Fetching, 'strict' | 'otherwise'>, running: Partial<Running>): Promise<T> => {
      const own = { signal, what: 'logs', oddAttempts: ODD_ATTEMPTS, ...running }
      const fetching = { scope, test, watch, ...how }
      return this.run((session) => work(how.otherwise ? askingAgain(session, isUnknown) : session, fetching), own)
    }
    const rounds = [
      () => attempt({ strict: true, otherwise: false }, { elsewhere: lacksReceipts }),
      () => attempt({ strict: true, otherwise: true }, { elsewhere: (error) => lacksReceipts(error) || isOdd(error) }),
      () => attempt({ strict: false, otherwise: true }, { elsewhere: isOdd }),
    ]
    let last: unknown
    for (const [place, round] of rounds.entries()) {
      // Receipts that no node keeps are no reason to ask for logs otherwise; unknown errors are none to take what is doubtful.
      if (place === 1 && lacksReceipts(last) && !isRefused(last)) continue
      if (place === 2 && !lacksReceipts(last)) continue
      if (place === 1) await wait(pauseMs(1, this.pauses, Math.random()), signal)
      try {
        return await round()
      } catch (error) {
        last = error
        if (!lacksReceipts(error) && !isOdd(error)) throw error
        // A smaller range is known to help.
        if (range !== undefined && tooLarge(error, range) !== error) throw error
      }
    }
    throw withRemedy(last)
  }

  private testOf(scope: FetchScope): Promise<ScopeTest | undefined> {
    const known = this.tests.get(scope)
    if (known !== undefined) return known
    const made = scopeTest(scope)
    this.tests.set(scope, made)
    return made
  }
}

/** The error of what no way and no node could answer, with what an operator can do. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error
  const words = `${error.message} (asked in smaller ranges, by other filters, by block hash and by receipts, of every node; `
  const remedy = `${words}another node under rpc, or one with eth_getBlockReceipts, would help)`
  return new ServiceError(error.code, remedy, { cause: error, fields: error.fields })
}
