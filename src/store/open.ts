import type { AccountCodec } from '../core/account.ts'
import { assert } from '../core/assert.ts'
import type { Accounting } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import type { StoreEngine } from './engine/store-engine.ts'
import { EngineStore, type OnSteps } from './engine-store.ts'
import { PostgresRecordTarget, openSnapshot as postgresSnapshot } from './postgres/record-target.ts'
import { openPostgres } from './postgres/store.ts'
import { PostgresTables } from './postgres/store-tables.ts'
import { postgresUse } from './postgres/store-use.ts'
import type { RecordSnapshot } from './queries/record-snapshot.ts'
import type { RecordTarget } from './queries/record-target.ts'
import type { Records } from './seam/records.ts'
import type { Store } from './seam/store.ts'
import type { StoreTables } from './seam/store-tables.ts'
import { SqliteRecordTarget, openSnapshot as sqliteSnapshot } from './sqlite/record-target.ts'
import { SqliteEngine } from './sqlite/store.ts'
import { SqliteTables } from './sqlite/store-tables.ts'
import { sqliteUse } from './sqlite/store-use.ts'
import type { StoreUse } from './store-use.ts'

const SQLITE = 'sqlite:'

/** How a store is opened: see `openStore`. */
type StoreOptions = {
  readonly url: string
  readonly create: boolean
  readonly codecOf: (chain: ChainId) => AccountCodec
  readonly classesOf: (chain: ChainId) => ReadonlyMap<string, Accounting>
  readonly loadFolder: string | undefined
}

/** An engine: the scheme of its URLs, how a store is opened, and how its rows are. */
type Engine = {
  readonly scheme: RegExp
  readonly open: (how: StoreOptions) => Promise<StoreEngine>
  readonly tables: (url: string) => StoreTables
  readonly snapshot: (url: string) => Promise<RecordSnapshot>
  readonly target: (url: string) => Promise<RecordTarget>
  readonly use: (url: string) => Promise<StoreUse>
}

/** All engines. */
const ENGINES: readonly Engine[] = [
  {
    scheme: /^sqlite:/,
    open: async ({ url, ...how }) => new SqliteEngine({ ...how, folder: url.slice(SQLITE.length) }),
    tables: (url) => new SqliteTables(url.slice(SQLITE.length)),
    snapshot: async (url) => sqliteSnapshot(url.slice(SQLITE.length)),
    target: async (url) => SqliteRecordTarget.open(url.slice(SQLITE.length)),
    use: async (url) => sqliteUse(url.slice(SQLITE.length)),
  },
  {
    scheme: /^postgres(ql)?:/,
    open: openPostgres,
    tables: (url) => new PostgresTables(url),
    snapshot: postgresSnapshot,
    target: (url) => PostgresRecordTarget.open(url),
    use: postgresUse,
  },
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
 * whose accounting the configuration fixes, by `assetKey`. `loadFolder`: where bulk loads into a database keep what they fetched.
 * @throws CONFIG_INVALID no engine has the scheme
 * @throws STORE_MISSING there is no store and `create` is false, as for commands that only read
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH from the engine
 */
export async function openStore(options: Pick<StoreOptions, 'url'> & Partial<StoreOptions> & OnSteps): Promise<Store> {
  const { url, create = true, codecOf = assertNoChain, classesOf = () => new Map(), loadFolder } = options
  return new EngineStore(await engineOf(url).open({ url, create, codecOf, classesOf, loadFolder }), options)
}

/** Opens the rows of a store, to copy them. @throws CONFIG_INVALID no engine has the scheme */
export function openTables(url: string): StoreTables {
  return engineOf(url).tables(url)
}

/** Looks which store a URL names, and who is on it. Creates nothing. @throws CONFIG_INVALID; STORE_UNAVAILABLE */
export async function lookAtStore(url: string): Promise<StoreUse> {
  return engineOf(url).use(url)
}

/** Opens the rows that a backup of a store has, in one snapshot. @throws CONFIG_INVALID; STORE_MISSING and others from the engine */
export async function openSnapshot(url: string): Promise<RecordSnapshot> {
  return engineOf(url).snapshot(url)
}

/** Opens an empty store for a restore, which makes its tables. @throws CONFIG_INVALID; STORE_MISMATCH it has rows of its own */
export async function openTarget(url: string): Promise<RecordTarget> {
  return engineOf(url).target(url)
}

function engineOf(url: string): Engine {
  const engine = ENGINES.find(({ scheme }) => scheme.test(url))
  if (engine !== undefined) return engine
  throw new ServiceError('CONFIG_INVALID', 'store: expected sqlite:<folder> or postgres://role:password@host/database')
}
