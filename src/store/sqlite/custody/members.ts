import type { AssetRef } from '../../../core/asset.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { RowKey } from '../../../core/custody.ts'
import { decodeAmount } from '../../../journal/amount-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { FamilyAddress, Meeting, Member, MemberFilter, MemberStore } from '../../seam/custody.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement, text } from '../database.ts'
import { Connection } from './connection.ts'
import { MemberQueries } from './member-queries.ts'
import { mustBeLimit, Names, readChain, readFamily } from './names.ts'

type Statements = ReturnType<typeof prepare>

/** The index of what is listed, in the authoritative file. */
export class SqliteMembers implements MemberStore {
  readonly #db: Connection<Statements>

  constructor(open: () => SqliteDatabase) {
    this.#db = new Connection(open, prepare)
  }

  async add(meetings: readonly Meeting[], at: number): Promise<number> {
    if (meetings.length === 0) return 0
    return this.#db.write(({ names, add }) => {
      let added = 0
      for (const { family, address, chain, asset } of meetings) {
        const onChain = names.addChain(chain)
        added += add.run(onChain, names.addAsset(onChain, asset), at, family, address).changes
      }
      return added
    })
  }

  async listed({ family, address, chain }: FamilyAddress & { readonly chain: ChainId }): Promise<readonly AssetRef[]> {
    return this.#db.read(({ listed }) => listed.all(chain, family, address, family, address).map(readAsset))
  }

  async rows(...[filter, bounds]: Parameters<MemberStore['rows']>): Promise<readonly Member[]> {
    mustBeLimit(bounds.limit)
    return this.#db.snapshot((s) => {
      const query = s.queries.of(filter)
      const found =
        query === undefined
          ? []
          : 'after' in bounds
            ? query.after(bounds.after, bounds.limit)
            : query.before(bounds.before, bounds.limit)
      const hasHolds = found.length > 0 && s.hasHolds.get() === 1
      return found.map((row) => readMember(row, hasHolds ? s : undefined))
    })
  }

  async count(filter: MemberFilter, offset: bigint): ReturnType<MemberStore['count']> {
    return this.#db.snapshot(({ queries }) => {
      const query = queries.of(filter)
      const total = query?.count() ?? 0
      const skipped = offset > BigInt(total) ? total : Number(offset)
      return { total, after: query === undefined || skipped === 0 ? 0 : query.keyAt(skipped - 1) }
    })
  }

  async assets(chain: ChainId): Promise<readonly AssetRef[]> {
    return this.#db.read(({ assets }) => assets.all(chain).map(readAsset))
  }

  async having({
    chain,
    asset,
    after,
    limit,
  }: Parameters<MemberStore['having']>[0]): ReturnType<MemberStore['having']> {
    return this.#db.snapshot(({ names, having }) => {
      const id = names.asset(names.chain(chain) ?? 0, asset)
      const rows = id === undefined ? [] : having.all(id, after, limit)
      return rows.map((row): { row: RowKey; address: string } => ({ row: int(row[0]), address: text(row[1]) }))
    })
  }
}

/** `holds` undefined: there are none. */
function readMember(row: Row, holds: Pick<Statements, 'locks' | 'lockedAt'> | undefined): Member {
  const pair = [row[8], row[9]]
  const locks = holds?.locks.all(...pair) ?? []
  const locked = locks.reduce((sum: bigint, amount) => sum + decodeAmount(bytes(amount)), 0n)
  const createdAt = int(row[7])
  return {
    row: int(row[0]),
    wallet: text(row[1]),
    family: readFamily(row[2]),
    address: text(row[3]),
    chain: readChain(row[4]),
    asset: readAsset(row.slice(5)),
    locked,
    changedAt: Math.max(createdAt, nullable(holds?.lockedAt.get(...pair) ?? null, int) ?? 0),
  }
}

function readAsset(row: Row): AssetRef {
  return { standard: parseStandard(row[0]), reference: text(row[1]) }
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    names: new Names(db),
    queries: new MemberQueries(db),
    // A row that is there keeps its number.
    add: sql(
      `INSERT INTO custody_members (principal, wallet, account, chain, asset, created_at)
       SELECT a.principal, d.wallet, a.id, ?, ?, ? FROM custody_accounts a JOIN custody_addresses d ON d.account = a.id
       WHERE a.family = ? AND a.address = ? ON CONFLICT DO NOTHING`,
    ),
    listed: sql(
      `SELECT s.standard, s.reference FROM custody_accounts a JOIN custody_members m ON m.account = a.id
       JOIN custody_assets s ON s.id = m.asset JOIN custody_chains c ON c.id = s.chain AND c.chain = ?
       WHERE a.family = ? AND a.address = ? GROUP BY s.id HAVING count(*) =
         (SELECT count(*) FROM custody_accounts b JOIN custody_addresses d ON d.account = b.id
          WHERE b.family = ? AND b.address = ?)`,
    ).raw(),
    hasHolds: sql('SELECT EXISTS (SELECT 1 FROM custody_holds)').pluck(),
    locks: sql('SELECT amount FROM custody_holds WHERE account = ? AND asset = ? AND released_at IS NULL').pluck(),
    lockedAt: sql(
      'SELECT max(max(created_at), max(coalesce(released_at, 0))) FROM custody_holds WHERE account = ? AND asset = ?',
    ).pluck(),
    assets: sql(
      `SELECT s.standard, s.reference FROM custody_assets s JOIN custody_chains c ON c.id = s.chain
       WHERE c.chain = ? AND EXISTS (SELECT 1 FROM custody_members m WHERE m.asset = s.id)`,
    ).raw(),
    having: sql(
      `SELECT m.id, a.address FROM custody_members m JOIN custody_accounts a ON a.id = m.account
       WHERE m.asset = ? AND m.id > ? ORDER BY m.id LIMIT ? + 0`,
    ).raw(),
  }
}
