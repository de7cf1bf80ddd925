import { AssetDictionary } from '../../../bulk/raw-log/asset-dictionary.ts'
import {
  ASSET_AT,
  EVENT_AT,
  LENGTH_AT,
  MAX_RECORD,
  NOTE,
  PART_AT,
  TRANSFER,
  TRANSFER_HEAD,
} from '../../../bulk/raw-log/record-layout.ts'
import { STANDARDS } from '../../../core/standards.ts'
import {
  DEPOSIT,
  TRANSFER_BATCH,
  TRANSFER_SINGLE,
  TRANSFER as TRANSFER_TOPIC,
  WITHDRAWAL,
} from '../transfers/decode-log.ts'
import { ContractIndexes } from './contract-indexes.ts'
import { HexWriter, isHex, smallWordAt } from './hex-text.ts'
import { Literal } from './literal.ts'
import type { LogText } from './log-text.ts'

/** The events that are read, each with the digits of its topic. */
const EVENTS = [TRANSFER_TOPIC, TRANSFER_SINGLE, TRANSFER_BATCH, DEPOSIT, WITHDRAWAL].map(
  (topic) => new Literal(Buffer.from(topic.slice(2))),
)
const [IS_TRANSFER, IS_SINGLE, IS_BATCH, IS_DEPOSIT] = [0, 1, 2, 3]

const ERC20 = STANDARDS.indexOf('erc20')
const ERC721 = STANDARDS.indexOf('erc721')
const ERC1155 = STANDARDS.indexOf('erc1155')

const WORD = 64
const FIRST_BYTES = 256 * 1024
const NO_PLACE = -1
const ENCODED_ONE = [0x81, 0x01]

/** What a log's event is: an index of our events, or none of them. */
export function eventOf({ view, topics, topicAt }: LogText): number {
  const at = topicAt[0] ?? 0
  if (topics === 0 || at === 0) return -1
  for (let event = 0; event < EVENTS.length; event++) if (EVENTS[event]?.isAt(view, at) === true) return event
  return -1
}

/**
 * A record to write: its type, the index of its standard, and where its parts are in the log's text. -1: the part is not
 * there. `item` and `amount` are words.
 */
type Sketch = {
  type: number
  standard: number
  part: number
  from: number
  to: number
  item: number
  amount: number
}

/**
 * Records of transfers from the text of logs. A log is written only if it has the usual layout of its event; the rules are
 * those of `decodeLog`, without its odd layouts.
 */
export class LogRecords {
  readonly assets = new AssetDictionary()
  length = 0
  buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #view: DataView = viewOf(this.buffer)
  readonly #target = new HexWriter(this.buffer)
  readonly #contracts = new ContractIndexes(this.assets)
  readonly #sketch: Sketch = { type: TRANSFER, standard: ERC20, part: 0, from: 0, to: 0, item: 0, amount: 0 }

  /** Removes all records and keeps the memory. */
  clear(): void {
    this.length = 0
    this.assets.clear()
    this.#contracts.clear()
  }

  /** Adds the records of a log of an event. Returns false, and adds nothing, if it does not have the usual layout. */
  add(log: LogText, event: number): boolean {
    const { topics } = log
    if (log.isOdd) return false
    const before = this.length
    let isWritten = false
    if (event === IS_TRANSFER) isWritten = topics === 3 ? this.#addErc20(log) : topics === 4 && this.#addErc721(log)
    else if (event === IS_SINGLE) isWritten = topics === 4 && this.#addSingle(log)
    else if (event === IS_BATCH) isWritten = topics === 4 && this.#addBatch(log)
    else isWritten = topics === 2 && this.#addNote(log, event === IS_DEPOSIT)
    if (!isWritten) this.length = before
    return isWritten
  }

