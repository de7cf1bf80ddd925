import type { AccountCodec } from '../../../core/account.ts'
import { assetKey } from '../../../core/asset.ts'
import type { Observation } from '../../../core/balance.ts'
import { decodeAmount, decodeItem, encodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { keyAt } from '../../rows/key-share.ts'
import type { ObservationPage, ObservationQuery } from '../../seam/positions.ts'
import { bytes, int, type Row, type RowStatement, type SqliteDatabase, type Statement, text } from '../database.ts'

/** The columns that `readObservation` reads, in order. */
export const OBSERVATION_COLUMNS = 'account, reference, standard, item, block, hash, amount, observed_at'
/** Sorts before every asset. */
const NO_ASSET = { reference: '', standard: '' }

/** Walks over all observations in key order, a bounded number per call. */
export class ObservationWalker {
  readonly #codec: AccountCodec
  readonly #all: RowStatement
  readonly #ofAccount: RowStatement

  constructor(db: SqliteDatabase, codec: AccountCodec) {
    this.#codec = codec
    const sql = (statement: string): Statement => db.prepare(statement)
    this.#all = sql(
      `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE (account, reference, standard, item) > (?, ?, ?, ?)
       ORDER BY account, reference, standard, item LIMIT ? + 0`,
    ).raw()
    this.#ofAccount = sql(
      `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE account = ? AND (reference, standard, item) > (?, ?, ?)
       ORDER BY reference, standard, item LIMIT ? + 0`,
    ).raw()
  }

  next({ after, account, assets, limit }: ObservationQuery): ObservationPage {
    const cursor = 'share' in after ? undefined : after
    const { asset = NO_ASSET, item = '' } = cursor ?? {}
    const behind = [asset.reference, asset.standard, encodeItem(item), limit]
    const from = 'share' in after ? keyAt(after.share, this.#codec) : this.#codec.encode(after.account)
    const found =
      account === undefined
        ? this.#all.all(from, ...behind)
        : this.#ofAccount.all(this.#codec.encode(account), ...behind)
    const rows = found.map((row) => readObservation(row, this.#codec))
    const wanted = assets && new Set(assets.map(assetKey))
    const next = rows.length < limit ? undefined : rows.at(-1)
    return { rows: rows.filter(({ asset }) => wanted === undefined || wanted.has(assetKey(asset))), next }
  }
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
