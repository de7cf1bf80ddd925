import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import { amountOfHex, decodeAmount, encodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { bytes, int, NO_ROW, nullable, type Row, text } from '../rows/columns.ts'
import type { HeldBlock } from '../seam/chain-clock.ts'
import type { StoredAsset, StoredBalance } from '../seam/store.ts'
import { hides, type ReadContext } from './context.ts'
import { type Query, rowOf } from './query.ts'

/** Whose position: the key of its row. */
export type PairValues = { readonly account: Buffer; readonly asset: number; readonly item: Buffer }

const BLOCK_AT = rowOf('SELECT hash, timestamp FROM blocks WHERE number = ?')
/** The present amount of a position, as `amountIn` reads it. */
export const AMOUNT = rowOf('SELECT hex(amount) FROM balances WHERE account = ? AND asset = ? AND item = ?')
const POSITION = rowOf(
  'SELECT last_block, opening, met_block FROM balances WHERE account = ? AND asset = ? AND item = ?',
)
const SINCE = rowOf(
  'SELECT since FROM openings WHERE account = ? AND asset = ? AND item = ? ORDER BY block DESC LIMIT 1',
)
const CHANGE_AT = rowOf(
  `SELECT sum FROM changes WHERE account = ? AND asset = ? AND item = ? AND block <= ?
   ORDER BY block DESC, log DESC, sub DESC LIMIT 1`,
)
const IS_REFUTED = rowOf('SELECT 1 FROM refuted_pairs WHERE asset = ? AND account = ? AND item = ?')
const CLOSED_OF = rowOf('SELECT 1 FROM doubts WHERE asset = ? LIMIT 1')
const REFUTED_OF = rowOf('SELECT 1 FROM refuted_pairs WHERE asset = ? LIMIT 1')
/** A refuted balance that has no row: the account's list may lack this asset. */
const LACKS_ROW = rowOf(
  `SELECT 1 FROM refuted_pairs r WHERE account = ? AND NOT EXISTS
   (SELECT 1 FROM balances b WHERE b.account = r.account AND b.asset = r.asset AND b.item = r.item) LIMIT 1`,
)

/** The amount of a column `hex(amount)`; undefined if there is none. */
export function amountIn(value: unknown): bigint | undefined {
  return amountOfHex(text(value))
}

/** Our block at a number, or the published block if `number` is undefined; undefined if we do not store it. */
export function* heldAt(
  { clock: { published } }: ReadContext,
  number: number | undefined,
): Query<HeldBlock | undefined> {
  return number === undefined || number === published?.number ? published : yield* blockAt(number)
}

/** Our block at a number; undefined if we do not store it. */
export function* blockAt(number: number): Query<HeldBlock | undefined> {
  const [row] = yield [BLOCK_AT, number]
  return row && { number, hash: decodeHash(bytes(row[0])), timestamp: int(row[1]) }
}

/** The stored asset; undefined if it was never seen. The native asset has no events, so it is never stored. */
export function* assetOf({ assets }: ReadContext, asset: AssetRef): Query<StoredAsset | undefined> {
  return asset.standard === 'native' ? undefined : (assets.knownAs(asset) ?? (yield* assets.find(asset)))
}

/** A position as of the published block or an earlier one; undefined if there is no row and nothing is in doubt. */
export function* balance(
  context: ReadContext,
  key: BalanceKey,
  asOf: number | undefined,
): Query<StoredBalance | undefined> {
  return yield* balanceOf(context, { key, asset: yield* assetOf(context, key.asset) }, asOf)
}

/** As `balance`. `asset`: that of the key, as stored. */
export function* balanceOf(
  context: ReadContext,
  { key, asset }: { readonly key: BalanceKey; readonly asset: StoredAsset | undefined },
  asOf: number | undefined,
): Query<StoredBalance | undefined> {
  if (asset === undefined || isZero(context, key)) return undefined
  const where = pairOf(context, key, asset)
  if (mayBeRefuted(context, asset) && (yield* isRefuted(context, asset, where))) {
    return { assetId: asset.id, account: key.account, item: key.item, amount: undefined, inDoubt: true }
  }
  const [row] = yield [AMOUNT, where.account, where.asset, where.item]
  const now = row && presentOf(context, { key, asset }, row)
  return asOf === undefined || now === undefined ? now : yield* earlier(context, { now, where }, asOf)
}

/** True for the zero address: an older version may have stored rows for it, which are not sums of its events. */
export function isZero({ codec }: ReadContext, { account }: BalanceKey): boolean {
  return account === codec.zeroAddress
}

/** The key of a position's row. */
export function pairOf({ codec }: ReadContext, { account, item }: BalanceKey, { id }: StoredAsset): PairValues {
  return { account: codec.encode(account), asset: id, item: encodeItem(item) }
}

/** The present position of a row of AMOUNT that nothing refutes; undefined if it is not shown. */
export function presentOf(
  context: ReadContext,
  { key, asset }: { readonly key: BalanceKey; readonly asset: StoredAsset },
  row: Row,
): StoredBalance | undefined {
  const { account, item } = key
  if (hides(context, account)) return undefined
  return { assetId: asset.id, account, item, amount: amountIn(row[0]), inDoubt: false }
}

/** The position at an earlier block: opening + the running sum by then. Unknown before the opening holds. */
function* earlier(
  { clock }: ReadContext,
  { now, where: { account, asset, item } }: { readonly now: StoredBalance; readonly where: PairValues },
  asOf: number,
): Query<StoredBalance | undefined> {
  // The opening is unknown or contradicted by the events, so earlier amounts are unknown too.
  if (now.amount === undefined) return now
  const [row = NO_ROW] = yield [POSITION, account, asset, item]
  const [reopened] = yield [SINCE, account, asset, item]
  const since = nullable(reopened?.[0], int)
  const from = clock.coverage?.from ?? 0
  const first = since === undefined || since === 0 ? from - 1 : since
  if (asOf < first) return { ...now, amount: undefined }
  if (int(row[0]) <= asOf) return now
  const [change] = yield [CHANGE_AT, account, asset, item, asOf]
  if (change === undefined && since === undefined && int(row[2]) > asOf) return undefined
  const opening = nullable(row[1], (value) => decodeAmount(bytes(value)))
  const sum = change === undefined ? 0n : decodeAmount(bytes(change[0]))
  return { ...now, amount: opening === undefined ? undefined : opening + sum }
}

/** True if a balance of an asset may be refuted, so that `isRefuted` must be asked. Usually nothing is in doubt. */
export function mayBeRefuted({ clock: { inDoubt, doubts } }: ReadContext, asset: StoredAsset): boolean {
  return inDoubt || asset.inDoubt || doubts.pairs > 0
}

/** True if the chain refuted this balance, its token, or the whole chain's events. */
export function* isRefuted(
  { clock: { inDoubt, doubts } }: ReadContext,
  asset: StoredAsset,
  pair: { readonly account: Buffer; readonly item: Buffer },
): Query<boolean> {
  if (inDoubt || asset.inDoubt) return true
  return doubts.pairs > 0 && (yield [IS_REFUTED, asset.id, pair.account, pair.item]).length > 0
}

/** True if some data about the token is unproven. */
export function* isAnyRefuted({ clock: { inDoubt, doubts } }: ReadContext, asset: StoredAsset): Query<boolean> {
  if (inDoubt || asset.inDoubt) return true
  // An account spent more than it received, so transfers are missing. Other accounts may be affected too.
  if ((yield [CLOSED_OF, asset.id]).length > 0) return true
  return doubts.pairs > 0 && (yield [REFUTED_OF, asset.id]).length > 0
}

/** True if the account may hold assets that have no stored row. */
export function* mayLack({ clock: { inDoubt, doubts } }: ReadContext, account: Buffer): Query<boolean> {
  return inDoubt || (doubts.pairs > 0 && (yield [LACKS_ROW, account]).length > 0)
}
