import type { AccountCodec } from '../../core/account.ts'
import { type BalanceKey, isReadable } from '../../core/balance.ts'
import type { Coverage } from '../../core/coverage.ts'
import { isFungible } from '../../core/standards.ts'
import { decodeItem, encodeAmount } from '../../journal/amount-codec.ts'
import { parseStandard } from '../../journal/rules/assets.ts'
import { bytes, int, nullable, type Row } from '../rows/columns.ts'
import { WALKED, type Walk, type WalkLimits, type WalkPage } from '../seam/audits.ts'
import type { StoredAsset } from '../seam/store.ts'
import type { AssetTable, FixedClasses } from './asset-table.ts'
import { HINTED, hintedPage } from './hint-walk.ts'
import { type Query, rowOf, rowsOf } from './query.ts'
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

const HELD = 'SELECT id, holders FROM assets WHERE holders > 0 AND id'
const HELD_AFTER = rowsOf(`${HELD} > ? ORDER BY id LIMIT ? + 0`)
const HELD_UP_TO = rowsOf(`${HELD} <= ? ORDER BY id LIMIT ? + 0`)
const HOLDING = "SELECT account, amount FROM balances WHERE asset = ? AND item = x'' AND amount > x'80'"
const HOLDERS = rowsOf(`${HOLDING} ORDER BY amount DESC, account LIMIT ? + 0`)
const HOLDER_BELOW = rowOf(`${HOLDING} AND amount <= ? ORDER BY amount DESC, account LIMIT 1 OFFSET ? + 0`)
const DOUBTED_AFTER = rowOf(
  `SELECT min(asset) FROM (SELECT min(asset) AS asset FROM doubts WHERE asset > @after
   UNION ALL SELECT min(asset) FROM openings WHERE since > 0 AND asset > @after) d`,
)
const IS_RECLASSIFIED = rowOf('SELECT 1 FROM turns WHERE asset = ?')
/** Returns each row once, without collecting all rows first. */
const DOUBTS = rowsOf(
  `SELECT account, item FROM doubts WHERE asset = @asset
   UNION ALL SELECT o.account, o.item FROM openings o WHERE o.since > 0 AND o.asset = @asset AND NOT EXISTS
     (SELECT 1 FROM doubts d WHERE d.asset = o.asset AND d.account = o.account AND d.item = o.item)
     GROUP BY o.account, o.item
   LIMIT @limit + 0`,
)
const UNOPENED = rowOf('SELECT 1 FROM balances WHERE account = ? AND asset = ? AND item = ? AND opening IS NULL')
const PLACE = 'block, log, sub'
const MOVED = `${PLACE}, asset, sender, receiver, item FROM transfers`
const NEWEST = 'ORDER BY block DESC, log DESC, sub DESC LIMIT ? + 0'
const TRANSFERS_BELOW = rowsOf(`SELECT ${MOVED} WHERE (${PLACE}) < (?, ?, ?) ${NEWEST}`)
const OF_ASSET_BELOW = rowsOf(`SELECT ${MOVED} WHERE asset = ? AND (${PLACE}) < (?, ?, ?) ${NEWEST}`)
const BALANCES_AFTER = rowsOf(
  `SELECT account, asset, item FROM balances WHERE (account, asset, item) > (?, ?, ?)
   ORDER BY account, asset, item LIMIT ? + 0`,
)
const RECLASSIFIED_AFTER = rowsOf(
  `SELECT asset FROM turns WHERE asset > @after UNION SELECT asset FROM endings WHERE again IS NOT NULL AND asset > @after
   ORDER BY asset LIMIT @limit + 0`,
)

/** What the walks need. */
export type WalkDeps = {
  readonly assets: AssetTable
  readonly codec: AccountCodec
  readonly keeps: (account: string) => boolean
  readonly coverage: Coverage
  readonly fixed: FixedClasses
}

