import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import { TEXT_ACCOUNTS } from '../../src/core/account.ts'
import { assert } from '../../src/core/assert.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import { commitGroup, outcomeOf } from '../../src/ledger/group-commit.ts'
import type { LedgerRequest, Outcome } from '../../src/ledger/ledger.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { type Verified, verifyLedger } from '../../src/ledger/verify.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'

const parsed = parseChainId('ledger:main')
assert(parsed !== undefined, 'ledger:main is a chain id')
export const CHAIN: ChainId = parsed
/** The start time of test ledgers, in Unix seconds. */
export const BEGAN = 1_000

/** A folder for a ledger. */
export type Folder = { readonly path: string; readonly file: string; readonly remove: () => void }

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'steelyard-ledger-'))
  return { path, file: join(path, 'steelyard.db'), remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function openStoreAt(folder: Folder): SqliteStore {
  return new SqliteStore({ folder: folder.path, codecOf: () => TEXT_ACCOUNTS })
}

/** Opens a ledger for writing and reading in this thread. */
export async function openLedger(folder: Folder, strictWallets = false) {
  const store = openStoreAt(folder)
  const journal = await store.ledgers.openJournal(CHAIN, genesisOf(CHAIN, BEGAN))
  const { ledger, chain } = await store.ledgers.openReads(CHAIN)
  return {
    store,
    journal,
    ledger,
    chain,
    /** Decides these requests in one commit, at this time. */
    submit: async (requests: readonly LedgerRequest[], now = BEGAN): Promise<readonly Outcome[]> => {
      const settled = await commitGroup(journal, requests, { rules: { strictWallets }, now })
      ledger.renew()
      return settled.map(outcomeOf)
    },
    close: async () => {
      await nextTick()
      await journal.close()
      await store.close()
    },
  }
}

/** Returns the result of `steelyard ledger verify` for a folder that no process has open. */
export async function verify(folder: Folder, anchors: Verified['head'][] = []): Promise<Verified> {
  const replica = makeFolder()
  const [store, copy] = [openStoreAt(folder), openStoreAt(replica)]
  const audit = await store.ledgers.openAudit(CHAIN, replica.path)
  try {
    return await verifyLedger({
      audit,
      chain: CHAIN,
      anchors: anchors.filter((anchor) => anchor !== undefined),
      openReplica: (genesis) => copy.ledgers.openJournal(CHAIN, genesis),
    })
  } finally {
    await audit.close()
    await copy.close()
    await store.close()
    replica.remove()
  }
}
