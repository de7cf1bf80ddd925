import { TEXT_ACCOUNTS } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import { fieldsOf, OPERATION_KINDS, operationOf, type RecordedOperation } from '../../core/operation.ts'
import { decodeAmount, encodeAmount } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { bytes, int, nullable, type Row, text } from './columns.ts'

/** The columns that `readRecorded` reads, in order. */
export const RECORD_COLUMNS =
  'o.number, b.hash, b.timestamp, o.serial, o.kind, o.asset, o.sender, o.receiver, o.amount, o.name, o.symbol, o.reissue'
/** The tables that RECORD_COLUMNS come from. */
export const RECORD = 'ledger_operations o JOIN blocks b ON b.number = o.number'

/** Decodes a row with RECORD_COLUMNS. */
export function readRecorded(row: Row): RecordedOperation {
  const kind = OPERATION_KINDS.find((known) => known === row[4])
  assert(kind !== undefined, `stored kind of operation is unknown: ${String(row[4])}`)
  const account = (value: unknown): string => TEXT_ACCOUNTS.decode(bytes(value))
  return {
    block: { number: int(row[0]), hash: decodeHash(bytes(row[1])) },
    timestamp: int(row[2]),
    serial: int(row[3]),
    operation: operationOf({
      kind,
      assetId: nullable(row[5], text),
      from: nullable(row[6], account),
      to: nullable(row[7], account),
      amount: nullable(row[8], (value) => decodeAmount(bytes(value))),
      name: nullable(row[9], text),
      symbol: nullable(row[10], text),
      reissue: nullable(row[11], (value) => int(value) === 1),
    }),
  }
}

/** The values of a `ledger_operations` row, except the request's digest. */
export function recordedValues({ block, serial, operation }: RecordedOperation): (string | number | Buffer | null)[] {
  const { kind, assetId, from, to, amount, name, symbol, reissue } = fieldsOf(operation)
  const account = (wallet: string | undefined) => (wallet === undefined ? null : TEXT_ACCOUNTS.encode(wallet))
  return [
    block.number,
    kind,
    serial,
    assetId ?? null,
    account(from),
    account(to),
    amount === undefined ? null : encodeAmount(amount),
    name ?? null,
    symbol ?? null,
    reissue === undefined ? null : Number(reissue),
  ]
}
