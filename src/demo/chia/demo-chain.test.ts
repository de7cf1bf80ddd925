import { expect, test } from 'vitest'
import { catList, startChiaDemo } from './demo-chain.ts'
import { hasSimulator } from './sdk.ts'
import { chiaWords } from './words.ts'

test.skipIf(!hasSimulator())('serves a history that ends now, and goes on', { timeout: 30_000 }, async () => {
  const demo = await startChiaDemo()
  expect(demo).toBeDefined()
  if (demo === undefined) return
  try {
    const newest = async () => {
      const response = await fetch(`${demo.url}/get_blockchain_state`, { method: 'POST', body: '{}' })
      return JSON.parse(await response.text()).blockchain_state.peak
    }
    expect(await newest()).toMatchObject({ height: 60, timestamp: expect.any(Number) })
    const { timestamp } = await newest()
    expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(60)
    expect(demo.trader).toMatch(/^xch1[a-z0-9]{58}$/)
    const stop = new AbortController()
    const trading = demo.trade(10, stop.signal)
    while ((await newest()).height < 64) await new Promise((resolve) => setTimeout(resolve, 10))
    stop.abort()
    await trading
    const list = JSON.parse(catList(demo))
    expect(list.chain).toBe('chia:simulator0')
    expect(list.tokens.map(({ symbol }: { symbol: string }) => symbol)).toEqual(['DBX', 'GOLD', 'SHR'])
  } finally {
    await demo.stop()
  }
})

test('the text says where the demo has no Chia chain', () => {
  expect(chiaWords(undefined)).toEqual(['There is no Chia chain here: its simulator runs on 64-bit Linux (x64) only.'])
})
