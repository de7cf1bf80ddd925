import { describe, expect, test } from 'vitest'
import { MemoryKeys } from '../../test/conformance/chainbase-fakes.ts'
import { createKey, type KeyUse, KeyVerifier, parseKey } from './keys.ts'

const NOW = 1_000
const USE = { origin: undefined, address: '127.0.0.1', scope: 'read' } as const

async function verifier(request: Partial<Parameters<typeof createKey>[0]> = {}) {
  const store = new MemoryKeys()
  const { raw, stored } = createKey({ name: 'test', createdAt: NOW, ...request })
  await store.put(stored)
  const time = { now: NOW }
  const keys = new KeyVerifier(store, () => time.now)
  const verify = async (use: Partial<KeyUse> = {}) => keys.verify({ ...USE, raw, ...use })
  return { store, raw, stored, time, keys, verify }
}

test('a new key has 8 and 43 characters of base 62, and only the hash of its secret is stored', () => {
  const { raw, stored } = createKey({ name: 'test', createdAt: NOW })
  expect(raw).toMatch(/^[0-9A-Za-z]{8}\.[0-9A-Za-z]{43}$/)
  expect(stored).toMatchObject({ id: raw.slice(0, 8), principal: 'default', scopes: ['read'], origins: [], ips: [] })
  expect(stored.secretHash).toHaveLength(32)
  expect(JSON.stringify(stored)).not.toContain(raw.slice(9))
  expect(createKey({ name: 'test', createdAt: NOW }).raw).not.toBe(raw)
})

test.each([
  '',
  'demo',
  'abcdefgh',
  `abcdefgh.${'a'.repeat(31)}`,
  `abcdefg.${'a'.repeat(40)}`,
  `abcdefgh.${'a'.repeat(31)}-`,
])('%j does not have the form of a key', (raw) => expect(parseKey(raw)).toBeUndefined())

test('a secret of 32 characters or more has the right form, up to a limit', () => {
  expect(parseKey(`abcdefgh.${'a'.repeat(32)}`)).toEqual({ id: 'abcdefgh', secret: 'a'.repeat(32) })
  expect(parseKey(`abcdefgh.${'a'.repeat(10_000)}`)).toBeUndefined()
})

describe('restrictions of a key', () => {
  test('the caller is the principal with its scopes', async () => {
    const { verify, stored } = await verifier({ principal: 'acme', scopes: ['read', 'write'] })
    expect(await verify()).toEqual({
      ok: true,
      caller: { keyId: stored.id, principal: 'acme', scopes: ['read', 'write'] },
    })
    expect(await verify({ scope: 'admin' })).toEqual({ ok: false, reason: 'scope' })
  })

  test('another secret or id is unknown, another form is malformed', async () => {
    const { verify, stored } = await verifier()
    expect(await verify({ raw: `${stored.id}.${'a'.repeat(43)}` })).toEqual({ ok: false, reason: 'unknown' })
    expect(await verify({ raw: `zzzzzzzz.${'a'.repeat(43)}` })).toEqual({ ok: false, reason: 'unknown' })
    expect(await verify({ raw: 'demo' })).toEqual({ ok: false, reason: 'malformed' })
  })

  test('a key ends at its expiry', async () => {
    const { verify, time } = await verifier({ expiresAt: NOW + 10 })
    expect(await verify()).toMatchObject({ ok: true })
    time.now = NOW + 10
    expect(await verify()).toEqual({ ok: false, reason: 'expired' })
  })

  test.each([
    ['https://app.example', true],
    ['HTTPS://APP.EXAMPLE/', true],
    ['https://evil.example', false],
    ['https://app.example.evil', false],
    [undefined, false],
  ])('the origin %s', async (origin, ok) => {
    const { verify } = await verifier({ origins: ['https://app.example'] })
    expect((await verify({ origin })).ok).toBe(ok)
  })

  test.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['192.0.2.7', true],
    ['2001:db8::5', true],
    ['192.0.2.8', false],
    ['::1', false],
    ['unknown', false],
    ['', false],
  ])('the address %s', async (address, ok) => {
    const { verify } = await verifier({ ips: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'nonsense'] })
    expect((await verify({ address })).ok).toBe(ok)
  })
})

