import { join } from 'node:path'
import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import type { Header } from '../../core/block.ts'
import type { BulkSink, SortedTable } from '../../store/seam/bulk-sink.ts'
import { logDamaged } from '../../store/seam/log-damage.ts'
import type { Mark } from '../raw-log/mark.ts'
import { HINT, TRANSFER } from '../raw-log/record-layout.ts'
import { accountFilter } from './account-filter.ts'
import { BuiltAssets } from './built-assets.ts'
import { readBlock } from './change-record.ts'
import { GrowingLog } from './growing-log.ts'
import { LogReading } from './read-log.ts'
import { writeSmallTables } from './small-tables.ts'
import { BUILD_SIZES, type BuildSizes, PLACE_BYTES, Spills } from './spills.ts'
import { NONE, type SweptRows } from './sweep.ts'
import type { SweepHelper } from './sweep-share.ts'
import { SweptAccounts } from './swept-accounts.ts'

/** Steps of a build at which a test kills the process. */
export const BUILD_STEPS = ['build:log', 'build:places', 'build:sweep', 'build:holders', 'build:small'] as const
/** One of BUILD_STEPS. */
export type BuildStep = (typeof BUILD_STEPS)[number]

/** What is built. `accounts`: whose changes are kept; undefined: those of all. `from`: the first block of coverage. */
export type BuildOptions = {
  /** The folder of the raw log. */
  readonly log: string
  readonly codec: AccountCodec
  readonly from: number
  /** Blocks up to this one are published; undefined if none is. */
  readonly published: number | undefined
  readonly accounts?: readonly string[] | undefined
  /** About how many transfers the log will have, as far as that is known. */
  readonly expected?: number | undefined
  readonly sizes?: BuildSizes
  readonly onStep?: (step: BuildStep) => void
  /** Another thread, which sweeps a share of the accounts. */
  readonly helper?: SweepHelper | undefined
}

/** What was built: the rows of each table. */
export type Built = Readonly<Record<SortedTable | 'assets', number>>

/** Where the final blocks of a log end: with the last one if `finalized` is undefined. `tail`: the headers of those behind it. */
export type Ends = { readonly finalized: Header | undefined; readonly tail: readonly Header[] }

/** All blocks are final. */
export const ALL_FINAL: Ends = { finalized: undefined, tail: [] }

/** What the log is read with, once the length of its accounts is known. */
type Reading = { readonly spills: Spills; readonly pass: LogReading }

/**
 * Builds the tables of a chain from its raw log into a sink: one pass over the log, from mark to mark while it is still
 * written; then sorts in bounded memory, and one sweep. What it writes depends only on the log. If it fails, the sink is
 * abandoned.
 */
export class Build {
  readonly #options: BuildOptions
  readonly #sink: BulkSink
  readonly #log: GrowingLog
  readonly #assets: BuiltAssets
  #reading: Reading | undefined
  #isOver = false

  constructor(options: BuildOptions, sink: BulkSink) {
    this.#options = options
    this.#sink = sink
    this.#log = new GrowingLog(options.log)
    this.#assets = new BuiltAssets(this.#log.assets)
  }

  /**
   * Reads the log on to a later mark.
   * @throws STORE_FULL, STORE_UNAVAILABLE, STORE_DAMAGED
   * @throws RowTooLarge another sink must be used
   */
  readTo(mark: Mark): void {
    this.#orAbandon(() => {
      this.#log.advance(mark)
      this.#assets.grow()
      this.#assets.know(mark.known)
      if (this.#reading === undefined) {
        const accountBytes = firstAccountBytes(this.#log)
        // Records that name no account wait for the length of those that follow.
        if (accountBytes === undefined) return
        this.#reading = this.#begin(accountBytes)
      }
      readPart(this.#log, this.#reading.pass)
    })
  }

