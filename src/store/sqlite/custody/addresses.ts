import type { Page, RowKey, WatchedAddress } from '../../../core/custody.ts'
import type { AddedAddress, AddressStore, FamilyAddress, NewAddress, OfWallet } from '../../seam/custody.ts'
import { int, nullable, type Row, type SqliteDatabase, type Statement, text } from '../database.ts'
import { Connection } from './connection.ts'
import { Names, readFamily } from './names.ts'
import { type Keyed, readPage } from './read-page.ts'

type Statements = ReturnType<typeof prepare>

/** The addresses that custody wallets watch, in the authoritative file. */
export class SqliteAddresses implements AddressStore {
  readonly #db: Connection<Statements>

  constructor(open: () => SqliteDatabase) {
    this.#db = new Connection(open, prepare)
  }

  async add(added: NewAddress & { readonly address: string }): Promise<AddedAddress> {
    return this.#db.write((s) => {
      const wallet = s.names.wallet(added.principal, added.wallet)
      return wallet === undefined ? undefined : addTo(s, wallet, added)
    })
  }

  async addNext(added: Parameters<AddressStore['addNext']>[0]): Promise<AddedAddress> {
    return this.#db.write((s) => {
      const wallet = s.names.wallet(added.principal, added.wallet)
      if (wallet === undefined) return undefined
      const last = nullable(s.lastDerived.get(wallet, added.family), int) ?? -1
      for (let derivation = last + 1; ; derivation++) {
        const address = added.addressAt(derivation)
        if (address === undefined) return 'none'
        // An address that was given before keeps its row: the next one is derived.
        if (find(s, wallet, { ...added, address }) === undefined)
          return addTo(s, wallet, { ...added, address, derivation })
      }
    })
  }

  async page({
    principal,
    wallet: uuid,
    page,
  }: Parameters<AddressStore['page']>[0]): Promise<Page<WatchedAddress, RowKey> | undefined> {
    return this.#db.snapshot(({ names, after, before, from, count }) => {
      const wallet = names.wallet(principal, uuid)
      if (wallet === undefined) return undefined
      return readPage(page, {
        after: (key, limit) => after.all(wallet, key, limit).map(keyed),
        before: (key, limit) => before.all(wallet, key, limit).map(keyed),
        total: () => int(count.get(wallet)),
        from: (offset, limit) => from.all(wallet, limit, offset).map(keyed),
      })
    })
  }

  async since({ after, limit }: Parameters<AddressStore['since']>[0]): ReturnType<AddressStore['since']> {
    return this.#db.read(({ accounts }) =>
      accounts
        .all(after, limit)
        .map((row) => ({ row: int(row[0]), family: readFamily(row[1]), address: text(row[2]) })),
    )
  }
}

type Adding = NewAddress & { readonly address: string; readonly derivation?: number }

function addTo(s: Statements, wallet: number, added: Adding): WatchedAddress | 'full' {
  const known = find(s, wallet, added)
  if (known !== undefined) return known
  if (int(s.count.get(wallet)) >= added.max) return 'full'
  const account = s.names.addAccount(s.names.addPrincipal(added.principal), added)
  s.add.run(wallet, account, added.derivation ?? null, added.at)
  const { family, address, at } = added
  return { wallet: added.wallet, family, address, derivationIndex: added.derivation, createdAt: at }
}

function find(s: Statements, wallet: number, at: OfWallet & FamilyAddress): WatchedAddress | undefined {
  const account = s.names.account(s.names.principal(at.principal) ?? 0, at)
  const row = account === undefined ? undefined : s.find.get(account, wallet)
  return row && readAddress(row)
}

const COLUMNS = 'd.id, w.uuid, a.family, a.address, d.derivation, d.created_at'
const FROM = `custody_addresses d JOIN custody_wallets w ON w.id = d.wallet JOIN custody_accounts a ON a.id = d.account`

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

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    names: new Names(db),
    add: sql('INSERT INTO custody_addresses (wallet, account, derivation, created_at) VALUES (?, ?, ?, ?)'),
    find: sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE d.account = ? AND d.wallet = ?`).raw(),
    count: sql('SELECT count(*) FROM custody_addresses WHERE wallet = ?').pluck(),
    lastDerived: sql(
      `SELECT d.derivation FROM custody_addresses d JOIN custody_accounts a ON a.id = d.account
       WHERE d.wallet = ? AND d.derivation IS NOT NULL AND a.family = ? ORDER BY d.derivation DESC LIMIT 1`,
    ).pluck(),
    after: sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE d.wallet = ? AND d.id > ? ORDER BY d.id LIMIT ? + 0`).raw(),
    before: sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE d.wallet = ? AND d.id < ? ORDER BY d.id DESC LIMIT ? + 0`).raw(),
    from: sql(`SELECT ${COLUMNS} FROM ${FROM} WHERE d.wallet = ? ORDER BY d.id LIMIT ? + 0 OFFSET ? + 0`).raw(),
    accounts: sql('SELECT id, family, address FROM custody_accounts WHERE id > ? ORDER BY id LIMIT ? + 0').raw(),
  }
}
