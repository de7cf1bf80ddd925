import { type AssetRef, assetKey } from '../../../core/asset.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import type { ReadEngine } from '../../engine/read-engine.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { int, nullable, text } from '../../rows/columns.ts'
import { readToken, TOKEN_COLUMNS, TOKEN_FACTS, tokenValues } from '../../rows/token-rows.ts'
import type { FoundTokens, StoredToken, TokenQuery, TokenStore } from '../../seam/tokens.ts'
import { inLockOrder } from '../lock-order.ts'
import { each, GENERATION, type Query, rowOf, rowsOf } from '../query.ts'
import { searchTokens } from './token-search.ts'

/** Assets that are queued for reading in one transaction. */
const QUEUE_BATCH = 1_000

const TOLD = TOKEN_FACTS.map(
  ([column]) => `${column} = CASE WHEN ? = 1 THEN excluded.${column} ELSE tokens.${column} END`,
)
const PUT = rowOf(
  `INSERT INTO tokens (${TOKEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (reference, standard) DO UPDATE SET ${TOLD.join(', ')}, read_at = excluded.read_at`,
)
const GET = each(`SELECT ${TOKEN_COLUMNS} FROM tokens WHERE reference = ? AND standard = ? AND read_at > 0`, [
  ...(['text', 'text'] as const),
])
const EXPIRE = rowOf('UPDATE tokens SET read_at = 0 WHERE reference = ?')
const STALE = rowsOf(
  'SELECT reference, standard FROM tokens WHERE read_at < ? ORDER BY read_at, reference, standard LIMIT ? + 0',
)
const QUEUED = rowOf('SELECT asset, generation FROM queued')
const NEW_ASSETS = rowsOf('SELECT id, reference, standard FROM assets WHERE id > ? ORDER BY id LIMIT ? + 0')
const QUEUE = each('INSERT INTO tokens (reference, standard, read_at) VALUES (?, ?, 0) ON CONFLICT DO NOTHING', [
  ...(['text', 'text'] as const),
])
const SET_QUEUED = rowOf('UPDATE queued SET asset = ?, generation = ?')

/** Assets of the journal that are to be queued: up to this id of this generation. */
type NewAssets = { readonly generation: string; readonly through: number; readonly assets: readonly AssetRef[] }

/** The facts that tokens of a chain report about themselves, on any engine. New assets of the journal are queued here as never read. */
export class StoredTokens implements TokenStore {
  readonly #engine: TableEngine
  readonly #journal: ReadEngine

  /** `engine`: of the stored reads. Its commits need not be on disk. `journal`: reads of the chain's journal. */
  constructor(engine: TableEngine, journal: ReadEngine) {
    this.#engine = engine
    this.#journal = journal
  }

  async put(tokens: Parameters<TokenStore['put']>[0]): Promise<void> {
    const inOrder = inLockOrder(tokens, ({ asset }) => assetKey(asset))
    await this.#engine.write(function* (): Query<void> {
      for (const token of inOrder) {
        const { row, told } = tokenValues(token)
        yield [PUT, ...row, ...told]
      }
    })
  }

  async get(assets: readonly AssetRef[]): Promise<readonly (StoredToken | undefined)[]> {
    if (assets.length === 0) return []
    return this.#engine.read(function* (): Query<readonly (StoredToken | undefined)[]> {
      const rows = yield [GET, assets.map(({ reference, standard }) => [reference, standard] as const)]
      return assets.map((asset, index) => {
        const row = rows[index]
        return row === undefined || row.length === 0 ? undefined : readToken(asset, row)
      })
    })
  }

  async search(query: TokenQuery): Promise<FoundTokens> {
    return this.#journal.read(() => searchTokens(query))
  }

  async expire(reference: string): Promise<void> {
    await this.#engine.write(function* (): Query<void> {
      yield [EXPIRE, reference]
    })
  }

  async stale({ before, limit }: { readonly before: number; readonly limit: number }): Promise<readonly AssetRef[]> {
    await this.#queueNew()
    return this.#engine.read(function* (): Query<readonly AssetRef[]> {
      return (yield [STALE, before, limit]).map((row) => ({ reference: text(row[0]), standard: parseStandard(row[1]) }))
    })
  }

  /** Another process may do the same at once: what is queued twice stays as it is. */
  async #queueNew(): Promise<void> {
    const queued = await this.#engine.read(function* (): Query<{ asset: number; generation: string | undefined }> {
      const [row] = yield [QUEUED]
      return { asset: int(row?.[0]), generation: nullable(row?.[1], text) }
    })
    const { generation, through, assets } = await this.#journal.read(() => newAssets(queued))
    if (assets.length === 0) return
    const rows = inLockOrder(assets, assetKey).map(({ reference, standard }) => [reference, standard] as const)
    await this.#engine.write(function* (): Query<void> {
      yield [QUEUE, rows]
      yield [SET_QUEUED, through, generation]
    })
  }
}

function* newAssets(queued: { readonly asset: number; readonly generation: string | undefined }): Query<NewAssets> {
  const generation = text((yield [GENERATION])[0]?.[0])
  // Another generation may have given these ids to other assets, so all are queued again.
  const after = queued.generation === generation ? queued.asset : 0
  const rows = yield [NEW_ASSETS, after, QUEUE_BATCH]
  const assets = rows.map((row) => ({ reference: text(row[1]), standard: parseStandard(row[2]) }))
  return { generation, through: rows.length === 0 ? after : int(rows.at(-1)?.[0]), assets }
}
