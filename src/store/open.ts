import type { AccountCodec } from '../core/account.ts'
import { assert } from '../core/assert.ts'
import type { Accounting } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { PostgresStore } from './postgres/store.ts'
import type { Records } from './seam/records.ts'
import type { Store } from './seam/store.ts'
import { SqliteStore } from './sqlite/store.ts'

const SQLITE = 'sqlite:'

/** How a store is opened: see `openStore`. */
type StoreOptions = {
  readonly url: string
  readonly create: boolean
  readonly codecOf: (chain: ChainId) => AccountCodec
  readonly classesOf: (chain: ChainId) => ReadonlyMap<string, Accounting>
}

/** The engines, by the scheme of a store's URL. */
const ENGINES: readonly { readonly scheme: RegExp; readonly open: (how: StoreOptions) => Promise<Store> }[] = [
  {
    scheme: /^sqlite:/,
    open: async ({ url, ...how }) => new SqliteStore({ ...how, folder: url.slice(SQLITE.length) }),
  },
  { scheme: /^postgres(ql)?:/, open: (how) => PostgresStore.open(how) },
]

/** Opens the records of a store, for what needs none of its chains. @throws as `openStore` */
export function openRecords(how: { readonly url: string; readonly create: boolean }): Promise<Records> {
  return openStore(how)
}

function assertNoChain(chain: ChainId): AccountCodec {
  assert(false, `${chain} must not be opened here`)
}

/**
 * Opens the store of a URL: `sqlite:<folder>` or `postgres://…`. `codecOf`: how a chain's accounts are encoded. `classesOf`: tokens
 * whose accounting the configuration fixes, by `assetKey`.
 * @throws CONFIG_INVALID no engine has the scheme
 * @throws STORE_MISSING there is no store and `create` is false, as for commands that only read
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH from the engine
 */
export async function openStore(options: Pick<StoreOptions, 'url'> & Partial<StoreOptions>): Promise<Store> {
  const { url, create = true, codecOf = assertNoChain, classesOf = () => new Map() } = options
  const engine = ENGINES.find(({ scheme }) => scheme.test(url))
  if (engine === undefined) {
    throw new ServiceError(
      'CONFIG_INVALID',
      'store: expected sqlite:<folder> or postgres://role:password@host/database',
    )
  }
  return engine.open({ url, create, codecOf, classesOf })
}
