import { REST_OF_BLOCK } from '../../journal/position.ts'
import { MAX_SUM_BYTES, Sums } from '../../journal/sums.ts'
import type { BulkSink, RowWriter } from '../../store/seam/bulk-sink.ts'
import { AccountRows } from './account-rows.ts'
import {
  type ChangeForm,
  FLAGS_BEHIND_KEY,
  HAS_SUB,
  HINTED,
  itemKeyLength,
  LOG_BEHIND_KEY,
  RECEIVED,
  readBlock,
  SENT,
  SUB_BYTES,
  UNDECODABLE,
} from './change-record.ts'
import { assetPartition, type Spills } from './spills.ts'

/** No block: before the first. */
export const NONE = -1
const ZERO = Buffer.from([0x80])

/** What a sweep needs. `isOpen`: coverage began at block 0, so that each pair opens with 0; else openings are unknown. */
export type SweepParts = {
  readonly sink: Pick<BulkSink, 'rows' | 'takesIndexes'>
  readonly form: ChangeForm
  /** By asset: whether it is fungible, and how many holders were counted. */
  readonly fungible: Uint8Array
  readonly holders: Float64Array
  readonly spills: Pick<Spills, 'form' | 'holders' | 'met' | 'metPairs' | 'pairs'>
  readonly isOpen: boolean
  /** The last published block, or NONE. */
  readonly published: number
}

/** Rows that a sweep wrote: `held` and `met` are those of the indexes of balances. */
export type SweptRows = Readonly<Record<'changes' | 'balances' | 'held' | 'accounts' | 'met', number>>

/**
 * The sweep over all changes in the order of the tables' keys: running sums, and a row for each change, balance and
 * account, by the rules of `src/journal/position.ts`. Holders are spilled by asset.
 */
export class Sweep {
  readonly #parts: SweepParts
  readonly #form: ChangeForm
  readonly #changes: RowWriter
  readonly #balances: RowWriter
  readonly #account: AccountRows
  readonly #sum = new Sums()
  readonly #encoded = Buffer.alloc(MAX_SUM_BYTES)
  #sumBytes = 0
  readonly #delta = Buffer.alloc(MAX_SUM_BYTES)
  /** The key of the pair that is summed: account, asset, item key. */
  readonly #key: Buffer
  #keyBytes = 0
  #asset = 0
  readonly #pair = newPair()
  readonly #rows = { changes: 0, balances: 0, held: 0 }

  constructor(parts: SweepParts) {
    this.#parts = parts
    this.#form = parts.form
    this.#changes = parts.sink.rows('changes')
    this.#balances = parts.sink.rows('balances')
    this.#account = new AccountRows(parts.sink, parts.spills)
    this.#key = Buffer.alloc(256)
    this.#sum.select(0)
  }

