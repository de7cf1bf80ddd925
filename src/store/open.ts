import type { AccountCodec } from '../core/account.ts'
import { assert } from '../core/assert.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import type { Engine, StoreUse } from './engine/engine.ts'
import type { HoldPart } from './engine/held-tables.ts'
import { EngineStore, type OnSteps } from './engine-store.ts'
import { distributePostgres } from './postgres/distribute.ts'
import { PostgresHeldTables } from './postgres/held-tables.ts'
import { openPostgres } from './postgres/store.ts'
import { postgresUse } from './postgres/store-use.ts'
import type { Records } from './seam/records.ts'
import type { Store } from './seam/store.ts'
import type { StoreOptions } from './seam/store-options.ts'
import { SqliteHeldTables } from './sqlite/held-tables.ts'
import { SqliteEngine } from './sqlite/store.ts'
import { sqliteUse } from './sqlite/store-use.ts'

/** All engines. */
const ENGINES: readonly Engine[] = [
  {
    scheme: /^sqlite:/,
    open: async ({ url, ...how }) => new SqliteEngine({ ...how, folder: folderOf(url) }),
    hold: async (url, part, how) => SqliteHeldTables.open(folderOf(url), part, how),
    lookAt: async (url) => sqliteUse(folderOf(url)),
  },
  {
    scheme: /^postgres(ql)?:/,
    open: openPostgres,
    hold: (url, part, how) => PostgresHeldTables.open(url, part, how),
    lookAt: postgresUse,
    distribute: distributePostgres,
  },
]

function folderOf(url: string): string {
  return url.slice('sqlite:'.length)
}

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

/** How the parts of a store are held, to copy, save or restore them. @throws CONFIG_INVALID no engine has the scheme */
export function partsOf(url: string): HoldPart {
  const engine = engineOf(url)
  return (part, how) => engine.hold(url, part, how)
}

/** Looks which store a URL names, and whether a server is on it. Creates nothing. @throws CONFIG_INVALID; STORE_UNAVAILABLE */
export async function lookAtStore(url: string): Promise<StoreUse> {
  return engineOf(url).lookAt(url)
}

/** @throws STORE_UNAVAILABLE a server is on a store: what it writes while its rows are moved would be lost */
export function mustBeFree({ place, isUsed }: StoreUse): void {
  if (!isUsed) return
  throw new ServiceError('STORE_UNAVAILABLE', `Steelyard has ${place} open: stop all of its servers first`)
}

/** The engine of a URL. @throws CONFIG_INVALID no engine has the scheme */
export function engineOf(url: string): Engine {
  const engine = ENGINES.find(({ scheme }) => scheme.test(url))
  if (engine !== undefined) return engine
  throw new ServiceError('CONFIG_INVALID', 'store: expected sqlite:<folder> or postgres://role:password@host/database')
}
