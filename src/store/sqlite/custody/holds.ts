import { type AssetRef, assetKey } from '../../../core/asset.ts'
import type { Hold, Principal } from '../../../core/custody.ts'
import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { HoldStore, OfWallet, PlacedHold } from '../../seam/custody.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement, text } from '../database.ts'
import { Connection } from './connection.ts'
import { Names, readChain } from './names.ts'

type Statements = ReturnType<typeof prepare>
type Placing = Parameters<HoldStore['place']>[0]

/** Holds in the authoritative file. */
export class SqliteHolds implements HoldStore {
  readonly #db: Connection<Statements>

  constructor(open: () => SqliteDatabase) {
    this.#db = new Connection(open, prepare)
  }

  async place(placing: Placing): Promise<PlacedHold> {
    return this.#db.write((s) => {
      const { principal, hold } = placing
      const known = byRequest(s, principal, hold.requestId)
      if (known !== undefined) return isSame(known, hold) ? { outcome: 'placed', hold: known } : { outcome: 'other' }
      const ids = idsOf(s, placing)
      return ids === undefined ? undefined : addHold(s, placing, ids)
    })
  }

  async byRequest(principal: Principal, requestId: string): Promise<Hold | undefined> {
    return this.#db.read((s) => byRequest(s, principal, requestId))
  }

  async get(of: OfWallet, id: string): Promise<Hold | undefined> {
    return this.#db.read((s) => find(s, of, id))
  }

  async release(of: OfWallet, id: string, at: number): Promise<Hold | undefined> {
    return this.#db.write((s) => {
      if (find(s, of, id) === undefined) return undefined
      s.release.run(at, id)
      return find(s, of, id)
    })
  }
}

type Ids = Readonly<Record<'principal' | 'wallet' | 'account' | 'asset', number>>

/** The numbers that a hold names; undefined if the wallet does not watch the address, or the address never met the asset. */
function idsOf({ names, isMember }: Statements, { principal, hold }: Placing): Ids | undefined {
  const owner = names.principal(principal)
  const wallet = names.wallet(principal, hold.wallet)
  const asset = names.asset(names.chain(hold.chain) ?? 0, hold.asset)
  if (owner === undefined || wallet === undefined || asset === undefined) return undefined
  const account = nullable(isMember.get(wallet, asset, hold.address), int)
  return account === undefined ? undefined : { principal: owner, wallet, account, asset }
}

function addHold({ active, add }: Statements, { hold, available, maxActive }: Placing, ids: Ids): PlacedHold {
  const locks = active.all(ids.account, ids.asset)
  if (locks.length >= maxActive) return { outcome: 'full' }
  const left = locks.reduce((rest: bigint, amount) => rest - decodeAmount(bytes(amount)), available)
  if (hold.amount > left) return { outcome: 'short', left: left < 0n ? 0n : left }
  const { id, amount, requestId, createdAt } = hold
  add.run(id, ids.principal, ids.wallet, ids.account, ids.asset, encodeAmount(amount), requestId, createdAt)
  return { outcome: 'placed', hold: { ...hold, status: 'active', releasedAt: undefined } }
}

/** True if both are the same order to set an amount aside. */
function isSame(known: Hold, wanted: Placing['hold']): boolean {
  const nameOf = ({ wallet, chain, address, asset, amount }: Placing['hold'] | Hold): string =>
    [wallet, chain, assetKey(asset), amount, address].join(' ')
  return nameOf(known) === nameOf(wanted)
}

function byRequest({ byRequest: get }: Statements, principal: Principal, requestId: string): Hold | undefined {
  const row = get.get(principal, requestId)
  return row && readHold(row)
}

function find({ get }: Statements, { principal, wallet }: OfWallet, id: string): Hold | undefined {
  const row = get.get(id, wallet, principal)
  return row && readHold(row)
}

function readHold(row: Row): Hold {
  const releasedAt = nullable(row[9], int)
  return {
    id: text(row[0]),
    wallet: text(row[1]),
    chain: readChain(row[2]),
    address: text(row[3]),
    asset: { standard: parseStandard(row[4]), reference: text(row[5]) } satisfies AssetRef,
    amount: decodeAmount(bytes(row[6])),
    requestId: text(row[7]),
    status: releasedAt === undefined ? 'active' : 'released',
    createdAt: int(row[8]),
    releasedAt,
  }
}

const HOLD = `SELECT h.uuid, w.uuid, c.chain, a.address, s.standard, s.reference, h.amount, h.request_id, h.created_at,
  h.released_at FROM custody_holds h JOIN custody_wallets w ON w.id = h.wallet JOIN custody_accounts a ON a.id = h.account
  JOIN custody_assets s ON s.id = h.asset JOIN custody_chains c ON c.id = s.chain
  JOIN custody_principals p ON p.id = h.principal`

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    names: new Names(db),
    get: sql(`${HOLD} WHERE h.uuid = ? AND w.uuid = ? AND p.name = ?`).raw(),
    byRequest: sql(`${HOLD} WHERE p.name = ? AND h.request_id = ?`).raw(),
    isMember: sql(
      `SELECT m.account FROM custody_members m JOIN custody_accounts a ON a.id = m.account
       WHERE m.wallet = ? AND m.asset = ? AND a.address = ?`,
    ).pluck(),
    active: sql('SELECT amount FROM custody_holds WHERE account = ? AND asset = ? AND released_at IS NULL').pluck(),
    add: sql(
      `INSERT INTO custody_holds (uuid, principal, wallet, account, asset, amount, request_id, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    release: sql('UPDATE custody_holds SET released_at = coalesce(released_at, ?) WHERE uuid = ?'),
  }
}
