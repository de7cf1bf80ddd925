import { type AssetRef, assetKey } from '../../../core/asset.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { text } from '../../rows/columns.ts'
import type { FoundTokens, TokenQuery } from '../../seam/tokens.ts'
import { type Asked, type Named, type Query, rowsOf } from '../query.ts'

/** Most tokens with a matching symbol, and with a matching name, that one search looks at: some 10 ms. */
const MAX_MATCHES = 10_000

/** Sorts after every text with the same beginning. */
const LAST_CHARACTER = '\u{10ffff}'

/** Assets with transfers, except those of contracts without code. */
const SHOWN = `a.first_block IS NOT NULL AND a.standard IN (SELECT value FROM json_each(@standards))
  AND a.standard || ':' || a.reference NOT IN (SELECT value FROM json_each(@except))
  AND NOT EXISTS (SELECT 1 FROM endings e WHERE e.asset = a.id AND e.again IS NULL)`
const PAGE = 'ORDER BY a.id LIMIT @most + 0 OFFSET @offset + 0'

function beginning(column: 'symbol' | 'name'): string {
  return `SELECT reference, standard FROM (SELECT reference, standard FROM noted.tokens
    WHERE ${column} COLLATE NOCASE >= @beginning AND ${column} COLLATE NOCASE < @end AND ${column} IS NOT NULL
    ORDER BY ${column} COLLATE NOCASE LIMIT @matches + 0) by_${column}`
}

/** Walks the assets by id, up to the page's end. */
const ALL = rowsOf(`SELECT a.reference, a.standard FROM assets a WHERE ${SHOWN} ${PAGE}`)
const OF_REFERENCE = rowsOf(
  `SELECT a.reference, a.standard FROM assets a WHERE a.reference = @reference AND ${SHOWN} ${PAGE}`,
)
const OF_TEXT = rowsOf(
  `SELECT a.reference, a.standard FROM (${beginning('symbol')} UNION ${beginning('name')}) m
   CROSS JOIN assets a ON a.reference = m.reference AND a.standard = m.standard WHERE ${SHOWN} ${PAGE}`,
)

/** The JSON text of lists that are excluded again and again. */
const excluded = new WeakMap<readonly AssetRef[], string>()

/** As `TokenStore.search`. */
export function* searchTokens({ match, standards, except, offset, limit }: TokenQuery): Query<FoundTokens> {
  // One more row shows whether there are more.
  const page = { standards: JSON.stringify(standards), except: keysOf(except), offset, most: limit + 1 }
  const rows = yield asked(match, page)
  const assets = rows.map((row) => ({ reference: text(row[0]), standard: parseStandard(row[1]) }))
  return { assets: assets.slice(0, limit), more: assets.length > limit }
}

function asked(match: TokenQuery['match'], page: Named): Asked {
  if (match === undefined) return [ALL, page]
  if ('reference' in match) return [OF_REFERENCE, { ...page, reference: match.reference }]
  return [OF_TEXT, { ...page, ...boundsOf(match.beginning), matches: MAX_MATCHES }]
}

function keysOf(assets: readonly AssetRef[]): string {
  const known = excluded.get(assets)
  if (known !== undefined) return known
  const keys = JSON.stringify(assets.map(assetKey))
  excluded.set(assets, keys)
  return keys
}

/** Between which texts those lie that begin so, in any case of the letters A to Z. */
function boundsOf(beginning: string): { readonly beginning: string; readonly end: string } {
  const lower = beginning.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  return { beginning: lower, end: lower + LAST_CHARACTER }
}
