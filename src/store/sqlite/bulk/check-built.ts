import type { AccountCodec } from '../../../core/account.ts'
import type { Expected } from '../../seam/bulk-check.ts'
import { guardedFile, int, type SqliteDatabase } from '../database.ts'
import { openUnlogged } from './fresh-file.ts'
import { integrityFault } from './integrity-check.ts'
import { SampleCheck } from './sample-check.ts'

/** Which index, or the table itself, the rows of a sorted table are counted by. */
const COUNTED = {
  transfers: 'transfers NOT INDEXED',
  transfers_by_asset: 'transfers INDEXED BY transfers_by_asset',
  changes: 'changes',
  balances: 'balances NOT INDEXED',
  balances_as_met: "balances INDEXED BY balances_as_met WHERE item = x''",
  accounts: 'accounts',
  balances_by_amount: "balances INDEXED BY balances_by_amount WHERE item = x'' AND amount > x'80'",
  assets: 'assets',
} as const

/** Returns what SQLite finds wrong in a built file; undefined if nothing. @throws STORE_DAMAGED it cannot even be read */
export function findFault(file: string, codec: AccountCodec, expected: Expected): string | undefined {
  return guardedFile(file, () => {
    const db = openUnlogged(file)
    try {
      return countFault(db, expected) ?? new SampleCheck(db, codec, expected).fault() ?? integrityFault(db, expected)
    } finally {
      db.close()
    }
  })
}

function countFault(db: SqliteDatabase, { rows }: Expected): string | undefined {
  for (const [table, from] of Object.entries(COUNTED)) {
    const count = int(db.prepare(`SELECT count(*) FROM ${from}`).pluck().get())
    const wanted = rows[table as keyof typeof COUNTED]
    if (count !== wanted) return `${table} has ${count} rows, not ${wanted}`
  }
  return undefined
}