describe('the cache', () => {
  test('reads a key from the store at most once a second, even for concurrent checks', async () => {
    const { verify, keys, raw, store, time } = await verifier()
    await Promise.all([verify(), verify(), verify()])
    expect(store.reads).toBe(1)
    expect(keys.verify({ ...USE, raw })).not.toBeInstanceOf(Promise)
    time.now = NOW + 1
    await verify()
    expect(store.reads).toBe(2)
  })

  test('a revoked key stops working within a second', async () => {
    const { verify, store, stored, time } = await verifier()
    expect(await verify()).toMatchObject({ ok: true })
    await store.revoke(stored.id, NOW)
    time.now = NOW + 1
    expect(await verify()).toEqual({ ok: false, reason: 'revoked' })
  })

  test('after a key was right, every other text of its length is still wrong', async () => {
    const { verify, raw } = await verifier()
    expect(await verify()).toMatchObject({ ok: true })
    for (let at = 0; at < raw.length; at++) {
      const other = raw.charAt(at) === 'x' ? 'y' : 'x'
      const changed = `${raw.slice(0, at)}${other}${raw.slice(at + 1)}`
      expect(await verify({ raw: changed })).toMatchObject({ ok: false })
    }
    expect(await verify({ raw: `${raw}a` })).toEqual({ ok: false, reason: 'unknown' })
    expect(await verify({ origin: 'https://a.example', scope: 'write' })).toEqual({ ok: false, reason: 'scope' })
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a key whose secret was replaced stops working within a second', async () => {
    const { verify, store, stored, time } = await verifier()
    expect([await verify(), await verify()]).toMatchObject([{ ok: true }, { ok: true }])
    const next = createKey({ name: 'next', createdAt: NOW })
    await store.put({ ...stored, secretHash: next.stored.secretHash })
    time.now = NOW + 1
    expect(await verify()).toEqual({ ok: false, reason: 'unknown' })
    expect(await verify({ raw: `${stored.id}.${next.raw.slice(9)}` })).toMatchObject({ ok: true })
  })

  test('a key that a user made stops working within a second after the user is disabled, and an operator key stays', async () => {
    const { verify, store, time } = await verifier({ userId: 'id of ada' })
    const own = await verifier()
    expect(await verify()).toMatchObject({ ok: true })
    store.disabled.set('id of ada', NOW)
    time.now = NOW + 1
    expect(await verify()).toEqual({ ok: false, reason: 'user_disabled' })
    expect(await own.verify()).toMatchObject({ ok: true })
  })

  test('a key that is created after a guess of its id works within a second', async () => {
    const { store, keys, time } = await verifier()
    const made = createKey({ name: 'later', createdAt: NOW })
    expect(await keys.verify({ ...USE, raw: made.raw })).toEqual({ ok: false, reason: 'unknown' })
    await store.put(made.stored)
    time.now = NOW + 1
    expect(await keys.verify({ ...USE, raw: made.raw })).toMatchObject({ ok: true })
  })

  test('guesses do not evict a real key', async () => {
    const { verify, keys, store } = await verifier()
    await verify()
    for (let guess = 0; guess < 1_500; guess++) {
      await keys.verify({ ...USE, raw: `${String(guess).padStart(8, '0')}.${'a'.repeat(43)}` })
    }
    const before = store.reads
    await verify()
    expect(store.reads).toBe(before)
  })
})

test('saves the last use of an accepted key, and nothing for a rejected one', async () => {
  const { store, raw, time, keys, verify } = await verifier({ origins: ['https://a.example'] })
  await verify()
  await keys.saveUses()
  expect(store.uses).toEqual(new Map())
  for (time.now of [NOW + 5, NOW + 9]) await verify({ origin: 'https://a.example' })
  await keys.saveUses()
  expect(store.uses).toEqual(new Map([[raw.slice(0, 8), NOW + 9]]))
  store.uses.clear()
  await keys.saveUses()
  expect(store.uses.size).toBe(0)
})
