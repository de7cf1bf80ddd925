/** Windows of blocks and times, and dust: what is answered from single coins. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ServiceError } from '../../src/core/errors.ts'
import { asOf, known } from './chainbase-fakes.ts'
import { cat, coin, SEED_ADDRESS, type SpacescanServer, serveSpacescan, tail, XCH } from './spacescan-world.ts'

const [A, B] = [cat(tail('a')), cat(tail('b'))]
const TOKENS = `/address/token-balance/${SEED_ADDRESS}`
const XCH_BALANCE = `/address/xch-balance/${SEED_ADDRESS}`

let server: SpacescanServer
beforeAll(async () => {
  server = await serveSpacescan({
    held: [{ asset: A, balance: known(99n) }],
    xch: known(10_000_000_000_030_003n),
    // Two coins of A in block 10, as of a revocable CAT and a plain one; one coin of 0 mojo.
    coins: [
      coin(A, 1_000n, 10),
      coin(A, 500n, 10),
      coin(B, 2_000n, 20),
      coin(A, 9_007_199_254_740_993_123n, 30),
      coin(B, 0n, 40),
      coin(XCH, 9_999n, 10),
      coin(XCH, 10_000n, 20),
      coin(XCH, 10_004n, 30),
      coin(XCH, 10_000_000_000_000_000n, 40),
    ],
    asOf: asOf({ source: 'reads' }),
  })
})
afterAll(() => server.close())

/** The first digit of each asset id with the balance. */
async function rows(query: string): Promise<readonly string[]> {
  const { status, body } = await server.call(`${TOKENS}?${query}`)
  expect(status, body).toBe(200)
  const [, list = ''] = body.split('"data":')
  return [...list.matchAll(/"asset_id":"(.)[^}]*?"balance":([0-9.]+)/g)].map(([, id, amount]) => `${id} ${amount}`)
}

describe('a window of token-balance', () => {
  test.each([
    ['start_block=10&end_block=10', ['a 1.5']],
    ['start_block=11&end_block=19', []],
    ['start_block=10&end_block=20', ['b 2', 'a 1.5']],
    ['start_block=30&end_block=10', ['a 9007199254740994.623', 'b 2']],
    ['start_block=0&end_block=99999999999999999999', ['a 9007199254740994.623', 'b 2']],
    ['start_block=40&end_block=40', []],
    ['start_timestamp=1100&end_timestamp=1100', ['a 1.5']],
    ['start_timestamp=1101&end_timestamp=1200', ['b 2']],
    ['end_timestamp=1200&start_timestamp=1300', ['a 9007199254740993.123', 'b 2']],
    ['start_timestamp=10&end_timestamp=40', []],
    ['start_block=&end_block=&start_timestamp=1100&end_timestamp=1199', ['a 1.5']],
    ['start_block=&end_timestamp=', ['a 0.099']],
  ])('%s', async (query, expected) => {
    expect(await rows(query)).toEqual(expected)
  })

  test('names the block of the coins', async () => {
    const { headers } = await server.call(`${TOKENS}?start_block=1&end_block=2`)
    expect(headers.get('balance-as-of')).toContain('source=reads;age=2')
  })
})

describe.each([TOKENS, XCH_BALANCE])('a window of %s that is none', (path) => {
  const together = (unit: string) => `start_${unit} and end_${unit} must be given together`
  test.each([
    ['start_block=1', together('block')],
    ['end_block=1&start_block=', together('block')],
    ['start_timestamp=1', together('timestamp')],
    ['start_block=1&end_timestamp=2', together('block')],
    ['start_block=1&end_block=2&end_timestamp=2', together('timestamp')],
    ['start_block=1&end_block=2&start_timestamp=1&end_timestamp=2', 'Blocks and timestamps cannot be combined'],
    ['start_block=x&end_block=2', 'Invalid start_block'],
    ['start_block=1&end_block=1e3', 'Invalid end_block'],
    ['start_block=-1&end_block=2', 'Invalid start_block'],
    ['start_block=%2B1&end_block=2', 'Invalid start_block'],
    ['start_block=1.0&end_block=2', 'Invalid start_block'],
    ['start_block=null&end_block=2', 'Invalid start_block'],
    ['start_block=1&start_block=1&end_block=2', 'Invalid start_block'],
    ['start_timestamp=2024-01-01&end_timestamp=2', 'Invalid start_timestamp'],
  ])('%s', async (query, message) => {
    const { status, body } = await server.call(`${path}?${query}`)
    expect([status, body]).toEqual([400, JSON.stringify({ status: 'failed', message })])
  })
})

describe('xch-balance', () => {
  test.each([
    // Without dust: 10,000 mojo are no dust, 9,999 are.
    ['', '10000.000000020004', 10_000_000_000_020_004n],
    ['include_dust=false', '10000.000000020004', 10_000_000_000_020_004n],
    ['include_dust=TRUE', '10000.000000030003', 10_000_000_000_030_003n],
    ['start_block=10&end_block=20', '0.00000001', 10_000n],
    ['start_block=10&end_block=20&include_dust=1', '0.000000019999', 19_999n],
    ['start_timestamp=1300&end_timestamp=1101', '0.000000020004', 20_004n],
    ['start_block=1&end_block=2', '0', 0n],
  ])('?%s', async (query, xch, mojo) => {
    const { body } = await server.call(`${XCH_BALANCE}?${query}`)
    expect(body).toBe(`{"status":"success","xch":${xch},"mojo":${mojo}}`)
  })

  test.each(['yes', 'null', '2'])('include_dust=%s is no boolean', async (value) => {
    const { status, body } = await server.call(`${XCH_BALANCE}?include_dust=${value}`)
    expect([status, body]).toEqual([400, '{"status":"failed","message":"Invalid include_dust"}'])
  })
})

test('while no node answers, what needs single coins is 503', async () => {
  const other = await serveSpacescan({
    failing: () => {
      throw new ServiceError('NODE_UNREACHABLE', 'http://node/SECRET refused')
    },
  })
  for (const path of [`${TOKENS}?start_block=1&end_block=2`, XCH_BALANCE]) {
    const { status, headers, body } = await other.call(path)
    expect([status, body]).toEqual([503, '{"status":"failed","message":"Service unavailable"}'])
    expect(headers.get('retry-after')).toBe('5')
  }
  await other.close()
})
