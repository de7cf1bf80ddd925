/** Keys that users make in a session, and what a disabled user may still do. Each test calls from an address of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callersOf, type Headers, rechecked, stranger } from './tokenkit-callers.ts'
import { ALICE, type Answered, BOB, serveTokenKit, type TokenKitServer } from './tokenkit-server.ts'

let server: TokenKitServer
let balance: string
beforeAll(async () => {
  server = await serveTokenKit({ listen: { port: 0, trust_proxy: ['127.0.0.1'] } })
  balance = `/api/balance/?account_address=${server.chain.trader}&token_address=${server.chain.tokens.cents}`
}, 120_000)
afterAll(() => server.stop())

const { login, sessionOf, createKey, inStore, newUser } = callersOf(() => server)

describe('a disabled user', () => {
  test('has no session, no login and no key a second later', async () => {
    const carol = await newUser('carol')
    const session = await sessionOf(carol)
    const { json } = await createKey({ name: 'wallet' }, session)
    const asked = async (headers: Headers): Promise<number> =>
      (await server.call(balance, { headers: { ...stranger(), ...headers } })).status
    const { authorization = '' } = session
    expect([await asked({ authorization }), await asked({ 'api-key': json.api_key })]).toEqual([200, 200])
    await inStore(({ users }) => users.disable('carol', 2))
    await rechecked()
    expect([await asked({ authorization }), await asked({ 'api-key': json.api_key })]).toEqual([401, 401])
    expect(await asked({ 'api-key': server.key })).toBe(200)
    const refused = await login(carol)
    expect([refused.status, refused.json]).toEqual([401, { detail: 'Username or password is wrong' }])
    expect((await createKey({ name: 'wallet' }, { authorization, ...stranger() })).status).toBe(403)
  })
})

describe('POST /api/users/auth/create-api-key/', () => {
  test('makes a key of the user, which works from its origins and addresses alone', async () => {
    const body = { name: 'wallet', allowed_origins: ['https://wallet.example'], allowed_ips: ['203.0.113.0/24'] }
    const { status, json, headers } = await createKey(body, await sessionOf(ALICE))
    expect([status, json]).toEqual([
      201,
      { ...body, api_key: expect.stringMatching(/^\w{8}\.\w{32,}$/), created_at: expect.stringMatching(/Z$/) },
    ])
    expect(headers.get('cache-control')).toBe('no-store')
    const from = { 'api-key': json.api_key, 'x-forwarded-for': '203.0.113.7' }
    const asked = async (more: Headers): Promise<number> =>
      (await server.call(balance, { headers: { ...from, ...more } })).status
    expect(await asked({ origin: 'https://wallet.example' })).toBe(200)
    expect(await asked({ 'x-origin': 'https://wallet.example' })).toBe(200)
    expect(await asked({ origin: 'https://evil.example', 'x-origin': 'https://wallet.example' })).toBe(401)
    expect(await asked({})).toBe(401)
    expect(await asked({ origin: 'https://wallet.example', 'x-forwarded-for': '203.0.114.7' })).toBe(401)
  })

  test('without a valid session is 403, also with a key', async () => {
    const authorization = `Bearer ${'A'.repeat(43)}`
    for (const headers of [
      {},
      { 'api-key': server.key },
      { authorization },
      { authorization, 'api-key': server.key },
    ]) {
      const { status, json } = await createKey({ name: 'x' }, { ...headers, ...stranger() })
      expect([status, json]).toEqual([403, { detail: 'Only a valid session may create keys' }])
    }
  })

  test('is 400 for a user with 100 keys, until the operator revokes one', async () => {
    const session = await sessionOf(await newUser('dave'))
    const create = (nth: number): Promise<Answered> => createKey({ name: `key ${nth}` }, session)
    const answers = await Promise.all(Array.from({ length: 104 }, (_, nth) => create(nth)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(100)
    const refused = answers.filter(({ status }) => status !== 201)
    expect(refused.map(({ status, json }) => [status, json])).toEqual(
      new Array(4).fill([400, { success: false, error: 'A user has at most 100 keys: the operator can revoke some' }]),
    )
    const [id = ''] = String(answers.find(({ status }) => status === 201)?.json.api_key).split('.')
    await inStore(({ keys }) => keys.revoke(id, 2))
    expect([(await create(105)).status, (await create(106)).status]).toEqual([201, 400])
    expect((await createKey({ name: 'wallet' }, await sessionOf(BOB))).status).toBe(201)
  })

  test.each([
    [{}, 'name: This field is required.'],
    [{ name: '' }, 'name: Malformed.'],
    [{ name: ' \u2800' }, 'name: Malformed.'],
    [{ name: 'a\nb' }, 'name: Malformed.'],
    [{ name: 'a\u202eb' }, 'name: Malformed.'],
    [{ name: 'x'.repeat(101) }, 'name: Malformed.'],
    [{ name: 'x', allowed_origins: 'https://a.example' }, 'allowed_origins: Expected an array.'],
    [{ name: 'x', allowed_origins: ['https://a.example/path'] }, 'allowed_origins.0: Malformed.'],
    [{ name: 'x', allowed_origins: ['*'] }, 'allowed_origins.0: Malformed.'],
    [{ name: 'x', allowed_ips: ['10.0.0.1', 'localhost'] }, 'allowed_ips.1: Malformed.'],
    [{ name: 'x', allowed_ips: ['10.0.0.0/33'] }, 'allowed_ips.0: Malformed.'],
  ])('%j is 400', async (body, error) => {
    const { status, json } = await createKey(body, await sessionOf(BOB))
    expect([status, json]).toEqual([400, { success: false, error }])
  })
})
