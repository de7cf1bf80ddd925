import type { AssetRef } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { RowKey } from '../../../core/custody.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { bytes, int, nullable, type Row, text } from '../../rows/columns.ts'
import type { FamilyAddress, Meeting, Member, MemberFilter, MemberStore } from '../../seam/custody.ts'
import { type Query, rowOf, rowsOf } from '../query.ts'
import { MemberQueries } from './member-queries.ts'
import { addAsset, addChain, assetId, chainNumber, mustBeLimit, readChain, readFamily } from './names.ts'

/** A row that is there keeps its number. */
const ADD = rowsOf(
  `INSERT INTO custody_members (principal, wallet, account, chain, asset, created_at)
   SELECT a.principal, d.wallet, a.id, ?, ?, ? FROM custody_accounts a JOIN custody_addresses d ON d.account = a.id
   WHERE a.family = ? AND a.address = ? ON CONFLICT DO NOTHING RETURNING id`,
)
const LISTED = rowsOf(
  `SELECT s.standard, s.reference FROM custody_accounts a JOIN custody_members m ON m.account = a.id
   JOIN custody_assets s ON s.id = m.asset JOIN custody_chains c ON c.id = s.chain AND c.chain = ?
   WHERE a.family = ? AND a.address = ? GROUP BY s.id HAVING count(*) =
     (SELECT count(*) FROM custody_accounts b JOIN custody_addresses d ON d.account = b.id
      WHERE b.family = ? AND b.address = ?)`,
)
const HOLD = rowOf('SELECT 1 FROM custody_holds LIMIT 1')
const LOCKS = rowsOf('SELECT amount FROM custody_holds WHERE account = ? AND asset = ? AND released_at IS NULL')
const LOCKED_AT = rowOf('SELECT max(created_at), max(released_at) FROM custody_holds WHERE account = ? AND asset = ?')
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
    return this.#engine.write(function* (): Query<number> {
      let added = 0
      for (const { family, address, chain, asset } of meetings) {
        const onChain = yield* addChain(chain)
        added += (yield [ADD, onChain, yield* addAsset(onChain, asset), at, family, address]).length
      }
      return added
    })
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
      const members: Member[] = []
      for (const row of found) members.push(yield* readMember(row, hasHolds))
      return members
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

/** `hasHolds` false: there are none at all. */
function* readMember(row: Row, hasHolds: boolean): Query<Member> {
  const pair = [int(row[8]), int(row[9])] as const
  const locks = hasHolds ? yield [LOCKS, ...pair] : []
  const [lockedAt] = hasHolds ? yield [LOCKED_AT, ...pair] : []
  const moments = [row[7], lockedAt?.[0], lockedAt?.[1]].flatMap((at) => nullable(at, int) ?? [])
  return {
    row: int(row[0]),
    wallet: text(row[1]),
    family: readFamily(row[2]),
    address: text(row[3]),
    chain: readChain(row[4]),
    asset: readAsset(row.slice(5)),
    locked: locks.reduce((sum, [amount]) => sum + decodeAmount(bytes(amount)), 0n),
    changedAt: Math.max(...moments),
  }
}

function readAsset(row: Row): AssetRef {
  return { standard: parseStandard(row[0]), reference: text(row[1]) }
}
