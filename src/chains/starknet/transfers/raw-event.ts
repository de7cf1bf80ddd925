import { isRecord } from '../../../core/is-record.ts'
import { parseHash, parseNumber } from '../words/felt.ts'

/** An event as JSON-RPC sends it. The felts are untrusted and in any spelling. */
export type EventBody = {
  readonly from_address: unknown
  readonly keys: readonly unknown[]
  readonly data: readonly unknown[]
}

/** An event with its transaction. The list that it stands in gives its place in the block. */
export type BlockEvent = { readonly body: EventBody; readonly transactionHash: string }

/**
 * An event of getEvents. The indexes of its transaction and of the event in its transaction are given from version 0.10
 * of the specification on.
 */
export type EmittedEvent = BlockEvent & {
  readonly blockNumber: number
  readonly blockHash: string
  readonly transactionIndex: number | undefined
  readonly eventIndex: number | undefined
}

/** Parses keys and data; undefined if the value is no event. */
export function parseBody(value: unknown): EventBody | undefined {
  if (!isRecord(value)) return undefined
  const { from_address, keys, data } = value
  return Array.isArray(keys) && Array.isArray(data) ? { from_address, keys, data } : undefined
}

/** Events of a page come in runs of one transaction and one block, so each spelling is parsed once a run. */
export class EmittedEvents {
  #block: unknown
  #blockHash: string | undefined
  #transaction: unknown
  #transactionHash: string | undefined

  /**
   * Parses an event of getEvents. `pre_confirmed`: it has no block yet. Undefined: the value is no event.
   */
  parse(value: unknown): EmittedEvent | 'pre_confirmed' | undefined {
    const body = parseBody(value)
    if (body === undefined || !isRecord(value)) return undefined
    if ((value.block_hash ?? null) === null) return 'pre_confirmed'
    if (value.block_hash !== this.#block) {
      this.#block = value.block_hash
      this.#blockHash = parseHash(value.block_hash)
    }
    if (value.transaction_hash !== this.#transaction) {
      this.#transaction = value.transaction_hash
      this.#transactionHash = parseHash(value.transaction_hash)
    }
    const [blockHash, transactionHash] = [this.#blockHash, this.#transactionHash]
    const blockNumber = parseNumber(value.block_number)
    if (blockHash === undefined || transactionHash === undefined || blockNumber === undefined) return undefined
    return {
      body,
      transactionHash,
      blockNumber,
      blockHash,
      transactionIndex: parseNumber(value.transaction_index),
      eventIndex: parseNumber(value.event_index),
    }
  }
}
