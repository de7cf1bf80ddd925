import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer } from '../../src/api/create-server.ts'
import { listen, type Served } from './chainbase-client.ts'
import {
  address,
  BLOCK,
  chain,
  clock,
  DIALECTS,
  erc20,
  fakeDeps,
  fakeTokens,
  known,
  NOW,
  token,
  unknown,
  type World,
} from './chainbase-fakes.ts'

// The vendor's documented types as data: our answers must fit their names, types and patterns.
const ajv = new Ajv({ strict: false })
ajv.addSchema(JSON.parse(readFileSync(new URL('chainbase.openapi.json', import.meta.url), 'utf8')), 'vendor')
const fits = (name: string) => (value: unknown) => {
  expect(ajv.validate(`vendor#/components/schemas/${name}`, value), ajv.errorsText()).toBe(true)
}
const fitsTokens = fits('ResponseGetAccountTokens')

const A = address('a')
const HUGE = 2n ** 256n - 1n
const [DAI, USDC, DUST, NFT, DEAD, FOUND, EMPTY] = ['1', '2', '3', '4', '5', '6', '7'].map(address)

const WORLD: World = {
  held: [
    { asset: erc20(USDC ?? ''), balance: known(1_500_000n) },
    { asset: { standard: 'erc721', reference: NFT ?? '' }, balance: known(1n) },
    { asset: erc20(DAI ?? ''), balance: known(HUGE, { block: { number: 120, hash: '0x78' }, source: 'reads' }) },
    { asset: erc20(DUST ?? ''), balance: known(0n) },
    { asset: erc20(EMPTY ?? ''), balance: known(0n), received: false },
    { asset: erc20(DEAD ?? ''), balance: unknown('token_does_not_answer') },
  ],
  unindexed: new Map([
    [`erc20:${FOUND}`, known(7n, { source: 'reads', finality: 'latest' })],
    ['native:60', known(10n ** 18n, { source: 'reads' })],
  ]),
  tokens: [
    token(USDC ?? '', {
      name: 'USD "Coin"',
      symbol: 'USDC',
      decimals: 6,
      totalSupply: HUGE,
      logo: 'https://example.org/usdc.png',
      urls: [{ name: 'site', url: 'https://example.org' }],
      price: { units: 9007199254740993123n, places: 3, text: '9007199254740993.123', source: 'static', updatedAt: NOW },
    }),
    token(DAI ?? '', { name: 'Dai', symbol: 'DAI', decimals: 18 }),
  ],
  holders: [
    { account: address('b'), amount: HUGE },
    { account: address('c'), amount: 1_500_000n },
  ],
  transfers: [
    {
      event: 4,
      part: 0,
      asset: erc20(USDC ?? ''),
      from: undefined,
      to: A,
      item: '',
      amount: HUGE,
      transactionHash: `0x${'cd'.repeat(32)}`,
      block: BLOCK,
      timestamp: NOW,
    },
  ],
}

let server: Served
let key: string
beforeAll(async () => {
  const deps = await fakeDeps(WORLD)
  key = deps.key
  server = await listen(createServer(deps))
})
afterAll(() => server.close())

async function get(
  path: string,
): Promise<{ readonly body: unknown; readonly text: string; readonly asOf: string | null }> {
  const answer = await server.call(path, { headers: { 'x-api-key': key } })
  expect(answer.status, answer.body).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  return { body: JSON.parse(answer.body), text: answer.body, asOf: answer.headers.get('balance-as-of') }
}

const AT_BLOCK = `"eip155:1";block=${BLOCK.number};hash="${BLOCK.hash}"`

