import type { TableEngine } from '../../engine/table-engine.ts'
import type { CustodyStore } from '../../seam/custody.ts'
import { type Query, TURN } from '../query.ts'
import { StoredAddresses } from './addresses.ts'
import { StoredHolds } from './holds.ts'
import { StoredMembers } from './members.ts'
import { StoredVendorIds } from './vendor-ids.ts'
import { StoredWallets } from './wallets.ts'

/**
 * Custody on any engine. `durable`: its commits are on disk before they return. The index of what is listed is not durable, since
 * it is found again in the journals.
 */
export function createCustodyStore(engines: {
  readonly durable: TableEngine
  readonly index: TableEngine
}): CustodyStore {
  const [durable, index] = [inTurn(engines.durable), inTurn(engines.index)]
  return {
    wallets: new StoredWallets(durable),
    addresses: new StoredAddresses(durable),
    members: new StoredMembers(index),
    holds: new StoredHolds(durable),
    ids: new StoredVendorIds(durable),
  }
}

/** Writers of custody take turns, so rows get their numbers in the order of the commits. */
function inTurn(engine: TableEngine): TableEngine {
  return {
    read: (work) => engine.read(work),
    write: <T>(work: () => Query<T>) => {
      return engine.write(function* (): Query<T> {
        yield [TURN, 'custody']
        return yield* work()
      })
    },
  }
}
