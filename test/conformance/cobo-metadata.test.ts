import { describe, expect, test } from 'vitest'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import { parseDecimal } from '../../src/core/amount.ts'
import { StaticPrices } from '../../src/tokens/prices.ts'
import { address, chain, ETHEREUM, erc20, fakeTokens, NOW, token } from './chainbase-fakes.ts'
import { closedAfterEach } from './closed-after-each.ts'
import { serveCobo } from './cobo-server.ts'

const serve = closedAfterEach(serveCobo)

const ok = (result: unknown) => ({ result, success: true, suggestion: '', message: '', meta: null })
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

describe('metadata and prices', () => {
  const USDC = erc20(address('a'))
  const SPAM = erc20(address('b'))
  const listed = () => [{ asset: USDC, symbol: 'USDC' }]
  const names = { settings: { chains: [], tokens: [] }, listed }
  const other = {
    chains: [chain(), chain('eip155:137')],
    listedAssets: (of: string) => (of === ETHEREUM ? listed() : []),
    tokens: fakeTokens([
      token(USDC.reference, {
        symbol: 'USDC',
        name: 'USD Coin',
        decimals: 6,
        listed: true,
        logo: 'https://a.example/u.png',
      }),
      token(SPAM.reference, { symbol: 'USDC', decimals: 18 }),
      token('60', { asset: EVM_NATIVE, symbol: 'ETH', decimals: 18 }),
    ]),
    finder: {
      search: async (of: string, { listed: want }: { listed?: boolean | undefined }) => ({
        rows: of !== ETHEREUM ? [] : [{ asset: want === true ? USDC : SPAM, listed: want === true }],
        more: false,
      }),
    },
    prices: new StaticPrices(
      [
        [{ chain: ETHEREUM, asset: EVM_NATIVE }, priced('3500.10')],
        [{ chain: ETHEREUM, asset: USDC }, priced('0.9999')],
        [{ chain: ETHEREUM, asset: SPAM }, priced('1000000')],
      ],
      NOW,
    ),
  }

  function priced(text: string) {
    return { ...(parseDecimal(text) ?? { units: 0n, places: 0 }), text }
  }

  test('lists the chains', async () => {
    const server = await serve({ names }, {}, other)
    const row = (id: string, caip: string) => ({
      chain_id: id,
      chain_type: 'ETH',
      chain_identifier: caip,
      native_token_id: id,
      compatible_chains: ['ETH', 'MATIC'],
    })
    const data = [row('ETH', 'eip155:1'), row('MATIC', 'eip155:137')]
    expect((await server.send('/api/v1/metadata/chains')).json).toEqual(
      ok({ data, pagination: { before: null, after: null, total_count: 2 } }),
    )
    expect((await server.send('/api/v1/metadata/chains?chain_ids=MATIC,NONE')).json).toMatchObject({
      result: { data: [data[1]], pagination: { total_count: 1 } },
    })
  })

  test('lists the assets that it vouches for, in pages', async () => {
    const server = await serve({ names }, {}, other)
    const ids: unknown[] = []
    let path = '/api/v1/metadata/assets?limit=1'
    for (let page = 0; page < 3; page++) {
      const { json } = await server.send(path)
      const result = isRecord(json) && isRecord(json.result) ? json.result : {}
      const [row] = Array.isArray(result.data) ? result.data : []
      ids.push(isRecord(row) ? row.token_id : undefined)
      const pagination = isRecord(result.pagination) ? result.pagination : {}
      expect([pagination.total_count, pagination.after === null, pagination.before === null]).toEqual([
        3,
        page === 2,
        page === 0,
      ])
      path = `/api/v1/metadata/assets?limit=1&after=${String(pagination.after)}`
    }
    expect(ids).toEqual(['ETH', 'ETH_USDC', 'MATIC'])
    expect((await server.send(path)).status).toBe(422)
  })

  test('a search shows that a token without a list has no right to its symbol', async () => {
    const server = await serve({ names }, {}, other)
    const { json } = await server.send('/api/v1/metadata/tokens/search?symbol=usd')
    expect(json).toEqual(
      ok([
        {
          token_id: 'ETH_USDC',
          chain_id: 'ETH',
          asset_identifier: `eip155:1/erc20:${USDC.reference}`,
          token_address: USDC.reference,
          symbol: 'USDC',
          name: 'USD Coin',
          decimal: 6,
          icon_url: 'https://a.example/u.png',
          is_listed: true,
        },
        {
          token_id: `ETH_${SPAM.reference}`,
          chain_id: 'ETH',
          asset_identifier: `eip155:1/erc20:${SPAM.reference}`,
          token_address: SPAM.reference,
          symbol: 'USDC',
          name: null,
          decimal: 18,
          icon_url: null,
          is_listed: false,
        },
      ]),
    )
    expect((await server.send('/api/v1/metadata/tokens/search?symbol=usd&chain_id=MATIC')).json).toEqual(ok([]))
    expect((await server.send('/api/v1/metadata/tokens/search')).status).toBe(422)
  })

  test('a coin is a token id or a symbol; an unknown price is left out', async () => {
    const server = await serve({ names }, {}, other)
    const price = async (query: string) => (await server.send(`/api/v1/coin-price?${query}`)).json
    expect(await price('asset_coins=ETH,usdc,MATIC,NONE,__proto__,,%20ETH%20&currency=USD')).toEqual(
      ok({ ETH: '3500.1', usdc: '0.9999' }),
    )
    expect(await price('asset_coins=ETH_USDC')).toEqual(ok({ ETH_USDC: '0.9999' }))
    expect(await price('asset_coins=NONE')).toEqual(ok({}))
    for (const query of [
      '',
      'asset_coins=',
      'asset_coins=,',
      'asset_coins=ETH&currency=EUR',
      `asset_coins=${Array.from({ length: 101 }, (_, at) => at).join()}`,
    ]) {
      expect([query, (await server.send(`/api/v1/coin-price?${query}`)).status]).toEqual([query, 422])
    }
  })
})
