import type { Soon } from '../../../core/soon.ts'
import type { CustodyStore } from '../../seam/custody.ts'
import type { Query } from '../query.ts'
import { StoredAddresses } from './addresses.ts'
import { StoredHolds } from './holds.ts'
import { StoredMembers } from './members.ts'
import { StoredVendorIds } from './vendor-ids.ts'
import { StoredWallets } from './wallets.ts'

/** How an engine runs queries about custody. @throws STORE_UNAVAILABLE and similar codes */
export interface CustodyEngine {
  /** Runs reads as one snapshot. */
  read<T>(work: () => Query<T>): Soon<T>
  /** Runs reads and writes as one transaction, after all that were committed before. Rows get numbers in that order. */
  write<T>(work: () => Query<T>): Soon<T>
}

/**
 * Custody on any engine. `durable`: its commits are on disk before they return. The index of what is listed is not durable, since
 * it is found again in the journals.
 */
export function createCustodyStore(engines: {
  readonly durable: CustodyEngine
  readonly index: CustodyEngine
}): CustodyStore {
  const { durable, index } = engines
  return {
    wallets: new StoredWallets(durable),
    addresses: new StoredAddresses(durable),
    members: new StoredMembers(index),
    holds: new StoredHolds(durable),
    ids: new StoredVendorIds(durable),
  }
}
