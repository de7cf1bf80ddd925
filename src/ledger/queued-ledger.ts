import { ServiceError } from '../core/errors.ts'
import type { RecordedOperation } from '../core/operation.ts'
import type { LedgerReads } from '../store/seam/ledger-store.ts'
import { type CommitResult, outcomeOf } from './group-commit.ts'
import type { AssetQuery, Ledger, LedgerAsset, LedgerRequest, OperationQuery, Outcome, Receipt } from './ledger.ts'

/**
 * Largest number of requests that wait for their commit: some seconds of work at thousands of requests per second. With
 * more, answers would come later than callers wait. About 1 KB each.
 */
export const MAX_WAITING = 10_000

type Waiting = { readonly resolve: (outcome: Outcome) => void; readonly reject: (error: unknown) => void }

/**
 * The ledger for its callers. It queues operations for a committer in another thread, which returns results in order,
 * and it serves reads here. All requests of one event-loop tick are sent together.
 */
export class QueuedLedger implements Ledger {
  readonly #send: (requests: readonly LedgerRequest[]) => void
  readonly #reads: LedgerReads
  #gathering: LedgerRequest[] = []
  #waiting: Waiting[] = []
  #closed: string | undefined
  #isClosing = false

  /** `send` passes requests to the committer. The owner must then call `resolveOldest` for all of them, in their order. */
  constructor(deps: { readonly send: (requests: readonly LedgerRequest[]) => void; readonly reads: LedgerReads }) {
    this.#send = deps.send
    this.#reads = deps.reads
  }

  /** The number of requests that wait for their commit. */
  get waiting(): number {
    return this.#waiting.length
  }

  submit(request: LedgerRequest): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw new ServiceError('UNAVAILABLE', this.#closed)
      if (this.#waiting.length >= MAX_WAITING) throw new ServiceError('UNAVAILABLE', 'Too many operations are waiting')
      if (this.#gathering.length === 0) setImmediate(() => this.#flush())
      this.#gathering.push(request)
      this.#waiting.push({ resolve, reject })
    })
  }

  /** Resolves the oldest waiting requests with these results, in order. */
  resolveOldest(results: readonly CommitResult[]): void {
    // A read after this answer sees its result, even in the same tick.
    this.#reads.renew()
    for (const [index, { resolve, reject }] of this.#waiting.splice(0, results.length).entries()) {
      try {
        resolve(outcomeOf(results[index]))
      } catch (error) {
        reject(error)
      }
    }
  }

  /** Accepts no more requests. Waiting requests still get their results. */
  close(reason: string): void {
    this.#isClosing = true
    this.#closed ??= reason
    this.#flush()
  }

  /** Accepts requests again after `fail`, but not after `close`. */
  accept(): void {
    if (!this.#isClosing) this.#closed = undefined
  }

  /** Accepts no more requests and rejects all waiting ones. Each of those may have been done or not. */
  fail(reason: string): void {
    this.#closed = reason
    this.#gathering = []
    const error = new ServiceError('UNAVAILABLE', reason)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  hasWallet(wallet: string): Promise<boolean> {
    return this.#reads.hasWallet(wallet)
  }

  async asset(assetId: string): Promise<LedgerAsset | undefined> {
    const facts = await this.#reads.asset(assetId)
    return facts === undefined ? undefined : registeredAsset(facts.registration)[0]
  }

  async assets({ after, limit }: AssetQuery): Promise<readonly LedgerAsset[] | undefined> {
    const before = after === undefined ? undefined : await this.#reads.asset(after)
    if (after !== undefined && before === undefined) return undefined
    const page = await this.#reads.assets({ after: before?.registration.serial ?? 0, limit })
    return page.flatMap(registeredAsset)
  }

  async operations(query: OperationQuery): Promise<readonly Receipt[]> {
    const recorded = await this.#reads.operations(query)
    return recorded.map((operation) => ({ ...operation, created: true, replayed: false }))
  }

  #flush(): void {
    const requests = this.#gathering
    if (requests.length === 0) return
    this.#gathering = []
    this.#send(requests)
  }
}

function registeredAsset({ operation }: RecordedOperation): readonly LedgerAsset[] {
  if (operation.kind !== 'register_asset') return []
  const { assetId, name, symbol, reissue } = operation
  return [{ assetId, name, symbol, reissue }]
}
