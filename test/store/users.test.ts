import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKey } from '../../src/access/keys.ts'
import type { StoredKey } from '../../src/store/seam/keys.ts'
import type { Records } from '../../src/store/seam/records.ts'
import type { StoredSession, StoredUser } from '../../src/store/seam/users.ts'
import { ENGINES, type StorePlace } from './engines.ts'

let place: StorePlace
let store: Records

function user(name: string, other: Partial<StoredUser> = {}): StoredUser {
  return {
    id: `id of ${name}`,
    name,
    passwordHash: '$scrypt$',
    principal: 'default',
    createdAt: 10,
    disabledAt: undefined,
    ...other,
  }
}

function session(byte: number, other: Partial<StoredSession> = {}): StoredSession {
  return { idHash: Buffer.alloc(32, byte), userId: 'id of ada', createdAt: 100, expiresAt: 200, ...other }
}

const find = (byte: number) => store.sessions.session(Buffer.alloc(32, byte))

async function reopen(): Promise<void> {
  await store.close()
  store = await place.open()
}

describe.each(ENGINES)('$name', ({ makePlace }) => {
  beforeEach(async () => {
    place = await makePlace()
    store = await place.open()
  })
  afterEach(() => place.end())

  describe('users', () => {
    test('are found by their exact name, listed oldest first, and survive a restart', async () => {
      const all = [
        user('bob', { createdAt: 5 }),
        user('ada'),
        user('Ada', { principal: 'acme' }),
        user("o'neil\u{1f60a}"),
      ]
      for (const one of all) expect(await store.users.put(one)).toBe(true)
      await reopen()
      expect(await store.users.get('Ada')).toEqual(all[2])
      expect(await store.users.get("o'neil\u{1f60a}")).toEqual(all[3])
      expect(await store.users.get('ADA')).toBeUndefined()
      expect([await store.users.get(''), await store.users.get('ada\0')]).toEqual([undefined, undefined])
      expect(await store.users.list()).toEqual([all[0], all[2], all[1], all[3]])
    })

    test('have unique names, also beside a disabled user', async () => {
      expect(await store.users.put(user('ada'))).toBe(true)
      await store.users.disable('ada', 20)
      expect(await store.users.put(user('ada', { id: 'other', passwordHash: 'x' }))).toBe(false)
      expect(await store.users.list()).toEqual([user('ada', { disabledAt: 20 })])
    })

    test('are disabled once, and an unknown one is reported', async () => {
      await store.users.put(user('ada'))
      expect(await store.users.disable('ada', 20)).toBe(true)
      expect(await store.users.disable('ada', 30)).toBe(true)
      expect(await store.users.get('ada')).toEqual(user('ada', { disabledAt: 20 }))
      expect(await store.users.disable('eve', 20)).toBe(false)
    })
  })

  describe('sessions', () => {
    beforeEach(async () => {
      await store.users.put(user('ada'))
      await store.users.put(user('bob'))
    })

    test('are found by their hash, with the current user, and survive a restart', async () => {
      await store.sessions.putSession(session(1), 10)
      expect(await find(1)).toEqual({ session: session(1), user: user('ada') })
      await store.users.disable('ada', 150)
      await reopen()
      expect(await find(1)).toEqual({ session: session(1), user: user('ada', { disabledAt: 150 }) })
      expect(await find(2)).toBeUndefined()
      expect(await store.sessions.session(Buffer.alloc(0))).toBeUndefined()
    })

    test('above the number to keep, the oldest of that user are deleted, whatever the clock says', async () => {
      await store.sessions.putSession(session(9, { userId: 'id of bob' }), 2)
      for (const byte of [1, 2, 3]) await store.sessions.putSession(session(byte, { createdAt: 100 - byte }), 2)
      expect(await find(1)).toBeUndefined()
      expect([await find(2), await find(3), await find(9)]).not.toContain(undefined)
    })

    test('that ended by a time are deleted', async () => {
      for (const byte of [1, 2, 3]) await store.sessions.putSession(session(byte, { expiresAt: 200 + byte }), 10)
      expect(await store.sessions.dropExpired(202)).toBe(2)
      expect([await find(1), await find(2)]).toEqual([undefined, undefined])
      expect((await find(3))?.session.expiresAt).toBe(203)
      expect(await store.sessions.dropExpired(202)).toBe(0)
    })

    test('of nobody, or with a hash that exists, are not stored', async () => {
      await store.sessions.putSession(session(1), 1)
      const refused = { code: 'STORE_UNAVAILABLE' }
      await expect(store.sessions.putSession(session(1), 1)).rejects.toMatchObject(refused)
      await expect(store.sessions.putSession(session(2, { userId: 'eve' }), 1)).rejects.toMatchObject(refused)
      expect([await find(1), await find(2)]).toEqual([{ session: session(1), user: user('ada') }, undefined])
    })
  })

  describe('keys of users', () => {
    beforeEach(async () => {
      await store.users.put(user('ada'))
      await store.users.put(user('bob'))
    })

    function key(id: string, userId = 'id of ada', other: Partial<StoredKey> = {}): StoredKey & { userId: string } {
      const { stored } = createKey({ name: id, createdAt: 100 })
      return { ...stored, ...other, id, userId }
    }

    test('are found with their user as it is now, and survive a restart', async () => {
      expect(await store.keys.putOfUser(key('AAAAAAAA'), 1)).toBe(true)
      const { stored } = createKey({ name: 'own', createdAt: 100 })
      await store.keys.put({ ...stored, id: 'BBBBBBBB' })
      await store.users.disable('ada', 150)
      await reopen()
      const found = await store.keys.get('AAAAAAAA')
      expect([found?.userId, found?.user, found?.createdAt]).toEqual([
        'id of ada',
        { name: 'ada', disabledAt: 150 },
        100,
      ])
      expect((await store.keys.list()).map(({ id, userId, user: of }) => [id, userId, of?.name])).toEqual([
        ['AAAAAAAA', 'id of ada', 'ada'],
        ['BBBBBBBB', undefined, undefined],
      ])
    })

    test('are at most the given number, without those that are revoked or have expired', async () => {
      const put = (id: string, userId?: string, other?: Partial<StoredKey>) =>
        store.keys.putOfUser(key(id, userId, other), 2)
      expect(await put('AAAAAAAA')).toBe(true)
      expect(await put('BBBBBBBB', 'id of ada', { expiresAt: 200 })).toBe(true)
      expect([await put('CCCCCCCC'), await put('DDDDDDDD', 'id of bob')]).toEqual([false, true])
      expect(await store.keys.get('CCCCCCCC')).toBeUndefined()
      expect(await put('CCCCCCCC', 'id of ada', { createdAt: 200 })).toBe(true)
      expect(await put('EEEEEEEE', 'id of ada', { createdAt: 200 })).toBe(false)
      await store.keys.revoke('AAAAAAAA', 201)
      expect(await put('EEEEEEEE', 'id of ada', { createdAt: 200 })).toBe(true)
    })

    test('of nobody are not stored', async () => {
      await expect(store.keys.putOfUser(key('AAAAAAAA', 'eve'), 2)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    })
  })
})
