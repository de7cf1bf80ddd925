import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoChain, startDemoChain } from '../../src/demo/chain.ts'
import { callData } from '../../src/demo/contracts.ts'
import { ENGINES } from '../store/engines.ts'
import { asOfBlock, makeKey, type ServedEngine, type Serving, serveOnEach, steelyard } from './steelyard.ts'

const SEED: unknown = JSON.parse(
  readFileSync(new URL('../conformance/chainbase.openapi.json', import.meta.url), 'utf8'),
)
const ajv = new Ajv({ strict: false })
ajv.addSchema(Object(SEED), 'seed')

type Row = { contract_address: string; balance: string; decimals: number; decimals_known?: boolean }
type Answer = { code: number; data: Row[]; count: number; next_page?: number }

let demo: DemoChain
let servers: readonly ServedEngine[]
/** The server that the present test asks. */
let server: Serving
beforeAll(async () => {
  demo = await startDemoChain()
  servers = await serveOnEach({ chains: [{ id: `eip155:${demo.chainId}`, rpc: [demo.url], poll_ms: 50 }] })
  for (const one of servers) await caughtUp(one)
}, 180_000)
afterAll(async () => {
  for (const one of servers) expect(await one.stop()).toBe(0)
  await demo.stop()
})

async function caughtUp(of: Serving): Promise<void> {
  const head = Number(await demo.anvil.rpc('eth_blockNumber', []))
  await of.healthy((chain) => chain.state === 'live' && chain.checkpoint?.number === head)
  while ((await of.get('/ready')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function tokens(query: string): Promise<{ response: Response; body: Answer }> {
  const response = await server.get(`/v1/account/tokens?chain_id=${demo.chainId}&${query}`)
  const body: unknown = JSON.parse(await response.text())
  const valid = ajv.validate('seed#/components/schemas/ResponseGetAccountTokens', body)
  expect(ajv.errors ?? []).toEqual([])
  expect(valid).toBe(true)
  return { response, body: body as Answer }
}

/** Returns the chain's amount, at the block of the answer. */
async function balanceOf(token: string, account: string, block: { hash: string }): Promise<bigint> {
  const call = { to: token, data: callData('Erc20', 'balanceOf', [account]) }
  return BigInt(String(await demo.anvil.rpc('eth_call', [call, { blockHash: block.hash }])))
}

async function compareAll(): Promise<number> {
  let compared = 0
  for (const account of demo.accounts) {
    const { response, body } = await tokens(`address=${account}&limit=100`)
    if (body.count === 0) continue
    const block = asOfBlock(response)
    expect(block.source).toBe('events')
    for (const row of body.data) {
      expect(BigInt(row.balance), `${row.contract_address} of ${account}`).toBe(
        await balanceOf(row.contract_address, account, block),
      )
      compared++
    }
  }
  return compared
}

describe.each(ENGINES)('$name', ({ name }) => {
  beforeAll(() => {
    server = servers.find(({ engine }) => engine === name) ?? expect.fail()
  })

  describe('on the demo chain, over HTTP from the compiled server', () => {
    test('every balance of every account equals balanceOf at the same block', async () => {
      expect(await compareAll()).toBeGreaterThan(60)
    })

    test('also after new blocks', async () => {
      const trading = new AbortController()
      const before = Number(await demo.anvil.rpc('eth_blockNumber', []))
      const trade = demo.trade(20, trading.signal)
      await server.healthy((chain) => (chain.checkpoint?.number ?? 0) >= before + 5)
      trading.abort()
      await trade
      await caughtUp(server)
      expect(await compareAll()).toBeGreaterThan(60)
    })

    test('tokens of 0, 6, 18 and unknown decimals, and 2^256-1', async () => {
      const { body } = await tokens(`address=${demo.trader}&limit=100`)
      const decimals = new Map(
        body.data.map((row) => [row.contract_address, row.decimals_known === false ? undefined : row.decimals]),
      )
      expect(decimals.get(demo.tokens.whole)).toBe(0)
      expect(decimals.get(demo.tokens.cents)).toBe(6)
      expect(decimals.get(demo.tokens.ether)).toBe(18)
      expect(decimals.get(demo.tokens.unmarked)).toBeUndefined()
      const greatest = await tokens(`address=${demo.greatest}&contract_address=${demo.tokens.greatest}`)
      expect(BigInt(greatest.body.data[0]?.balance ?? 0)).toBe((1n << 256n) - 1n)
    })

    test('listed contracts: collectibles count too, contracts that are not tokens are left out', async () => {
      const none = '0x00000000000000000000000000000000000000ff'
      const list = [demo.tokens.deeds, none, demo.tokens.cents, demo.tokens.deeds.toUpperCase().replace('0X', '0x')]
      const { body } = await tokens(`address=${demo.trader}&contract_address=${list.join(',')}`)
      expect(body.data.map((row) => row.contract_address).sort()).toEqual([demo.tokens.cents, demo.tokens.deeds].sort())
      expect(body.count).toBe(2)
    })

    test('a holding that became empty has balance 0, and pages are consecutive', async () => {
      const emptied = await tokens(`address=${demo.emptied}`)
      expect(emptied.body.data.map((row) => [row.contract_address, row.balance])).toEqual([[demo.tokens.cents, '0x0']])
      const whole = await tokens(`address=${demo.trader}&limit=100`)
      const paged: Row[] = []
      for (let page: number | undefined = 1; page !== undefined; ) {
        const { body } = await tokens(`address=${demo.trader}&limit=1&page=${page}`)
        expect(body.count).toBe(whole.body.count)
        paged.push(...body.data)
        page = body.next_page
      }
      expect(paged).toEqual(whole.body.data)
    })

    test('the native balance equals eth_getBalance at the block of the answer', async () => {
      const path = `/v1/account/balance?chain_id=${demo.chainId}&address=${demo.trader}`
      const response = await server.get(path)
      const body = (await response.json()) as { data: string }
      const block = asOfBlock(response)
      expect(BigInt(body.data)).toBe(
        BigInt(String(await demo.anvil.rpc('eth_getBalance', [demo.trader, { blockHash: block.hash }]))),
      )
      const early = await server.get(`${path}&to_block=1`)
      const atOne = BigInt(String(await demo.anvil.rpc('eth_getBalance', [demo.trader, '0x1'])))
      expect(BigInt(((await early.json()) as { data: string }).data)).toBe(atOne)
      expect(asOfBlock(early).number).toBe(1)
    })
  })

  test.each([
    { path: `/v1/account/tokens?address=0x${'1'.repeat(40)}`, status: 400 },
    { path: `/v1/account/tokens?chain_id=99&address=0x${'1'.repeat(40)}`, status: 400 },
    { path: '/v1/account/tokens?chain_id=31337&address=0x12', status: 422 },
    { path: `/v1/account/tokens?chain_id=31337&address=0x${'1'.repeat(40)}&limit=101`, status: 422 },
    {
      path: `/v1/account/tokens?chain_id=31337&address=0x${'1'.repeat(40)}`,
      status: 401,
      headers: { 'x-api-key': '' },
    },
    {
      path: `/v1/account/tokens?chain_id=31337&address=0x${'1'.repeat(40)}`,
      status: 403,
      headers: { 'x-api-key': 'demo' },
    },
    { path: '/v1/account/nothing', status: 404 },
  ])('$status on the wire: $path', async ({ path, status, headers }) => {
    const response = await server.get(path, headers)
    expect(response.status).toBe(status)
    const body: unknown = await response.json()
    expect(ajv.validate('seed#/components/schemas/ErrorMessage', body)).toBe(true)
    expect(body).toMatchObject({ code: status })
  })

  test('a revoked key is rejected without a restart', async () => {
    const made = await makeKey(server.config)
    const path = `/v1/account/tokens?chain_id=${demo.chainId}&address=${demo.trader}`
    expect((await server.get(path, { 'x-api-key': made })).status).toBe(200)
    const revoked = await steelyard(['keys', 'revoke', '--config', server.config, made.split('.')[0] ?? ''])
    expect(revoked.code).toBe(0)
    const deadline = Date.now() + 60_000
    let status = 200
    while (status === 200 && Date.now() < deadline) status = (await server.get(path, { 'x-api-key': made })).status
    expect(status).toBe(403)
  })
})
