import { assert } from '../../../core/assert.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { type ChainId, KINDS, type Kind, parseChainId } from '../../../core/chain.ts'
import type { Principal } from '../../../core/custody.ts'
import { mustBeOurs } from '../../../journal/damaged-value.ts'
import type { FamilyAddress } from '../../seam/custody.ts'
import { int, nullable, type SqliteDatabase, type Statement, text } from '../database.ts'

/** Finds and gives the numbers by which rows of custody name principals, addresses, chains and assets. */
export class Names {
  readonly #s: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase) {
    this.#s = prepare(db)
  }

  principal(name: Principal): number | undefined {
    return nullable(this.#s.principal.get(name), int)
  }

  /** The number of a principal, given if it has none. Needs a transaction. */
  addPrincipal(name: Principal): number {
    return this.principal(name) ?? Number(this.#s.addPrincipal.run(name).lastInsertRowid)
  }

  /** The number of a principal's wallet; undefined if it has no such wallet. */
  wallet(principal: Principal, uuid: string): number | undefined {
    return nullable(this.#s.wallet.get(uuid, principal), int)
  }

  account(principal: number, { family, address }: FamilyAddress): number | undefined {
    return nullable(this.#s.account.get(family, address, principal), int)
  }

  /** The number of a principal's address, given if it has none. Needs a transaction. */
  addAccount(principal: number, at: FamilyAddress): number {
    const { family, address } = at
    return this.account(principal, at) ?? Number(this.#s.addAccount.run(principal, family, address).lastInsertRowid)
  }

  chain(chain: ChainId): number | undefined {
    return nullable(this.#s.chain.get(chain), int)
  }

  /** The number of a chain, given if it has none. Needs a transaction. */
  addChain(chain: ChainId): number {
    return this.chain(chain) ?? Number(this.#s.addChain.run(chain).lastInsertRowid)
  }

  asset(chain: number, { standard, reference }: AssetRef): number | undefined {
    return nullable(this.#s.asset.get(chain, reference, standard), int)
  }

  /** The number of an asset, given if it has none. Needs a transaction. */
  addAsset(chain: number, asset: AssetRef): number {
    const { standard, reference } = asset
    return this.asset(chain, asset) ?? Number(this.#s.addAsset.run(chain, standard, reference).lastInsertRowid)
  }
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

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    principal: sql('SELECT id FROM custody_principals WHERE name = ?').pluck(),
    addPrincipal: sql('INSERT INTO custody_principals (name) VALUES (?)'),
    wallet: sql(
      `SELECT w.id FROM custody_wallets w JOIN custody_principals p ON p.id = w.principal
       WHERE w.uuid = ? AND p.name = ?`,
    ).pluck(),
    account: sql('SELECT id FROM custody_accounts WHERE family = ? AND address = ? AND principal = ?').pluck(),
    addAccount: sql('INSERT INTO custody_accounts (principal, family, address) VALUES (?, ?, ?)'),
    chain: sql('SELECT id FROM custody_chains WHERE chain = ?').pluck(),
    addChain: sql('INSERT INTO custody_chains (chain) VALUES (?)'),
    asset: sql('SELECT id FROM custody_assets WHERE chain = ? AND reference = ? AND standard = ?').pluck(),
    addAsset: sql('INSERT INTO custody_assets (chain, standard, reference) VALUES (?, ?, ?)'),
  }
}
