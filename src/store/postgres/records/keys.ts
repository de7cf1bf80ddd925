import { int, text } from '../../rows/columns.ts'
import { FOUND_KEY, KEY_COLUMNS, keyValues, parseFoundKey } from '../../rows/key-rows.ts'
import type { FoundKey, KeyStore, StoredKey } from '../../seam/keys.ts'
import type { PostgresDatabase } from '../database.ts'

/** API keys. */
export class PostgresKeys implements KeyStore {
  readonly #db: PostgresDatabase

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async put(key: StoredKey): Promise<void> {
    await this.#db.run(INSERT, ...keyValues(key))
  }

  putOfUser(key: StoredKey & { readonly userId: string }, max: number): Promise<boolean> {
    return this.#db.write(async (queries) => {
      // Keys that other processes add for this user at the same time wait here, and then count this one.
      await queries.get('SELECT 1 FROM users WHERE id = ? FOR UPDATE', key.userId)
      const count = `SELECT count(*) FROM keys
        WHERE user_id = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE)`
      const usable = await queries.get(count, key.userId, key.createdAt)
      if (int(usable?.[0]) >= max) return false
      await queries.run(INSERT, ...keyValues(key))
      return true
    })
  }

  async get(id: string): Promise<FoundKey | undefined> {
    const row = await this.#db.get(`SELECT ${FOUND_KEY} WHERE keys.id = ?`, id)
    return this.#db.read(() => row && parseFoundKey(row))
  }

  async list(): ReturnType<KeyStore['list']> {
    const rows = await this.#db.all(`SELECT ${FOUND_KEY} ORDER BY keys.created_at, keys.id`)
    const uses = await this.#db.all('SELECT id, used_at FROM uses')
    return this.#db.read(() => {
      const usedAt = new Map(uses.map((row) => [text(row[0]), int(row[1])]))
      return rows.map(parseFoundKey).map((key) => ({ ...key, usedAt: usedAt.get(key.id) }))
    })
  }

  async noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    if (uses.size === 0) return
    // In the order of the ids, so that two processes never wait for each other's rows.
    const sorted = [...uses].sort(([a], [b]) => (a < b ? -1 : 1))
    const note = `INSERT INTO uses SELECT * FROM unnest(?::text[], ?::bigint[])
      ON CONFLICT (id) DO UPDATE SET used_at = greatest(uses.used_at, excluded.used_at)`
    const [ids, times] = [sorted.map(([id]) => id), sorted.map(([, at]) => at)]
    await this.#db.write((queries) => queries.run(note, ids, times), { durable: false })
  }

  async revoke(id: string, at: number): Promise<boolean> {
    return (await this.#db.run('UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?', at, id)) === 1
  }
}

const INSERT = `INSERT INTO keys (${KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
