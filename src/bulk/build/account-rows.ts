import type { BulkSink, RowWriter } from '../../store/seam/bulk-sink.ts'
import { grown } from './grown.ts'
import type { MetAsset, MetSpill } from './met-spill.ts'
import type { Spills } from './spills.ts'

/** Pairs of one account that have room at first. Room doubles: a pair takes 33 bytes. */
const FIRST_PAIRS = 256

/** How an account met an asset. */
type Meeting = Omit<MetAsset, 'asset' | 'fungible'>

/** Writes for each account its row, and its assets in the order in which it met them. */
export class AccountRows {
  readonly #accounts: RowWriter
  readonly #asMet: RowWriter
  readonly #takesIndexes: boolean
  readonly #account: Buffer
  readonly counts = { count: 0, met: 0 }
  readonly #spill: MetSpill
  readonly #maxPairs: number
  /** Pairs of the account, and how many of them are in memory: the last ones. */
  #pairs = 0
  #held = 0
  #received = 0
  #isBegun = false
  #asset = new Uint32Array(FIRST_PAIRS)
  #block = new Float64Array(FIRST_PAIRS)
  #log = new Float64Array(FIRST_PAIRS)
  #sub = new Float64Array(FIRST_PAIRS)
  #receivedBlock = new Float64Array(FIRST_PAIRS)
  #fungible = new Uint8Array(FIRST_PAIRS)

  constructor(
    sink: Pick<BulkSink, 'rows' | 'takesIndexes'>,
    { form, met, metPairs }: Pick<Spills, 'form' | 'met' | 'metPairs'>,
  ) {
    this.#accounts = sink.rows('accounts')
    this.#asMet = sink.rows('balances_as_met')
    this.#takesIndexes = sink.takesIndexes
    this.#account = Buffer.alloc(form.accountBytes)
    this.#spill = met
    this.#maxPairs = metPairs
  }

  /** True if the account at a position is the current one. */
  is(buffer: Buffer, at: number): boolean {
    const account = this.#account
    for (let i = account.length - 1; i >= 0; i--) if (buffer[at + i] !== account[i]) return false
    return true
  }

  begin(buffer: Buffer, at: number): void {
    buffer.copy(this.#account, 0, at, at + this.#account.length)
    this.#isBegun = true
    this.#pairs = 0
    this.#held = 0
    this.#received = 0
  }

  /** Adds an asset of the account: its roll-up, for a collection. */
  add(asset: number, { metBlock, metLog, metSub, receivedBlock }: Meeting, isFungible: boolean): void {
    if (this.#held === this.#maxPairs) this.#spillHeld()
    if (this.#held === this.#asset.length) this.#grow()
    this.#pairs++
    const at = this.#held++
    this.#asset[at] = asset
    this.#block[at] = metBlock
    this.#log[at] = metLog
    this.#sub[at] = metSub
    this.#receivedBlock[at] = receivedBlock
    this.#fungible[at] = isFungible ? 1 : 0
    if (isFungible && receivedBlock >= 0) this.#received++
  }

  /** Writes the account's rows, if one was begun. */
  end(): void {
    if (!this.#isBegun) return
    this.#isBegun = false
    if (this.#pairs > 0) {
      const row = this.#accounts
      row.bytes(this.#account, 0, this.#account.length)
      row.int(this.#pairs)
      row.int(this.#received)
      row.end()
      this.counts.count++
      this.counts.met += this.#pairs
    }
    if (this.#takesIndexes) this.#writeAsMet()
  }

  #writeAsMet(): void {
    if (this.#held === 1 && this.#pairs === 1) {
      this.#writeMeeting(0)
      return
    }
    if (this.#held < this.#pairs) {
      this.#spillHeld()
      this.#spill.take((met) => this.#writeMet(met))
      return
    }
    const [block, log, sub] = [this.#block, this.#log, this.#sub]
    const order = new Uint32Array(this.#held)
    for (let i = 0; i < order.length; i++) order[i] = i
    order.sort(
      (a, b) => (block[a] ?? 0) - (block[b] ?? 0) || (log[a] ?? 0) - (log[b] ?? 0) || (sub[a] ?? 0) - (sub[b] ?? 0),
    )
    for (const at of order) this.#writeMeeting(at)
  }

  #writeMeeting(at: number): void {
    this.#writeMet(this.#at(at))
  }

  #writeMet({ asset, metBlock, metLog, metSub, receivedBlock, fungible }: MetAsset): void {
    const row = this.#asMet
    row.bytes(this.#account, 0, this.#account.length)
    row.int(metBlock)
    row.int(metLog)
    row.int(metSub)
    row.int(fungible)
    if (receivedBlock < 0) row.nothing()
    else row.int(receivedBlock)
    row.int(asset)
    row.bytes(this.#account, 0, 0)
    row.end()
  }

  #at(at: number): MetAsset {
    return {
      asset: this.#asset[at] ?? 0,
      metBlock: this.#block[at] ?? 0,
      metLog: this.#log[at] ?? 0,
      metSub: this.#sub[at] ?? 0,
      receivedBlock: this.#receivedBlock[at] ?? -1,
      fungible: this.#fungible[at] ?? 0,
    }
  }

  /** Moves the pairs that are in memory to the disk. */
  #spillHeld(): void {
    if (this.#takesIndexes) for (let at = 0; at < this.#held; at++) this.#spill.add(this.#at(at))
    this.#held = 0
  }

  #grow(): void {
    this.#asset = grown(this.#asset, new Uint32Array(2 * this.#asset.length))
    this.#block = grown(this.#block, new Float64Array(2 * this.#block.length))
    this.#log = grown(this.#log, new Float64Array(2 * this.#log.length))
    this.#sub = grown(this.#sub, new Float64Array(2 * this.#sub.length))
    this.#receivedBlock = grown(this.#receivedBlock, new Float64Array(2 * this.#receivedBlock.length))
    this.#fungible = grown(this.#fungible, new Uint8Array(2 * this.#fungible.length))
  }
}
