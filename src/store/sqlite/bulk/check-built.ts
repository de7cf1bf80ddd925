import type { AccountCodec } from '../../../core/account.ts'
import type { Expected, TableCheck } from '../../seam/bulk-check.ts'
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

/** The cache of a connection that reads whole tables, in KiB: it sees each page once. */
const COUNT_CACHE = 2_000

/**
 * Returns what is wrong with the sample in a built file; undefined if nothing. @throws STORE_DAMAGED it cannot even be read
 */
export function findSampleFault(file: string, codec: AccountCodec, expected: Expected): string | undefined {
  return look(file, (db) => new SampleCheck(db, codec, expected).fault())
}

/**
 * Returns which table of a built file has another number of rows, or what SQLite's own check finds; undefined if nothing.
 * @throws as `findSampleFault`
 */
export function findUnsound({ place, rows, ...budget }: TableCheck): string | undefined {
  return look(place, (db) => {
    db.pragma(`cache_size = -${COUNT_CACHE}`)
    for (const [table, from] of Object.entries(COUNTED)) {
      const count = int(db.prepare(`SELECT count(*) FROM ${from}`).pluck().get())
      const wanted = rows[table as keyof typeof COUNTED]
      if (count !== wanted) return `${table} has ${count} rows, not ${wanted}`
    }
    return integrityFault(db, { ...budget, now: () => performance.now() })
  })
}

function look(file: string, work: (db: SqliteDatabase) => string | undefined): string | undefined {
  return guardedFile(file, () => {
    const db = openUnlogged(file)
    try {
      return work(db)
    } finally {
      db.close()
    }
  })
}
