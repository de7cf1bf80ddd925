/** Chia through the compiled server: every answer of Spacescan's calls is what the simulator's coins say at its block. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cat } from '../../src/demo/chia/orders.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { parseExactly } from '../../src/json/exact-json.ts'
import { type Simulated, startTestWorld } from '../chia/node/start.ts'
import type { Token } from '../chia/node/truth.ts'
import { parseAsOf } from '../faults/as-of.ts'
import { verify } from '../odd/verify.ts'
import { type Serving, serve, steelyard } from './steelyard.ts'

const TRADERS = 6
/** The revoker trades too, since what it takes back is no longer revocable. */
const CATS: readonly Cat[] = [{ issuer: 7 }, { issuer: 8 }, { issuer: 9, revoker: 6 }]
const MARKET = { cats: CATS, traders: TRADERS }
const BLOCKS = 150

describe.skipIf(!hasSimulator())('the compiled server on a Chia chain', () => {
  let world: Simulated
  let server: Serving
  let wallets: readonly { readonly puzzleHash: string; readonly address: string }[]
  let tokens: readonly Token[]

  beforeAll(async () => {
    world = await startTestWorld({ funded: 9, timestamp: Math.floor(Date.now() / 1000) - 10_000 })
    await world.call('tradeFor', BLOCKS, MARKET)
    wallets = await Promise.all(Array.from({ length: TRADERS }, (_, at) => world.call('wallet', at + 1)))
    tokens = await Promise.all([...CATS, { issuer: 9 }].map((cat) => world.call('cat', cat)))
    const { url } = await world.call('startNode')
    server = await serve({ chains: [{ id: 'chia:simulator0', rpc: [url], poll_ms: 100 }] })
    await untilHead()
  }, 120_000)
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
    await world.stop()
  })

  async function untilHead(): Promise<void> {
    const { number, hash } = await world.call('head')
    await server.healthy(({ checkpoint }) => checkpoint?.number === number && checkpoint.hash === `0x${hash}`)
  }

  /** What an account holds, as Spacescan's units write it, by TAIL. */
  async function truth(puzzleHash: string, block: number): Promise<ReadonlyMap<string, string>> {
    const sums = new Map<string, bigint>()
    for (const { tail, amount } of await world.call('truth', [puzzleHash], tokens, block)) {
      sums.set(tail, (sums.get(tail) ?? 0n) + amount)
    }
    return new Map([...sums].map(([tail, amount]) => [tail, inUnits(amount, 3)]))
  }

  async function ask(path: string) {
    const response = await server.get(path)
    const asOf = parseAsOf(response.headers.get('balance-as-of') ?? '')
    return { status: response.status, asOf, text: await response.text() }
  }

  /** What is answered of all accounts, with what is true at the block of each answer. */
  async function askAll() {
    return Promise.all(
      wallets.map(async ({ address, puzzleHash }) => {
        const { status, asOf, text } = await ask(`/address/token-balance/${address}`)
        expect([status, text]).toEqual([200, expect.stringContaining('"status":"success"')])
        return { address, asOf, found: rowsIn(text), due: await truth(puzzleHash, asOf?.block ?? -1) }
      }),
    )
  }

  async function compareAll(): Promise<void> {
    for (const { address, asOf, found, due } of await askAll()) {
      expect({ address, complete: asOf?.complete, found }).toEqual({ address, complete: true, found: due })
    }
  }

  // A coin without a hint is found by its CAT alone, which the server may know only after it was asked for others.
  test('accounts that nobody asked for before are answered from the node, and nothing is counted that is not theirs', async () => {
    const [first, ...others] = await askAll()
    expect(first?.asOf?.source).toBe('reads')
    for (const { found, due } of [first, ...others].flatMap((one) => one ?? [])) {
      expect(found.size).toBeGreaterThan(0)
      for (const [tail, amount] of found) expect(Number(amount)).toBeLessThanOrEqual(Number(due.get(tail) ?? 0))
    }
  })

  test('they are followed from then on: the journal answers, exactly, memos or not', async () => {
    for (;;) {
      const answers = await askAll()
      const isExact = answers.every(({ found, due }) => isDeepStrictEqual(found, due))
      if (isExact && answers.every(({ asOf }) => asOf?.source === 'events' && asOf.complete)) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await compareAll()
    const { code, out } = await steelyard(['followed', '--json', '--config', server.config])
    expect([code, wallets.every(({ address }) => out.includes(address))]).toEqual([0, true])
  }, 180_000)

  test('both prefixes name the same account, and bad addresses are refused', async () => {
    const [one] = wallets
    const { text } = await ask(`/address/token-balance/${one?.address}`)
    expect(JSON.parse(text).data).toEqual(JSON.parse(text).balance)
    for (const bad of [
      one?.address.replace('xch', 'abc'),
      `${one?.address.slice(0, -1)}q`,
      one?.address.toUpperCase().replace('X', 'x'),
    ]) {
      expect(await ask(`/address/token-balance/${bad}`)).toMatchObject({
        status: 400,
        text: '{"status":"failed","message":"Invalid address"}',
      })
    }
  })

  test('answers follow new blocks and reorgs', async () => {
    await world.call('tradeFor', 12, MARKET)
    await untilHead()
    await compareAll()
    await world.call('replaceDrawn', 8, 9, MARKET)
    await untilHead()
    await compareAll()
    await world.call('replaceDrawn', 6, 3, MARKET)
    await untilHead()
    await compareAll()
  }, 120_000)

  test('XCH is the sum of the coins', async () => {
    for (const { address, puzzleHash } of wallets) {
      const { asOf, text } = await ask(`/address/xch-balance/${address}?include_dust=true`)
      const mojo = await world.call('xch', puzzleHash, asOf?.block)
      expect(rowsOfXch(text)).toEqual({ xch: inUnits(mojo, 12), mojo: mojo.toString() })
    }
  })

  test('verify compares all stored amounts with the chain, and all are equal', async () => {
    const { code, report } = await verify(server.config)
    expect(report.differences).toEqual([])
    expect([code, report.result, report.equal]).toEqual([0, 'equal', report.checked])
    expect(report.checked).toBeGreaterThan(10)
    expect(report.chains.map(({ chain }) => chain)).toEqual(['chia:simulator0'])
  }, 180_000)
})

/** The balances of an answer by TAIL, with their digits. */
function rowsIn(text: string): ReadonlyMap<string, string> {
  parseExactly(text)
  const rows = [...text.matchAll(/"asset_id":"([0-9a-f]{64})","token_id":"[^"]+"[^}]*?"balance":([0-9.]+)/g)]
  const twice = rows.map(([, tail = '', balance = '']) => [tail, balance] as const)
  // The answer has the rows under two names.
  return new Map(twice.slice(0, twice.length / 2))
}

/** The digits of an answer about XCH. */
function rowsOfXch(text: string): { readonly xch: string | undefined; readonly mojo: string | undefined } {
  const [, xch, mojo] = /"xch":([0-9.]+),"mojo":([0-9]+)/.exec(text) ?? []
  return { xch, mojo }
}

/** Base units with decimals, without zeros at the end. */
function inUnits(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return digits.slice(0, -decimals) + (fraction === '' ? '' : `.${fraction}`)
}
