import type { AssetRef, Standard } from '../../core/asset.ts'
import { NO_ITEM } from '../../core/asset.ts'
import type { Transfer } from '../../core/transfer.ts'
import { ZERO_ADDRESS } from './hex.ts'

/** `Transfer(address,address,uint256)` of ERC-20 and ERC-721: the same topic, told apart by topic count and data. */
export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** `TransferSingle(address,address,address,uint256,uint256)` of ERC-1155. */
export const TRANSFER_SINGLE = '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62'
/** `TransferBatch(address,address,address,uint256[],uint256[])` of ERC-1155. */
export const TRANSFER_BATCH = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb'

/** What of a log says which transfers it tells: untrusted beyond its types. */
export type LogBody = { readonly address: string; readonly topics: readonly unknown[]; readonly data: string }

/** Where a log stands. */
export type LogPlace = { readonly logIndex: number; readonly transactionHash: string }

/**
 * Remembers the parsed form of what repeats within a range (accounts, assets), so that each is checked and lower-cased
 * once, and transfers share one string. Made anew for each range: it never outgrows one answer.
 */
export class Interned {
  private readonly accounts = new Map<string, string>()
  private readonly assets: Record<'erc20' | 'erc721' | 'erc1155', Map<string, AssetRef>> = {
    erc20: new Map(),
    erc721: new Map(),
    erc1155: new Map(),
  }

  /** Address of a 32-byte topic; undefined where its padding is dirty or it is no topic. */
  account(topic: unknown): string | undefined {
    if (typeof topic !== 'string') return undefined
    const known = this.accounts.get(topic)
    if (known !== undefined) return known
    if (!ADDRESS_TOPIC.test(topic)) return undefined
    const address = `0x${topic.slice(26).toLowerCase()}`
    this.accounts.set(topic, address)
    return address
  }

  /** The asset of a contract; undefined where the address is none. */
  asset(standard: 'erc20' | 'erc721' | 'erc1155', address: string): AssetRef | undefined {
    const map = this.assets[standard]
    const known = map.get(address)
    if (known !== undefined) return known
    if (!CONTRACT.test(address)) return undefined
    const asset: { standard: Standard; reference: string } = { standard, reference: address.toLowerCase() }
    map.set(address, asset)
    return asset
  }
}

const ADDRESS_TOPIC = /^0x0{24}[0-9a-fA-F]{40}$/
const CONTRACT = /^0x[0-9a-fA-F]{40}$/
const WORD = /^0x[0-9a-fA-F]{64}$/
const WORDS = /^0x(?:[0-9a-fA-F]{64})*$/

/**
 * Adds the transfers of one log to `out`, in order. False where the log is not a well-formed transfer event: wrong
 * topic count, short or long data, dirty address padding, bad offsets; then nothing is added. Never throws.
 */
export function decodeLog(log: LogBody, place: LogPlace, context: { interned: Interned; out: Transfer[] }): boolean {
  const { topics } = log
  if (topics[0] === TRANSFER) {
    if (topics.length === 3) return decodeErc20(log, place, context)
    return topics.length === 4 && decodeErc721(log, place, context)
  }
  if (topics.length !== 4) return false
  if (topics[0] === TRANSFER_SINGLE) return decodeSingle(log, place, context)
  return topics[0] === TRANSFER_BATCH && decodeBatch(log, place, context)
}

type Context = { readonly interned: Interned; readonly out: Transfer[] }

function decodeErc20(log: LogBody, place: LogPlace, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[1])
  const to = interned.account(log.topics[2])
  const asset = interned.asset('erc20', log.address)
  if (from === undefined || to === undefined || asset === undefined || !WORD.test(log.data)) return false
  out.push(transfer(place, { batchIndex: 0, asset, from, to, item: NO_ITEM, amount: wordAt(log.data, 2) }))
  return true
}

function decodeErc721(log: LogBody, place: LogPlace, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[1])
  const to = interned.account(log.topics[2])
  const asset = interned.asset('erc721', log.address)
  const id = log.topics[3]
  if (from === undefined || to === undefined || asset === undefined || log.data !== '0x') return false
  if (typeof id !== 'string' || !WORD.test(id)) return false
  out.push(transfer(place, { batchIndex: 0, asset, from, to, item: wordAt(id, 2).toString(), amount: 1n }))
  return true
}

const SINGLE_CHARACTERS = 2 + 2 * 64

function decodeSingle(log: LogBody, place: LogPlace, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[2])
  const to = interned.account(log.topics[3])
  const asset = interned.asset('erc1155', log.address)
  if (from === undefined || to === undefined || asset === undefined) return false
  if (log.data.length !== SINGLE_CHARACTERS || !WORDS.test(log.data)) return false
  const item = wordAt(log.data, 2).toString()
  out.push(transfer(place, { batchIndex: 0, asset, from, to, item, amount: wordAt(log.data, 66) }))
  return true
}

function decodeBatch(log: LogBody, place: LogPlace, { interned, out }: Context): boolean {
  const from = interned.account(log.topics[2])
  const to = interned.account(log.topics[3])
  const asset = interned.asset('erc1155', log.address)
  const { data } = log
  if (from === undefined || to === undefined || asset === undefined || !WORDS.test(data)) return false
  const ids = arrayAt(data, 0)
  const amounts = arrayAt(data, 1)
  if (ids === undefined || amounts === undefined || ids.length !== amounts.length) return false
  for (let batchIndex = 0; batchIndex < ids.length; batchIndex++) {
    const item = wordAt(data, ids.start + batchIndex * 64).toString()
    const amount = wordAt(data, amounts.start + batchIndex * 64)
    out.push(transfer(place, { batchIndex, asset, from, to, item, amount }))
  }
  return true
}

/** The uint256[] whose offset is the data's n-th word, all of it within the data; undefined where it is not. */
function arrayAt(data: string, n: number): { start: number; length: number } | undefined {
  const words = (data.length - 2) / 64
  if (words < 2) return undefined
  const offset = smallWordAt(data, 2 + n * 64)
  if (offset % 32 !== 0 || offset / 32 >= words) return undefined
  const start = 2 + offset * 2
  const length = smallWordAt(data, start)
  return offset / 32 + 1 + length <= words ? { start: start + 64, length } : undefined
}

/** A word as a number, for offsets and lengths: exact up to 2^52; anything larger comes out as larger than any data. */
function smallWordAt(data: string, at: number): number {
  return Number(`0x${data.slice(at, at + 64)}`)
}

/** Words below 2^52 are parsed as a number, which is faster than as a bigint. */
const SMALL_ZEROS = '0'.repeat(64 - 13)

/** A word of checked hex. */
function wordAt(data: string, at: number): bigint {
  if (data.startsWith(SMALL_ZEROS, at)) return BigInt(Number.parseInt(data.slice(at + 51, at + 64), 16))
  return BigInt(`0x${data.slice(at, at + 64)}`)
}

type Parts = {
  readonly batchIndex: number
  readonly asset: AssetRef
  readonly from: string
  readonly to: string
  readonly item: string
  readonly amount: bigint
}

function transfer(place: LogPlace, parts: Parts): Transfer {
  return {
    logIndex: place.logIndex,
    batchIndex: parts.batchIndex,
    asset: parts.asset,
    from: parts.from === ZERO_ADDRESS ? undefined : parts.from,
    to: parts.to === ZERO_ADDRESS ? undefined : parts.to,
    item: parts.item,
    amount: parts.amount,
    transactionHash: place.transactionHash,
  }
}
