import { assert } from '../../../core/assert.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { type ChainId, KINDS, type Kind, parseChainId } from '../../../core/chain.ts'
import type { Principal } from '../../../core/custody.ts'
import { mustBeOurs } from '../../../journal/damaged-value.ts'
import { int, nullable, text } from '../../rows/columns.ts'
import type { FamilyAddress, StoredChainAsset } from '../../seam/custody.ts'
import { each, type Query, rowOf, type Sql, type Value } from '../query.ts'
import { sideBySide } from '../side-by-side.ts'

const PRINCIPAL = rowOf('SELECT id FROM custody_principals WHERE name = ?')
const ADD_PRINCIPAL = rowOf('INSERT INTO custody_principals (name) VALUES (?) RETURNING id')
const WALLET = rowOf(
  `SELECT w.id FROM custody_wallets w JOIN custody_principals p ON p.id = w.principal
   WHERE w.uuid = ? AND p.name = ?`,
)
const ACCOUNT = rowOf('SELECT id FROM custody_accounts WHERE family = ? AND address = ? AND principal = ?')
const ADD_ACCOUNT = rowOf('INSERT INTO custody_accounts (family, address, principal) VALUES (?, ?, ?) RETURNING id')
const CHAIN = rowOf('SELECT id FROM custody_chains WHERE chain = ?')
const ADD_CHAIN = rowOf('INSERT INTO custody_chains (chain) VALUES (?) RETURNING id')
const ASSET = rowOf('SELECT id FROM custody_assets WHERE chain = ? AND reference = ? AND standard = ?')
const ADD_ASSETS = each('INSERT INTO custody_assets (chain, reference, standard) VALUES (?, ?, ?)', [
  'int',
  'text',
  'text',
])

/** The numbers by which rows of custody name principals, addresses, chains and assets. Those that give one need a transaction. */
export function principalId(name: Principal): Query<number | undefined> {
  return idOf(PRINCIPAL, name)
}

/** The number of a principal, given if it has none. */
export function addPrincipal(name: Principal): Query<number> {
  return giveId(PRINCIPAL, ADD_PRINCIPAL, [name])
}

/** The number of a principal's wallet; undefined if it has no such wallet. */
export function walletId(principal: Principal, uuid: string): Query<number | undefined> {
  return idOf(WALLET, uuid, principal)
}

/** The number of a principal's address. */
export function accountId(principal: number, { family, address }: FamilyAddress): Query<number | undefined> {
  return idOf(ACCOUNT, family, address, principal)
}

/** The number of a principal's address, given if it has none. */
export function addAccount(principal: number, { family, address }: FamilyAddress): Query<number> {
  return giveId(ACCOUNT, ADD_ACCOUNT, [family, address, principal])
}

/** The number of a chain. */
export function chainNumber(chain: ChainId): Query<number | undefined> {
  return idOf(CHAIN, chain)
}

/** The number of a chain, given if it has none. */
export function addChain(chain: ChainId): Query<number> {
  return giveId(CHAIN, ADD_CHAIN, [chain])
}

/** The number of an asset of a chain, which is given by its number; 0 has none. */
export function assetId(chain: number, { standard, reference }: AssetRef): Query<number | undefined> {
  return idOf(ASSET, chain, reference, standard)
}

/** The numbers of assets and of their chains, given to those that have none. */
export function* addAssets(
  assets: readonly StoredChainAsset[],
): Query<readonly { readonly chain: number; readonly asset: number }[]> {
  const chains = new Map<ChainId, number>()
  for (const { chain } of assets) if (!chains.has(chain)) chains.set(chain, yield* addChain(chain))
  const keys = assets.map(({ chain, asset }) => [chains.get(chain) ?? 0, asset.reference, asset.standard] as const)
  const read = (): Query<readonly (number | undefined)[]> => sideBySide(keys.map((key) => idOf(ASSET, ...key)))
  const known = yield* read()
  const missing = new Map(keys.flatMap((key, index) => (known[index] === undefined ? [[key.join(), key]] : [])))
  if (missing.size > 0) yield [ADD_ASSETS, [...missing.values()]]
  const given = missing.size > 0 ? yield* read() : known
  return keys.map(([chain], index) => {
    const asset = given[index]
    assert(asset !== undefined, 'an asset that was added has a number')
    return { chain, asset }
  })
}

function* idOf(sql: Sql, ...values: readonly Value[]): Query<number | undefined> {
  const [row] = yield [sql, ...values]
  return nullable(row?.[0], int)
}

function* giveId(find: Sql, add: Sql, values: readonly Value[]): Query<number> {
  const known = yield* idOf(find, ...values)
  if (known !== undefined) return known
  const given = yield* idOf(add, ...values)
  assert(given !== undefined, 'a row that is added returns its number')
  return given
}

/** A stored chain id. @throws DamagedValue it is none */
export function readChain(value: unknown): ChainId {
  const chain = parseChainId(text(value))
  mustBeOurs(chain !== undefined, 'a stored chain id is one')
  return chain
}

/** A stored family. @throws DamagedValue there is no such family */
export function readFamily(value: unknown): Kind {
  const family = KINDS.find((kind) => kind === value)
  mustBeOurs(family !== undefined, 'a stored family of chains is one')
  return family
}

/** The number of rows that a page of a SQL statement may have. */
export function mustBeLimit(limit: number): void {
  assert(Number.isSafeInteger(limit) && limit >= 1, 'a page has a positive limit')
}