  /** Writes all that the log up to the last mark tells. @throws as `readTo` */
  async finish(ends: Ends = ALL_FINAL): Promise<Built> {
    try {
      if (this.#reading === undefined) {
        this.#reading = this.#begin(1)
        readPart(this.#log, this.#reading.pass)
      }
      const built = await this.#write(this.#reading, ends)
      this.#reading.spills.remove()
      this.#isOver = true
      return built
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  /** Removes what was written, unless the build is over. */
  abandon(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.abandon()
    this.#reading?.spills.remove()
  }

  #orAbandon<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  #begin(accountBytes: number): Reading {
    const { log, codec, accounts, expected = 0, sizes = BUILD_SIZES, published = NONE } = this.#options
    const spills = new Spills(join(log, 'build'), { transfers: expected, accountBytes }, sizes)
    const zero = codec.zeroAddress === undefined ? undefined : codec.encode(codec.zeroAddress)
    const keeps = accountFilter(zero, accounts?.map(codec.encode))
    return { spills, pass: new LogReading({ sink: this.#sink, assets: this.#assets, spills, keeps, published }) }
  }

  async #write({ spills, pass }: Reading, { finalized, tail }: Ends): Promise<Built> {
    const [sink, assets] = [this.#sink, this.#assets]
    const { log, from, helper, published = NONE, onStep = () => undefined } = this.#options
    const { through, transfers } = this.#log.mark
    assert(through !== undefined, 'a build has blocks')
    const read = pass.end()
    if (read.transfers !== transfers) throw logDamaged(`${log} lacks transfers of its mark`)
    onStep('build:log')
    const accounts = new SweptAccounts({ sink, assets, spills, isOpen: from === 0, published })
    const rows = await accounts.write(helper, () => {
      if (sink.takesIndexes) writePlaces(sink, spills)
      onStep('build:places')
    })
    onStep('build:sweep')
    if (sink.takesIndexes) accounts.writeHolders()
    sink.endRows()
    onStep('build:holders')
    writeSmallTables({ sink, assets, spills, published }, tail)
    sink.finish({ ...read, through, finalized: finalized ?? through, tail })
    onStep('build:small')
    return rowsOf(rows, { transfers, assets: assets.count })
  }
}

/** Builds all that a log has up to a mark. */
export function build({ mark, ...options }: BuildOptions & { readonly mark: Mark }, sink: BulkSink): Promise<Built> {
  const whole = new Build({ expected: mark.transfers, ...options }, sink)
  whole.readTo(mark)
  return whole.finish()
}

function readPart(log: GrowingLog, pass: LogReading): void {
  const cursor = log.records()
  try {
    pass.read(cursor)
  } finally {
    cursor.close()
  }
  log.pass()
}

function rowsOf(rows: SweptRows, { transfers, assets }: Pick<Built, 'transfers' | 'assets'>): Built {
  return {
    ...{ transfers, assets, transfers_by_asset: transfers },
    ...{ changes: rows.changes, balances: rows.balances, balances_by_amount: rows.held },
    ...{ accounts: rows.accounts, balances_as_met: rows.met },
  }
}

/** The length of the accounts in the last part of a log, which is one for all; undefined if it names none. */
function firstAccountBytes(log: GrowingLog): number | undefined {
  const cursor = log.records()
  try {
    while (cursor.next()) {
      if (cursor.type === HINT) return cursor.accountLength
      if (cursor.type === TRANSFER && cursor.fromLength + cursor.toLength > 0)
        return cursor.fromLength || cursor.toLength
    }
    return undefined
  } finally {
    cursor.close()
  }
}

const PLACES = { head: 0, keyLength: () => 4, length: () => PLACE_BYTES }

function writePlaces(sink: BulkSink, spills: Spills): void {
  const row = sink.rows('transfers_by_asset')
  spills.sorter.each(spills.places, PLACES, (buffer, at) => {
    row.int(buffer.readUInt32BE(at))
    row.int(readBlock(buffer, at + 4))
    row.int(buffer.readUInt32BE(at + 9))
    row.int(buffer.readUInt32BE(at + 13))
    row.end()
  })
}
