import type { CustodyStore } from '../../seam/custody.ts'
import type { SqliteDatabase } from '../database.ts'
import { SqliteAddresses } from './addresses.ts'
import { SqliteHolds } from './holds.ts'
import { SqliteMembers } from './members.ts'
import { SqliteVendorIds } from './vendor-ids.ts'
import { SqliteWallets } from './wallets.ts'

/**
 * Custody in the authoritative file. `open` opens a connection to it at the first use; `durable`: its commits are on disk before
 * they return. The index of what is listed is not durable, since it is found again in the journals.
 */
export function createCustodyStore(open: (how: { readonly durable: boolean }) => SqliteDatabase): CustodyStore {
  let opened: SqliteDatabase | undefined
  const durable = (): SqliteDatabase => {
    opened ??= open({ durable: true })
    return opened
  }
  return {
    wallets: new SqliteWallets(durable),
    addresses: new SqliteAddresses(durable),
    members: new SqliteMembers(() => open({ durable: false })),
    holds: new SqliteHolds(durable),
    ids: new SqliteVendorIds(durable),
  }
}
