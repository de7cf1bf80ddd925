import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type PriceServer, pricesOf, startPriceServer } from '../../test/tokens/price-server.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { openStore } from '../store/open.ts'
import { parseAppConfig } from './app-config.ts'
import { createLog } from './log.ts'
import { startPrices } from './prices.ts'
import { startApp } from './start-app.ts'

const NOW = 1_700_000_400
const TOKEN = { standard: 'erc20', reference: `0x${'1'.repeat(40)}` } as const
const PRICES = pricesOf({ [`ethereum:${TOKEN.reference}`]: '2.5' }, NOW)
const log = createLog({ level: 'error', sink: { terminal: false, write: () => undefined } })

function chainId(text: string): ChainId {
  const id = parseChainId(text)
  if (id === undefined) throw new Error(`not a chain id: ${text}`)
  return id
}
const ETHEREUM = chainId('eip155:1')

let folder = ''
let source: PriceServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-prices-'))
  source = await startPriceServer(PRICES)
})
afterEach(async () => {
  await source.stop()
  rmSync(folder, { recursive: true })
})

const configOf = (url: string) => ({
  static: [],
  http: { url, intervalSeconds: 60, timeoutMs: 5_000, ids: [[ETHEREUM, 'ethereum'] as const] },
})

test('a stop waits for the questions under way, and later ones do not reach the closed store', async () => {
  const store = await openStore({ url: `sqlite:${folder}` })
  const calls: string[] = []
  let begin = (): void => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const slow = {
    ...{ put: store.prices.put.bind(store.prices), latest: store.prices.latest.bind(store.prices) },
    at: async (asset: string, time: number) => {
      calls.push('asked')
      begin()
      await new Promise((resolve) => setImmediate(resolve))
      calls.push('read')
      return store.prices.at(asset, time)
    },
  }
  const { prices, stop } = await startPrices({ config: configOf(source.url), store: slow, log, now: () => NOW })
  const question = prices.at(ETHEREUM, { asset: TOKEN, time: NOW - 60 })
  await begun
  await stop()
  await store.close()
  expect(calls).toEqual(['asked', 'read'])
  // The source was not asked any more, and no price is stored.
  expect(await question).toBeUndefined()
  const closed = { code: 'STORE_UNAVAILABLE' }
  await expect(prices.at(ETHEREUM, { asset: TOKEN, time: NOW })).rejects.toMatchObject(closed)
  expect(readdirSync(folder).filter((name) => name.endsWith('-wal'))).toEqual([])
})

test('a question that waits for the source ends with the stop', async () => {
  const store = await openStore({ url: `sqlite:${folder}` })
  const asked = new Promise<void>((resolve) => {
    source.become(() => {
      resolve()
      return 'hang'
    })
  })
  const { prices, stop } = await startPrices({ config: configOf(source.url), store: store.prices, log, now: () => NOW })
  const question = prices.at(ETHEREUM, { asset: TOKEN, time: NOW - 60 })
  await asked
  let isAnswered = false
  void question.finally(() => {
    isAnswered = true
  })
  await stop()
  expect(isAnswered).toBe(true)
  await store.close()
})

test('a start that fails at the prices closes the store', async () => {
  const config = parseAppConfig({ text: `store: sqlite:${folder}\n`, name: 'test', folder, env: {} })
  const broken = { ...config, prices: configOf('not a URL') }
  await expect(startApp({ config: broken, log })).rejects.toThrow('Invalid URL')
  // SQLite deletes this file when the last connection closes.
  expect(readdirSync(folder).filter((name) => name.endsWith('-wal'))).toEqual([])
})
