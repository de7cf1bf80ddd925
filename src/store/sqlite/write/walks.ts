import type { AccountCodec } from '../../../core/account.ts'
import { type BalanceKey, isReadable } from '../../../core/balance.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { isFungible } from '../../../core/standards.ts'
import { decodeItem, encodeAmount } from '../../../journal/amount-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { WALKED, type Walk, type WalkLimits, type WalkPage } from '../../seam/audits.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, type Statement } from '../database.ts'
import type { AssetTable, FixedClasses } from '../rows/asset-table.ts'
import { HINTED, HintWalk } from './hint-walk.ts'
import { Found, parseCursor, type WalkCursor } from './walk-found.ts'

/** Transfers, or tokens, that one step of a walk examines: some milliseconds of the writer's time. */
const MAX_LOOKED_AT = 500
/**
 * Balances that one step of the walk over all of them passes: also some milliseconds, since it reads only their keys.
 */
const MAX_PASSED = 5_000
/** A holder is drawn from this many at or below a random amount, so that many equal amounts do not hide each other. */
const DRAWN_FROM = 64
const NO_ITEM_BYTES = Buffer.alloc(0)

/** The dependencies of the walks. */
export type WalkDeps = {
  readonly db: SqliteDatabase
  readonly assets: AssetTable
  readonly codec: AccountCodec
  readonly keeps: (account: string) => boolean
  readonly coverage: Coverage
  readonly fixed: FixedClasses
}

/** Walks over a chain's balances. A cursor is text: the next page of the same walk begins there. */
export class Walks {
  readonly #deps: WalkDeps
  readonly #hints: HintWalk
  readonly #s: ReturnType<typeof prepare>

  constructor(deps: WalkDeps) {
    this.#deps = deps
    this.#hints = new HintWalk(deps.db, deps.codec)
    this.#s = prepare(deps.db)
  }

  next(walk: Walk, cursor: string | undefined, limits: WalkLimits): WalkPage {
    if (walk === 'holders') return this.#holders(cursor, limits)
    if (walk === 'doubts') return this.#doubts(cursor, limits)
    if (walk === 'openings') return this.#openings(cursor, limits)
    if (walk === 'all') return this.#all(cursor, limits)
    return this.#rereads(cursor, limits)
  }

