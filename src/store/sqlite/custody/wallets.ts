import {
  type Page,
  type RowKey,
  WALLET_STATUSES,
  WALLET_TYPES,
  type Wallet,
  type WalletStatus,
  type WalletType,
} from '../../../core/custody.ts'
import { mustBeOurs } from '../../../journal/damaged-value.ts'
import type { OfWallet, WalletStore } from '../../seam/custody.ts'
import { int, NO_ROW, type Row, type RowStatement, type SqliteDatabase, type Statement, text } from '../database.ts'
import { Connection } from './connection.ts'
import { Names } from './names.ts'
import { type Keyed, readPage } from './read-page.ts'

/** Custody wallets in the authoritative file. */
export class SqliteWallets implements WalletStore {
  readonly #db: Connection<ReturnType<typeof prepare>>

  constructor(open: () => SqliteDatabase) {
    this.#db = new Connection(open, prepare)
  }

  async add(wallet: Wallet, max: number): Promise<boolean> {
    return this.#db.write(({ names, count, add }) => {
      const principal = names.addPrincipal(wallet.principal)
      if (int(count.all.get(principal)) >= max) return false
      const { uuid, type, name, status, metadata, createdAt, updatedAt } = wallet
      add.run(uuid, principal, type, name, status, metadata, createdAt, updatedAt)
      return true
    })
  }

  async get(of: OfWallet): Promise<Wallet | undefined> {
    return this.#db.read((statements) => find(statements, of))
  }

  async page({ principal, includeArchived, page }: Parameters<WalletStore['page']>[0]): Promise<Page<Wallet, RowKey>> {
    return this.#db.snapshot(({ names, count, after, before, from }) => {
      const owner = names.principal(principal) ?? 0
      const which = includeArchived ? 'all' : 'inUse'
      return readPage(page, {
        after: (key, limit) => after[which].all(owner, key, limit).map(keyed),
        before: (key, limit) => before[which].all(owner, key, limit).map(keyed),
        total: () => int(count[which].get(owner)),
        from: (offset, limit) => from[which].all(owner, limit, offset).map(keyed),
      })
    })
  }

  async update(...[of, changes]: Parameters<WalletStore['update']>): Promise<Wallet | undefined> {
    return this.#db.write((statements) => {
      const before = find(statements, of)
      if (before === undefined) return undefined
      const { name = before.name, status = before.status, metadata = before.metadata, updatedAt } = changes
      statements.update.run(name, status, metadata, updatedAt, of.wallet)
      return { ...before, name, status, metadata, updatedAt }
    })
  }
}

function find({ get }: { readonly get: RowStatement }, { wallet, principal }: OfWallet): Wallet | undefined {
  const row = get.get(wallet, principal)
  return row === undefined ? undefined : readWallet(row)
}

const COLUMNS = 'w.id, w.uuid, p.name, w.type, w.name, w.status, w.metadata, w.created_at, w.updated_at'
const FROM = 'custody_wallets w JOIN custody_principals p ON p.id = w.principal'

function keyed(row: Row): Keyed<Wallet> {
  return { key: int(row[0]), row: readWallet(row) }
}

function readWallet(row: Row = NO_ROW): Wallet {
  return {
    uuid: text(row[1]),
    principal: text(row[2]),
    type: readType(row[3]),
    name: text(row[4]),
    status: readStatus(row[5]),
    metadata: text(row[6]),
    createdAt: int(row[7]),
    updatedAt: int(row[8]),
  }
}

function readType(value: unknown): WalletType {
  const type = WALLET_TYPES.find((known) => known === value)
  mustBeOurs(type !== undefined, 'a stored type of a wallet is one')
  return type
}

function readStatus(value: unknown): WalletStatus {
  const status = WALLET_STATUSES.find((known) => known === value)
  mustBeOurs(status !== undefined, 'a stored status of a wallet is one')
  return status
}

/** One statement for all wallets of a principal, and one without the archived ones. */
function both<T>(make: (where: string) => T): { readonly all: T; readonly inUse: T } {
  return { all: make('w.principal = ?'), inUse: make("w.principal = ? AND w.status <> 'archived'") }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    names: new Names(db),
    add: sql(
      `INSERT INTO custody_wallets (uuid, principal, type, name, status, metadata, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    get: sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE w.uuid = ? AND p.name = ?`).raw(),
    update: sql('UPDATE custody_wallets SET name = ?, status = ?, metadata = ?, updated_at = ? WHERE uuid = ?'),
    count: both((where) => sql(`SELECT count(*) FROM custody_wallets w WHERE ${where}`).pluck()),
    after: both((where) =>
      sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE ${where} AND w.id > ? ORDER BY w.id LIMIT ? + 0`).raw(),
    ),
    before: both((where) =>
      sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE ${where} AND w.id < ? ORDER BY w.id DESC LIMIT ? + 0`).raw(),
    ),
    from: both((where) =>
      sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE ${where} ORDER BY w.id LIMIT ? + 0 OFFSET ? + 0`).raw(),
    ),
  }
}
