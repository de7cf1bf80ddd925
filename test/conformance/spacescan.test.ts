import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from '../../src/core/amount.ts'
import { asOf, BLOCK, known, unknown } from './chainbase-fakes.ts'
import { closedAfterEach } from './closed-after-each.ts'
import { type ChiaWorld, cat, SEED_ADDRESS, serveSpacescan, tail, XCH } from './spacescan-world.ts'

const TOKENS = `/address/token-balance/${SEED_ADDRESS}`
const XCH_BALANCE = `/address/xch-balance/${SEED_ADDRESS}`
/** The token of the vendor's own examples. */
const LLBT = '14b40962dfef81d954ac0d92b51ec21ce7acd8c62dd9fef9303aa51c615cb495'
const LLBT_ID = 'tkn1zj6qjckla7qaj49vpkft28kzrnn6ekxx9hvla7fs82j3cc2ukj2ssa84km'

/** The vendor's documented schema of token-balance, and the second list that its clients read. Nothing else is allowed. */
const ROWS = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['asset_id', 'token_id', 'balance', 'name', 'symbol'],
    properties: {
      asset_id: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      token_id: { type: 'string', pattern: '^tkn1[02-9ac-hj-np-z]{58}$' },
      balance: { type: 'number' },
      name: { type: ['string', 'null'] },
      symbol: { type: ['string', 'null'] },
    },
  },
}
const fitsSeed = new Ajv({ strict: true, allowUnionTypes: true }).compile({
  type: 'object',
  additionalProperties: false,
  required: ['status', 'balance', 'data'],
  properties: { status: { const: 'success' }, balance: ROWS, data: ROWS },
})

const serve = closedAfterEach(serveSpacescan)

const listed = (reference: string, other: object = {}) => ({
  asset_id: reference,
  name: 'Burn',
  symbol: 'LLBT',
  ...other,
})

