/** Who may call TokenKit's API, how often, and what a rejected caller gets. Each test calls from an address of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callersOf, type Headers, stranger } from './tokenkit-callers.ts'
import { ALICE, type Answered, BOB, serveTokenKit, type TokenKitServer } from './tokenkit-server.ts'

let server: TokenKitServer
let balance: string
beforeAll(async () => {
  server = await serveTokenKit({ listen: { port: 0, trust_proxy: ['127.0.0.1'] } })
  balance = `/api/balance/?account_address=${server.chain.trader}&token_address=${server.chain.tokens.cents}`
}, 120_000)
afterAll(() => server.stop())

const { post, login, sessionOf, createKey } = callersOf(() => server)

const BAD_KEY = `abcdefgh.${'0'.repeat(43)}`

describe('a session', () => {
  test('is started with a name and a password, is never cached, and may call', async () => {
    const { status, json, headers } = await login(ALICE)
    expect([status, json]).toEqual([200, { token: expect.stringMatching(/^[\w-]{43}$/) }])
    expect(headers.get('cache-control')).toBe('no-store')
    const answer = await server.call(balance, { headers: { authorization: `Bearer ${json.token}` } })
    expect([answer.status, answer.json.success]).toEqual([200, true])
  })

  test.each([
    ['a wrong password', { name: 'alice', password: 'wrong' }],
    ['an unknown user', { name: 'mallory', password: 'correct horse' }],
    ['a password of 10 KB', { name: 'alice', password: 'x'.repeat(10_000) }],
  ])('is not started with %s', async (_, user) => {
    const { status, json, headers } = await login(user)
    expect([status, json]).toEqual([401, { detail: 'Username or password is wrong' }])
    expect(headers.get('www-authenticate')).toBe('api-key realm="tokenkit"')
  })

  test.each([
    ['1 MB is refused by its size', 1_048_576, 413],
    ['10 KB is wrong', 10_000, 401],
  ])('a password of %s, and is never hashed', async (_, bytes, status) => {
    // More than the logins that may hash or wait: hashed ones would be answered with 503.
    const password = 'x'.repeat(bytes)
    const answers = await Promise.all(Array.from({ length: 80 }, () => login({ name: 'alice', password })))
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]))
  })

  test.each([
    ['no JSON', '{', 400],
    ['an array', '[]', 400],
    ['no password', '{"username":"alice"}', 400],
    ['a number', '{"username":1,"password":"x"}', 400],
    ['null', '{"username":null,"password":null}', 400],
  ])('a login with %s is %s', async (_, body, status) => {
    const answer = await server.call('/api/users/auth/login', {
      method: 'POST',
      body: String(body),
      headers: { 'content-type': 'application/json', ...stranger() },
    })
    expect([answer.status, answer.json.success]).toEqual([status, false])
  })

  test.each(['Bearer x', `Bearer ${'A'.repeat(43)}`, 'Bearer', 'Basic YTpi', `Bearer ${'A'.repeat(5_000)}`])(
    'with the header %j is 401',
    async (authorization) => {
      const { status, json } = await server.call(balance, { headers: { authorization, ...stranger() } })
      expect([status, Object.keys(json)]).toEqual([401, ['detail']])
    },
  )
})

describe('limits of sessions', () => {
  const calls: readonly (readonly [string, number, (headers: Headers) => Promise<Answered>])[] = [
    ['balance', 30, (headers) => server.call(balance, { headers })],
    ['balances', 10, (headers) => post('/api/balances/', { balances: [{}] }, headers)],
    [
      'account-balances',
      10,
      (headers) => server.call(`/api/account-balances/?account_address=${server.chain.emptied}`, { headers }),
    ],
  ]

  test('are one bucket for each call and each user, however many sessions', async () => {
    const [first, second, other] = [await sessionOf(ALICE), await sessionOf(ALICE), await sessionOf(BOB)]
    for (const [name, limit, call] of calls) {
      const statuses = []
      for (let nth = 0; nth < limit; nth++) statuses.push((await call(nth % 2 === 0 ? first : second)).status)
      // Alice called balance once before, in the test of her session.
      const spent = name === 'balance' ? 1 : 0
      expect(statuses.filter((status) => status === 200)).toHaveLength(limit - spent)
      const { status, json, headers } = await call(first)
      expect([status, json]).toEqual([429, { detail: expect.stringMatching(/^Too many requests/) }])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(headers.get('ratelimit-policy')).toMatch(new RegExp(`q=${limit};w=60`))
      expect(headers.get('ratelimit')).toContain('r=0')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect((await call(other)).status).toBe(200)
    }
  })

  test('do not hold for a key, not even beside a session that has none left', async () => {
    const session = await sessionOf(ALICE)
    for (let nth = 0; nth < 40; nth++) {
      const { status } = await server.call(balance, { headers: { ...session, 'api-key': server.key } })
      expect(status).toBe(200)
    }
  })

  test('count only calls past the authentication, and preflights are free', async () => {
    const session = await sessionOf(BOB)
    const preflight = await server.call(balance, {
      method: 'OPTIONS',
      headers: { ...session, 'access-control-request-method': 'GET', origin: 'https://wallet.example' },
    })
    expect(preflight.status).toBe(204)
    const left = async (): Promise<string | null> =>
      (await server.call(balance, { headers: session })).headers.get('ratelimit')
    const before = /r=(\d+)/.exec((await left()) ?? '')?.[1]
    await server.call(balance, { headers: stranger() })
    const after = /r=(\d+)/.exec((await left()) ?? '')?.[1]
    expect(Number(after)).toBe(Number(before) - 1)
  })
})

describe('bad keys', () => {
  test('20 of one address block it for every call, with a key that is good too; others go on', async () => {
    const [from, other] = [stranger(), stranger()]
    for (let nth = 0; nth < 10; nth++) {
      expect((await server.call(balance, { headers: { 'api-key': BAD_KEY, ...from } })).status).toBe(401)
      // A missing key is not a bad one.
      expect((await server.call(balance, { headers: from })).status).toBe(401)
      expect((await login({ name: 'alice', password: 'guess' }, from)).status).toBe(401)
    }
    const { status, json, headers } = await server.call(balance, { headers: { 'api-key': server.key, ...from } })
    expect([status, Object.keys(json)]).toEqual([429, ['detail']])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await login(ALICE, from)).status).toBe(429)
    expect((await server.call(balance, { headers: { 'api-key': server.key, ...other } })).status).toBe(200)
  })

  test.each(['Bearer x', `Bearer ${'A'.repeat(43)}`, `Bearer ${'A'.repeat(5_000)}`, 'Bearer a b'])(
    'include invalid sessions such as %.20j, on every call',
    async (authorization) => {
      const from = stranger()
      for (let nth = 0; nth < 10; nth++) {
        expect((await server.call(balance, { headers: { authorization, ...from } })).status).toBe(401)
        expect((await createKey({ name: 'x' }, { authorization, ...from })).status).toBe(403)
      }
      expect((await server.call(balance, { headers: { authorization, ...from } })).status).toBe(429)
      expect((await server.call(balance, { headers: { 'api-key': server.key, ...from } })).status).toBe(429)
      expect((await login(ALICE, from)).status).toBe(429)
    },
  )

  test.each(['Bearer', 'Basic YTpi', ''])(
    'do not include the header %j, which has no session',
    async (authorization) => {
      const from = stranger()
      for (let nth = 0; nth < 25; nth++) {
        expect((await server.call(balance, { headers: { authorization, ...from } })).status).toBe(401)
        expect((await createKey({ name: 'x' }, { authorization, ...from })).status).toBe(403)
      }
    },
  )

  test('block logins that are under way: the right password among them is 429, as a wrong one', async () => {
    const from = stranger()
    for (let nth = 0; nth < 14; nth++) await server.call(balance, { headers: { 'api-key': BAD_KEY, ...from } })
    const guesses = Array.from({ length: 9 }, (_, nth) => login({ name: 'bob', password: `guess ${nth}` }, from))
    // The good login is sent while most guesses wait for their hash.
    await Promise.race(guesses)
    const good = await login(BOB, from)
    expect([good.status, Object.keys(good.json)]).toEqual([429, ['detail']])
    expect(Number(good.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(good.headers.get('ratelimit-policy')).toContain('bad-keys')
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(6)
    expect(statuses.filter((status) => status === 429)).toHaveLength(3)
  })

  test('an address is the one that the trusted proxy names, not one that a caller adds', async () => {
    const spoofed = (nth: number) => ({ 'api-key': BAD_KEY, 'x-forwarded-for': `203.0.113.${nth}, 198.51.100.250` })
    for (let nth = 0; nth < 20; nth++) await server.call(balance, { headers: spoofed(nth) })
    expect((await server.call(balance, { headers: spoofed(21) })).status).toBe(429)
  })
})
