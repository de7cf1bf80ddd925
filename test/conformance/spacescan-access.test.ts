/** Who may call Spacescan's API, how often, and which chain answers. */
import { describe, expect, test } from 'vitest'
import { type Answered, sendRaw } from './chainbase-client.ts'
import { known, NOW } from './chainbase-fakes.ts'
import { closedAfterEach } from './closed-after-each.ts'
import {
  cat,
  chiaChain,
  MAINNET,
  SEED_ADDRESS,
  type SpacescanServer,
  serveSpacescan,
  TESTNET,
  tail,
} from './spacescan-world.ts'

const TOKENS = `/address/token-balance/${SEED_ADDRESS}`
const WORLD = { held: [{ asset: cat(tail('a')), balance: known(5n) }], xch: known(7n) }
const failed = (message: string) => JSON.stringify({ status: 'failed', message })

const serve = closedAfterEach(serveSpacescan)

const limitOf = ({ headers }: Answered) =>
  ['ratelimit-policy', 'ratelimit-limit', 'ratelimit-remaining', 'retry-after'].map((name) => headers.get(name))

describe('the free tier', () => {
  test('allows a number of calls in a minute, whatever they are, and says how many are left', async () => {
    const server = await serve(WORLD, { freePerMinute: 3 })
    const answers: Answered[] = []
    for (const path of [TOKENS, '/tokens', '/address/xch-balance/x', TOKENS, '/token/info/x'])
      answers.push(await server.call(path))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 429, 429])
    expect(answers.map(limitOf).slice(0, 3)).toEqual([
      ['"free";q=3;w=60', '3', '2', null],
      ['"free";q=3;w=60', '3', '1', null],
      ['"free";q=3;w=60', '3', '0', null],
    ])
    for (const answer of answers.slice(3)) {
      expect(answer.body).toBe(failed('Too many requests'))
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(answer.headers.get('retry-after')).toBe(answer.headers.get('ratelimit-reset'))
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('access-control-expose-headers')).toContain('RateLimit')
    }
    // HEAD counts too; preflights and other APIs do not.
    expect((await server.call(TOKENS, { method: 'HEAD' })).status).toBe(429)
    const preflight = { origin: 'https://a.example', 'access-control-request-method': 'GET' }
    expect((await server.call(TOKENS, { method: 'OPTIONS', headers: preflight })).status).toBe(204)
    expect((await server.call('/health')).status).toBe(200)
  })

  test('of 0 has no limit', async () => {
    const server = await serve(WORLD, { freePerMinute: 0 })
    const answers = await Promise.all(Array.from({ length: 30 }, () => server.call(TOKENS)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers.flatMap(limitOf).filter((value) => value !== null)).toEqual([])
  })

  test('is for each address, as a trusted proxy names it', async () => {
    const server = await serve(WORLD, { freePerMinute: 1 }, { trustProxy: ['127.0.0.1'] })
    const from = async (address: string) =>
      (await server.call(TOKENS, { headers: { 'x-forwarded-for': address } })).status
    expect([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([200, 429, 200])
    // One subscriber has all addresses of a /64.
    expect([await from('2001:db8::1'), await from('2001:db8::2'), await from('2001:db8:0:1::1')]).toEqual([
      200, 429, 200,
    ])
  })
})

describe('the pro tier', () => {
  test.each(['x-api-key', 'api-key'])('has no limit with a valid key in %s', async (name) => {
    const server = await serve(WORLD, { freePerMinute: 1 })
    for (let count = 0; count < 5; count++) {
      const answer = await server.call(TOKENS, { headers: { [name]: server.key } })
      expect([answer.status, ...limitOf(answer)]).toEqual([200, null, null, null, null])
    }
    // Calls with a key do not use up the free ones of the address.
    expect([(await server.call(TOKENS)).status, (await server.call(TOKENS)).status]).toEqual([200, 429])
  })

  test('a key that is not valid is 401 on every call, and never the free tier', async () => {
    const server = await serve(WORLD)
    const valid = server.key
    const other = `${valid.slice(0, -1)}${valid.endsWith('A') ? 'B' : 'A'}`
    await server.store.revoke(valid.split('.')[0] ?? '', NOW - 5)
    for (const key of [valid, other, 'demo', 'x'.repeat(500)]) {
      for (const path of [TOKENS, '/tokens', '/address/xch-balance/x']) {
        const { status, headers, body } = await server.call(path, { headers: { 'x-api-key': key } })
        expect([status, body]).toEqual([401, failed('Unauthorized')])
        expect(headers.get('www-authenticate')).toBe('api-key realm="spacescan"')
      }
    }
    // An empty header is no key.
    expect((await server.call(TOKENS, { headers: { 'x-api-key': '' } })).status).toBe(200)
  })
})

describe('the chain', () => {
  const both = { chains: [chiaChain(MAINNET), chiaChain(TESTNET)] }
  const askAt = async (server: SpacescanServer, host: string): Promise<string> => {
    const answer = await sendRaw(server.port, `GET ${TOKENS} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    return /^balance-as-of: "([^"]*)"/im.exec(answer)?.[1] ?? answer
  }

  test('is the first Chia chain, and for the hosts of the testnet the one that is set', async () => {
    const hosts = ['api.spacescan.io', 'api-testnet11.spacescan.io', 'API-Testnet11.example:8080', '127.0.0.1']
    const answers = async (server: SpacescanServer) => Promise.all(hosts.map((host) => askAt(server, host)))
    expect(await answers(await serve(WORLD, {}, both))).toEqual([MAINNET, MAINNET, MAINNET, MAINNET])
    const split = await serve(WORLD, { testnet: TESTNET }, both)
    expect(await answers(split)).toEqual([MAINNET, TESTNET, TESTNET, MAINNET])
    expect(new Set(split.asked.map(({ account }) => account))).toEqual(new Set([SEED_ADDRESS]))
    const reversed = await serve(WORLD, { chain: TESTNET, testnet: MAINNET }, both)
    expect(await answers(reversed)).toEqual([TESTNET, MAINNET, MAINNET, TESTNET])
    expect(await askAt(split, 'x.api-testnet11.spacescan.io')).toBe(MAINNET)
  })

  test('is missing: every call is 503 and says so', async () => {
    const missing = failed('No chain is configured for this API')
    const server = await serve(WORLD, {}, { chains: [] })
    for (const path of [TOKENS, '/address/xch-balance/x', '/token/info/x', '/tokens']) {
      const { status, headers, body } = await server.call(path)
      expect([status, body, headers.get('retry-after')]).toEqual([503, missing, '5'])
    }
    // A configured testnet that is not there never falls back to the main chain.
    const split = await serve(WORLD, { testnet: TESTNET })
    expect(await askAt(split, 'api-testnet11.spacescan.io')).toContain(missing)
    expect(await askAt(split, 'api.spacescan.io')).toBe(MAINNET)
  })
})
