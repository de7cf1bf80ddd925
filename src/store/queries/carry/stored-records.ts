import type { AccountCodec } from '../../../core/account.ts'
import { AssertionError } from '../../../core/assert.ts'
import { mustBeOurs } from '../../../journal/damaged-value.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { bytes, int, NO_ROW, nullable, type Row, text } from '../../rows/columns.ts'
import type { StoredRecord } from '../../seam/stored-chain.ts'
import { type Asked, rowsOf, type Sql } from '../query.ts'

/** Reads the rows of a statement, some at a time. All statements are of one snapshot. */
export type ReadPages = (asked: Asked) => AsyncGenerator<readonly Row[], void>

/** Rows that begin with their block, as far as they were read. */
type Stream = {
  readonly pages: ReturnType<ReadPages>
  readonly parse: (row: Row) => StoredRecord
  rows: readonly Row[]
  isAtEnd: boolean
}

/** Reads the records of the blocks after one, as `StoredChain.records`. */
export async function* storedRecords(
  read: ReadPages,
  after: number,
  codec: AccountCodec,
): AsyncGenerator<readonly StoredRecord[], void> {
  const streams = streamsOf(codec).map(([sql, parse]): Stream => {
    return { pages: read([sql, after]), parse, rows: [], isAtEnd: false }
  })
  try {
    for (let end = 0; end < Number.POSITIVE_INFINITY; ) {
      // What was read of a block is all of it once a later one begins.
      for (const stream of streams) await readPast(stream, end)
      end = streams.reduce((least, stream) => Math.min(least, endOf(stream)), Number.POSITIVE_INFINITY)
      yield [...recordsBelow(end, streams)]
    }
  } finally {
    for (const { pages } of streams) await pages.return()
  }
}

/** Reads on until rows of a block after `end` are there, or all. */
async function readPast(stream: Stream, end: number): Promise<void> {
  while (!stream.isAtEnd && endOf(stream) <= end) {
    const { done, value = [] } = await stream.pages.next()
    stream.isAtEnd = done === true
    stream.rows = stream.rows.length === 0 ? value : [...stream.rows, ...value]
  }
}

/** The block of the last row that was read: all rows of those before it are there. */
function endOf({ rows, isAtEnd }: Stream): number {
  return isAtEnd ? Number.POSITIVE_INFINITY : blockOf(rows.at(-1) ?? NO_ROW)
}

function blockOf(row: Row): number {
  return row.length === 0 ? 0 : int(row[0])
}

/** The records of the blocks below one, block by block. `streams`: headers, transfers, and hints. */
function* recordsBelow(end: number, streams: readonly Stream[]): Generator<StoredRecord> {
  const all = streams.map(({ rows, parse }) => ({ rows, parse, at: 0 }))
  const [heads, ...others] = all
  for (;;) {
    const number = others.reduce((least, { rows, at }) => {
      const row = rows[at]
      return row === undefined ? least : Math.min(least, int(row[0]))
    }, end)
    if (number >= end) break
    while (heads !== undefined && heads.at < heads.rows.length && blockOf(heads.rows[heads.at] ?? NO_ROW) < number)
      heads.at++
    const header = heads?.rows[heads.at]
    const isKept = header !== undefined && int(header[0]) === number
    const isMoved = others[0]?.rows[others[0].at]?.[0] === number
    mustBeOurs(isKept || !isMoved, `transfers of block ${number} are stored, but not the block`)
    const hash = isKept ? bytes(header[2]) : undefined
    yield { type: 'block', number, timestamp: isKept ? int(header[1]) : 0, hash }
    for (const one of others) {
      for (let row = one.rows[one.at]; row !== undefined && row[0] === number; row = one.rows[++one.at])
        yield one.parse(row)
    }
  }
  for (const [index, stream] of streams.entries()) stream.rows = stream.rows.slice(all[index]?.at)
}

const HEADERS = rowsOf('SELECT number, timestamp, hash FROM blocks WHERE number > ? ORDER BY number')
const TRANSFERS =
  rowsOf(`SELECT block, log, sub, asset, sender, receiver, item, amount, hash FROM transfers WHERE block > ?
  ORDER BY block, log, sub`)
const HINTS = rowsOf(`SELECT block, reference, standard, account, item, CASE WHEN undecodable = block THEN 1 ELSE 0 END
  FROM hints WHERE block > ? ORDER BY block`)
const UNDECODABLE = rowsOf(`SELECT undecodable, reference, standard, account, item, 1 FROM hints
  WHERE undecodable > ? AND undecodable <> block ORDER BY undecodable`)
/**
 * Tokens may have been shown to exist by an event of an account whose hints are not stored: the zero address. Such an event
 * reclassifies a token.
 */
const MET =
  rowsOf(`SELECT a.first_block, a.reference, a.standard, NULL, NULL, 1 FROM turns t JOIN assets a ON a.id = t.asset
  WHERE a.first_block > ? AND t.code_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM transfers s WHERE s.asset = a.id AND s.block = a.first_block)
  ORDER BY a.first_block`)

function streamsOf({ zeroAddress, encode }: AccountCodec): readonly (readonly [sql: Sql, parse: Stream['parse']])[] {
  const hint = (row: Row): StoredRecord => hintOf(row, bytes(row[3]), bytes(row[4]))
  const zero = zeroAddress === undefined ? undefined : encode(zeroAddress)
  return [
    [HEADERS, noRecord],
    [TRANSFERS, transferOf],
    [HINTS, hint],
    [UNDECODABLE, hint],
    ...(zero === undefined ? [] : [[MET, (row: Row) => hintOf(row, zero, Buffer.alloc(0))] as const]),
  ]
}

function noRecord(): never {
  throw new AssertionError('a header is no record')
}

function transferOf(row: Row): StoredRecord {
  return {
    type: 'transfer',
    event: int(row[1]),
    part: int(row[2]),
    asset: int(row[3]),
    from: nullable(row[4], bytes),
    to: nullable(row[5], bytes),
    item: bytes(row[6]),
    amount: bytes(row[7]),
    hash: bytes(row[8]),
  }
}

function hintOf(row: Row, account: Uint8Array, item: Uint8Array): StoredRecord {
  const asset = { reference: text(row[1]), standard: parseStandard(row[2]) }
  return { type: 'hint', asset, account, item, isUndecodable: int(row[5]) === 1 }
}
