import type { AccountCodec } from '../../../core/account.ts'
import { StoredChainReader } from '../../queries/carry/stored-chain-reader.ts'
import { HEADER_COLUMNS, readOptionalHeader } from '../../rows/header-rows.ts'
import type { StoredChain } from '../../seam/stored-chain.ts'
import { guarded, NO_ROW } from '../database.ts'
import { openReader } from '../facts-file.ts'
import { pagesIn } from '../held-tables.ts'

/** Reads a chain's file through a connection and a snapshot of its own. Undefined if no block is stored. */
export function openStoredChain(file: string, codec: AccountCodec): StoredChain | undefined {
  const db = openReader(file)
  try {
    return guarded(db, () => {
      // What is sorted may not fit in memory.
      db.pragma('temp_store = FILE')
      db.exec('BEGIN')
      const through = readOptionalHeader(db.prepare(`SELECT ${HEADER_COLUMNS} FROM clock`).raw().get() ?? NO_ROW)
      if (through !== undefined) {
        return new StoredChainReader(through, {
          codec,
          pages: (asked) => pagesIn(db, asked),
          read: (parse) => guarded(db, parse),
          close: () => void db.close(),
        })
      }
      db.close()
      return undefined
    })
  } catch (error) {
    db.close()
    throw error
  }
}