  /** Takes the next record. */
  readonly take = (buffer: Buffer, at: number): void => {
    if (!this.#isSameKey(buffer, at)) this.#begin(buffer, at)
    const behind = at + this.#form.head + this.#keyBytes
    const block = readBlock(buffer, behind)
    const flags = buffer[behind + FLAGS_BEHIND_KEY] ?? 0
    if ((flags & HINTED) !== 0) this.#takeHint(block, flags)
    else this.#takeChange(buffer, { at, behind, block, flags })
  }

  get counts(): SweptRows {
    const { count, met } = this.#account.counts
    return { ...this.#rows, accounts: count, met }
  }

  /** Writes what the last records told. The next ones may be of any other accounts. */
  end(): void {
    if (this.#keyBytes === 0) return
    this.#endPair()
    this.#account.end()
    this.#keyBytes = 0
  }

  #isSameKey(buffer: Buffer, at: number): boolean {
    const [key, length, start] = [this.#key, this.#keyBytes, at + this.#form.head]
    if (length === 0) return false
    // From behind: items and assets differ more often than accounts.
    for (let i = length - 1; i >= 0; i--) if (buffer[start + i] !== key[i]) return false
    return true
  }

  #begin(buffer: Buffer, at: number): void {
    const start = at + this.#form.head
    const { accountBytes } = this.#form
    if (this.#keyBytes > 0) this.#endPair()
    if (this.#keyBytes === 0 || !this.#account.is(buffer, start)) {
      this.#account.end()
      this.#account.begin(buffer, start)
    }
    this.#keyBytes = accountBytes + 4 + itemKeyLength(buffer, this.#form.itemAt(at))
    for (let i = 0; i < this.#keyBytes; i++) this.#key[i] = buffer[start + i] ?? 0
    this.#asset = buffer.readUInt32BE(this.#form.assetAt(at))
    resetPair(this.#pair)
    this.#sum.clear()
    this.#encoded[0] = ZERO[0] ?? 0
    this.#sumBytes = 1
  }

  #takeHint(block: number, flags: number): void {
    const pair = this.#pair
    const isUndecodable = (flags & UNDECODABLE) !== 0
    if (pair.hintBlock === NONE || block < pair.hintBlock) pair.hintBlock = block
    if (isUndecodable && (pair.undecodable === NONE || block < pair.undecodable)) pair.undecodable = block
    if (block <= this.#parts.published) return
    if (pair.newHintBlock === NONE || block < pair.newHintBlock) pair.newHintBlock = block
    if (isUndecodable && (pair.newUndecodable === NONE || block < pair.newUndecodable)) pair.newUndecodable = block
  }

  #takeChange(buffer: Buffer, { at, behind, block, flags }: Placed): void {
    const pair = this.#pair
    const log = buffer.readUInt32BE(behind + LOG_BEHIND_KEY)
    const hasSub = (flags & HAS_SUB) !== 0
    const subAt = behind + FLAGS_BEHIND_KEY + 1
    const sub = hasSub ? buffer.readUInt32BE(subAt) : 0
    const digitsAt = hasSub ? subAt + SUB_BYTES : subAt
    const end = at + (buffer[at] ?? 0)
    if (pair.lastBlock === NONE) {
      pair.metBlock = block
      pair.metLog = log
      pair.metSub = sub
    } else if (block !== pair.lastBlock) this.#endBlock()
    pair.lastBlock = block
    if ((flags & RECEIVED) !== 0 && pair.receivedBlock === NONE) pair.receivedBlock = block
    const isSent = (flags & SENT) !== 0
    if (isSent) this.#sum.subtract(buffer, digitsAt, end)
    else this.#sum.add(buffer, digitsAt, end)
    this.#sumBytes = this.#sum.encode(this.#encoded)
    const row = this.#changes
    this.#writeKey(row)
    row.int(block)
    row.int(log)
    row.int(sub)
    if (isSent) row.bytes(this.#delta, 0, this.#encodeSent(buffer, digitsAt, end))
    else row.bytes(this.#delta, 0, this.#encodeReceived(buffer, digitsAt, end))
    row.bytes(this.#encoded, 0, this.#sumBytes)
    row.end()
    this.#rows.changes++
  }

  #encodeReceived(buffer: Buffer, start: number, end: number): number {
    const [to, length] = [this.#delta, end - start]
    to[0] = 0x80 + length
    for (let i = 0; i < length; i++) to[1 + i] = buffer[start + i] ?? 0
    return 1 + length
  }

  #encodeSent(buffer: Buffer, start: number, end: number): number {
    const [to, length] = [this.#delta, end - start]
    to[0] = 0x80 - length
    for (let i = 0; i < length; i++) to[1 + i] = 0xff - (buffer[start + i] ?? 0)
    return 1 + length
  }

  /** The end of a block with changes of the pair: as `endBlock` of `src/journal/position.ts`. */
  #endBlock(): void {
    const pair = this.#pair
    if (pair.closedBlock === NONE && this.#parts.isOpen && !this.#sum.isAmount()) pair.closedBlock = pair.lastBlock
  }

  #endPair(): void {
    const pair = this.#pair
    if (pair.lastBlock !== NONE) this.#endBlock()
    if (pair.hintBlock !== NONE) this.#meetByHint()
    this.#writeBalance()
    if (pair.closedBlock !== NONE) this.#parts.spills.pairs.addClosed(this.#key, this.#keyBytes)
    if (pair.hintBlock !== NONE) this.#parts.spills.pairs.addHint(this.#key, this.#keyBytes, pair)
    if (this.#hasItem()) return
    const { fungible, holders, isOpen } = this.#parts
    this.#account.add(this.#asset, pair, fungible[this.#asset] === 1)
    const isHeld = isOpen && pair.closedBlock === NONE && (this.#encoded[0] ?? 0) > 0x80
    if (!isHeld) return
    holders[this.#asset] = (holders[this.#asset] ?? 0) + 1
    this.#spillHolder()
    this.#rows.held++
  }

  /** As hints count in append: a meeting after the logs of their block, and the account may have received. */
  #meetByHint(): void {
    const pair = this.#pair
    const { hintBlock } = pair
    const isFirst = pair.lastBlock === NONE || hintBlock < pair.metBlock
    if (isFirst) {
      pair.metBlock = hintBlock
      pair.metLog = REST_OF_BLOCK
      pair.metSub = this.#asset
    }
    if (pair.lastBlock === NONE) pair.lastBlock = hintBlock
    if (pair.receivedBlock === NONE || hintBlock < pair.receivedBlock) pair.receivedBlock = hintBlock
  }

  #writeBalance(): void {
    const { isOpen } = this.#parts
    const pair = this.#pair
    const row = this.#balances
    this.#writeKey(row)
    row.bytes(this.#encoded, 0, this.#sumBytes)
    if (isOpen) row.bytes(ZERO, 0, 1)
    else row.nothing()
    if (isOpen && pair.closedBlock === NONE) row.bytes(this.#encoded, 0, this.#sumBytes)
    else row.nothing()
    row.int(pair.metBlock)
    row.int(pair.metLog)
    row.int(pair.metSub)
    writeBlockOr(row, pair.receivedBlock)
    row.int(pair.lastBlock)
    writeBlockOr(row, pair.closedBlock)
    row.int(this.#parts.fungible[this.#asset] ?? 0)
    row.end()
    this.#rows.balances++
  }

  #writeKey(row: RowWriter): void {
    const { accountBytes } = this.#form
    row.bytes(this.#key, 0, accountBytes)
    row.int(this.#asset)
    if (this.#hasItem()) row.bytes(this.#key, accountBytes + 4, this.#keyBytes)
    else row.bytes(this.#key, 0, 0)
  }

  #hasItem(): boolean {
    return this.#key[this.#form.accountBytes + 4] !== 0
  }

  /** Spills a holder under its amount's complement: the greatest comes first. */
  #spillHolder(): void {
    const { spills } = this.#parts
    const { accountBytes } = this.#form
    const asset = this.#asset
    let at = spills.holders.room(assetPartition(asset), 4 + this.#sumBytes + accountBytes)
    const to = spills.holders.buffer
    at = to.writeUInt32BE(asset, at)
    for (let i = 0; i < this.#sumBytes; i++) to[at++] = 0xff - (this.#encoded[i] ?? 0)
    for (let i = 0; i < accountBytes; i++) to[at++] = this.#key[i] ?? 0
  }
}

type Placed = { readonly at: number; readonly behind: number; readonly block: number; readonly flags: number }

/**
 * What is known of the pair that is summed. `hintBlock`: the first block that hints at it; NONE if there is none. `new...`:
 * the same among the blocks that are not published yet.
 */
export type SummedPair = {
  metBlock: number
  metLog: number
  metSub: number
  receivedBlock: number
  lastBlock: number
  closedBlock: number
  hintBlock: number
  undecodable: number
  newHintBlock: number
  newUndecodable: number
}

function newPair(): SummedPair {
  const hints = { hintBlock: NONE, undecodable: NONE, newHintBlock: NONE, newUndecodable: NONE }
  const blocks = { receivedBlock: NONE, lastBlock: NONE, closedBlock: NONE }
  return { metBlock: NONE, metLog: 0, metSub: 0, ...blocks, ...hints }
}

function resetPair(pair: SummedPair): void {
  pair.metBlock = NONE
  pair.receivedBlock = NONE
  pair.lastBlock = NONE
  pair.closedBlock = NONE
  pair.hintBlock = NONE
  pair.undecodable = NONE
  pair.newHintBlock = NONE
  pair.newUndecodable = NONE
}

function writeBlockOr(row: RowWriter, block: number): void {
  if (block === NONE) row.nothing()
  else row.int(block)
}
