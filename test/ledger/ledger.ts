import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import { TEXT_ACCOUNTS } from '../../src/core/account.ts'
import { assert } from '../../src/core/assert.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { Operation } from '../../src/core/operation.ts'
import { commitGroup, outcomeOf } from '../../src/ledger/group-commit.ts'
import type { LedgerRequest, Outcome } from '../../src/ledger/ledger.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { type Verified, verifyLedger } from '../../src/ledger/verify.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { newPlace } from '../store/engines.ts'

const parsed = parseChainId('ledger:main')
assert(parsed !== undefined, 'ledger:main is a chain id')
export const CHAIN: ChainId = parsed
/** The start time of test ledgers, in Unix seconds. */
export const BEGAN = 1_000

/** A short history of a gilt: every kind of operation, with and without keys. */
export const OPERATIONS: readonly Operation[] = [
  { kind: 'register_asset', assetId: 'GILT', name: 'A gilt', symbol: 'G', reissue: true },
  { kind: 'register_asset', assetId: 'BOND', name: undefined, symbol: undefined, reissue: false },
  { kind: 'register_wallet', wallet: 'bank' },
  { kind: 'mint', assetId: 'GILT', amount: 1_000n, to: 'bank' },
  { kind: 'mint', assetId: 'BOND', amount: 2n ** 53n - 1n, to: 'bank' },
  { kind: 'transfer', assetId: 'GILT', amount: 300n, from: 'bank', to: 'alice' },
  { kind: 'transfer', assetId: 'GILT', amount: 1n, from: 'alice', to: 'alice' },
  { kind: 'burn', assetId: 'GILT', amount: 50n, from: 'alice' },
  { kind: 'transfer', assetId: 'GILT', amount: 250n, from: 'alice', to: 'bank' },
]

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
  return ledgerIn(openStoreAt(folder), strictWallets)
}

/** As `openLedger`, in a new place. `place.end` closes and deletes it. */
export async function newLedger(strictWallets = false) {
  const place = await newPlace()
  const store = await place.open({ codecOf: () => TEXT_ACCOUNTS })
  return { ...(await ledgerIn(store, strictWallets)), place }
}

/** As `openLedger`, in a store. */
export async function ledgerIn(store: Store, strictWallets = false) {
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
  const store = openStoreAt(folder)
  try {
    return await verifyStore(store, anchors)
  } finally {
    await store.close()
  }
}

/** Returns the result of `steelyard ledger verify` for a store. */
export async function verifyStore({ ledgers }: Store, anchors: Verified['head'][] = []): Promise<Verified> {
  const folder = makeFolder()
  const replica = openStoreAt(folder)
  const audit = await ledgers.openAudit(CHAIN)
  try {
    const noted = anchors.filter((anchor) => anchor !== undefined)
    return await verifyLedger({ audit, chain: CHAIN, anchors: noted, replica: replica.ledgers })
  } finally {
    await audit.close()
    await replica.close()
    folder.remove()
  }
}
