import type { RowKey } from '../../../core/custody.ts'
import { int, nullable, type Row } from '../../rows/columns.ts'
import type { MemberFilter } from '../../seam/custody.ts'
import { type Query, rowOf, rowsOf, type Sql } from '../query.ts'
import { accountId, assetId, chainNumber, principalId, walletId } from './names.ts'
import { type CountedList, RowAnchors } from './row-anchors.ts'

/** The columns of a member, of `m` joined with what it names. */
const COLUMNS = 'm.id, w.uuid, a.family, a.address, c.chain, s.standard, s.reference, m.created_at, m.account, m.asset'
/** CROSS JOIN fixes the order of the join: the page of the index first, then what its rows name. */
const NAMED = `CROSS JOIN custody_wallets w ON w.id = m.wallet CROSS JOIN custody_accounts a ON a.id = m.account
  CROSS JOIN custody_assets s ON s.id = m.asset CROSS JOIN custody_chains c ON c.id = m.chain`

/** Reads the members that match one filter. */
export type MemberQuery = {
  readonly after: (key: RowKey, limit: number) => Query<readonly Row[]>
  readonly before: (key: RowKey, limit: number) => Query<readonly Row[]>
  readonly count: () => Query<number>
  /** The key of the row with this index, from 0. */
  readonly keyAt: (index: number) => Query<RowKey>
}

type MemberSql = Readonly<Record<'after' | 'before' | 'count' | 'keyAt', string>>
type Prepared = Readonly<Record<keyof MemberSql, Sql>>

/** Chooses the index for a filter, and keeps the statements of each form of filters. */
export class MemberQueries {
  readonly #prepared = new Map<string, Prepared>()
  readonly #anchors = new RowAnchors()

  /** Undefined: no member can match. */
  of(filter: MemberFilter): Query<MemberQuery | undefined> {
    return this.#of(filter)
  }

  *#of(filter: MemberFilter): Query<MemberQuery | undefined> {
    const found = yield* conditionsOf(filter)
    if (found === undefined) return undefined
    const sql = memberSql(found)
    const { after, before, count, keyAt } = this.#prepare(sql)
    const values = found.flatMap((condition) => condition.values)
    const list: CountedList = {
      name: `${sql.count} ${values}`,
      *countAfter(key) {
        return int((yield [count, ...values, key])[0]?.[0])
      },
      *keyAt(key, index) {
        return nullable((yield [keyAt, ...values, key, index])[0]?.[0], int)
      },
    }
    const anchors = this.#anchors
    return {
      *after(key, limit) {
        return yield [after, ...values, key, limit]
      },
      *before(key, limit) {
        return yield [before, ...values, key, limit]
      },
      count: () => anchors.count(list),
      keyAt: (index) => anchors.keyAt(list, index),
    }
  }

  #prepare(sql: MemberSql): Prepared {
    const known = this.#prepared.get(sql.after)
    if (known !== undefined) return known
    const prepared: Prepared = {
      after: rowsOf(sql.after),
      before: rowsOf(sql.before),
      count: rowOf(sql.count),
      keyAt: rowOf(sql.keyAt),
    }
    this.#prepared.set(sql.after, prepared)
    return prepared
  }
}

function* conditionsOf(filter: MemberFilter): Query<readonly Condition[] | undefined> {
  const { principal, wallet, chain, addresses, asset } = filter
  const owner = yield* principalId(principal)
  if (owner === undefined) return undefined
  const conditions: (Condition | undefined)[] = [{ column: 'principal', values: [owner] }]
  if (wallet !== undefined) conditions.push(one('wallet', yield* walletId(principal, wallet)))
  if (addresses !== undefined) {
    const ids: number[] = []
    for (const address of addresses) {
      const id = yield* accountId(owner, address)
      if (id !== undefined) ids.push(id)
    }
    conditions.push(ids.length === 0 ? undefined : { column: 'account', values: ids })
  }
  const onChain = chain === undefined ? undefined : yield* chainNumber(chain)
  if (asset !== undefined) conditions.push(one('asset', yield* assetId(onChain ?? 0, asset)))
  else if (chain !== undefined) conditions.push(one('chain', onChain))
  return conditions.every((condition) => condition !== undefined) ? conditions : undefined
}

/** A column that must have one of these values. */
export type Condition = {
  readonly column: 'principal' | 'wallet' | 'account' | 'asset' | 'chain'
  readonly values: readonly number[]
}

function one(column: Condition['column'], value: number | undefined): Condition | undefined {
  return value === undefined ? undefined : { column, values: [value] }
}

/** The statements for conditions on these columns. The first values are those of the conditions, in order. */
export function memberSql(conditions: readonly Condition[]): MemberSql {
  const where = conditions.map(({ column, values }) =>
    values.length === 1 ? `m.${column} = ?` : `m.${column} IN (${values.map(() => '?').join(', ')})`,
  )
  const from = `custody_members m INDEXED BY ${indexFor(conditions)} WHERE ${where.join(' AND ')}`
  const page = (condition: string, order: string): string =>
    `SELECT ${COLUMNS} FROM (SELECT * FROM ${from} AND ${condition} ORDER BY m.id ${order} LIMIT ? + 0) m ${NAMED}
     ORDER BY m.id ${order}`
  return {
    after: page('m.id > ?', 'ASC'),
    before: page('m.id < ?', 'DESC'),
    count: `SELECT count(*) FROM ${from} AND m.id > ?`,
    keyAt: `SELECT m.id FROM ${from} AND m.id > ? ORDER BY m.id LIMIT 1 OFFSET ? + 0`,
  }
}

/** The index that finds the fewest rows for these conditions. All but the first have the order of pages. */
function indexFor(conditions: readonly Condition[]): string {
  const has = (column: Condition['column']): boolean => conditions.some((condition) => condition.column === column)
  // An address has few assets, so its rows are sorted.
  if (has('account')) return 'custody_members_of_address'
  const suffix = has('asset') ? '_by_asset' : has('chain') ? '_by_chain' : ''
  return has('wallet') ? `custody_members_in_wallet${suffix}` : `custody_members${suffix === '' ? '_of' : suffix}`
}
