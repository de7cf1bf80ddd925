import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../open.ts'
import type { Store } from '../seam/store.ts'
import type { StoredUser } from '../seam/users.ts'
import { MAIN_MIGRATIONS } from './main-schema.ts'

let folder = ''
let store: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-main-'))
  store = await openStore({ url: `sqlite:${folder}` })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const ADA: StoredUser = {
  id: 'id of ada',
  name: 'ada',
  passwordHash: '$scrypt$',
  principal: 'default',
  createdAt: 10,
  disabledAt: undefined,
}

const HASH = Buffer.alloc(32, 1)

test('a file with keys only gains the tables, and keeps its keys', async () => {
  await store.close()
  rmSync(folder, { recursive: true })
  folder = mkdtempSync(join(tmpdir(), 'steelyard-main-'))
  const old = new Database(join(folder, 'steelyard.db'))
  old.exec(MAIN_MIGRATIONS[0] ?? '')
  old.exec(`INSERT INTO keys VALUES ('AAAAAAAA', zeroblob(32), 'a', 'default', '["read"]', '[]', '[]', 1, NULL, NULL)`)
  old.pragma('user_version = 1')
  old.close()
  store = await openStore({ url: `sqlite:${folder}` })
  expect(await store.users.put(ADA)).toBe(true)
  const keys = await store.keys.list()
  expect(keys.map(({ id, userId, user: of }) => [id, userId, of])).toEqual([['AAAAAAAA', undefined, undefined]])
})

test('a file that was moved away accepts no session, and disables nobody', async () => {
  await store.users.put(ADA)
  await store.sessions.putSession({ idHash: HASH, userId: ADA.id, createdAt: 100, expiresAt: 200 }, 10)
  renameSync(join(folder, 'steelyard.db'), join(folder, 'moved.db'))
  const replaced = { code: 'STORE_REPLACED' }
  await expect(store.sessions.session(HASH)).rejects.toMatchObject(replaced)
  await expect(store.users.get('ada')).rejects.toMatchObject(replaced)
  await expect(store.users.disable('ada', 1)).rejects.toMatchObject(replaced)
})

test('a stored value of another type is damage', async () => {
  await store.users.put(ADA)
  const db = new Database(join(folder, 'steelyard.db'))
  db.unsafeMode(true)
  db.pragma('writable_schema = ON')
  db.exec("UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'users'")
  db.pragma('writable_schema = RESET')
  db.exec("UPDATE users SET principal = x'00'")
  db.close()
  await store.close()
  store = await openStore({ url: `sqlite:${folder}` })
  await expect(store.users.get('ada')).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
})