/** The next page of a walk over a chain's balances. A cursor is text: the next page of the same walk begins there. */
export function* walkOn(
  deps: WalkDeps,
  { walk, cursor }: { readonly walk: Walk; readonly cursor: string | undefined },
  limits: WalkLimits,
): Query<WalkPage> {
  if (walk === 'holders') return yield* holders(deps, cursor, limits)
  if (walk === 'doubts') return yield* doubts(deps, cursor, limits)
  if (walk === 'openings') return yield* openings(deps, cursor, limits)
  if (walk === 'all') return yield* all(deps, cursor, limits)
  return yield* rereads(deps, cursor, limits)
}

/** Some holders of each of the next tokens. After the last token comes the first. */
function* holders(deps: WalkDeps, cursor: string | undefined, limits: WalkLimits): Query<WalkPage> {
  const start = Number(cursor ?? 0)
  const rows = [...(yield [HELD_AFTER, start, limits.keys]), ...(yield [HELD_UP_TO, start, limits.keys])]
  const keys: BalanceKey[] = []
  let reached = start
  for (const row of rows) {
    if (keys.length >= limits.keys) break
    reached = int(row[0])
    const asset = yield* deps.assets.byId(reached)
    if (asset.accounting !== 'events' || !isReadable({ asset: asset.asset, item: NO_ITEM_BYTES })) continue
    keys.push(...(yield* draw(deps, asset, { holders: int(row[1]), wanted: limits.perToken })))
  }
  return { keys, cursor: String(reached) }
}

/**
 * A few holders of a token: all if there are few, else some near random amounts. Small amounts are as likely as large
 * ones.
 */
function* draw(
  deps: WalkDeps,
  asset: StoredAsset,
  { holders: held, wanted }: { readonly holders: number; readonly wanted: number },
): Query<readonly BalanceKey[]> {
  if (held <= wanted) {
    const rows = yield [HOLDERS, asset.id, wanted]
    return rows.flatMap((row) => kept(deps, asset, [bytes(row[0]), NO_ITEM_BYTES]))
  }
  const [greatest] = yield [HOLDERS, asset.id, 1]
  const top = bytes(greatest?.[1])
  const drawn = new Map<string, BalanceKey>()
  for (let count = 0; count < wanted; count++) {
    const bits = Math.ceil(Math.random() * (top.length - 1) * 8)
    const below = encodeAmount(BigInt(`0x1${'0'.repeat(Math.ceil(bits / 4))}`))
    let [row] = yield [HOLDER_BELOW, asset.id, below, Math.floor(Math.random() * DRAWN_FROM)]
    if (row === undefined) {
      const nth = Math.floor(Math.random() * Math.min(held, DRAWN_FROM))
      ;[row] = yield [HOLDER_BELOW, asset.id, top, nth]
    }
    if (row === undefined) continue
    for (const key of kept(deps, asset, [bytes(row[0]), NO_ITEM_BYTES])) drawn.set(key.account, key)
  }
  return [...drawn.values()]
}

/**
 * Balances that are out of range, or reopened and not investigated yet, token by token: the first few of each token.
 * Once those are resolved, the walk finds others. Skips reclassified tokens. One step examines a bounded number of
 * tokens, even if it finds nothing.
 */
function* doubts(deps: WalkDeps, cursor: string | undefined, limits: WalkLimits): Query<WalkPage> {
  const start = Number(cursor ?? 0)
  const keys: BalanceKey[] = []
  let asset = start
  let wrapped = start === 0
  for (let looked = 0; looked < MAX_LOOKED_AT && keys.length < limits.keys; looked++) {
    const [doubted] = yield [DOUBTED_AFTER, { after: asset }]
    const next = nullable(doubted?.[0], int)
    if (wrapped && (next === undefined || (start > 0 && next > start))) break
    asset = next ?? 0
    if (next === undefined) wrapped = true
    if (next === undefined || (yield [IS_RECLASSIFIED, next]).length > 0) continue
    const stored = yield* deps.assets.byId(next)
    if (stored.accounting !== 'events') continue
    const few = Math.min(limits.perToken, limits.keys - keys.length)
    for (const row of yield [DOUBTS, { asset: next, limit: few }]) {
      const item = bytes(row[1])
      if (isReadable({ asset: stored.asset, item })) keys.push(...kept(deps, stored, [bytes(row[0]), item]))
    }
  }
  return { keys, cursor: String(asset) }
}