/** The rows of `balance` as text: asset id's first digit and the digits of the balance. */
function rowsOf(body: string): readonly string[] {
  const list = body.slice(body.indexOf('"balance":['), body.indexOf('"data":['))
  return [...list.matchAll(/\{"asset_id":"(.)[^}]*?"balance":([0-9.]+)/g)].map(([, id, amount]) => `${id} ${amount}`)
}

describe('GET /address/token-balance/{address}', () => {
  const WORLD: ChiaWorld = {
    held: [
      { asset: cat(tail('a')), balance: known(0n) },
      { asset: cat(LLBT), balance: known(1_500n) },
      { asset: cat(tail('b')), balance: known(9_007_199_254_740_993_123n, { source: 'reads' }) },
      { asset: { standard: 'native', reference: '8444' }, balance: known(5n) },
    ],
    listed: [listed(LLBT)],
  }

  test('answers the vendor page, byte for byte, with exact numbers and without zero rows', async () => {
    const server = await serve(WORLD)
    const { status, headers, body } = await server.call(TOKENS)
    const rows =
      `[{"asset_id":"${tail('b')}","token_id":"tkn1hwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwas6v3duu",` +
      `"name":null,"symbol":null,"balance":9007199254740993.123},` +
      `{"asset_id":"${LLBT}","token_id":"${LLBT_ID}","name":"Burn","symbol":"LLBT","balance":1.5}]`
    expect([status, body]).toEqual([200, `{"status":"success","balance":${rows},"data":${rows}}`])
    expect(fitsSeed(JSON.parse(body)), JSON.stringify(fitsSeed.errors)).toBe(true)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('balance-as-of')).toBe(
      `"chia:mainnet";block=${BLOCK.number};hash="${BLOCK.hash}";finality=finalized;source=events;age=2`,
    )
  })

  test('an address that was never seen holds nothing', async () => {
    const server = await serve({})
    const { status, body } = await server.call(TOKENS)
    expect([status, body]).toEqual([200, '{"status":"success","balance":[],"data":[]}'])
    expect(fitsSeed(JSON.parse(body))).toBe(true)
  })

  test('a list that may lack rows says so', async () => {
    const server = await serve({ ...WORLD, asOf: asOf({ complete: false }) })
    const { status, headers } = await server.call(TOKENS)
    expect([status, headers.get('balance-as-of')]).toEqual([200, expect.stringMatching(/;complete=\?0$/)])
  })

  test('an unknown amount is an error, never a partial list', async () => {
    const held = [...(WORLD.held ?? []), { asset: cat(tail('c')), balance: unknown('node_unavailable') }]
    for (const world of [{ held }, { asOf: undefined }]) {
      const server = await serve(world)
      const { status, headers, body } = await server.call(TOKENS)
      expect([status, body]).toEqual([503, '{"status":"failed","message":"Service unavailable"}'])
      expect([headers.get('retry-after'), headers.get('balance-as-of')]).toEqual(['5', null])
    }
  })

  test('rows come by value, then by balance, then by asset id, compared exactly', async () => {
    const server = await serve({
      held: [
        { asset: cat(tail('1')), balance: known(2n ** 80n) },
        { asset: cat(tail('2')), balance: known(2n ** 80n + 1n) },
        { asset: cat(tail('4')), balance: known(7n) },
        { asset: cat(tail('3')), balance: known(7n) },
        { asset: cat(tail('5')), balance: known(10n ** 20n) },
        { asset: cat(tail('6')), balance: known(10n ** 20n + 1n) },
        { asset: cat(tail('7')), balance: known(10n ** 21n) },
        { asset: cat(tail('8')), balance: known(10n ** 21n) },
        { asset: cat(tail('9')), balance: known(10n ** 19n) },
      ],
      // Nine and seven are worth the same; doubles would not tell five from six.
      prices: [
        [cat(tail('5')), '1'],
        [cat(tail('6')), '1.0'],
        [cat(tail('7')), '0.001'],
        [cat(tail('9')), '0.1'],
        [cat(tail('8')), '0'],
      ],
    })
    const { body } = await server.call(TOKENS)
    expect(rowsOf(body).map((row) => row[0])).toEqual(['6', '5', '7', '9', '8', '2', '1', '3', '4'])
  })

  test('a balance is the exact amount, whatever it is', async () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 15 })
    await fc.assert(
      fc.asyncProperty(amounts, async (mojo) => {
        const held = mojo.map((amount, index) => ({ asset: cat(tail(index.toString(16))), balance: known(amount) }))
        const server = await serveSpacescan({ held })
        const { body } = await server.call(TOKENS)
        await server.close()
        const found = rowsOf(body).map((row) => parse(row.slice(2), 3))
        const expected = mojo.filter((amount) => amount > 0n).sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
        expect(found).toEqual(expected)
      }),
      { numRuns: 20 },
    )
  })

  test('with `extended`, rows have prices, the exact value and the logo', async () => {
    const world: ChiaWorld = {
      ...WORLD,
      listed: [listed(LLBT, { logo: 'https://a.example/llbt.webp' })],
      prices: [
        [cat(LLBT), '0.02624364935709997'],
        [XCH, '21.5'],
      ],
    }
    const server = await serve(world, { extended: true })
    const { body } = await server.call(TOKENS)
    const [first, second] = JSON.parse(body.replace(/:(\d+\.\d+)/g, ':"$1"')).data
    expect(first).toEqual({
      asset_id: LLBT,
      token_id: LLBT_ID,
      balance: '1.5',
      name: 'Burn',
      symbol: 'LLBT',
      price: '0.02624364935709997',
      price_xch: '0.001220634853818603',
      total_value: '0.039365474035649955',
      preview_url: 'https://a.example/llbt.webp',
    })
    expect(second).toMatchObject({ price: null, price_xch: null, total_value: null, preview_url: null })
    expect(JSON.parse(body).data).toEqual(JSON.parse(body).balance)
  })

  test('without a price of XCH, or with one of 0, there is no price in XCH', async () => {
    const priced: ChiaWorld = { held: [{ asset: cat(LLBT), balance: known(1_000n) }], prices: [[cat(LLBT), '2']] }
    for (const prices of [priced.prices ?? [], [...(priced.prices ?? []), [XCH, '0'] as const]]) {
      const server = await serve({ ...priced, prices }, { extended: true })
      expect(JSON.parse((await server.call(TOKENS)).body).data).toEqual([
        expect.objectContaining({ price: 2, price_xch: null, total_value: 2 }),
      ])
    }
  })
})

describe('GET /address/xch-balance/{address}', () => {
  test('with dust it is the whole balance, exact beyond 2^53', async () => {
    const server = await serve({ xch: known(2n ** 64n - 1n, { source: 'reads' }) })
    const { body, headers } = await server.call(`${XCH_BALANCE}?include_dust=true`)
    expect(body).toBe('{"status":"success","xch":18446744.073709551615,"mojo":18446744073709551615}')
    expect(headers.get('balance-as-of')).toContain(';source=reads;')
  })

  test('one that is not known is an error', async () => {
    const server = await serve({ xch: unknown('node_unavailable') })
    const { status, body } = await server.call(`${XCH_BALANCE}?include_dust=1`)
    expect([status, body]).toEqual([503, '{"status":"failed","message":"Service unavailable"}'])
  })
})
