import type { ChainId } from '../../../core/chain.ts'
import { LEDGER_NATURE } from '../../rows/ledger-batch.ts'
import { guardedFile, openDatabase, type SqliteDatabase } from '../database.ts'
import { Snapshot } from '../read/snapshot.ts'
import { keepReserve, noRoom } from '../reserve.ts'
import { LEDGER_TABLES } from './ledger-schema.ts'
import { SqliteLedgerWriter } from './ledger-writer.ts'

/** Opens the writer of the ledger in a folder. `file`: the authoritative file. */
export function openLedgerWriter(folder: string, file: string, chain: ChainId): SqliteLedgerWriter {
  const db = openDatabase({ file, ...LEDGER_TABLES, cache: 'ledger' })
  try {
    // Without a reserve, the last free space is needed for the next start, so reject the write.
    if (!keepReserve(folder)) throw noRoom(folder)
    return guardedFile(db.name, () => new SqliteLedgerWriter({ db, folder, chain }))
  } catch (error) {
    db.close()
    throw error
  }
}

/** The reads of the ledger of a file that was opened with its tables. */
export function readLedger(db: SqliteDatabase): Snapshot {
  return new Snapshot(db, { own: true, ...LEDGER_NATURE })
}
