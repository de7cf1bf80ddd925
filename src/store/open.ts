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

/** How the records of a store are opened, by the scheme of its URL. */
const ENGINES: readonly { readonly scheme: RegExp; readonly open: (how: RecordsUrl) => Promise<Records> }[] = [
  {
    scheme: /^sqlite:/,
    open: async ({ url, create }) =>
      new SqliteStore({ folder: url.slice(SQLITE.length), create, codecOf: assertNoChain }),
  },
  { scheme: /^postgres(ql)?:/, open: (how) => PostgresStore.open(how) },
]

type RecordsUrl = { readonly url: string; readonly create: boolean }

/**
 * Opens the records of a store, without its chains: `sqlite:<folder>` or `postgres://…`. Chains are only kept in
 * `sqlite:` so far, so the configuration accepts no other store.
 * @throws CONFIG_INVALID no engine has the scheme
 * @throws STORE_MISSING there is no store and `create` is false
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH from the engine
 */
export async function openRecords(how: RecordsUrl): Promise<Records> {
  const engine = ENGINES.find(({ scheme }) => scheme.test(how.url))
  if (engine === undefined) {
    throw new ServiceError(
      'CONFIG_INVALID',
      'store: expected sqlite:<folder> or postgres://role:password@host/database',
    )
  }
  return engine.open(how)
}

function assertNoChain(chain: ChainId): AccountCodec {
  assert(false, `${chain} must not be opened here`)
}

/**
 * Opens the store of a URL: `sqlite:<folder>`. `codecOf`: how a chain's accounts are encoded. `classesOf`: tokens whose
 * accounting the configuration fixes, by `assetKey`.
 * @throws CONFIG_INVALID the scheme is not `sqlite:`
 * @throws STORE_MISSING there is no store and `create` is false, as for commands that only read
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH from the engine
 */
export async function openStore(options: {
  readonly url: string
  readonly create?: boolean
  readonly codecOf?: (chain: ChainId) => AccountCodec
  readonly classesOf?: (chain: ChainId) => ReadonlyMap<string, Accounting>
}): Promise<Store> {
  if (!options.url.startsWith(SQLITE)) {
    throw new ServiceError('CONFIG_INVALID', 'store: expected sqlite:<folder>, the only engine of this version')
  }
  const { url, create = true, codecOf = assertNoChain, classesOf = () => new Map() } = options
  return new SqliteStore({ folder: url.slice(SQLITE.length), create, codecOf, classesOf })
}
