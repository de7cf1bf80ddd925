import type { CustodyStore } from '../store/seam/custody.ts'
import type { Tokens } from '../tokens/tokens.ts'
import { createAddresses } from './address-book.ts'
import { createBalancePages } from './balance-pages.ts'
import { BulkReader } from './bulk-reader.ts'
import { type CustodyChain, CustodyChains } from './chains.ts'
import type { Custody, VendorNames } from './custody.ts'
import { createHolds } from './hold-book.ts'
import { keepUp, lookAt } from './keep-up.ts'
import { Membership } from './membership.ts'
import { Refresher } from './refresher.ts'
import { RowMaker } from './rows.ts'
import { createTransactionPages } from './transaction-pages.ts'
import { createVendorIds } from './vendor-id-book.ts'
import { createWallets } from './wallet-book.ts'
import { WatchedAddresses } from './watched-addresses.ts'

/** The dependencies of custody. `now`: Unix seconds. */
export type CustodyDeps = {
  readonly store: CustodyStore
  /** In the order of the configuration. */
  readonly chains: readonly CustodyChain[]
  readonly tokens: Tokens
  readonly names: VendorNames
  readonly now: () => number
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** Custody, and the work beside its calls. */
export type RunningCustody = {
  readonly custody: Custody
  /** Keeps the index and the reads up to date until the signal fires. Never throws. */
  readonly run: (signal: AbortSignal) => Promise<void>
  /** Brings them up to date once. @throws STORE_UNAVAILABLE and similar codes */
  readonly runOnce: (signal: AbortSignal) => Promise<void>
}

/** Creates custody over the configured chains. Its calls work whether or not it runs. */
export function createCustody({ store, chains: configured, tokens, names, now, warn }: CustodyDeps): RunningCustody {
  const { members } = store
  const chains = new CustodyChains(configured)
  const watched = new WatchedAddresses(store.addresses)
  const ids = createVendorIds(store.ids, names)
  const membership = new Membership({ members, watched, chains, ids, now })
  const reader = new BulkReader({ members, watched, now })
  const refresher = new Refresher({ chains, watched, membership, reader, tokens, now })
  const rows = new RowMaker({ chains, tokens, reader, now })
  const pages = { members, chains, watched, membership, refresher, rows }
  const upkeep = { chains, watched, membership, reader, ids, warn }
  return {
    custody: {
      wallets: createWallets(store.wallets, now),
      addresses: createAddresses({ store, chains, watched: (at) => refresher.watched(at), now }),
      holds: createHolds({
        holds: store.holds,
        members,
        chains,
        decimalsOf: (chain, assets) => rows.decimalsOf(chain, assets),
        now,
      }),
      ids,
      balances: createBalancePages(pages),
      transactions: createTransactionPages(pages),
    },
    run: (signal) => keepUp(upkeep, signal),
    runOnce: async (signal) => {
      for (const chain of chains.all) await lookAt(chain, upkeep, signal)
    },
  }
}