/** Balances with an unknown opening, most recently changed first. After the last comes the first again. */
function* openings(deps: WalkDeps, cursor: string | undefined, limits: WalkLimits): Query<WalkPage> {
  if (deps.coverage.from === 0) return { keys: [], cursor: '' }
  const from = placeOf(cursor === undefined || cursor === '' ? undefined : cursor.split('/').map(Number))
  const found = new Found(limits)
  let reached = ''
  const rows = yield [TRANSFERS_BELOW, ...from, MAX_LOOKED_AT]
  for (const row of rows) {
    const asset = yield* deps.assets.byId(int(row[3]))
    if (asset.accounting === 'events') {
      for (const [account, item] of pairsOf(deps, asset, row)) {
        const isOpen = (yield [UNOPENED, account, asset.id, item]).length > 0
        if (isOpen) found.add(asset.id, keyOf(deps, asset, [account, item]))
      }
    }
    reached = `${int(row[0])}/${int(row[1])}/${int(row[2])}`
    if (found.isFull) break
  }
  const bottom = rows.length < MAX_LOOKED_AT && !found.isFull
  return { keys: found.keys, cursor: bottom ? '' : reached }
}

/** All balances that can be compared, in key order. Returns nothing once the end was reached. */
function* all(deps: WalkDeps, cursor: string | undefined, { keys: limit }: WalkLimits): Query<WalkPage> {
  if (cursor === WALKED) return { keys: [], cursor }
  const [account = '', asset = '0', item = ''] = (cursor ?? '').split('/')
  const keys: BalanceKey[] = []
  const rows = yield [BALANCES_AFTER, Buffer.from(account, 'hex'), Number(asset), Buffer.from(item, 'hex'), MAX_PASSED]
  for (const row of rows) {
    const stored = yield* deps.assets.byId(int(row[1]))
    if (stored.accounting !== 'events' || !isReadable({ asset: stored.asset, item: bytes(row[2]) })) continue
    keys.push(...kept(deps, stored, [bytes(row[0]), bytes(row[2])]))
    if (keys.length < limit) continue
    return { keys, cursor: pairCursor(row) }
  }
  const last = rows.at(-1)
  return { keys, cursor: last === undefined || rows.length < MAX_PASSED ? WALKED : pairCursor(last) }
}

/** Accounts of `reads` tokens, token by token, most recently changed first. */
function* rereads(deps: WalkDeps, cursor: string | undefined, limits: WalkLimits): Query<WalkPage> {
  const cursors = new Map((cursor ?? '').split(' ').flatMap((one) => parseCursor(one)))
  const found = new Found(limits)
  const last = cursors.get(0)?.[0] ?? 0
  const ids = yield* readsTokens(deps, last)
  let reached = last
  let left = MAX_LOOKED_AT
  for (const id of ids) {
    if (found.isFull || left <= 0) break
    reached = id
    const asset = yield* deps.assets.byId(id)
    const changed = yield* changedOf({ ...deps, asset }, { cursor: cursors.get(id), limit: left }, found)
    cursors.set(id, changed.cursor)
    left -= changed.looked
  }
  cursors.set(0, [reached, 0, 0])
  const still = [...cursors].filter(([id, at]) => id === 0 || (ids.includes(id) && at[0] !== -1))
  return { keys: found.keys, cursor: still.map(([id, at]) => `${id}:${at.join('/')}`).join(' ') }
}

type Changed = { readonly cursor: WalkCursor; readonly looked: number }

/**
 * Adds accounts of one token from a cursor downwards: first those of transfers, then those that hints name. Returns
 * the new cursor; block -1 is the end.
 */