  #addErc20(log: LogText): boolean {
    if (log.dataDigits !== WORD) return false
    this.#begin(log, ERC20, 1)
    this.#sketch.amount = log.dataAt
    return this.#write(log)
  }

  #addErc721(log: LogText): boolean {
    if (log.dataDigits !== 0) return false
    this.#begin(log, ERC721, 1)
    this.#sketch.item = log.topicAt[3] ?? 0
    return this.#write(log)
  }

  #addSingle(log: LogText): boolean {
    if (log.dataDigits !== 2 * WORD || !isHex(log.view, log.topicAt[1] ?? 0, WORD)) return false
    this.#begin(log, ERC1155, 2)
    this.#sketch.item = log.dataAt
    this.#sketch.amount = log.dataAt + WORD
    return this.#write(log)
  }

  #addBatch(log: LogText): boolean {
    const { text, view, dataAt, dataDigits } = log
    if (dataDigits % WORD !== 0 || !isHex(view, dataAt, dataDigits)) return false
    if (!isHex(view, log.topicAt[1] ?? 0, WORD)) return false
    const ids = listAt(log, 0)
    const amounts = listAt(log, 1)
    if (ids < 0 || amounts < 0) return false
    const parts = smallWordAt(text, ids)
    if (parts !== smallWordAt(text, amounts)) return false
    this.#begin(log, ERC1155, 2)
    // An empty batch moves nothing, but its sides must be accounts all the same.
    if (parts === 0) return this.#areSides(log)
    for (let part = 0; part < parts; part++) {
      this.#sketch.part = part
      this.#sketch.item = ids + (1 + part) * WORD
      this.#sketch.amount = amounts + (1 + part) * WORD
      if (!this.#write(log)) return false
    }
    return true
  }

  #addNote(log: LogText, isDeposit: boolean): boolean {
    if (log.dataDigits !== WORD) return false
    const before = this.length
    const account = log.topicAt[1] ?? 0
    const sketch = this.#sketch
    sketch.type = NOTE
    sketch.standard = ERC20
    sketch.part = 0
    sketch.from = isDeposit ? NO_PLACE : account
    sketch.to = isDeposit ? account : NO_PLACE
    sketch.item = NO_PLACE
    sketch.amount = log.dataAt
    if (!this.#write(log)) return false
    // The zero address has no balance that could change.
    if ((this.buffer[before + 1] ?? 0) + (this.buffer[before + 2] ?? 0) === 0) this.length = before
    return true
  }

  /** Begins the sketch of a transfer. Its sides are this topic and the next. */
  #begin(log: LogText, standard: number, topic: number): void {
    const sketch = this.#sketch
    sketch.type = TRANSFER
    sketch.standard = standard
    sketch.part = 0
    sketch.from = log.topicAt[topic] ?? 0
    sketch.to = log.topicAt[topic + 1] ?? 0
    sketch.item = NO_PLACE
    sketch.amount = NO_PLACE
  }

  #areSides(log: LogText): boolean {
    const before = this.length
    const isWritten = this.#write(log)
    this.length = before
    return isWritten
  }

  /** Writes the record of the sketch. Returns false if a part is not what it should be; `length` is then of no use. */
  #write(log: LogText): boolean {
    const { view } = log
    this.#reserve()
    const { buffer, length: at } = this
    const { type, standard, part, from, to, item, amount } = this.#sketch
    const target = this.#target
    target.at = at + TRANSFER_HEAD
    let before = target.at
    if (from !== NO_PLACE && !target.writeAccount(view, from)) return false
    buffer[at + 1] = target.at - before
    before = target.at
    if (to !== NO_PLACE && !target.writeAccount(view, to)) return false
    buffer[at + 2] = target.at - before
    before = target.at
    if (!target.write(view, log.transactionHashAt, WORD / 2)) return false
    buffer[at + 3] = target.at - before
    before = target.at
    if (item !== NO_PLACE && !target.writeAmount(view, item)) return false
    buffer[at + 4] = target.at - before
    before = target.at
    if (amount === NO_PLACE) for (const byte of ENCODED_ONE) buffer[target.at++] = byte
    else if (!target.writeAmount(view, amount)) return false
    buffer[at + 5] = target.at - before
    const asset = this.#contracts.indexAt(view, log.addressAt, standard)
    if (asset < 0) return false
    const out = this.#view
    buffer[at] = type
    out.setUint16(at + LENGTH_AT, target.at - at, true)
    out.setUint32(at + ASSET_AT, asset, true)
    out.setUint32(at + EVENT_AT, log.index, true)
    out.setUint32(at + PART_AT, part, true)
    this.length = target.at
    return true
  }

  #reserve(): void {
    if (this.length + MAX_RECORD <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(2 * this.buffer.length)
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
    this.#view = viewOf(larger)
    this.#target.bytes = larger
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Returns the place of the uint256[] whose offset is the data's n-th word: its length word; -1 if it is not all in the data. */
function listAt({ text, dataAt, dataDigits }: LogText, n: number): number {
  const words = dataDigits / WORD
  if (words <= n) return -1
  const offset = smallWordAt(text, dataAt + n * WORD)
  if (offset < 0 || offset % 32 !== 0 || offset / 32 >= words) return -1
  const place = dataAt + (offset / 32) * WORD
  const length = smallWordAt(text, place)
  return length >= 0 && offset / 32 + 1 + length <= words ? place : -1
}
