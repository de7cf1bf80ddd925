import { MAX_PLACE } from '../../../bulk/raw-log/record-layout.ts'
import { ServiceError } from '../../../core/errors.ts'
import { type Pauses, pauseMs, wait } from '../../../net/wait.ts'
import type { ChainAdapter, FetchScope, LogsProof } from '../../adapter.ts'
import { isEmptyScope } from '../../nodes/empty-scope.ts'
import { countingLag } from '../../nodes/node-reports.ts'
import type { Rpc, RunOptions, Work } from '../../nodes/rpc.ts'
import { type RpcSession, retryingSession } from '../../nodes/session.ts'
import type { NodeTrust } from '../node-trust.ts'
import { ScanMemory } from '../scan/scan-memory.ts'
import { ScannedBlock } from '../scan/scanned-block.ts'
import { isOdd, isUnclassified } from '../words/faults.ts'
import { garbage } from '../words/hex.ts'
import type { TimedBlock } from './add-times.ts'
import { type BloomTest, bloomTestOf } from './bloom-check.ts'
import type { DecodedBlock } from './decode-range.ts'
import { type Range, tooLarge } from './logs.ts'
import { readTimedBlocks, readTransfers, readTransfersOf } from './read-transfers.ts'
import { hasRefusedLogs, lacksReceipts, readReceiptTransfers } from './receipts.ts'
import type { FetchOptions } from './receipts-fallback.ts'

/** How often, over all nodes, one kind of request may fail with an odd error before the alternatives are tried. */
const ODD_ATTEMPTS = 2

/** `range` undefined: the request is for given blocks. */
type FetchRequest = { readonly scope: FetchScope; readonly signal: AbortSignal; readonly range?: Range }

/** Fetches transfers from all nodes of a chain, and checks their answers against blooms and receipts. */
export class TransferSource {
  readonly #rpc: Rpc
  readonly #trust: NodeTrust
  readonly #pauses: Pauses
  readonly #scans = new ScanMemory()
  readonly #bloomTests = new WeakMap<FetchScope, Promise<BloomTest | undefined>>()

  /** `pauses`: the wait before the second round. */
  constructor(rpc: Rpc, trust: NodeTrust, pauses: Pauses) {
    this.#rpc = rpc
    this.#trust = trust
    this.#pauses = pauses
  }

  /** Runs work that needs blocks of the nodes. Counts and reports a node that lacks them. @throws as `Rpc.run` does */
  run<T>(work: Work<T>, options: RunOptions): Promise<T> {
    return this.#rpc.run(countingLag(work, { counts: this.#trust.counts, reports: this.#trust }), options)
  }

  /** As `ChainAdapter.transfers`. */
  async transfers(request: Range & { readonly scope: FetchScope }, signal: AbortSignal) {
    return this.#fetchRange(readTransfers, request, signal)
  }

  /** As `transfers`, of blocks whose transfers may not be objects yet. */
  async scannedBlocks(request: Range & { readonly scope: FetchScope }, signal: AbortSignal) {
    return this.#fetchRange(
      async (session, range, options) => {
        const blocks = await readTimedBlocks(session, range, { ...options, scans: this.#scans })
        for (const { block } of blocks) checkPlaces(block)
        return blocks
      },
      request,
      signal,
    )
  }

  /** Says that nothing looks at scanned blocks any more, so that the memory of their records is used again. */
  free(blocks: readonly TimedBlock[]): void {
    const used = new Set(blocks.flatMap(({ block }) => (block instanceof ScannedBlock ? [block.records] : [])))
    for (const records of used) this.#scans.give(records)
  }

  async #fetchRange<T>(
    read: (session: RpcSession, range: Range, options: FetchOptions) => Promise<readonly T[]>,
    { first, last, scope }: Range & { readonly scope: FetchScope },
    signal: AbortSignal,
  ): Promise<readonly T[]> {
    if (isEmptyScope(scope)) return []
    const range = { first, last }
    const request = { scope, signal, range }
    try {
      return await this.#fetchInRounds((session, options) => read(session, range, options), request)
    } catch (error) {
      throw tooLarge(error, range)
    }
  }

