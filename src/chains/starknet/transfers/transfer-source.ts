import { isCallError, ServiceError } from '../../../core/errors.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import type { ChainAdapter, FetchScope } from '../../adapter.ts'
import { isEmptyScope } from '../../nodes/empty-scope.ts'
import { readLinkedHeaders } from '../../nodes/linked-headers.ts'
import { countingLag } from '../../nodes/node-reports.ts'
import type { Rpc, RunOptions, Work } from '../../nodes/rpc.ts'
import { retryingSession } from '../../nodes/session.ts'
import { readHeaders, type StarknetHeader } from '../heads/headers.ts'
import { KnownHeaders } from '../heads/known-headers.ts'
import { isOfOneMachine, lacksData } from '../words/faults.ts'
import type { DecodedBlock } from './decode-block.ts'
import type { EventTrust } from './event-trust.ts'
import { readBlocks, readRange } from './read-blocks.ts'
import { type AskNatures, TokenStandards } from './token-standards.ts'

/** The blocks that `ChainAdapter.transfersOf` is asked for. */
type BlocksAsked = Parameters<ChainAdapter['transfersOf']>[0]
type Range = { readonly first: number; readonly last: number }

/** Reads headers and transfers from all nodes of a chain. */
export class TransferSource {
  readonly #rpc: Rpc
  readonly #trust: EventTrust
  readonly #headers = new KnownHeaders()
  readonly #standards: TokenStandards

  constructor(rpc: Rpc, trust: EventTrust, askNatures: AskNatures) {
    this.#rpc = rpc
    this.#trust = trust
    this.#standards = new TokenStandards(askNatures, Date.now)
  }

  /** As `ChainReader.headers`. */
  async headers(range: Range, signal: AbortSignal): Promise<readonly StarknetHeader[]> {
    const headers = await this.#run((session) => readLinkedHeaders(range, (numbers) => readHeaders(session, numbers)), {
      signal,
    })
    this.#headers.note(headers)
    return headers
  }

  /** As `ChainAdapter.transfers`. */
  async transfers(
    { first, last, scope }: Range & { readonly scope: FetchScope },
    signal: AbortSignal,
  ): Promise<readonly BlockTransfers[]> {
    if (isEmptyScope(scope)) return []
    const options = { scope, trust: this.#trust }
    const found = await this.#run(
      (session) => readRange(retryingSession(session, isOfOneMachine), { first, last }, options),
      { signal, workKind: 'logs', asksOthers: lacksData },
    ).catch(async (error: unknown) => {
      if (first < last || !mayNeedLess(error)) throw smaller(error, { first, last })
      return this.#blocksOf({ headers: await this.headers({ first, last }, signal), scope }, signal)
    })
    const blocks = await this.#standards.transfersOf(found, signal)
    return blocks.filter(({ transfers }) => transfers.length > 0)
  }

  /** As `ChainAdapter.transfersOf`. */
  async transfersOf(asked: BlocksAsked, signal: AbortSignal): Promise<readonly BlockTransfers[]> {
    const { headers, scope } = asked
    if (headers.length === 0) return []
    if (isEmptyScope(scope)) return headers.map((header) => ({ ...header, transfers: [] }))
    return this.#standards.transfersOf(await this.#blocksOf(asked, signal), signal)
  }

  /**
   * Reads blocks by hash. If no node answers for them, it asks for fewer blocks at a time, and for a single block for its
   * receipts: a failure of these very calls must not stop the chain.
   */
  async #blocksOf(asked: BlocksAsked, signal: AbortSignal): Promise<readonly DecodedBlock[]> {
    const { headers, scope, source } = asked
    const options = { scope, trust: this.#trust, ...(source === undefined ? {} : { source }) }
    try {
      return await this.#run(
        async (session) => {
          const retrying = retryingSession(session, isOfOneMachine)
          return readBlocks(retrying, await this.#headers.complete(retrying, headers), options)
        },
        { signal, workKind: 'logs', asksOthers: lacksData },
      )
    } catch (error) {
      if (!mayNeedLess(error)) throw error
      if (headers.length > 1) {
        const half = Math.ceil(headers.length / 2)
        const before = await this.#blocksOf({ ...asked, headers: headers.slice(0, half) }, signal)
        return [...before, ...(await this.#blocksOf({ ...asked, headers: headers.slice(half) }, signal))]
      }
      if (source === 'receipts') throw error
      this.#trust.reports.report('all nodes', 'no node answers the events of a block: its receipts are used', {
        block: headers[0]?.number,
        reason: error.message,
      })
      return this.#blocksOf({ ...asked, source: 'receipts' }, signal)
    }
  }

  #run<T>(work: Work<T>, options: RunOptions): Promise<T> {
    const { counts, reports } = this.#trust
    return this.#rpc.run(countingLag(work, { counts, reports }), options)
  }
}

/** Errors that fewer blocks, or another call for them, may not have: of one call, not of the connection. */
function mayNeedLess(error: unknown): error is ServiceError {
  if (!(error instanceof ServiceError)) return false
  if (error.code === 'NODE_NO_STATE' || error.code === 'NODE_NO_RECEIPTS') return false
  return error.code === 'RANGE_TOO_LARGE' || error.code === 'NODE_TOO_LARGE' || isCallError(error)
}

/** The error of a range of more than one block after which a smaller range may help. */
function smaller(error: unknown, { first, last }: Range): unknown {
  if (first === last || !mayNeedLess(error) || error.code === 'RANGE_TOO_LARGE') return error
  const suggested = Math.floor((last - first + 1) / 2)
  return new ServiceError('RANGE_TOO_LARGE', error.message, { cause: error, fields: { ...error.fields, suggested } })
}
