/** `steelyard serve` with a source of prices, as a caller of Chainbase's price call sees it. The chain's node is down. */
import { expect, test, vi } from 'vitest'
import { coinsOf, startPriceServer } from '../tokens/price-server.ts'
import { type Serving, serve } from './steelyard.ts'

const COIN = `0x${'a'.repeat(40)}`
const FIXED = `0x${'b'.repeat(40)}`
/** Nothing listens on this port: it is reserved, and needs special rights. */
const DEAD_NODE = 'http://127.0.0.1:1'

async function priceOf(server: Serving, token: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await server.get(`/v1/token/price?chain_id=1&contract_address=${token}`)
  return { status: response.status, text: await response.text() }
}

function configWith(url: string): object {
  return {
    chains: [{ id: 'eip155:1', rpc: [DEAD_NODE] }],
    prices: {
      static: { [`eip155:1/erc20:${FIXED}`]: '1.50' },
      http: { url, interval_seconds: 5, ids: { 'eip155:1': 'ethereum' } },
    },
  }
}

test('prices of the source are answered with all digits, static ones win, and a restart keeps the last ones', async () => {
  const time = new Date(Math.floor(Date.now() / 60_000) * 60_000)
  const source = await startPriceServer((path) => {
    const prices = coinsOf(path).map(
      (coin) => `"${coin}":{"price":0.1234567890123456789,"timestamp":${time.getTime() / 1_000}}`,
    )
    return { text: `{"coins":{${prices.join(',')}}}` }
  })
  const server = await serve(configWith(source.url))
  const seen = time.toISOString().replace('.000', '')
  const expected = expect.stringMatching(
    new RegExp(`"price":0\\.1234567890123456789[,}].*"source":"http","updated_at":"${seen}"`),
  )
  try {
    await vi.waitFor(async () => expect(await priceOf(server, COIN)).toEqual({ status: 200, text: expected }), 60_000)
    expect(await priceOf(server, FIXED)).toEqual({
      status: 200,
      text: expect.stringMatching(/"price":1\.5[,}].*"source":"static"/),
    })
    expect(source.coins().flat()).not.toContain(`ethereum:${FIXED}`)
    await server.restart(() => source.stop())
    expect(await priceOf(server, COIN)).toEqual({ status: 200, text: expected })
  } finally {
    expect(await server.stop()).toBe(0)
  }
}, 120_000)
