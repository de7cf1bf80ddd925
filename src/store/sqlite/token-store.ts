import { basename } from 'node:path'
import type { AssetRef } from '../../core/asset.ts'
import { parseStandard } from '../../journal/rules/assets.ts'
import { readToken, TOKEN_COLUMNS, TOKEN_FACTS, tokenValues } from '../rows/token-rows.ts'
import type { FoundTokens, StoredToken, TokenQuery, TokenStore } from '../seam/tokens.ts'
import {
  guarded,
  int,
  NO_ROW,
  nullable,
  type RowStatement,
  type SqliteDatabase,
  type Statement,
  text,
} from './database.ts'
import { TokenSearcher } from './read/token-searcher.ts'

/** Assets that are queued for reading in one transaction. */
const QUEUE_BATCH = 1_000

/** The facts that tokens report about themselves. New assets of the journal are queued here as never read. */
export class SqliteTokens implements TokenStore {
  readonly #db: SqliteDatabase
  readonly #journal: SqliteDatabase
  readonly #newAssets: RowStatement
  readonly #put: Statement
  readonly #get: RowStatement
  readonly #stale: RowStatement
  readonly #expire: Statement
  readonly #queued: RowStatement
  readonly #queue: Statement
  readonly #setQueued: Statement
  #searcher: TokenSearcher | undefined

  /** `journal`: a connection that reads the chain's facts. */
  constructor(db: SqliteDatabase, journal: SqliteDatabase) {
    this.#db = db
    this.#journal = journal
    const sql = (statement: string): Statement => db.prepare(statement)
    this.#newAssets = journal
      .prepare('SELECT id, reference, standard FROM assets WHERE id > ? ORDER BY id LIMIT ? + 0')
      .raw()
    const told = TOKEN_FACTS.map(([column]) => `${column} = iif(?, excluded.${column}, ${column})`).join(', ')
    this.#put = sql(
      `INSERT INTO tokens (${TOKEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ${told}, read_at = excluded.read_at`,
    )
    this.#get = sql(`SELECT ${TOKEN_COLUMNS} FROM tokens WHERE reference = ? AND standard = ? AND read_at > 0`).raw()
    this.#stale = sql('SELECT reference, standard FROM tokens WHERE read_at < ? ORDER BY read_at LIMIT ? + 0').raw()
    this.#expire = sql('UPDATE tokens SET read_at = 0 WHERE reference = ?')
    this.#queued = sql('SELECT asset, generation FROM queued').raw()
    this.#queue = sql('INSERT OR IGNORE INTO tokens (reference, standard, read_at) VALUES (?, ?, 0)')
    this.#setQueued = sql('UPDATE queued SET asset = ?, generation = ?')
  }

  async put(tokens: Parameters<TokenStore['put']>[0]): Promise<void> {
    const run = this.#db.transaction(() => {
      for (const token of tokens) {
        const { row, told } = tokenValues(token)
        this.#put.run(...row, ...told)
      }
    })
    guarded(this.#db, () => run.immediate())
  }

  async get(assets: readonly AssetRef[]): Promise<readonly (StoredToken | undefined)[]> {
    return guarded(this.#db, () => assets.map((asset) => this.#read(asset)))
  }

  async search(query: TokenQuery): Promise<FoundTokens> {
    // Prepared late, because the file of the reads is attached to the journal's connection after this was made.
    this.#searcher ??= new TokenSearcher(this.#journal)
    return this.#searcher.search(query)
  }

  async expire(reference: string): Promise<void> {
    guarded(this.#db, () => this.#expire.run(reference))
  }

  async stale({ before, limit }: { readonly before: number; readonly limit: number }): Promise<readonly AssetRef[]> {
    return guarded(this.#db, () => {
      this.#queueNew()
      return this.#stale.all(before, limit).map((entry) => {
        const row = entry
        return { reference: text(row[0]), standard: parseStandard(row[1]) }
      })
    })
  }

  #queueNew(): void {
    const [asset, before] = this.#queued.get() ?? NO_ROW
    // Another generation may have given these ids to other assets, so all are queued again. Those that were queued stay as
    // they are.
    const generation = basename(this.#journal.name)
    const queued = nullable(before, text) === generation ? int(asset) : 0
    const rows = guarded(this.#journal, () => this.#newAssets.all(queued, QUEUE_BATCH))
    if (rows.length === 0) return
    const run = this.#db.transaction(() => {
      for (const entry of rows) {
        const row = entry
        this.#queue.run(text(row[1]), text(row[2]))
        this.#setQueued.run(int(row[0]), generation)
      }
    })
    run.immediate()
  }

  #read(asset: AssetRef): StoredToken | undefined {
    const row = this.#get.get(asset.reference, asset.standard)
    return row && readToken(asset, row)
  }
}