  /** Some holders of each of the next tokens. After the last token comes the first. */
  #holders(cursor: string | undefined, limits: WalkLimits): WalkPage {
    const start = Number(cursor ?? 0)
    const rows = [...this.#s.heldAfter.all(start, limits.keys), ...this.#s.heldUpTo.all(start, limits.keys)]
    const keys: BalanceKey[] = []
    let reached = start
    for (const row of rows) {
      if (keys.length >= limits.keys) break
      reached = int(row[0])
      const asset = this.#deps.assets.byId(reached)
      if (asset.accounting !== 'events' || !isReadable({ asset: asset.asset, item: NO_ITEM_BYTES })) continue
      keys.push(...this.#draw(asset, { holders: int(row[1]), wanted: limits.perToken }))
    }
    return { keys, cursor: String(reached) }
  }

  /**
   * A few holders of a token: all if there are few, else some near random amounts. Small amounts are as likely as large
   * ones.
   */
  #draw(asset: StoredAsset, { holders, wanted }: { holders: number; wanted: number }): BalanceKey[] {
    if (holders <= wanted) {
      const all = this.#s.holders.all(asset.id, wanted)
      return all.flatMap((row) => this.#kept(asset, bytes(row[0]), NO_ITEM_BYTES))
    }
    const top = bytes(this.#s.holders.get(asset.id, 1)?.[1])
    const drawn = new Map<string, BalanceKey>()
    for (let draw = 0; draw < wanted; draw++) {
      const bits = Math.ceil(Math.random() * (top.length - 1) * 8)
      const below = encodeAmount(BigInt(`0x1${'0'.repeat(Math.ceil(bits / 4))}`))
      const row = (this.#s.holderBelow.get(asset.id, below, Math.floor(Math.random() * DRAWN_FROM)) ??
        this.#s.holderBelow.get(asset.id, top, Math.floor(Math.random() * Math.min(holders, DRAWN_FROM)))) as
        | Row
        | undefined
      if (row === undefined) continue
      for (const key of this.#kept(asset, bytes(row[0]), NO_ITEM_BYTES)) drawn.set(key.account, key)
    }
    return [...drawn.values()]
  }

  /**
   * Balances that are out of range, or reopened and not investigated yet, token by token: the first few of each token.
   * Once those are resolved, the walk finds others. Skips reclassified tokens. One step examines a bounded number of
   * tokens, even if it finds nothing.
   */
  #doubts(cursor: string | undefined, limits: WalkLimits): WalkPage {
    const start = Number(cursor ?? 0)
    const keys: BalanceKey[] = []
    let asset = start
    let wrapped = start === 0
    for (let looked = 0; looked < MAX_LOOKED_AT && keys.length < limits.keys; looked++) {
      const next = nullable(this.#s.doubtedAfter.get({ after: asset }), int)
      if (wrapped && (next === undefined || (start > 0 && next > start))) break
      asset = next ?? 0
      if (next === undefined) wrapped = true
      if (next === undefined || this.#s.isReclassified.get(next) !== undefined) continue
      const stored = this.#deps.assets.byId(next)
      if (stored.accounting !== 'events') continue
      const few = Math.min(limits.perToken, limits.keys - keys.length)
      for (const entry of this.#s.doubts.all({ asset: next, limit: few })) {
        const row = entry
        if (isReadable({ asset: stored.asset, item: bytes(row[1]) }))
          keys.push(...this.#kept(stored, bytes(row[0]), bytes(row[1])))
      }
    }
    return { keys, cursor: String(asset) }
  }

  /** Balances with an unknown opening, most recently changed first. After the last comes the first again. */
  #openings(cursor: string | undefined, limits: WalkLimits): WalkPage {
    if (this.#deps.coverage.from === 0) return { keys: [], cursor: '' }
    const from = cursor === undefined || cursor === '' ? [Number.MAX_SAFE_INTEGER, 0, 0] : cursor.split('/').map(Number)
    const found = new Found(limits)
    let reached = ''
    const rows = this.#s.transfersBelow.all(...from, MAX_LOOKED_AT)
    for (const row of rows) {
      const asset = this.#deps.assets.byId(int(row[3]))
      if (asset.accounting === 'events') {
        for (const pair of this.#pairsOf(asset, row)) {
          if (this.#s.unopened.get(pair.account, asset.id, pair.item) !== undefined) {
            found.add(asset.id, this.#key(asset, pair.account, pair.item))
          }
        }
      }
      reached = `${int(row[0])}/${int(row[1])}/${int(row[2])}`
      if (found.isFull) break
    }
    const bottom = rows.length < MAX_LOOKED_AT && !found.isFull
    return { keys: found.keys, cursor: bottom ? '' : reached }
  }

  /** All balances that can be compared, in key order. Returns nothing once the end was reached. */
  #all(cursor: string | undefined, { keys: limit }: WalkLimits): WalkPage {
    if (cursor === WALKED) return { keys: [], cursor }
    const [account = '', asset = '0', item = ''] = (cursor ?? '').split('/')
    const from = [Buffer.from(account, 'hex'), Number(asset), Buffer.from(item, 'hex')]
    const keys: BalanceKey[] = []
    const rows = this.#s.balancesAfter.all(...from, MAX_PASSED)
    for (const row of rows) {
      const stored = this.#deps.assets.byId(int(row[1]))
      if (stored.accounting !== 'events' || !isReadable({ asset: stored.asset, item: bytes(row[2]) })) continue
      keys.push(...this.#kept(stored, bytes(row[0]), bytes(row[2])))
      if (keys.length < limit) continue
      return { keys, cursor: pairCursor(row) }
    }
    const last = rows.at(-1)
    return { keys, cursor: last === undefined || rows.length < MAX_PASSED ? WALKED : pairCursor(last) }
  }

  /** Accounts of `reads` tokens, token by token, most recently changed first. */
  #rereads(cursor: string | undefined, limits: WalkLimits): WalkPage {
    const cursors = new Map((cursor ?? '').split(' ').flatMap((one) => parseCursor(one)))
    const found = new Found(limits)
    const last = cursors.get(0)?.[0] ?? 0
    const ids = this.#readsTokens(last)
    let reached = last
    let left = MAX_LOOKED_AT
    for (const id of ids) {
      if (found.isFull || left <= 0) break
      reached = id
      const changed = this.#changedOf(this.#deps.assets.byId(id), { cursor: cursors.get(id), limit: left }, found)
      cursors.set(id, changed.cursor)
      left -= changed.looked
    }
    cursors.set(0, [reached, 0, 0])
    const kept = [...cursors].filter(([id, at]) => id === 0 || (ids.includes(id) && at[0] !== -1))
    return { keys: found.keys, cursor: kept.map(([id, at]) => `${id}:${at.join('/')}`).join(' ') }
  }

  /**
   * Adds accounts of one token from a cursor downwards: first those of transfers, then those that hints name. Returns
   * the new cursor; block -1 is the end.
   */
  #changedOf(
    asset: StoredAsset,
    { cursor, limit }: { readonly cursor: WalkCursor | undefined; readonly limit: number },
    found: Found,
  ): { readonly cursor: WalkCursor; readonly looked: number } {
    if (cursor?.[0] === HINTED) return this.#hints.page(asset, { cursor, limit }, found)
    const from = cursor ?? [Number.MAX_SAFE_INTEGER, 0, 0]
    const rows = this.#s.ofAssetBelow.all(asset.id, ...from, limit)
    const looked = rows.length + 1
    for (const row of rows) {
      for (const pair of this.#pairsOf(asset, row)) found.add(asset.id, this.#key(asset, pair.account, pair.item))
      if (found.isFullOf(asset.id) || found.isFull) return { cursor: [int(row[0]), int(row[1]), int(row[2])], looked }
    }
    const end = rows.at(-1)
    if (rows.length < limit || end === undefined) {
      const hinted: WalkCursor = [HINTED, Number.MAX_SAFE_INTEGER, 0]
      const left = limit - rows.length
      if (left <= 0) return { cursor: hinted, looked }
      const page = this.#hints.page(asset, { cursor: hinted, limit: left }, found)
      return { cursor: page.cursor, looked: looked + page.looked }
    }
    return { cursor: [int(end[0]), int(end[1]), int(end[2])], looked }
  }

  /**
   * Ids of the next `reads` tokens that can be walked: fixed by configuration, reclassified, or deployed again after
   * their end. Ids above `last` come first, then the others.
   */
  #readsTokens(last: number): number[] {
    const fixed = [...this.#deps.fixed.keys()].flatMap((name) => {
      const [standard, reference = ''] = name.split(':')
      const asset = this.#deps.assets.find({ standard: parseStandard(standard), reference })
      return asset === undefined ? [] : [asset.id]
    })
    const reclassifiedAfter = (after: number) => this.#s.reclassifiedAfter.all({ after, limit: MAX_LOOKED_AT })
    const reclassified = [...reclassifiedAfter(last), ...reclassifiedAfter(0)]
    const all = new Set([...fixed, ...reclassified.map((id) => int(id))])
    const ids = [...all].filter((id) => this.#deps.assets.byId(id).accounting === 'reads').sort((a, b) => a - b)
    return [...ids.filter((id) => id > last), ...ids.filter((id) => id <= last)]
  }

  #pairsOf(asset: StoredAsset, row: Row): { account: Buffer; item: Buffer }[] {
    const items = isFungible(asset.asset.standard) ? [NO_ITEM_BYTES] : [NO_ITEM_BYTES, bytes(row[6])]
    return [row[4], row[5]].flatMap((side) => {
      if (side === null || !this.#deps.keeps(this.#deps.codec.decode(bytes(side)))) return []
      return items
        .filter((item) => isReadable({ asset: asset.asset, item }))
        .map((item) => ({ account: bytes(side), item }))
    })
  }

  /** The key of a stored balance. Empty if the account's history is incomplete, so that there is nothing to compare. */
  #kept(asset: StoredAsset, account: Buffer, item: Buffer): readonly BalanceKey[] {
    const key = this.#key(asset, account, item)
    return this.#deps.keeps(key.account) ? [key] : []
  }

  #key(asset: StoredAsset, account: Buffer, item: Buffer): BalanceKey {
    return { account: this.#deps.codec.decode(account), asset: asset.asset, item: decodeItem(item) }
  }
}

function pairCursor(row: Row): string {
  return `${bytes(row[0]).toString('hex')}/${int(row[1])}/${bytes(row[2]).toString('hex')}`
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  const held = 'SELECT id, holders FROM assets WHERE holders > 0 AND id'
  const holders = "SELECT account, amount FROM balances WHERE asset = ? AND item = x'' AND amount > x'80'"
  const place = 'block, log, sub'
  const columns = `${place}, asset, sender, receiver, item FROM transfers`
  const newest = 'ORDER BY block DESC, log DESC, sub DESC LIMIT ? + 0'
  return {
    heldAfter: sql(`${held} > ? ORDER BY id LIMIT ? + 0`).raw(),
    heldUpTo: sql(`${held} <= ? ORDER BY id LIMIT ? + 0`).raw(),
    holders: sql(`${holders} ORDER BY amount DESC, account LIMIT ? + 0`).raw(),
    holderBelow: sql(`${holders} AND amount <= ? ORDER BY amount DESC, account LIMIT 1 OFFSET ? + 0`).raw(),
    doubtedAfter: sql(
      `SELECT min(asset) FROM (SELECT min(asset) AS asset FROM doubts WHERE asset > @after
       UNION ALL SELECT min(asset) FROM openings WHERE since > 0 AND asset > @after)`,
    ).pluck(),
    isReclassified: sql('SELECT 1 FROM turns WHERE asset = ?').pluck(),
    // Returns each row once, without collecting all rows first.
    doubts: sql(
      `SELECT account, item FROM doubts WHERE asset = @asset
       UNION ALL SELECT o.account, o.item FROM openings o WHERE o.since > 0 AND o.asset = @asset AND NOT EXISTS
         (SELECT 1 FROM doubts d WHERE d.asset = o.asset AND d.account = o.account AND d.item = o.item)
         GROUP BY o.account, o.item
       LIMIT @limit + 0`,
    ).raw(),
    unopened: sql('SELECT 1 FROM balances WHERE account = ? AND asset = ? AND item = ? AND opening IS NULL').pluck(),
    transfersBelow: sql(`SELECT ${columns} WHERE (${place}) < (?, ?, ?) ${newest}`).raw(),
    ofAssetBelow: sql(`SELECT ${columns} WHERE asset = ? AND (${place}) < (?, ?, ?) ${newest}`).raw(),
    balancesAfter: sql(
      `SELECT account, asset, item FROM balances WHERE (account, asset, item) > (?, ?, ?)
       ORDER BY account, asset, item LIMIT ? + 0`,
    ).raw(),
    reclassifiedAfter: sql(
      `SELECT asset FROM turns WHERE asset > @after UNION SELECT asset FROM endings WHERE again IS NOT NULL AND asset > @after
       ORDER BY asset LIMIT @limit + 0`,
    ).pluck(),
  }
}
