import { join } from 'node:path'
import type { BulkSink } from '../../store/seam/bulk-sink.ts'
import type { SinkSharing } from '../../store/seam/sink-sharing.ts'
import type { BuiltAssets } from './built-assets.ts'
import { Claims } from './claims.ts'
import type { SharedSpill } from './spill.ts'
import { SpillReader } from './spill-reader.ts'
import type { SpillSource } from './spill-source.ts'
import type { Spills } from './spills.ts'
import { Sweep, type SweptRows } from './sweep.ts'
import type { SweepHelper, SweepJob, Swept } from './sweep-share.ts'

/** What the rows of accounts are written from. */
type Parts = {
  readonly sink: BulkSink
  readonly assets: BuiltAssets
  readonly spills: Spills
  readonly isOpen: boolean
  /** The last published block, or NONE. */
  readonly published: number
}

/** Writes the rows of accounts, a share of them in another thread if there is one, and then those of holders. */
export class SweptAccounts {
  readonly #parts: Parts
  readonly #sweep: Sweep
  /** The holders that the other thread found. */
  #others: SharedSpill | undefined

  constructor(parts: Parts) {
    const { assets, isOpen, published, sink, spills } = parts
    this.#parts = parts
    this.#sweep = new Sweep({
      sink,
      form: spills.form,
      fungible: assets.fungible,
      holders: assets.holders,
      spills,
      isOpen,
      published,
    })
  }

  /** Writes the rows of accounts. `beside`: what else is written, while the other thread begins. */
  async write(helper: SweepHelper | undefined, beside: () => void): Promise<SweptRows> {
    const { sink, spills } = this.#parts
    if (helper !== undefined && sink.sharing !== undefined)
      return this.#share({ helper, sharing: sink.sharing, beside })
    beside()
    spills.sorter.each(spills.changes, spills.form, this.#sweep.take)
    this.#sweep.end()
    return this.#sweep.counts
  }

  /** Writes the holders of each asset. */
  writeHolders(): void {
    const { sink, spills } = this.#parts
    if (this.#others === undefined) writeHolders(sink, { spills, holders: spills.holders })
    else {
      const reader = new SpillReader(join(spills.folder, 'all-holders'), [spills.holders.share(), this.#others])
      writeHolders(sink, { spills, holders: reader })
      reader.close()
    }
  }

  async #share({ helper, sharing, beside }: Shared): Promise<SweptRows> {
    const { folder, changes: spill } = this.#parts.spills
    const changes = spill.share()
    const claims = new Claims(changes.extents.length)
    const others = helper.sweep(this.#job({ place: sharing.place, changes, claims: claims.memory }))
    // It may fail first.
    others.catch(() => undefined)
    const reader = new SpillReader(join(folder, 'own-changes'), [changes])
    try {
      beside()
      this.#sweepOwn(reader, claims)
      const swept = await others
      sharing.join(swept.written)
      return this.#adopt(swept)
    } finally {
      claims.stop()
      await others.catch(() => undefined)
      reader.close()
    }
  }

  #job(shared: Pick<SweepJob, 'place' | 'changes' | 'claims'>): SweepJob {
    const { assets, isOpen, published, spills } = this.#parts
    const { accountBytes } = spills.form
    const fungible = assets.fungible.slice(0, assets.count + 1)
    const { folder, sizes } = spills
    return { ...shared, folder: join(folder, 'share'), sizes, accountBytes, isOpen, published, fungible }
  }

  #sweepOwn(changes: SpillSource, claims: Claims): void {
    const { form, sorter } = this.#parts.spills
    for (let partition = claims.first(); partition !== undefined; partition = claims.first()) {
      sorter.eachOf(changes, { partition, form, onRecord: this.#sweep.take })
    }
    this.#sweep.end()
  }

  /** Adds what the other thread found to what this one did. */
  #adopt({ counts, holders, pairs, rows }: Swept): SweptRows {
    const { assets, spills } = this.#parts
    this.#others = holders
    spills.pairs.adopt(pairs)
    for (const [asset, count] of counts.entries()) assets.holders[asset] = (assets.holders[asset] ?? 0) + count
    const own = this.#sweep.counts
    return {
      changes: own.changes + rows.changes,
      balances: own.balances + rows.balances,
      held: own.held + rows.held,
      accounts: own.accounts + rows.accounts,
      met: own.met + rows.met,
    }
  }
}

type Shared = { readonly helper: SweepHelper; readonly sharing: SinkSharing; readonly beside: () => void }

type Holders = { readonly spills: Spills; readonly holders: SpillSource }

function writeHolders(sink: BulkSink, { spills, holders }: Holders): void {
  const row = sink.rows('balances_by_amount')
  const { accountBytes } = spills.form
  const amount = Buffer.alloc(64)
  const amountBytes = (buffer: Buffer, at: number): number => 0x80 - (buffer[at + 4] ?? 0)
  const length = (buffer: Buffer, at: number): number => 4 + amountBytes(buffer, at) + accountBytes
  spills.sorter.each(holders, { head: 0, keyLength: length, length }, (buffer, at) => {
    const bytes = amountBytes(buffer, at)
    for (let i = 0; i < bytes; i++) amount[i] = 0xff - (buffer[at + 4 + i] ?? 0)
    const accountAt = at + 4 + bytes
    row.int(buffer.readUInt32BE(at))
    row.bytes(amount, 0, bytes)
    row.bytes(buffer, accountAt, accountAt + accountBytes)
    row.bytes(buffer, accountAt, accountAt)
    row.end()
  })
}
