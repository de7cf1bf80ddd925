/** What Spacescan's paths do on the wire: addresses, methods, slashes, CORS and paths that do not exist. */
import { bech32, bech32m } from '@scure/base'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { known } from './chainbase-fakes.ts'
import { cat, SEED_ADDRESS, SEED_PUZZLE_HASH, type SpacescanServer, serveSpacescan, tail } from './spacescan-world.ts'

const BYTES = Buffer.from(SEED_PUZZLE_HASH, 'hex')
const WORDS = bech32m.toWords(BYTES)
const TOKEN = tail('a')

let server: SpacescanServer
beforeAll(async () => {
  server = await serveSpacescan({
    held: [{ asset: cat(TOKEN), balance: known(5n) }],
    xch: known(7n),
    listed: [{ asset_id: TOKEN, name: 'A', symbol: 'A' }],
  })
})
afterAll(() => server.close())

const CALLS = ['token-balance', 'xch-balance'].map((call) => `/address/${call}`)
const PATHS = [...CALLS.map((path) => `${path}/${SEED_ADDRESS}`), `/token/info/${TOKEN}`, '/tokens']

describe('an address', () => {
  test.each([
    ['of the vendor page', SEED_ADDRESS],
    ['of a test network', bech32m.encode('txch', WORDS)],
    ['in capitals', SEED_ADDRESS.toUpperCase()],
    ['percent-encoded', SEED_ADDRESS.replace('xch', '%78ch')],
  ])('%s counts by its puzzle hash', async (_, address) => {
    for (const path of CALLS) expect((await server.call(`${path}/${address}`)).status).toBe(200)
    expect(server.asked.slice(-2).map(({ account }) => account)).toEqual([SEED_ADDRESS, SEED_ADDRESS])
  })

  test.each([
    ['a bad checksum', SEED_ADDRESS.replace(/8$/, '9')],
    ['a changed character', SEED_ADDRESS.replace('a6cd', 'a6cc')],
    ['bech32 instead of bech32m', bech32.encode('xch', WORDS)],
    ['mixed case', SEED_ADDRESS.replace('xch1a', 'xch1A')],
    ['a prefix in another case', SEED_ADDRESS.replace('xch', 'XCH')],
    ['an NFT', bech32m.encode('nft', WORDS)],
    ['a token id', bech32m.encode('tkn', WORDS)],
    ['31 bytes', bech32m.encodeFromBytes('xch', BYTES.subarray(1))],
    ['33 bytes', bech32m.encodeFromBytes('xch', Buffer.concat([BYTES, Buffer.of(0)]))],
    ['no bytes', bech32m.encode('xch', [])],
    ['padding that is not zero', bech32m.encode('xch', [...WORDS.slice(0, -1), (WORDS.at(-1) ?? 0) | 1])],
    ['51 characters', bech32m.encode('xch', WORDS.slice(1))],
    ['a puzzle hash', SEED_PUZZLE_HASH],
    ['an EVM address', `0x${'a'.repeat(40)}`],
    ['a name', 'alice.xch'],
    ['a space at the end', `${SEED_ADDRESS}%20`],
    ['a NUL at the end', `${SEED_ADDRESS}%00`],
    ['letters outside ASCII', 'xch1%C3%A9'],
    ['900 characters', 'x'.repeat(900)],
    ['more characters than any address', SEED_ADDRESS.repeat(250)],
  ])('with %s is none', async (_, address) => {
    const before = server.asked.length
    for (const path of CALLS) {
      for (const url of [`${path}/${address}`, `${path}/${address}/`]) {
        const { status, headers, body } = await server.call(url)
        expect([status, body], url).toEqual([400, '{"status":"failed","message":"Invalid address"}'])
        expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
        expect(headers.get('balance-as-of')).toBeNull()
      }
    }
    expect(server.asked.length).toBe(before)
  })
})

describe('GET and HEAD', () => {
  test.each(PATHS)('%s answers with and without a slash, and HEAD has the same headers', async (path) => {
    const first = await server.call(path)
    expect(first.status, first.body).toBe(200)
    for (const url of [path, `${path}/`]) {
      expect((await server.call(url)).body).toBe(first.body)
      const head = await server.call(url, { method: 'HEAD' })
      expect([head.status, head.body]).toEqual([200, ''])
      for (const name of ['content-type', 'content-length', 'balance-as-of', 'access-control-allow-origin'])
        expect(head.headers.get(name), name).toBe(first.headers.get(name))
    }
  })

  test('HEAD of an invalid address is 400', async () => {
    const { status, body } = await server.call('/address/token-balance/x', { method: 'HEAD' })
    expect([status, body]).toEqual([400, ''])
  })
})

describe('other methods and paths', () => {
  test.each(PATHS)('%s allows only GET, and a page may call it with a key', async (path) => {
    for (const url of [path, `${path}/`]) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status, headers, body } = await server.call(url, { method, body: 'x' })
        expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
        expect(body).toBe('{"status":"failed","message":"Method not allowed"}')
      }
      const preflight = await server.call(url, {
        method: 'OPTIONS',
        headers: { origin: 'https://wallet.example', 'access-control-request-method': 'GET' },
      })
      expect([preflight.status, preflight.body]).toEqual([204, ''])
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
      expect(preflight.headers.get('access-control-allow-headers')).toContain('x-api-key')
      expect(preflight.headers.get('ratelimit-limit')).toBeNull()
    }
  })

  test.each([
    '/address',
    '/address/',
    '/address/token-balance',
    '/address/token-balance/',
    `/address/nft-balance/${SEED_ADDRESS}`,
    `/address/token-balance/${SEED_ADDRESS}/x`,
    '/token/info',
    '/tokens/x',
  ])('%s is 404 in the vendor format', async (path) => {
    const { status, body } = await server.call(path)
    expect([status, body]).toEqual([404, '{"status":"failed","message":"Not found"}'])
  })
})
