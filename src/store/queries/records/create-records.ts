import type { RecordEngines } from '../../engine/store-engine.ts'
import type { Records } from '../../seam/records.ts'
import type { Store } from '../../seam/store.ts'
import { createCustodyStore } from '../custody/create-custody-store.ts'
import { StoredCallCounts } from '../running/call-counts.ts'
import { StoredComparisonRequests } from '../running/comparison-requests.ts'
import { StoredReports } from '../running/indexer-reports.ts'
import { StoredFollowRequests } from './follow-requests.ts'
import { StoredKeys } from './keys.ts'
import { StoredPrices } from './prices.ts'
import { StoredSessions, StoredUsers } from './users.ts'

/** The records that engines only store, and all that their rules are about. */
export type StoredRecords = Pick<Records, 'keys' | 'users' | 'sessions' | 'prices' | 'followRequests'> &
  Pick<Store, 'custody' | 'comparisons' | 'callCounts'> & { readonly reports: StoredReports }

/** The records of a store, on any engine. */
export function createRecords({ durable, relaxed, uses, running }: RecordEngines): StoredRecords {
  return {
    keys: new StoredKeys(durable, uses),
    users: new StoredUsers(durable),
    sessions: new StoredSessions(durable),
    prices: new StoredPrices(relaxed),
    followRequests: new StoredFollowRequests(relaxed),
    custody: createCustodyStore({ durable, index: relaxed }),
    reports: new StoredReports(running),
    comparisons: new StoredComparisonRequests(running),
    callCounts: new StoredCallCounts(running),
  }
}