describe('GET /v1/account/tokens', () => {
  test('every known ERC-20 that the account ever received, in the order first met, with exact amounts', async () => {
    const { body, text, asOf } = await get(`/v1/account/tokens?chain_id=1&address=${A}`)
    fitsTokens(body)
    expect(text).toContain('"current_usd_price":9007199254740993.123,')
    expect(body).toEqual({
      code: 0,
      message: 'ok',
      data: [
        {
          contract_address: USDC,
          decimals: 6,
          name: 'USD "Coin"',
          symbol: 'USDC',
          total_supply: HUGE.toString(),
          logos: [{ uri: 'https://example.org/usdc.png', width: 64, height: 64 }],
          urls: [{ name: 'site', url: 'https://example.org' }],
          current_usd_price: Number('9007199254740993.123'),
          balance: '0x16e360',
        },
        {
          contract_address: DAI,
          decimals: 18,
          name: 'Dai',
          symbol: 'DAI',
          logos: [],
          urls: [],
          balance: `0x${'f'.repeat(64)}`,
        },
        {
          contract_address: DUST,
          decimals: 0,
          decimals_known: false,
          name: '',
          symbol: '',
          logos: [],
          urls: [],
          balance: '0x0',
        },
      ],
      count: 3,
    })
    expect(asOf).toBe('"eip155:1";block=120;hash="0x78";finality=finalized;source=reads;age=2;uniform=?0')
  })

  test('pages report whether another page exists; a page past the end is empty, not an error', async () => {
    const first = await get(`/v1/account/tokens?chain_id=1&address=${A}&limit=1`)
    expect(first.body).toMatchObject({ next_page: 2, count: 4 })
    expect(first.asOf).toBe(`${AT_BLOCK};finality=finalized;source=events;age=2`)
    const past = await get(`/v1/account/tokens?chain_id=1&address=${A}&limit=100&page=99999999999999999999`)
    expect(past.body).toEqual({ code: 0, message: 'ok', data: [], count: 4 })
    expect(past.asOf).toBe(`${AT_BLOCK};finality=finalized;source=events;age=2`)
    fitsTokens(past.body)
  })

  test('listed contracts: those met first, in that order, then others in the given order; others than tokens are left out', async () => {
    const list = [FOUND, address('9'), DUST, USDC?.toUpperCase().replace('0X', '0x'), ' ', FOUND]
    const { body } = await get(`/v1/account/tokens?chain_id=1&address=${A}&contract_address=${list.join(',')}`)
    fitsTokens(body)
    expect(body).toMatchObject({
      count: 3,
      data: [
        { contract_address: USDC, balance: '0x16e360' },
        { contract_address: DUST, balance: '0x0' },
        { contract_address: FOUND, balance: '0x7' },
      ],
    })
  })

  test('listed contracts may be repeated parameters, and have pages', async () => {
    const list = [FOUND, DUST, USDC].map((contract) => `contract_address=${contract}`).join('&')
    const { body } = await get(`/v1/account/tokens?chain_id=1&address=${A}&limit=2&page=1&${list}`)
    expect(body).toMatchObject({
      count: 3,
      next_page: 2,
      data: [{ contract_address: USDC }, { contract_address: DUST }],
    })
  })

  test('a hundred listed contracts are accepted, also percent-encoded and repeated', async () => {
    const list = Array.from({ length: 100 }, (_, index) => `0x${index.toString(16).padStart(40, 'e')}`)
    const one = list.map((contract) => `contract_address=${contract.replace('0x', '%30%78')}`).join('&')
    const { body } = await get(`/v1/account/tokens?chain_id=1&address=${A}&${one}`)
    expect(body).toEqual({ code: 0, message: 'ok', data: [], count: 0 })
  })

  test('parameters: an empty one counts as missing, unknown ones are ignored, 0X and upper case are valid in addresses', async () => {
    const account = `0X${'A'.repeat(40)}`
    const { body } = await get(
      `/v1/account/tokens/?chain_id=1&limit=&page=&contract_address=&x=1&x=2&address=${account}`,
    )
    expect(body).toMatchObject({ count: 3 })
  })

  test('balances are decimal if so configured', async () => {
    const dialects = { ...DIALECTS, chainbase: { enabled: true, balance: 'decimal', demoKey: true } } as const
    const other = await listen(createServer(await fakeDeps(WORLD, { dialects })))
    const { body } = await other.call(`/v1/account/tokens?chain_id=1&address=${A}&limit=1`, {
      headers: { 'x-api-key': 'demo' },
    })
    await other.close()
    expect(JSON.parse(body)).toMatchObject({ data: [{ balance: '1500000' }] })
  })
})