  /** As `ChainAdapter.transfersOf`. */
  async transfersOf(blocks: Parameters<ChainAdapter['transfersOf']>[0], signal: AbortSignal) {
    const { headers, scope, source } = blocks
    if (headers.length === 0) return []
    if (isEmptyScope(scope)) return headers.map((header) => ({ ...header, transfers: [] }))
    if (source === 'receipts') {
      const request = { headers, scope, coolDowns: this.#trust.coolDowns }
      return this.run((session) => readReceiptTransfers(session, request), { signal, asksOthers: lacksReceipts })
    }
    return this.#fetchInRounds((session, options) => readTransfersOf(session, headers, options), { scope, signal })
  }

  /** As `ChainAdapter.distrustLogs`. */
  distrustLogs(proof: LogsProof): void {
    this.#trust.distrustLogs(proof)
  }

  /**
   * Asks the nodes in up to three rounds. The first round asks each node in the usual way, so a healthy one answers at
   * once. The second round also tries the alternatives to what failed for an unknown reason. The third round accepts
   * logs that no node could check against receipts.
   */
  async #fetchInRounds<T>(
    work: (session: RpcSession, options: FetchOptions) => Promise<T>,
    { scope, signal, range }: FetchRequest,
  ): Promise<T> {
    const trust = this.#trust
    const bloomTest = await this.#bloomTestOf(scope)
    const attempt = (
      how: Pick<FetchOptions, 'requireReceipts' | 'tryAlternatives'>,
      options: Partial<RunOptions>,
    ): Promise<T> => {
      const runOptions = { signal, workKind: 'logs', maxOddAttempts: ODD_ATTEMPTS, ...options }
      const fetchOptions = { scope, bloomTest, trust, ...how }
      return this.run((session) => {
        return work(how.tryAlternatives ? retryingSession(session, isUnclassified) : session, fetchOptions)
      }, runOptions)
    }
    const isOddOrLacksReceipts = (error: ServiceError): boolean => lacksReceipts(error) || isOdd(error)
    const rounds = [
      () => attempt({ requireReceipts: true, tryAlternatives: false }, { asksOthers: lacksReceipts }),
      () => attempt({ requireReceipts: true, tryAlternatives: true }, { asksOthers: isOddOrLacksReceipts }),
      () => attempt({ requireReceipts: false, tryAlternatives: true }, { asksOthers: isOdd }),
    ]
    let last: unknown
    for (const [index, round] of rounds.entries()) {
      // Missing receipts do not justify alternative requests, unless the logs were refused too.
      if (index === 1 && lacksReceipts(last) && !hasRefusedLogs(last)) continue
      // Only missing receipts justify accepting logs that were not checked. Other errors do not.
      if (index === 2 && !lacksReceipts(last)) continue
      if (index === 1) await wait(pauseMs(1, this.#pauses, Math.random()), signal)
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

  #bloomTestOf(scope: FetchScope): Promise<BloomTest | undefined> {
    const known = this.#bloomTests.get(scope)
    if (known !== undefined) return known
    const made = bloomTestOf(scope)
    this.#bloomTests.set(scope, made)
    return made
  }
}

/** @throws NODE_GARBAGE a log has an index that a record cannot hold, and no block has */
function checkPlaces(block: DecodedBlock): void {
  if (block instanceof ScannedBlock || block.transfers.every(({ event }) => event <= MAX_PLACE)) return
  throw garbage('a log with an index that no block has', { block: block.number })
}

/** Adds to the error of a request that no node answered in any way what an operator can do. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error
  const tried = `${error.message} (tried smaller ranges, other filters, block hashes and receipts on every node; `
  const remedy = `${tried}another node under rpc, or one with eth_getBlockReceipts, would help)`
  return new ServiceError(error.code, remedy, { cause: error, fields: error.fields })
}
