import { openStore } from '../store/open.ts'
import type { Store } from '../store/seam/store.ts'
import { codecOf } from './account-codec.ts'
import { type ConfigChoice, readConfigAloud } from './config-option.ts'
import type { Terminal } from './outcome.ts'

/** Which store a command opens. `create`: a missing store is created. */
export type StoreChoice = { readonly choice: ConfigChoice; readonly terminal: Terminal; readonly create: boolean }

/** Opens the store of the configuration, which needs no chains, and closes it after the work. */
export async function withStore<T>(
  { choice, terminal, create }: StoreChoice,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const { store: url } = readConfigAloud(choice, terminal, { needsChains: false })
  const store = await openStore({ url, create, codecOf })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
