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
import type { TableEngine } from '../../engine/table-engine.ts'
import { int, NO_ROW, type Row, text } from '../../rows/columns.ts'
import type { OfWallet, WalletStore } from '../../seam/custody.ts'
import { type Query, rowOf, rowsOf } from '../query.ts'
import { addPrincipal, principalId } from './names.ts'
import { type Keyed, readPage } from './read-page.ts'

const COLUMNS = 'w.id, w.uuid, p.name, w.type, w.name, w.status, w.metadata, w.created_at, w.updated_at'
const FROM = 'custody_wallets w JOIN custody_principals p ON p.id = w.principal'
const ADD = rowOf(
  `INSERT INTO custody_wallets (uuid, principal, type, name, status, metadata, created_at, updated_at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
)
const GET = rowOf(`SELECT ${COLUMNS} FROM ${FROM} WHERE w.uuid = ? AND p.name = ?`)
const UPDATE = rowOf('UPDATE custody_wallets SET name = ?, status = ?, metadata = ?, updated_at = ? WHERE uuid = ?')

/** The statements of lists: of all wallets of a principal, and of those that are not archived. */
const LISTS = {
  all: listOf('w.principal = ?'),
  inUse: listOf("w.principal = ? AND w.status <> 'archived'"),
}

function listOf(where: string) {
  const page = `SELECT ${COLUMNS} FROM ${FROM} WHERE ${where}`
  return {
    count: rowOf(`SELECT count(*) FROM custody_wallets w WHERE ${where}`),
    after: rowsOf(`${page} AND w.id > ? ORDER BY w.id LIMIT ? + 0`),
    before: rowsOf(`${page} AND w.id < ? ORDER BY w.id DESC LIMIT ? + 0`),
    from: rowsOf(`${page} ORDER BY w.id LIMIT ? + 0 OFFSET ? + 0`),
  }
}

/** Custody wallets, on any engine. */
export class StoredWallets implements WalletStore {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async add(wallet: Wallet, max: number): Promise<boolean> {
    return this.#engine.write(function* (): Query<boolean> {
      const principal = yield* addPrincipal(wallet.principal)
      const [counted] = yield [LISTS.all.count, principal]
      if (int(counted?.[0]) >= max) return false
      const { uuid, type, name, status, metadata, createdAt, updatedAt } = wallet
      yield [ADD, uuid, principal, type, name, status, metadata, createdAt, updatedAt]
      return true
    })
  }

  async get(of: OfWallet): Promise<Wallet | undefined> {
    return this.#engine.read(() => find(of))
  }

  async page({ principal, includeArchived, page }: Parameters<WalletStore['page']>[0]): Promise<Page<Wallet, RowKey>> {
    const { after, before, count, from } = includeArchived ? LISTS.all : LISTS.inUse
    return this.#engine.read(function* (): Query<Page<Wallet, RowKey>> {
      const owner = (yield* principalId(principal)) ?? 0
      return yield* readPage(page, {
        *after(key, limit) {
          return (yield [after, owner, key, limit]).map(keyed)
        },
        *before(key, limit) {
          return (yield [before, owner, key, limit]).map(keyed)
        },
        *total() {
          return int((yield [count, owner])[0]?.[0])
        },
        *from(offset, limit) {
          return (yield [from, owner, limit, offset]).map(keyed)
        },
      })
    })
  }

  async update(...[of, changes]: Parameters<WalletStore['update']>): Promise<Wallet | undefined> {
    return this.#engine.write(function* (): Query<Wallet | undefined> {
      const before = yield* find(of)
      if (before === undefined) return undefined
      const { name = before.name, status = before.status, metadata = before.metadata, updatedAt } = changes
      yield [UPDATE, name, status, metadata, updatedAt, of.wallet]
      return { ...before, name, status, metadata, updatedAt }
    })
  }
}

function* find({ wallet, principal }: OfWallet): Query<Wallet | undefined> {
  const [row] = yield [GET, wallet, principal]
  return row && readWallet(row)
}

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
