import type { TableEngine } from '../../engine/table-engine.ts'
import { int, text } from '../../rows/columns.ts'
import { FOUND_KEY, KEY_COLUMNS, keyValues, parseFoundKey } from '../../rows/key-rows.ts'
import type { FoundKey, KeyStore, StoredKey } from '../../seam/keys.ts'
import { inLockOrder } from '../lock-order.ts'
import { each, type Query, rowOf, rowsOf, TURN } from '../query.ts'

const ADD = rowOf(`INSERT INTO keys (${KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
const USABLE = rowOf(
  'SELECT count(*) FROM keys WHERE user_id = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE)',
)
const GET = rowOf(`SELECT ${FOUND_KEY} WHERE keys.id = ?`)
const LIST = rowsOf(`SELECT ${FOUND_KEY} ORDER BY keys.created_at, keys.id`)
const REVOKE = rowOf('UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? RETURNING id')
const NOTE_USE = each(
  `INSERT INTO uses (id, used_at) VALUES (?, ?)
   ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at WHERE excluded.used_at > uses.used_at`,
  ['text', 'int'],
)
const USES = rowsOf('SELECT id, used_at FROM uses')

/** API keys, on any engine. */
export class StoredKeys implements KeyStore {
  readonly #keys: TableEngine
  readonly #uses: TableEngine

  /** `uses`: of when keys were last used. Its commits need not be on disk. */
  constructor(keys: TableEngine, uses: TableEngine) {
    this.#keys = keys
    this.#uses = uses
  }

  async put(key: StoredKey): Promise<void> {
    await this.#keys.write(() => addKey(key))
  }

  async putOfUser(key: StoredKey & { readonly userId: string }, max: number): Promise<boolean> {
    return this.#keys.write(function* (): Query<boolean> {
      // Keys that other processes add for this user at the same time wait here, and then count this one.
      yield [TURN, `keys of ${key.userId}`]
      const [usable] = yield [USABLE, key.userId, key.createdAt]
      if (int(usable?.[0]) >= max) return false
      yield* addKey(key)
      return true
    })
  }

  async get(id: string): Promise<FoundKey | undefined> {
    return this.#keys.read(function* (): Query<FoundKey | undefined> {
      const [row] = yield [GET, id]
      return row && parseFoundKey(row)
    })
  }

  async list(): ReturnType<KeyStore['list']> {
    const keys = await this.#keys.read(function* (): Query<readonly FoundKey[]> {
      return (yield [LIST]).map(parseFoundKey)
    })
    const usedAt = await this.#uses.read(function* (): Query<ReadonlyMap<string, number>> {
      return new Map((yield [USES]).map((row) => [text(row[0]), int(row[1])]))
    })
    return keys.map((key) => ({ ...key, usedAt: usedAt.get(key.id) }))
  }

  async noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    if (uses.size === 0) return
    const rows = inLockOrder([...uses], ([id]) => id)
    await this.#uses.write(function* (): Query<void> {
      yield [NOTE_USE, rows]
    })
  }

  async revoke(id: string, at: number): Promise<boolean> {
    return this.#keys.write(function* (): Query<boolean> {
      return (yield [REVOKE, at, id]).length === 1
    })
  }
}

function* addKey(key: StoredKey): Query<void> {
  yield [ADD, ...keyValues(key)]
}
