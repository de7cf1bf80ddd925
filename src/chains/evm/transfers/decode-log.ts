import type { AssetRef } from '../../../core/asset.ts'
import { NO_ITEM } from '../../../core/asset.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { ZERO_ADDRESS } from '../words/hex.ts'
import type { Interned, LogBody, LogLocation } from '../words/interned.ts'
import {
  type BatchLists,
  decodeOddBatch,
  decodeOddSingle,
  decodeOddTransfer,
  decodeWrapping,
} from './decode-odd-log.ts'

/**
 * `Transfer(address,address,uint256)` of ERC-20 and ERC-721: the topic is the same, the number of topics and the data
 * differ.
 */
export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** `TransferSingle(address,address,address,uint256,uint256)` of ERC-1155. */
export const TRANSFER_SINGLE = '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62'
/** `TransferBatch(address,address,address,uint256[],uint256[])` of ERC-1155. */
export const TRANSFER_BATCH = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb'

/** `Deposit(address,uint256)` of wrapped native coins. */
export const DEPOSIT = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c'
/** `Withdrawal(address,uint256)` of wrapped native coins. */
export const WITHDRAWAL = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65'

const WORD = /^0x[0-9a-fA-F]{64}$/
const WORDS = /^0x(?:[0-9a-fA-F]{64})*$/

/**
 * Adds the transfers of one log to `out`, in order. Adds notes (see `notes.ts`) for an event that cannot be decoded, or
 * that changes a balance without a transfer. Returns false, and adds nothing, if the log is not of such an event. Never
 * throws.
 */
export function decodeLog(
  log: LogBody,
  location: LogLocation,
  context: { interned: Interned; out: Transfer[] },
): boolean {
  const { topics } = log
  const standard = topics.length
  switch (topics[0]) {
    case TRANSFER:
      if (standard === 3 && decodeErc20(log, location, context)) return true
      if (standard === 4 && decodeErc721(log, location, context)) return true
      return decodeOddTransfer(log, location, context)
    case TRANSFER_SINGLE:
      return (standard === 4 && decodeSingle(log, location, context)) || decodeOddSingle(log, location, context)
    case TRANSFER_BATCH:
      if (standard === 4 && decodeBatch(log, location, context)) return true
      return decodeOddBatch(log, location, { ...context, lists: (at) => listsAt(log.data, at) })
    case DEPOSIT:
      return decodeWrapping(log, location, { ...context, kind: 'deposit' })
    case WITHDRAWAL:
      return decodeWrapping(log, location, { ...context, kind: 'withdrawal' })
    default:
      return false
  }
}

type Context = { readonly interned: Interned; readonly out: Transfer[] }

function decodeErc20(log: LogBody, location: LogLocation, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[1])
  const to = interned.account(log.topics[2])
  const asset = interned.asset('erc20', log.address)
  if (from === undefined || to === undefined || asset === undefined || !WORD.test(log.data)) return false
  out.push(transfer(location, { part: 0, asset, from, to, item: NO_ITEM, amount: wordAt(log.data, 2) }))
  return true
}

function decodeErc721(log: LogBody, location: LogLocation, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[1])
  const to = interned.account(log.topics[2])
  const asset = interned.asset('erc721', log.address)
  const id = log.topics[3]
  if (from === undefined || to === undefined || asset === undefined || log.data !== '0x') return false
  if (typeof id !== 'string' || !WORD.test(id)) return false
  out.push(transfer(location, { part: 0, asset, from, to, item: wordAt(id, 2).toString(), amount: 1n }))
  return true
}

const SINGLE_CHARACTERS = 2 + 2 * 64

function decodeSingle(log: LogBody, location: LogLocation, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[2])
  const to = interned.account(log.topics[3])
  const asset = interned.asset('erc1155', log.address)
  if (from === undefined || to === undefined || asset === undefined) return false
  if (log.data.length !== SINGLE_CHARACTERS || !WORDS.test(log.data)) return false
  const item = wordAt(log.data, 2).toString()
  out.push(transfer(location, { part: 0, asset, from, to, item, amount: wordAt(log.data, 66) }))
  return true
}

function decodeBatch(log: LogBody, location: LogLocation, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[2])
  const to = interned.account(log.topics[3])
  const asset = interned.asset('erc1155', log.address)
  const { data } = log
  if (from === undefined || to === undefined || asset === undefined || !WORDS.test(data)) return false
  const ids = arrayAt(data, 0)
  const amounts = arrayAt(data, 1)
  if (ids === undefined || amounts === undefined || ids.length !== amounts.length) return false
  for (let part = 0; part < ids.length; part++) {
    const item = wordAt(data, ids.start + part * 64).toString()
    const amount = wordAt(data, amounts.start + part * 64)
    out.push(transfer(location, { part, asset, from, to, item, amount }))
  }
  return true
}

/**
 * Reads both lists of a batch; their offsets are the data's words from `at` on. Data that ends within a word is
 * invalid.
 */
function listsAt(data: string, at: number): BatchLists | undefined {
  if (!WORDS.test(data)) return undefined
  const ids = arrayAt(data, at)
  const amounts = arrayAt(data, at + 1)
  if (ids === undefined) return undefined
  const numbers = ({ start, length }: Span): bigint[] =>
    Array.from({ length }, (_, index) => wordAt(data, start + index * 64))
  return { ids: numbers(ids), amounts: amounts?.length === ids.length ? numbers(amounts) : undefined }
}

type Span = { readonly start: number; readonly length: number }

/** Finds the uint256[] whose offset is the data's n-th word; undefined if it is not all within the data. */
function arrayAt(data: string, n: number): Span | undefined {
  const words = (data.length - 2) / 64
  if (words <= n) return undefined
  const offset = smallWordAt(data, 2 + n * 64)
  if (offset % 32 !== 0 || offset / 32 >= words) return undefined
  const start = 2 + offset * 2
  const length = smallWordAt(data, start)
  return offset / 32 + 1 + length <= words ? { start: start + 64, length } : undefined
}

/** A word as a number, for offsets and lengths. Exact up to 2^52; a larger value stays larger than any data. */
function smallWordAt(data: string, at: number): number {
  return Number(`0x${data.slice(at, at + 64)}`)
}

/** Words below 2^52 are parsed as numbers, which is faster than as bigints. */
const SMALL_ZEROS = '0'.repeat(64 - 13)

/** Returns a word of validated hex. */
function wordAt(data: string, at: number): bigint {
  if (data.startsWith(SMALL_ZEROS, at)) return BigInt(Number.parseInt(data.slice(at + 51, at + 64), 16))
  return BigInt(`0x${data.slice(at, at + 64)}`)
}

type TransferFields = {
  readonly part: number
  readonly asset: AssetRef
  readonly from: string
  readonly to: string
  readonly item: string
  readonly amount: bigint
}

function transfer(location: LogLocation, parts: TransferFields): Transfer {
  return {
    event: location.event,
    part: parts.part,
    asset: parts.asset,
    from: parts.from === ZERO_ADDRESS ? undefined : parts.from,
    to: parts.to === ZERO_ADDRESS ? undefined : parts.to,
    item: parts.item,
    amount: parts.amount,
    transactionHash: location.transactionHash,
  }
}
