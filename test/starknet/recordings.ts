import { readFileSync } from 'node:fs'
import { assert } from '../../src/core/assert.ts'
import { isRecord } from '../../src/core/is-record.ts'

const FOLDER = new URL('recordings/', import.meta.url)

/** The JSON of a recorded file. */
export function recording(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FOLDER), 'utf8'))
}

/** The result of a recorded JSON-RPC answer, or the file itself if it holds a bare result. */
export function recordedResult(name: string): Readonly<Record<string, unknown>> {
  const file = recording(`rpc/${name}.json`)
  assert(isRecord(file), 'a recording is an object')
  const result = file.result ?? file
  assert(isRecord(result), 'a recorded result is an object')
  return result
}

/**
 * A block of the sequencer's gateway in the shape of getBlockWithReceipts. The gateway lists transactions and receipts in
 * parallel and has other names; the events are alike.
 */
export function gatewayBlock(name: string): Readonly<Record<string, unknown>> {
  const block = recording(`gateway/${name}.json`)
  assert(isRecord(block), 'a recording is an object')
  const { transactions, transaction_receipts: receipts, parent_block_hash, state_root, ...rest } = block
  assert(Array.isArray(transactions) && Array.isArray(receipts), 'a gateway block has both lists')
  return {
    ...rest,
    parent_hash: parent_block_hash,
    new_root: state_root,
    transactions: transactions.map((transaction: unknown, index) => ({ transaction, receipt: receipts[index] })),
  }
}

/** A transfer as a separate decoder of another language reads it. */
export type ExpectedRow = {
  readonly event_in_block: number | null
  readonly event_in_tx: number
  readonly tx_index: number
  readonly transaction_hash: string
  readonly token: string
  readonly layout: 'data' | 'keys' | 'keys5 (ERC-721)'
  readonly from: string
  readonly to: string
  readonly u256: string
  readonly block_number?: number
}

/** What a recording decodes to. */
export type Expected = {
  readonly events: number
  readonly transfers: number
  readonly other_events: number
  readonly events_without_keys: number
  readonly rows: readonly ExpectedRow[]
}

/** What a recording must decode to. */
export function expectedOf(name: string): Expected {
  return recording(`expected/${name}.json`) as Expected
}