describe('the neighbours', () => {
  test('account/balance is the native balance, now or as of a block', async () => {
    for (const block of ['', '&to_block=latest', '&to_block=120', '&to_block=']) {
      const { body, asOf } = await get(`/v1/account/balance?chain_id=1&address=${A}${block}`)
      expect(body).toEqual({ code: 0, message: 'ok', data: '0xde0b6b3a7640000' })
      expect(asOf).toBe(`${AT_BLOCK};finality=finalized;source=reads;age=2`)
    }
  })

  test('token/metadata is a token without a balance', async () => {
    const { body, asOf } = await get(`/v1/token/metadata?chain_id=1&contract_address=${DAI}`)
    expect(body).toEqual({
      code: 0,
      message: 'ok',
      data: {
        contract_address: DAI,
        decimals: 18,
        name: 'Dai',
        symbol: 'DAI',
        logos: [],
        urls: [],
        accounting: 'events',
      },
    })
    expect(asOf).toBeNull()
  })

  test('token/metadata of a token without facts is unknown, not an error', async () => {
    const { body } = await get(`/v1/token/metadata?chain_id=1&contract_address=${DUST}`)
    expect(body).toMatchObject({ data: { contract_address: DUST, decimals: 0, decimals_known: false, name: '' } })
  })

  test('token/holders and token/top-holders', async () => {
    const holders = await get(`/v1/token/holders?chain_id=1&contract_address=${USDC}&limit=1`)
    expect(holders.body).toEqual({ code: 0, message: 'ok', data: [address('b')], next_page: 2, count: 2 })
    expect(holders.asOf).toBe(`${AT_BLOCK};finality=finalized;source=events;age=2`)
    const top = await get(`/v1/token/top-holders?chain_id=1&contract_address=${USDC}&page=2&limit=1`)
    expect(top.body).toEqual({
      code: 0,
      message: 'ok',
      data: [{ wallet_address: address('c'), original_amount: '1500000', amount: '1.5' }],
      count: 2,
    })
    const bare = await get(`/v1/token/top-holders?chain_id=1&contract_address=${DUST}&limit=1`)
    expect(bare.body).toMatchObject({ data: [{ wallet_address: address('b'), original_amount: HUGE.toString() }] })
    expect(bare.text).not.toContain('"amount"')
  })

  test('token/price; an unknown price is absent, never 0', async () => {
    const price = await get(`/v1/token/price?chain_id=1&contract_address=${USDC}`)
    expect(price.text).toBe(
      '{"code":0,"message":"ok","data":{"price":9007199254740993.123,"symbol":"USDC","source":"static","updated_at":"2024-05-01T00:00:00Z"}}',
    )
    expect((await get(`/v1/token/price?chain_id=1&contract_address=${DAI}`)).body).toEqual({
      code: 0,
      message: 'ok',
      data: { symbol: 'DAI' },
    })
  })

  test('token/transfers; a mint comes from the zero address', async () => {
    const filters = `address=${A}&from_block=1&to_block=200&from_timestamp=0&end_timestamp=${NOW}`
    const { body } = await get(`/v1/token/transfers?chain_id=1&contract_address=${USDC}&${filters}`)
    expect(body).toEqual({
      code: 0,
      message: 'ok',
      data: [
        {
          block_number: 123,
          block_timestamp: '2024-05-01T00:00:00Z',
          transaction_hash: `0x${'cd'.repeat(32)}`,
          log_index: 4,
          contract_address: USDC,
          from_address: address('0'),
          to_address: A,
          value: HUGE.toString(),
        },
      ],
      count: 1,
    })
  })
})

test('a token without an entry in the tokens module leaves no row without a name', async () => {
  const deps = await fakeDeps(WORLD, { tokens: fakeTokens([]), chains: [chain('eip155:1', async () => clock())] })
  const other = await listen(createServer(deps))
  const { body } = await other.call(`/v1/account/tokens?chain_id=1&address=${A}`, { headers: { 'api-key': deps.key } })
  await other.close()
  fitsTokens(JSON.parse(body))
})
