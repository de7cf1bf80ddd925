import { type AssetRef, assetKey } from '../../../core/asset.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { inLockOrder } from '../../queries/lock-order.ts'
import { int, text } from '../../rows/columns.ts'
import { readToken, TOKEN_COLUMNS, TOKEN_FACTS, tokenValues } from '../../rows/token-rows.ts'
import type { FoundTokens, StoredToken, TokenQuery, TokenStore } from '../../seam/tokens.ts'
import type { PostgresDatabase, Value } from '../database.ts'

/** Assets that are queued for reading in one transaction. */
const QUEUE_BATCH = 1_000
/** Most tokens with a matching symbol, and with a matching name, that one search looks at: some 10 ms. */
const MAX_MATCHES = 10_000
/** Sorts after every text with the same beginning. */
const LAST_CHARACTER = '\u{10ffff}'

/** The facts that tokens of a chain report about themselves. New assets of the journal are queued here as never read. */
export class PostgresTokens implements TokenStore {
  readonly #db: PostgresDatabase

  /** `db`: a view of the chain's schemas. */
  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async put(tokens: Parameters<TokenStore['put']>[0]): Promise<void> {
    await this.#db.write(
      async (queries) => {
        for (const token of inLockOrder(tokens, ({ asset }) => assetKey(asset))) {
          const { row, told } = tokenValues(token)
          await queries.run(PUT, ...(row as readonly Value[]), ...told)
        }
      },
      { durable: false },
    )
  }

  async get(assets: readonly AssetRef[]): Promise<readonly (StoredToken | undefined)[]> {
    if (assets.length === 0) return []
    const columns = [assets.map(({ reference }) => reference), assets.map(({ standard }) => standard)]
    const rows = await this.#db.all(GET, ...columns)
    return this.#db.read(() => {
      const found = new Map(rows.map((row) => [`${text(row[1])}:${text(row[0])}`, row]))
      return assets.map((asset) => {
        const row = found.get(assetKey(asset))
        return row && readToken(asset, row)
      })
    })
  }

  async search({ match, standards, except, offset, limit }: TokenQuery): Promise<FoundTokens> {
    // One more row shows whether there are more.
    const shown: readonly Value[] = [[...standards], except.map(assetKey)]
    const page: readonly Value[] = [limit + 1, offset]
    const find = () => {
      if (match === undefined) return this.#db.all(ALL, ...shown, ...page)
      if ('reference' in match) return this.#db.all(OF_REFERENCE, match.reference, ...shown, ...page)
      const beginning = match.beginning.toLowerCase()
      const between = [beginning, beginning + LAST_CHARACTER, MAX_MATCHES]
      return this.#db.all(OF_TEXT, ...between, ...between, ...shown, ...page)
    }
    const rows = await find()
    const assets = this.#db.read(() =>
      rows.map((row) => ({ reference: text(row[0]), standard: parseStandard(row[1]) })),
    )
    return { assets: assets.slice(0, limit), more: assets.length > limit }
  }

  async expire(reference: string): Promise<void> {
    await this.#db.run('UPDATE tokens SET read_at = 0 WHERE reference = ?', reference)
  }

  async stale({ before, limit }: { readonly before: number; readonly limit: number }): Promise<readonly AssetRef[]> {
    await this.#queueNew()
    const rows = await this.#db.all(
      'SELECT reference, standard FROM tokens WHERE read_at < ? ORDER BY read_at, reference, standard LIMIT ?',
      before,
      limit,
    )
    return this.#db.read(() => rows.map((row) => ({ reference: text(row[0]), standard: parseStandard(row[1]) })))
  }

  async #queueNew(): Promise<void> {
    await this.#db.write(async (queries) => {
      const [queued] = (await queries.get('SELECT asset FROM queued FOR UPDATE')) ?? [0]
      const rows = await queries.all(
        'SELECT id, reference, standard FROM assets WHERE id > ? ORDER BY id LIMIT ?',
        int(queued),
        QUEUE_BATCH,
      )
      const last = rows.at(-1)
      if (last === undefined) return
      const assets = inLockOrder(
        rows.map((row) => ({ reference: text(row[1]), standard: parseStandard(row[2]) })),
        assetKey,
      )
      await queries.run(
        QUEUE,
        assets.map(({ reference }) => reference),
        assets.map(({ standard }) => standard),
      )
      await queries.run('UPDATE queued SET asset = ?', int(last[0]))
    })
  }
}

const TOLD = TOKEN_FACTS.map(
  ([column]) => `${column} = CASE WHEN ?::int = 1 THEN excluded.${column} ELSE t.${column} END`,
)
const PUT = `INSERT INTO tokens AS t (${TOKEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (reference, standard) DO UPDATE SET ${TOLD.join(', ')}, read_at = excluded.read_at`
const GET = `SELECT ${TOKEN_COLUMNS.split(', ')
  .map((column) => `t.${column}`)
  .join(', ')} FROM unnest(?::text[], ?::text[]) AS k (reference, standard)
  JOIN tokens t ON t.reference = k.reference AND t.standard = k.standard WHERE t.read_at > 0`
const QUEUE = `INSERT INTO tokens (reference, standard, read_at) SELECT r, s, 0 FROM unnest(?::text[], ?::text[]) AS k (r, s)
  ON CONFLICT DO NOTHING`

/** Assets with transfers, except those of contracts without code. */
const SHOWN = `a.first_block IS NOT NULL AND a.standard = ANY (?::text[])
  AND a.standard || ':' || a.reference <> ALL (?::text[])
  AND NOT EXISTS (SELECT 1 FROM endings e WHERE e.asset = a.id AND e.again IS NULL)`
const PAGE = 'ORDER BY a.id LIMIT ? OFFSET ?'

function beginning(column: string): string {
  return `(SELECT reference, standard FROM tokens WHERE lower(${column}) >= ? AND lower(${column}) < ? AND ${column} IS NOT NULL
    ORDER BY lower(${column}) LIMIT ?)`
}

const ALL = `SELECT a.reference, a.standard FROM assets a WHERE ${SHOWN} ${PAGE}`
const OF_REFERENCE = `SELECT a.reference, a.standard FROM assets a WHERE a.reference = ? AND ${SHOWN} ${PAGE}`
const OF_TEXT = `SELECT a.reference, a.standard FROM (${beginning('symbol')} UNION ${beginning('name')}) m
  JOIN assets a ON a.reference = m.reference AND a.standard = m.standard WHERE ${SHOWN} ${PAGE}`
