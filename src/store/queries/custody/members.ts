import type { AssetRef } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { RowKey } from '../../../core/custody.ts'
import { decodeAmountHex } from '../../../journal/amount-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { int, nullable, type Row, text } from '../../rows/columns.ts'
import type { FamilyAddress, Meeting, Member, MemberFilter, MemberStore } from '../../seam/custody.ts'
import { each, type Query, rowOf, rowsOf } from '../query.ts'
import { sideBySide } from '../side-by-side.ts'
import { MemberQueries } from './member-queries.ts'
import { addAssets, assetId, chainNumber, mustBeLimit, readChain, readFamily } from './names.ts'

/** The wallets that watch addresses of a family. */
const WATCHING = rowsOf(
  `SELECT a.address, a.principal, d.wallet, a.id FROM custody_accounts a JOIN custody_addresses d ON d.account = a.id
   WHERE a.family = @family AND a.address IN (SELECT value FROM json_each(@addresses)) ORDER BY d.id`,
)
const IS_MEMBER = each('SELECT 1 FROM custody_members WHERE account = ? AND asset = ? AND wallet = ?', [
  'int',
  'int',
  'int',
])
const ADD = each(
  'INSERT INTO custody_members (principal, wallet, account, chain, asset, created_at) VALUES (?, ?, ?, ?, ?, ?)',
  ['int', 'int', 'int', 'int', 'int', 'int'],
)
const LISTED = rowsOf(
  `SELECT s.standard, s.reference FROM custody_accounts a JOIN custody_members m ON m.account = a.id
   JOIN custody_assets s ON s.id = m.asset JOIN custody_chains c ON c.id = s.chain AND c.chain = ?
   WHERE a.family = ? AND a.address = ? GROUP BY s.id HAVING count(*) =
     (SELECT count(*) FROM custody_accounts b JOIN custody_addresses d ON d.account = b.id
      WHERE b.family = ? AND b.address = ?)`,
)
const HOLD = rowOf('SELECT 1 FROM custody_holds LIMIT 1')
/** The amounts of the active holds as one text, with commas between, and when holds last changed. */
const HELD = rowOf(
  `SELECT group_concat(CASE WHEN released_at IS NULL THEN hex(amount) END, ','), max(created_at), max(released_at)
   FROM custody_holds WHERE account = ? AND asset = ?`,
)
const ASSETS = rowsOf(
  `SELECT s.standard, s.reference FROM custody_assets s JOIN custody_chains c ON c.id = s.chain
   WHERE c.chain = ? AND EXISTS (SELECT 1 FROM custody_members m WHERE m.asset = s.id)`,
)
const HAVING = rowsOf(
  `SELECT m.id, a.address FROM custody_members m JOIN custody_accounts a ON a.id = m.account
   WHERE m.asset = ? AND m.id > ? ORDER BY m.id LIMIT ? + 0`,
)

/** The index of what is listed, on any engine. */
export class StoredMembers implements MemberStore {
  readonly #engine: TableEngine
  readonly #queries = new MemberQueries()

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async add(meetings: readonly Meeting[], at: number): Promise<number> {
    if (meetings.length === 0) return 0
    return this.#engine.write(() => add(meetings, at))
  }

