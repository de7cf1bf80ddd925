import { ServiceError } from '../core/errors.ts'
import type { RecordedOperation } from '../core/operation.ts'
import type { LedgerReads } from '../store/seam/ledger-store.ts'
import { type CommitResult, outcomeOf } from './group-commit.ts'
import type { AssetQuery, Ledger, LedgerAsset, LedgerRequest, OperationQuery, Outcome, Receipt } from './ledger.ts'

/**
 * Most requests that wait for their commit: at thousands a second some seconds' worth, past which an answer comes later
 * than callers wait for one. About 1 KB each.
 */
export const MAX_WAITING = 10_000

type Waiting = { readonly resolve: (outcome: Outcome) => void; readonly reject: (error: unknown) => void }

/**
 * The ledger as its callers see it: operations queue for a committer elsewhere, which settles them in order; what is
 * asked is read here. All that is submitted in one turn of the event loop travels together.
 */
export class QueuedLedger implements Ledger {
  readonly #send: (requests: readonly LedgerRequest[]) => void
  readonly #reads: LedgerReads
  #gathering: LedgerRequest[] = []
  #waiting: Waiting[] = []
  #closed: string | undefined
  #isClosing = false

  /** `send` hands requests to the committer; `settled` has to be called for all of them, in their order. */
  constructor(deps: { readonly send: (requests: readonly LedgerRequest[]) => void; readonly reads: LedgerReads }) {
    this.#send = deps.send
    this.#reads = deps.reads
  }

  /** How many requests wait for their commit. */
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

  /** The oldest waiting requests are settled, these in order. */
  resolveOldest(results: readonly CommitResult[]): void {
    // What is answered now is seen by who reads next, even in this turn.
    this.#reads.renew()
    for (const [index, { resolve, reject }] of this.#waiting.splice(0, results.length).entries()) {
      try {
        resolve(outcomeOf(results[index]))
      } catch (error) {
        reject(error)
      }
    }
  }

  /** Takes nothing more; what waits is still to be settled. */
  close(reason: string): void {
    this.#isClosing = true
    this.#closed ??= reason
    this.#flush()
  }

  /** Takes operations again after `fail`; not after `close`. */
  accept(): void {
    if (!this.#isClosing) this.#closed = undefined
  }

  /** Takes nothing more, and rejects all that waits, of which each may have been done or not. */
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
