import type { RowKey } from '../../../core/custody.ts'
import type { MemberFilter } from '../../seam/custody.ts'
import { int, nullable, type Row, type RowStatement, type SqliteDatabase, type Statement } from '../database.ts'
import { Names } from './names.ts'
import { type CountedList, RowAnchors } from './row-anchors.ts'

/** The columns of a member, of `m` joined with what it names. */
const COLUMNS = 'm.id, w.uuid, a.family, a.address, c.chain, s.standard, s.reference, m.created_at, m.account, m.asset'
/** CROSS JOIN fixes the order of the join: the page of the index first, then what its rows name. */
const NAMED = `CROSS JOIN custody_wallets w ON w.id = m.wallet CROSS JOIN custody_accounts a ON a.id = m.account
  CROSS JOIN custody_assets s ON s.id = m.asset CROSS JOIN custody_chains c ON c.id = m.chain`

/** Reads the members that match one filter. */
export type MemberQuery = {
  readonly after: (key: RowKey, limit: number) => readonly Row[]
  readonly before: (key: RowKey, limit: number) => readonly Row[]
  readonly count: () => number
  /** The key of the row with this index, from 0. */
  readonly keyAt: (index: number) => RowKey
}

type Prepared = {
  readonly after: RowStatement
  readonly before: RowStatement
  readonly count: Statement
  readonly keyAt: Statement
}

/** Chooses the index for a filter, and prepares its statements once for each form of filters. */
export class MemberQueries {
  readonly #db: SqliteDatabase
  readonly #names: Names
  readonly #prepared = new Map<string, Prepared>()
  readonly #anchors = new RowAnchors()

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#names = new Names(db)
  }

  /** Undefined: no member can match. */
  of(filter: MemberFilter): MemberQuery | undefined {
    const found = this.#conditions(filter)
    if (found === undefined) return undefined
    const sql = memberSql(found)
    const { after, before, count, keyAt } = this.#prepare(sql)
    const values = found.flatMap((condition) => condition.values)
    const list: CountedList = {
      name: `${sql.count} ${values}`,
      countAfter: (key) => int(count.get(...values, key)),
      keyAt: (key, index) => nullable(keyAt.get(...values, key, index), int),
    }
    return {
      after: (key, limit) => after.all(...values, key, limit),
      before: (key, limit) => before.all(...values, key, limit),
      count: () => this.#anchors.count(list),
      keyAt: (index) => this.#anchors.keyAt(list, index),
    }
  }

  #conditions({ principal, wallet, chain, addresses, asset }: MemberFilter): readonly Condition[] | undefined {
    const owner = this.#names.principal(principal)
    if (owner === undefined) return undefined
    const conditions: (Condition | undefined)[] = [
      { column: 'principal', values: [owner] },
      ...(wallet === undefined ? [] : [one('wallet', this.#names.wallet(principal, wallet))]),
    ]
    if (addresses !== undefined) {
      const ids = addresses.flatMap((address) => this.#names.account(owner, address) ?? [])
      conditions.push(ids.length === 0 ? undefined : { column: 'account', values: ids })
    }
    const onChain = chain === undefined ? undefined : this.#names.chain(chain)
    if (asset !== undefined) conditions.push(one('asset', this.#names.asset(onChain ?? 0, asset)))
    else if (chain !== undefined) conditions.push(one('chain', onChain))
    return conditions.every((condition) => condition !== undefined) ? conditions : undefined
  }

  #prepare(sql: Readonly<Record<keyof Prepared, string>>): Prepared {
    const known = this.#prepared.get(sql.after)
    if (known !== undefined) return known
    const prepared: Prepared = {
      after: this.#db.prepare(sql.after).raw(),
      before: this.#db.prepare(sql.before).raw(),
      count: this.#db.prepare(sql.count).pluck(),
      keyAt: this.#db.prepare(sql.keyAt).pluck(),
    }
    this.#prepared.set(sql.after, prepared)
    return prepared
  }
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
export function memberSql(conditions: readonly Condition[]): Readonly<Record<keyof Prepared, string>> {
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
