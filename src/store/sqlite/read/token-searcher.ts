import { type AssetRef, assetKey } from '../../../core/asset.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { FoundTokens, TokenQuery } from '../../seam/tokens.ts'
import { guarded, type RowStatement, type SqliteDatabase, text } from '../database.ts'

/** Most tokens with a matching symbol, and with a matching name, that one search looks at: some 10 ms. */
const MAX_MATCHES = 10_000

/** Sorts after every text with the same beginning. */
const LAST_CHARACTER = '\u{10ffff}'

/** Searches a chain's tokens on the connection that reads the facts file, with the reads file attached as `noted`. */
export class TokenSearcher {
  readonly #db: SqliteDatabase
  readonly #all: RowStatement
  readonly #ofReference: RowStatement
  readonly #ofText: RowStatement
  /** The JSON text of lists that are excluded again and again. */
  readonly #excluded = new WeakMap<readonly AssetRef[], string>()

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#all = db.prepare(TOKEN_STATEMENTS.all).raw()
    this.#ofReference = db.prepare(TOKEN_STATEMENTS.ofReference).raw()
    this.#ofText = db.prepare(TOKEN_STATEMENTS.ofText).raw()
  }

  /** As `TokenStore.search`. */
  search({ match, standards, except, offset, limit }: TokenQuery): FoundTokens {
    // One more row shows whether there are more.
    const page = { standards: JSON.stringify(standards), except: this.#keysOf(except), offset, most: limit + 1 }
    const rows = guarded(this.#db, () => {
      if (match === undefined) return this.#all.all(page)
      if ('reference' in match) return this.#ofReference.all({ ...page, reference: match.reference })
      const { beginning } = match
      return this.#ofText.all({ ...page, beginning, end: beginning + LAST_CHARACTER, matches: MAX_MATCHES })
    })
    const assets = rows.map((row) => ({ reference: text(row[0]), standard: parseStandard(row[1]) }))
    return { assets: assets.slice(0, limit), more: assets.length > limit }
  }

  #keysOf(assets: readonly AssetRef[]): string {
    const known = this.#excluded.get(assets)
    if (known !== undefined) return known
    const keys = JSON.stringify(assets.map(assetKey))
    this.#excluded.set(assets, keys)
    return keys
  }
}

/** Assets with transfers, except those of contracts without code. */
const SHOWN = `a.first_block IS NOT NULL AND a.standard IN (SELECT value FROM json_each(@standards))
  AND a.standard || ':' || a.reference NOT IN (SELECT value FROM json_each(@except))
  AND NOT EXISTS (SELECT 1 FROM endings e WHERE e.asset = a.id AND e.again IS NULL)`
const PAGE = 'ORDER BY a.id LIMIT @most + 0 OFFSET @offset + 0'

function beginning(column: string): string {
  return `SELECT reference, standard FROM (SELECT reference, standard FROM noted.tokens
    WHERE ${column} COLLATE NOCASE >= @beginning AND ${column} COLLATE NOCASE < @end
    ORDER BY ${column} COLLATE NOCASE LIMIT @matches + 0)`
}

/** The statements, by name, so that a test can check their plans. `all` walks the assets by id, up to the page's end. */
export const TOKEN_STATEMENTS = {
  all: `SELECT a.reference, a.standard FROM assets a WHERE ${SHOWN} ${PAGE}`,
  ofReference: `SELECT a.reference, a.standard FROM assets a WHERE a.reference = @reference AND ${SHOWN} ${PAGE}`,
  ofText: `SELECT a.reference, a.standard FROM (${beginning('symbol')} UNION ${beginning('name')}) m
    CROSS JOIN assets a ON a.reference = m.reference AND a.standard = m.standard WHERE ${SHOWN} ${PAGE}`,
}
