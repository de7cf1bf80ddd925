import { describe, expect, test } from 'vitest'
import { closedAfterEach } from './closed-after-each.ts'
import { type ChiaWorld, cat, SEED_ADDRESS, serveSpacescan, tail, XCH } from './spacescan-world.ts'

/** The token of the vendor's own examples. */
const LLBT = '14b40962dfef81d954ac0d92b51ec21ce7acd8c62dd9fef9303aa51c615cb495'
const LLBT_ID = 'tkn1zj6qjckla7qaj49vpkft28kzrnn6ekxx9hvla7fs82j3cc2ukj2ssa84km'

const serve = closedAfterEach(serveSpacescan)

const listed = (reference: string, other: object = {}) => ({
  asset_id: reference,
  name: 'Burn',
  symbol: 'LLBT',
  ...other,
})

describe('GET /token/info/{token}', () => {
  const page = { website: 'https://a.example/', twitter: 'https://twitter.com/a', description: 'A token' }
  const WORLD: ChiaWorld = {
    listed: [listed(LLBT, { tags: ['meme', 'burn'], logo: 'https://a.example/l.webp', extensions: page })],
    indexed: [tail('d')],
    prices: [[cat(tail('e')), '2']],
  }
  const INFO = {
    asset_id: LLBT,
    token_id: LLBT_ID,
    name: 'Burn',
    symbol: 'LLBT',
    description: 'A token',
    preview_url: 'https://a.example/l.webp',
    twitter: 'https://twitter.com/a',
    discord: null,
    website: 'https://a.example/',
    tags: 'meme, burn',
    type: 'CAT2',
    precision: 3,
  }

  test.each([LLBT, `0x${LLBT.toUpperCase()}`, LLBT_ID, LLBT_ID.toUpperCase()])(
    'finds a listed token as %s',
    async (id) => {
      const server = await serve(WORLD)
      expect(await server.get(`/token/info/${id}`)).toEqual({ status: 200, json: { status: 'success', info: INFO } })
    },
  )

  test('finds tokens that were indexed or have a price, without names', async () => {
    const server = await serve(WORLD)
    for (const digit of ['d', 'e']) {
      const { status, json } = await server.get(`/token/info/${tail(digit)}`)
      expect(status).toBe(200)
      expect(json).toMatchObject({
        info: { asset_id: tail(digit), name: null, symbol: null, tags: null, precision: 3 },
      })
    }
  })

  test('with `extended`, it has prices', async () => {
    const server = await serve(
      {
        ...WORLD,
        prices: [
          [cat(LLBT), '4'],
          [XCH, '8'],
        ],
      },
      { extended: true },
    )
    const { json } = await server.get(`/token/info/${LLBT}`)
    expect(json).toEqual({ status: 'success', info: { ...INFO, price: 4, price_xch: 0.5 } })
  })

  test('an unknown token is 404, and what is no token is 400', async () => {
    const server = await serve(WORLD)
    expect(await server.get(`/token/info/${tail('f')}`)).toEqual({
      status: 404,
      json: { status: 'failed', message: 'Token not found' },
    })
    for (const id of ['x', SEED_ADDRESS, `${LLBT}0`, LLBT_ID.slice(0, -1), `t${LLBT_ID}`]) {
      const invalid = { status: 400, json: { status: 'failed', message: 'Invalid token_id' } }
      expect(await server.get(`/token/info/${id}`)).toEqual(invalid)
    }
  })
})

describe('GET /tokens', () => {
  test('lists the tokens of lists first, then those that were indexed', async () => {
    const server = await serve({ listed: [listed(LLBT, { tags: ['meme'] })], indexed: [tail('d'), LLBT] })
    const other = { description: null, preview_url: null, twitter: null, discord: null, website: null }
    expect(await server.get('/tokens')).toEqual({
      status: 200,
      json: {
        status: 'success',
        cats: [
          { asset_id: LLBT, token_id: LLBT_ID, name: 'Burn', symbol: 'LLBT', ...other, tags: ['meme'] },
          {
            asset_id: tail('d'),
            token_id: expect.stringMatching(/^tkn1/),
            name: null,
            symbol: null,
            ...other,
            tags: [],
          },
        ],
      },
    })
    expect(await (await serve({})).get('/tokens')).toEqual({ status: 200, json: { status: 'success', cats: [] } })
  })
  test('says so if there are more CATs than it has', async () => {
    const numbered = Array.from({ length: 10_001 }, (_, n) => n.toString(16).padStart(64, '0'))
    for (const [indexed, header] of [
      [numbered, '"chia:mainnet";complete=?0'],
      [numbered.slice(1), null],
    ] as const) {
      const { headers, body } = await (await serve({ indexed })).call('/tokens')
      expect([headers.get('balance-as-of'), JSON.parse(body).cats.length]).toEqual([header, 10_000])
    }
  })
})
