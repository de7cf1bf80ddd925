import { decodeAmount } from '../../../journal/amount-codec.ts'
import type { Row } from '../../rows/columns.ts'

/** Columns with a row's block number, in order of preference. */
const BLOCK_COLUMNS = ['number', 'block', 'last_block', 'first_block']
const AMOUNTS = new Set(['amount', 'sum', 'delta', 'opening', 'supply'])
const ACCOUNTS = new Set(['account', 'sender', 'receiver'])

/** The number of the block that a row is of; undefined if none of its columns says that. */
export function blockOf(columns: readonly string[], row: Row): number | undefined {
  for (const name of BLOCK_COLUMNS) {
    const value = row[columns.indexOf(name)]
    if (typeof value === 'number') return value
  }
  return undefined
}

/**
 * Formats a row for an error message: text and numbers as they are, known binary columns decoded, other bytes as hex.
 */
export function describeRow(columns: readonly string[], row: Row): string {
  return columns.map((column, index) => `${column} ${cell(column, row[index])}`).join(', ')
}

function cell(column: string, value: unknown): string {
  if (!Buffer.isBuffer(value)) return JSON.stringify(value)
  if (ACCOUNTS.has(column)) return JSON.stringify(value.toString('utf8'))
  if (!AMOUNTS.has(column)) return `0x${value.toString('hex')}`
  try {
    return decodeAmount(value).toString()
  } catch {
    return `damaged 0x${value.toString('hex')}`
  }
}
