import { type AssetRef, assetKey } from '../../../core/asset.ts'
import type { Hold, Principal } from '../../../core/custody.ts'
import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { bytes, int, nullable, type Row, text } from '../../rows/columns.ts'
import type { HoldStore, OfWallet, PlacedHold } from '../../seam/custody.ts'
import { type Query, rowOf, rowsOf } from '../query.ts'
import { assetId, chainNumber, principalId, readChain, walletId } from './names.ts'

type Placing = Parameters<HoldStore['place']>[0]

const HOLD = `SELECT h.uuid, w.uuid, c.chain, a.address, s.standard, s.reference, h.amount, h.request_id, h.created_at,
  h.released_at FROM custody_holds h JOIN custody_wallets w ON w.id = h.wallet JOIN custody_accounts a ON a.id = h.account
  JOIN custody_assets s ON s.id = h.asset JOIN custody_chains c ON c.id = s.chain
  JOIN custody_principals p ON p.id = h.principal`
const GET = rowOf(`${HOLD} WHERE h.uuid = ? AND w.uuid = ? AND p.name = ?`)
const BY_REQUEST = rowOf(`${HOLD} WHERE p.name = ? AND h.request_id = ?`)
const IS_MEMBER = rowOf(
  `SELECT m.account FROM custody_members m JOIN custody_accounts a ON a.id = m.account
   WHERE m.wallet = ? AND m.asset = ? AND a.address = ?`,
)
const ACTIVE = rowsOf('SELECT amount FROM custody_holds WHERE account = ? AND asset = ? AND released_at IS NULL')
const ADD = rowOf(
  `INSERT INTO custody_holds (uuid, principal, wallet, account, asset, amount, request_id, created_at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
)
const RELEASE = rowOf('UPDATE custody_holds SET released_at = coalesce(released_at, ?) WHERE uuid = ?')

/** Holds, on any engine. */
export class StoredHolds implements HoldStore {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async place(placing: Placing): Promise<PlacedHold> {
    return this.#engine.write(function* (): Query<PlacedHold> {
      const { principal, hold } = placing
      const known = yield* byRequest(principal, hold.requestId)
      if (known !== undefined) return isSame(known, hold) ? { outcome: 'placed', hold: known } : { outcome: 'other' }
      const ids = yield* idsOf(placing)
      return ids === undefined ? undefined : yield* addHold(placing, ids)
    })
  }

  async byRequest(principal: Principal, requestId: string): Promise<Hold | undefined> {
    return this.#engine.read(() => byRequest(principal, requestId))
  }

  async get(of: OfWallet, id: string): Promise<Hold | undefined> {
    return this.#engine.read(() => find(of, id))
  }

  async release(of: OfWallet, id: string, at: number): Promise<Hold | undefined> {
    return this.#engine.write(function* (): Query<Hold | undefined> {
      if ((yield* find(of, id)) === undefined) return undefined
      yield [RELEASE, at, id]
      return yield* find(of, id)
    })
  }
}

type Ids = Readonly<Record<'principal' | 'wallet' | 'account' | 'asset', number>>

/** The numbers that a hold names; undefined if the wallet does not watch the address, or the address never met the asset. */
function* idsOf({ principal, hold }: Placing): Query<Ids | undefined> {
  const owner = yield* principalId(principal)
  const wallet = yield* walletId(principal, hold.wallet)
  const asset = yield* assetId((yield* chainNumber(hold.chain)) ?? 0, hold.asset)
  if (owner === undefined || wallet === undefined || asset === undefined) return undefined
  const [member] = yield [IS_MEMBER, wallet, asset, hold.address]
  const account = nullable(member?.[0], int)
  return account === undefined ? undefined : { principal: owner, wallet, account, asset }
}

function* addHold({ hold, available, maxActive }: Placing, ids: Ids): Query<PlacedHold> {
  const locks = yield [ACTIVE, ids.account, ids.asset]
  if (locks.length >= maxActive) return { outcome: 'full' }
  const left = locks.reduce((rest, [amount]) => rest - decodeAmount(bytes(amount)), available)
  if (hold.amount > left) return { outcome: 'short', left: left < 0n ? 0n : left }
  const { id, amount, requestId, createdAt } = hold
  yield [ADD, id, ids.principal, ids.wallet, ids.account, ids.asset, encodeAmount(amount), requestId, createdAt]
  return { outcome: 'placed', hold: { ...hold, status: 'active', releasedAt: undefined } }
}

/** True if both are the same order to set an amount aside. */
function isSame(known: Hold, wanted: Placing['hold']): boolean {
  const nameOf = ({ wallet, chain, address, asset, amount }: Placing['hold'] | Hold): string =>
    [wallet, chain, assetKey(asset), amount, address].join(' ')
  return nameOf(known) === nameOf(wanted)
}

function* byRequest(principal: Principal, requestId: string): Query<Hold | undefined> {
  const [row] = yield [BY_REQUEST, principal, requestId]
  return row && readHold(row)
}

function* find({ principal, wallet }: OfWallet, id: string): Query<Hold | undefined> {
  const [row] = yield [GET, id, wallet, principal]
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
