import type { ChainId } from '../../core/chain.ts'
import { type Coverage, coverageChange, sameCoverage } from '../../core/coverage.ts'
import { ServiceError } from '../../core/errors.ts'
import { parseCoverage } from './clock-json.ts'
import { int, nullable, type SqliteDatabase, text } from './database.ts'

/**
 * Makes a writer the chain's: checks whose file it is, and takes the next fencing number.
 * @throws STORE_MISMATCH the file is another chain's, or was gathered under another coverage
 */
export function claim(whose: {
  readonly db: SqliteDatabase
  readonly chain: ChainId
  readonly coverage: Coverage
}): number {
  const { db, chain, coverage } = whose
  const run = db.transaction(() => {
    db.prepare('INSERT OR IGNORE INTO chain VALUES (1, ?, NULL, 0)').run(chain)
    db.prepare('INSERT OR IGNORE INTO clock (one, transfers) VALUES (1, 0)').run()
    const whose = db.prepare<unknown[]>('SELECT chain FROM chain').pluck().get()
    if (whose !== chain) {
      const message = `the store holds ${String(whose)} where ${chain} is to be written: use another store folder`
      throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
    }
    const row = db.prepare<unknown[]>('SELECT coverage FROM chain').pluck().get()
    const before = nullable(row, (value) => parseCoverage(text(value)))
    if (before !== undefined && !sameCoverage(before, coverage)) {
      const message =
        `the scope of ${chain} was ${coverageChange(before, coverage)}: restore the configuration; or stop the server, ` +
        `run \`steelyard reset ${chain}\`, and start again: it is indexed anew`
      throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
    }
    db.prepare('UPDATE chain SET coverage = ?, fence = fence + 1').run(JSON.stringify(coverage))
    return int(db.prepare<unknown[]>('SELECT fence FROM chain').pluck().get())
  })
  return run.immediate()
}
