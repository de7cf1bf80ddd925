import type { Page, RowKey, WatchedAddress } from '../../../core/custody.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { int, nullable, type Row, text } from '../../rows/columns.ts'
import type { AddedAddress, AddressStore, FamilyAddress, NewAddress, OfWallet } from '../../seam/custody.ts'
import { type Query, rowOf, rowsOf } from '../query.ts'
import { accountId, addAccount, addPrincipal, principalId, readFamily, walletId } from './names.ts'
import { type Keyed, readPage } from './read-page.ts'

const COLUMNS = 'd.id, w.uuid, a.family, a.address, d.derivation, d.created_at'
const FROM = `custody_addresses d JOIN custody_wallets w ON w.id = d.wallet JOIN custody_accounts a ON a.id = d.account`
const ADD = rowOf('INSERT INTO custody_addresses (wallet, account, derivation, created_at) VALUES (?, ?, ?, ?)')
const FIND = rowOf(`SELECT ${COLUMNS} FROM ${FROM} WHERE d.account = ? AND d.wallet = ?`)
const COUNT = rowOf('SELECT count(*) FROM custody_addresses WHERE wallet = ?')
const LAST_DERIVED = rowOf(
  `SELECT d.derivation FROM custody_addresses d JOIN custody_accounts a ON a.id = d.account
   WHERE d.wallet = ? AND d.derivation IS NOT NULL AND a.family = ? ORDER BY d.derivation DESC LIMIT 1`,
)
const PAGE = `SELECT ${COLUMNS} FROM ${FROM} WHERE d.wallet = ?`
const AFTER = rowsOf(`${PAGE} AND d.id > ? ORDER BY d.id LIMIT ? + 0`)
const BEFORE = rowsOf(`${PAGE} AND d.id < ? ORDER BY d.id DESC LIMIT ? + 0`)
const FROM_OFFSET = rowsOf(`${PAGE} ORDER BY d.id LIMIT ? + 0 OFFSET ? + 0`)
const ACCOUNTS = rowsOf('SELECT id, family, address FROM custody_accounts WHERE id > ? ORDER BY id LIMIT ? + 0')

/** The addresses that custody wallets watch, on any engine. */
export class StoredAddresses implements AddressStore {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async add(added: NewAddress & { readonly address: string }): Promise<AddedAddress> {
    return this.#engine.write(function* (): Query<AddedAddress> {
      const wallet = yield* walletId(added.principal, added.wallet)
      return wallet === undefined ? undefined : yield* addTo(wallet, added)
    })
  }

  async addNext(added: Parameters<AddressStore['addNext']>[0]): Promise<AddedAddress> {
    return this.#engine.write(function* (): Query<AddedAddress> {
      const wallet = yield* walletId(added.principal, added.wallet)
      if (wallet === undefined) return undefined
      const [last] = yield [LAST_DERIVED, wallet, added.family]
      for (let derivation = (nullable(last?.[0], int) ?? -1) + 1; ; derivation++) {
        const address = added.addressAt(derivation)
        if (address === undefined) return 'none'
        // An address that was given before keeps its row: the next one is derived.
        const known = yield* find(wallet, { ...added, address })
        if (known === undefined) return yield* addTo(wallet, { ...added, address, derivation })
      }
    })
  }

  async page({
    principal,
    wallet: uuid,
    page,
  }: Parameters<AddressStore['page']>[0]): Promise<Page<WatchedAddress, RowKey> | undefined> {
    return this.#engine.read(function* (): Query<Page<WatchedAddress, RowKey> | undefined> {
      const wallet = yield* walletId(principal, uuid)
      if (wallet === undefined) return undefined
      return yield* readPage(page, {
        *after(key, limit) {
          return (yield [AFTER, wallet, key, limit]).map(keyed)
        },
        *before(key, limit) {
          return (yield [BEFORE, wallet, key, limit]).map(keyed)
        },
        *total() {
          return int((yield [COUNT, wallet])[0]?.[0])
        },
        *from(offset, limit) {
          return (yield [FROM_OFFSET, wallet, limit, offset]).map(keyed)
        },
      })
    })
  }

  async since({ after, limit }: Parameters<AddressStore['since']>[0]): ReturnType<AddressStore['since']> {
    return this.#engine.read(function* (): Query<Awaited<ReturnType<AddressStore['since']>>> {
      const rows = yield [ACCOUNTS, after, limit]
      return rows.map((row) => ({ row: int(row[0]), family: readFamily(row[1]), address: text(row[2]) }))
    })
  }
}

type Adding = NewAddress & { readonly address: string; readonly derivation?: number }

function* addTo(wallet: number, added: Adding): Query<WatchedAddress | 'full'> {
  const known = yield* find(wallet, added)
  if (known !== undefined) return known
  const [counted] = yield [COUNT, wallet]
  if (int(counted?.[0]) >= added.max) return 'full'
  const account = yield* addAccount(yield* addPrincipal(added.principal), added)
  yield [ADD, wallet, account, added.derivation ?? null, added.at]
  const { family, address, at } = added
  return { wallet: added.wallet, family, address, derivationIndex: added.derivation, createdAt: at }
}

function* find(wallet: number, at: OfWallet & FamilyAddress): Query<WatchedAddress | undefined> {
  const account = yield* accountId((yield* principalId(at.principal)) ?? 0, at)
  if (account === undefined) return undefined
  const [row] = yield [FIND, account, wallet]
  return row && readAddress(row)
}

function keyed(row: Row): Keyed<WatchedAddress> {
  return { key: int(row[0]), row: readAddress(row) }
}

function readAddress(row: Row): WatchedAddress {
  return {
    wallet: text(row[1]),
    family: readFamily(row[2]),
    address: text(row[3]),
    derivationIndex: nullable(row[4], int),
    createdAt: int(row[5]),
  }
}
