import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/seam/store.ts'
import type { StoredUser } from '../store/seam/users.ts'
import { SESSION_SECONDS, Sessions } from './sessions.ts'
import { createUser } from './users.ts'

const START = 1_000_000
const ADA = { username: 'ada', password: 'correct horse' }

let ada: StoredUser
beforeAll(async () => {
  ada = await createUser({ name: 'ada', password: ADA.password, principal: 'acme', createdAt: START })
})

let folder = ''
let store: Store
let sessions: Sessions
let now = START
beforeEach(async () => {
  now = START
  folder = mkdtempSync(join(tmpdir(), 'steelyard-sessions-'))
  await open()
  await store.users.put(ada)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

async function open(): Promise<void> {
  store = await openStore({ url: `sqlite:${folder}` })
  sessions = new Sessions({ users: store.users, sessions: store.sessions, now: () => now })
}

async function tokenOf(given = ADA): Promise<string> {
  const result = await sessions.login(given, free)
  if (result === undefined || !('token' in result)) throw new Error('the login was refused')
  return result.token
}

const free = () => undefined
const BLOCK = { allowed: false, limit: 20, remaining: 0, resetSeconds: 9, name: 'bad-keys', windowSeconds: 300 }

const caller = () => ({ userId: ada.id, username: 'ada', principal: 'acme' })

describe('a login', () => {
  test('gives a token of 256 bits that names the user; each login gives another one', async () => {
    const tokens = [await tokenOf(), await tokenOf()]
    for (const token of tokens) {
      expect(token).toMatch(/^[0-9A-Za-z_-]{43}$/)
      expect(await sessions.verify(token)).toEqual(caller())
    }
    expect(tokens[0]).not.toBe(tokens[1])
    await store.close()
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
    for (const secret of [...tokens, ADA.password]) expect(files.some((file) => file.includes(secret))).toBe(false)
    await open()
  })

  test.each([
    ['a wrong password', { username: 'ada', password: 'correct horsf' }],
    ['no password', { username: 'ada', password: '' }],
    ['a wrong name', { username: 'eve', password: 'correct horse' }],
    ['a name in other case', { username: 'Ada', password: 'correct horse' }],
    ['a name that nobody can have', { username: '', password: 'correct horse' }],
    ['a name with a null character', { username: 'ada\u0000', password: 'correct horse' }],
    ['a password of 1 MB', { username: 'ada', password: 'a'.repeat(1_048_576) }],
    ['a name of 1 MB', { username: 'a'.repeat(1_048_576), password: 'correct horse' }],
  ])('with %s is refused', async (_, given) => {
    expect(await sessions.login(given, free)).toBeUndefined()
  })

  test('of a disabled user is refused', async () => {
    await store.users.disable('ada', now)
    expect(await sessions.login(ADA, free)).toBeUndefined()
  })

  test('of a disabled user is refused after its password is hashed, like any other login', async () => {
    const damaged = { ...ada, passwordHash: 'damaged', disabledAt: now }
    const users = { ...store.users, get: async () => damaged }
    const strict = new Sessions({ users, sessions: store.sessions, now: () => now })
    await expect(strict.login(ADA, free)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test.each([ADA.password, 'guess'])(
    'of a caller who is blocked while the password %j is hashed starts no session',
    async (password) => {
      // The caller is free before the hash and blocked after it.
      const blocks = [undefined, BLOCK]
      expect(await sessions.login({ username: 'ada', password }, () => blocks.shift())).toEqual({ block: BLOCK })
      expect(await store.sessions.dropExpired(Number.MAX_SAFE_INTEGER)).toBe(0)
    },
  )

  test('of a caller who is blocked while the login waits is not hashed', async () => {
    const broken = { ...store.users, get: () => Promise.reject(new Error('read')) }
    const strict = new Sessions({ users: broken, sessions: store.sessions, now: () => now })
    expect(await strict.login(ADA, () => BLOCK)).toEqual({ block: BLOCK })
  })

  test('reads no user for a password over the limit: it is refused before it is hashed', async () => {
    const broken = { ...store.users, get: () => Promise.reject(new Error('read')) }
    const strict = new Sessions({ users: broken, sessions: store.sessions, now: () => now })
    expect(await strict.login({ username: 'ada', password: 'a'.repeat(1_025) }, free)).toBeUndefined()
    await expect(strict.login(ADA, free)).rejects.toThrow('read')
  })

  test('of many at once: four hash, 32 wait, and the others are told to try again', async () => {
    // A login reads its user once it is admitted. Each read hangs until the test lets it fail.
    const fails: (() => void)[] = []
    const get = () => new Promise<undefined>((_, reject) => fails.push(() => reject(new Error('read'))))
    const busy = new Sessions({ users: { ...store.users, get }, sessions: store.sessions, now: () => now })
    const logins = Array.from({ length: 40 }, () => busy.login(ADA, free).catch((error: unknown) => error))
    const rejected = { code: 'UNAVAILABLE', message: 'Too many logins at once: try again in a moment' }
    expect(await Promise.all(logins.slice(36))).toEqual(new Array(4).fill(expect.objectContaining(rejected)))
    expect(fails).toHaveLength(4)
    for (let i = 0; i < 36; i++) {
      fails[i]?.()
      expect(await logins[i]).toEqual(new Error('read'))
    }
    expect(fails).toHaveLength(36)
  })
})

describe('a session', () => {
  test('lasts 24 hours', async () => {
    const token = await tokenOf()
    now = START + SESSION_SECONDS - 1
    expect(await sessions.verify(token)).toEqual(caller())
    now += 1
    expect(await sessions.verify(token)).toBeUndefined()
    expect(SESSION_SECONDS).toBe(24 * 60 * 60)
  })

  test('ends on time although it is in memory', async () => {
    const token = await tokenOf()
    now = START + SESSION_SECONDS - 1
    await sessions.verify(token)
    expect(sessions.verify(token)).toEqual(caller())
    now += 0.5
    expect(sessions.verify(token)).toEqual(caller())
    now += 0.5
    expect(await sessions.verify(token)).toBeUndefined()
  })

  test('survives a restart', async () => {
    const token = await tokenOf()
    await store.close()
    await open()
    expect(await sessions.verify(token)).toEqual(caller())
  })

  test('of a disabled user is refused within a second, and without a promise in between', async () => {
    const token = await tokenOf()
    await sessions.verify(token)
    await store.users.disable('ada', now)
    expect(sessions.verify(token)).toEqual(caller())
    now += 1
    expect(await sessions.verify(token)).toBeUndefined()
  })

  test.each(['', 'a', 'a'.repeat(43), 'a'.repeat(44), '='.repeat(43), ' ', 'é'.repeat(43), 'a'.repeat(1_000_000)])(
    'an unknown or malformed token names nobody: %.50s',
    async (token) => expect(await sessions.verify(token)).toBeUndefined(),
  )

  test('another spelling of the same bits is another token', async () => {
    const token = await tokenOf()
    // 43 characters hold 258 bits: the last two are not part of the 256.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const other = token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) + 1)
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(token, 'base64url'))
    expect(await sessions.verify(other)).toBeUndefined()
  })

  test('that has expired is deleted at the next login', async () => {
    await tokenOf()
    now += SESSION_SECONDS
    await tokenOf()
    expect(await store.sessions.dropExpired(Number.MAX_SAFE_INTEGER)).toBe(1)
  })
})