function* changedOf(
  deps: WalkDeps & { readonly asset: StoredAsset },
  { cursor, limit }: { readonly cursor: WalkCursor | undefined; readonly limit: number },
  found: Found,
): Query<Changed> {
  const { asset, codec } = deps
  const hints = { codec, token: asset }
  if (cursor?.[0] === HINTED) return yield* hintedPage(hints, { cursor, limit }, found)
  const rows = yield [OF_ASSET_BELOW, asset.id, ...placeOf(cursor), limit]
  const looked = rows.length + 1
  for (const row of rows) {
    for (const pair of pairsOf(deps, asset, row)) found.add(asset.id, keyOf(deps, asset, pair))
    if (found.isFullOf(asset.id) || found.isFull) return { cursor: [int(row[0]), int(row[1]), int(row[2])], looked }
  }
  const end = rows.at(-1)
  if (rows.length < limit || end === undefined) {
    const hinted: WalkCursor = [HINTED, Number.MAX_SAFE_INTEGER, 0]
    const left = limit - rows.length
    if (left <= 0) return { cursor: hinted, looked }
    const page = yield* hintedPage(hints, { cursor: hinted, limit: left }, found)
    return { cursor: page.cursor, looked: looked + page.looked }
  }
  return { cursor: [int(end[0]), int(end[1]), int(end[2])], looked }
}

/**
 * Ids of the next `reads` tokens that can be walked: fixed by configuration, reclassified, or deployed again after
 * their end. Ids above `last` come first, then the others.
 */
function* readsTokens({ assets, fixed }: WalkDeps, last: number): Query<readonly number[]> {
  const found = new Set<number>()
  for (const name of fixed.keys()) {
    const [standard, reference = ''] = name.split(':')
    const asset = yield* assets.find({ standard: parseStandard(standard), reference })
    if (asset !== undefined) found.add(asset.id)
  }
  for (const after of [last, 0]) {
    for (const [id] of yield [RECLASSIFIED_AFTER, { after, limit: MAX_LOOKED_AT }]) found.add(int(id))
  }
  const ids: number[] = []
  for (const id of found) if ((yield* assets.byId(id)).accounting === 'reads') ids.push(id)
  ids.sort((a, b) => a - b)
  return [...ids.filter((id) => id > last), ...ids.filter((id) => id <= last)]
}

/** An account and an item, as stored. */
type Pair = readonly [account: Buffer, item: Buffer]

function pairsOf({ codec, keeps }: WalkDeps, { asset }: StoredAsset, row: Row): readonly Pair[] {
  const items = isFungible(asset.standard) ? [NO_ITEM_BYTES] : [NO_ITEM_BYTES, bytes(row[6])]
  return [row[4], row[5]].flatMap((side) => {
    if (side === null || !keeps(codec.decode(bytes(side)))) return []
    return items.filter((item) => isReadable({ asset, item })).map((item): Pair => [bytes(side), item])
  })
}

/** The key of a stored balance. Empty if the account's history is incomplete, so that there is nothing to compare. */
function kept(deps: WalkDeps, asset: StoredAsset, pair: Pair): readonly BalanceKey[] {
  const key = keyOf(deps, asset, pair)
  return deps.keeps(key.account) ? [key] : []
}

function keyOf({ codec }: WalkDeps, { asset }: StoredAsset, [account, item]: Pair): BalanceKey {
  return { account: codec.decode(account), asset, item: decodeItem(item) }
}

/** The place of a cursor: behind all transfers if there is none. */
function placeOf(cursor: readonly number[] | undefined): WalkCursor {
  const [block = Number.MAX_SAFE_INTEGER, log = 0, sub = 0] = cursor ?? []
  return [block, log, sub]
}

function pairCursor(row: Row): string {
  return `${bytes(row[0]).toString('hex')}/${int(row[1])}/${bytes(row[2]).toString('hex')}`
}
