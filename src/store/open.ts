import type { AccountCodec } from '../core/account.ts'
import { assert } from '../core/assert.ts'
import type { Accounting } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import type { Store } from './seam/store.ts'
import { SqliteStore } from './sqlite/store.ts'

const SQLITE = 'sqlite:'

/**
 * Opens the store of a URL: `sqlite:<folder>`. Who opens a chain says how its accounts are stored (`codecOf`), and the
 * configuration which tokens' accounting is fixed (`classesOf`, by `assetKey`).
 * @throws CONFIG_INVALID another scheme
 * @throws STORE_MISSING there is none, and `create` is false: what only reads begins no store
 * @throws STORE_UNAVAILABLE, STORE_MISMATCH as the engine finds it
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
  const noChains = (chain: ChainId): AccountCodec => {
    assert(false, `${chain} was not meant to be opened here`)
  }
  const { url, create = true, codecOf = noChains, classesOf = () => new Map() } = options
  return new SqliteStore({ folder: url.slice(SQLITE.length), create, codecOf, classesOf })
}