  async listed({ family, address, chain }: FamilyAddress & { readonly chain: ChainId }): Promise<readonly AssetRef[]> {
    return this.#engine.read(function* (): Query<readonly AssetRef[]> {
      return (yield [LISTED, chain, family, address, family, address]).map(readAsset)
    })
  }

  async rows(...[filter, bounds]: Parameters<MemberStore['rows']>): Promise<readonly Member[]> {
    mustBeLimit(bounds.limit)
    const queries = this.#queries
    return this.#engine.read(function* (): Query<readonly Member[]> {
      const query = yield* queries.of(filter)
      if (query === undefined) return []
      const found =
        'after' in bounds
          ? yield* query.after(bounds.after, bounds.limit)
          : yield* query.before(bounds.before, bounds.limit)
      const hasHolds = found.length > 0 && (yield [HOLD]).length > 0
      return yield* sideBySide(found.map((row) => readMember(row, hasHolds)))
    })
  }

  async count(filter: MemberFilter, offset: bigint): ReturnType<MemberStore['count']> {
    const queries = this.#queries
    return this.#engine.read(function* (): Query<Awaited<ReturnType<MemberStore['count']>>> {
      const query = yield* queries.of(filter)
      const total = query === undefined ? 0 : yield* query.count()
      const skipped = offset > BigInt(total) ? total : Number(offset)
      return { total, after: query === undefined || skipped === 0 ? 0 : yield* query.keyAt(skipped - 1) }
    })
  }

  async assets(chain: ChainId): Promise<readonly AssetRef[]> {
    return this.#engine.read(function* (): Query<readonly AssetRef[]> {
      return (yield [ASSETS, chain]).map(readAsset)
    })
  }

  async having(query: Parameters<MemberStore['having']>[0]): ReturnType<MemberStore['having']> {
    const { chain, asset, after, limit } = query
    return this.#engine.read(function* (): Query<Awaited<ReturnType<MemberStore['having']>>> {
      const id = yield* assetId((yield* chainNumber(chain)) ?? 0, asset)
      const rows = id === undefined ? [] : yield [HAVING, id, after, limit]
      return rows.map((row): { row: RowKey; address: string } => ({ row: int(row[0]), address: text(row[1]) }))
    })
  }
}

/** A wallet's address and an asset that it met. */
type Listed = {
  readonly pair: readonly [account: number, asset: number, wallet: number]
  readonly row: readonly number[]
}

/** As `MemberStore.add`. Custody's writers take turns, so nothing is added meanwhile. */
function* add(meetings: readonly Meeting[], at: number): Query<number> {
  const assets = yield* addAssets(meetings)
  const watching = yield* watchingOf(meetings)
  const listed = new Map<string, Listed>()
  for (const [index, { family, address }] of meetings.entries()) {
    const { chain = 0, asset = 0 } = assets[index] ?? {}
    for (const { principal, wallet, account } of watching.get(`${family}/${address}`) ?? []) {
      const pair = [account, asset, wallet] as const
      listed.set(pair.join(), { pair, row: [principal, wallet, account, chain, asset, at] })
    }
  }
  const all = [...listed.values()]
  const known = yield [IS_MEMBER, all.map(({ pair }) => pair)]
  const missing = all.filter((_, index) => known[index]?.length === 0)
  yield [ADD, missing.map(({ row }) => row)]
  return missing.length
}

type Watching = { readonly principal: number; readonly wallet: number; readonly account: number }

/** The wallets that watch the address of a meeting, by family and address. */
function* watchingOf(meetings: readonly Meeting[]): Query<ReadonlyMap<string, readonly Watching[]>> {
  const found = new Map<string, Watching[]>()
  for (const family of new Set(meetings.map((one) => one.family))) {
    const addresses = new Set(meetings.flatMap((one) => (one.family === family ? [one.address] : [])))
    for (const row of yield [WATCHING, { family, addresses: JSON.stringify([...addresses]) }]) {
      const name = `${family}/${text(row[0])}`
      const of = found.get(name) ?? []
      of.push({ principal: int(row[1]), wallet: int(row[2]), account: int(row[3]) })
      found.set(name, of)
    }
  }
  return found
}

/** `hasHolds` false: there are none at all. */
function* readMember(row: Row, hasHolds: boolean): Query<Member> {
  const [held] = hasHolds ? yield [HELD, int(row[8]), int(row[9])] : []
  const moments = [row[7], held?.[1], held?.[2]].flatMap((at) => nullable(at, int) ?? [])
  const locks = nullable(held?.[0], text)?.split(',') ?? []
  return {
    row: int(row[0]),
    wallet: text(row[1]),
    family: readFamily(row[2]),
    address: text(row[3]),
    chain: readChain(row[4]),
    asset: readAsset(row.slice(5)),
    locked: locks.reduce((sum, amount) => sum + decodeAmountHex(amount), 0n),
    changedAt: Math.max(...moments),
  }
}

function readAsset(row: Row): AssetRef {
  return { standard: parseStandard(row[0]), reference: text(row[1]) }
}
