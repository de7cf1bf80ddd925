import type { AccountCodec } from '../../core/account.ts'
import { assetKey } from '../../core/asset.ts'
import type { BalanceKey, Observation } from '../../core/balance.ts'
import { decodeAmount, decodeItem, encodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { parseStandard } from '../../journal/rules/assets.ts'
import type { ObservationPage, ObservationQuery } from '../seam/positions.ts'
import { bytes, int, type Row, text } from './columns.ts'
import { keyAt } from './key-share.ts'

/** The columns that `readObservation` reads, in order. */
export const OBSERVATION_COLUMNS = 'account, reference, standard, item, block, hash, amount, observed_at'
/** The condition that a row is of one balance. Its values are those of `observedKey`. */
export const OF_KEY = 'account = ? AND reference = ? AND standard = ? AND item = ?'
/** Most assets of one account that are returned: the caller only needs to know whether a list lacks any. */
export const MAX_HELD = 500
/** Sorts before every asset. */
const NO_ASSET = { reference: '', standard: '' }

/** The stored values of a balance's key, in the order of OF_KEY. */
export type ObservedKey = readonly [account: Buffer, reference: string, standard: string, item: Buffer]

/** The key of a balance as it is stored. */
export function observedKey({ account, asset, item }: BalanceKey, codec: AccountCodec): ObservedKey {
  return [codec.encode(account), asset.reference, asset.standard, encodeItem(item)]
}

/** Where a page of a walk begins: behind `from` and `behind`, or of one account behind `behind`. */
export function observationCursor({ after, account }: ObservationQuery, codec: AccountCodec) {
  const cursor = 'share' in after ? undefined : after
  const { asset = NO_ASSET, item = '' } = cursor ?? {}
  return {
    from: 'share' in after ? keyAt(after.share, codec) : codec.encode(after.account),
    account: account === undefined ? undefined : codec.encode(account),
    behind: [asset.reference, asset.standard, encodeItem(item)] as const,
  }
}

/** A page of a walk, of its rows with OBSERVATION_COLUMNS. */
export function observationPage(found: readonly Row[], query: ObservationQuery, codec: AccountCodec): ObservationPage {
  const { assets, limit } = query
  const rows = found.map((row) => readObservation(row, codec))
  const wanted = assets && new Set(assets.map(assetKey))
  const next = rows.length < limit ? undefined : rows.at(-1)
  return { rows: rows.filter(({ asset }) => wanted === undefined || wanted.has(assetKey(asset))), next }
}

/** Decodes a row with OBSERVATION_COLUMNS. */
export function readObservation(row: Row, codec: AccountCodec): Observation {
  return {
    account: codec.decode(bytes(row[0])),
    asset: { reference: text(row[1]), standard: parseStandard(row[2]) },
    item: decodeItem(bytes(row[3])),
    block: { number: int(row[4]), hash: decodeHash(bytes(row[5])) },
    amount: decodeAmount(bytes(row[6])),
    observedAt: int(row[7]),
  }
}
