import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { canonicalUuid } from '../../src/api/schema/uuid.ts'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import { MAX_AMOUNT } from '../../src/core/amount.ts'
import type { CustodyBalance } from '../../src/custody/custody.ts'
import { address, BLOCK, chain, ETHEREUM, erc20, NOW } from './chainbase-fakes.ts'
import { closedAfterEach } from './closed-after-each.ts'
import { wallet } from './cobo-fakes.ts'
import { serveCobo } from './cobo-server.ts'

const BALANCES = '/api/v1/wallets/balances'
const TEXT = { type: 'string' }
const NULLABLE = (type: string) => ({ type: [type, 'null'] })
const UUID = { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' }
const TIME = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' }
const AMOUNT = { type: 'string', pattern: '^(0|[1-9][0-9]*)(\\.[0-9]*[1-9])?$' }

/** The vendor's documented schema. Nothing else is allowed. */
const fitsSeed = new Ajv({ strict: true, allowUnionTypes: true }).compile({
  type: 'object',
  additionalProperties: false,
  required: ['result', 'success', 'suggestion', 'message', 'meta'],
  properties: {
    result: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'wallet_uuid', 'cobo_wallet_id', 'user_id', 'address', 'token_id', 'amount', 'updated_at'],
        properties: {
          id: UUID,
          wallet_uuid: UUID,
          cobo_wallet_id: TEXT,
          user_id: UUID,
          address: TEXT,
          token_id: TEXT,
          amount: AMOUNT,
          updated_at: TIME,
          chain_id: TEXT,
          chain_type: TEXT,
          compatible_chains: { type: 'array', items: TEXT },
          total: AMOUNT,
          pending: AMOUNT,
          locked: AMOUNT,
          balance_updated_at: TIME,
        },
      },
    },
    success: { const: true },
    suggestion: { const: '' },
    message: { const: '' },
    meta: {
      type: 'object',
      additionalProperties: false,
      required: ['total', 'offset', 'limit', 'has_more', 'after', 'before'],
      properties: {
        total: NULLABLE('integer'),
        offset: NULLABLE('integer'),
        limit: NULLABLE('integer'),
        has_more: { type: 'boolean' },
        after: NULLABLE('string'),
        before: NULLABLE('string'),
      },
    },
  },
})

const serve = closedAfterEach(serveCobo)

const MINE = wallet('1')
const USDC = erc20(address('a'))

function row(other: Partial<CustodyBalance> = {}): CustodyBalance {
  return {
    wallet: MINE.uuid,
    chain: ETHEREUM,
    family: 'evm',
    address: address('e'),
    asset: USDC,
    decimals: 6,
    spendable: 1_500_000n,
    pending: 250_000n,
    locked: 1n,
    total: 1_750_001n,
    rowUpdatedAt: NOW - 30,
    knownAt: NOW - 2,
    ...other,
  }
}

const LISTED = { settings: { chains: [], tokens: [] }, listed: () => [{ asset: USDC, symbol: 'USDC' }] }
const CHAINS = [chain(), chain('eip155:11155111')]

describe('GET /api/v1/wallets/balances', () => {
  test('answers the seed request, byte for byte', async () => {
    const server = await serve(
      { wallets: [MINE], balances: [row()], names: LISTED },
      { anonymous: 'default' },
      { chains: CHAINS },
    )
    const { status, headers, body, json } = await server.send(BALANCES, { key: null })
    const [first] = fields(json)
    const { id, user_id: user } = first ?? {}
    expect([status, body]).toEqual([
      200,
      `{"result":[{"id":"${id}","wallet_uuid":"${MINE.uuid}","cobo_wallet_id":"${MINE.uuid}","user_id":"${user}",` +
        `"address":"${address('e')}","token_id":"ETH_USDC","amount":"1.5","updated_at":"2024-04-30T23:59:30Z",` +
        `"chain_id":"ETH","chain_type":"ETH","compatible_chains":["ETH","SETH"],"total":"1.750001","pending":"0.25",` +
        `"locked":"0.000001","balance_updated_at":"2024-04-30T23:59:58Z"}],"success":true,"suggestion":"","message":"",` +
        `"meta":{"total":null,"offset":null,"limit":null,"has_more":false,"after":null,"before":null}}`,
    ])
    expect(fitsSeed(json), JSON.stringify(fitsSeed.errors)).toBe(true)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('balance-as-of')).toBe(
      `"eip155:1";block=${BLOCK.number};hash="${BLOCK.hash}";finality=finalized;source=events;age=2`,
    )
    expect([canonicalUuid(String(id)), String(id)[14], canonicalUuid(String(user))]).toEqual([id, '5', user])
  })

  test('amounts are exact text: zero, one unit, 18 decimals and 2^256-1', async () => {
    const amounts = { spendable: 0n, pending: MAX_AMOUNT, locked: 1n, total: 10n ** 18n }
    for (const [decimals, expected] of [
      [0, ['0', MAX_AMOUNT.toString(), '1', '1000000000000000000']],
      [
        18,
        [
          '0',
          '115792089237316195423570985008687907853269984665640564039457.584007913129639935',
          '0.000000000000000001',
          '1',
        ],
      ],
      [77, ['0', `1.${MAX_AMOUNT.toString().slice(1)}`, `0.${'0'.repeat(76)}1`, `0.${'0'.repeat(58)}1`]],
      [
        255,
        [
          '0',
          expect.stringMatching(/^0\.0{177}\d{78}$/),
          expect.stringMatching(/^0\.0{254}1$/),
          `0.${'0'.repeat(236)}1`,
        ],
      ],
    ] as const) {
      const server = await serve({ wallets: [MINE], balances: [row({ ...amounts, decimals })] })
      const { json } = await server.send(BALANCES)
      const [{ amount, pending, locked, total } = {}] = fields(json)
      expect([amount, pending, locked, total]).toEqual(expected)
      expect(fitsSeed(json), JSON.stringify(fitsSeed.errors)).toBe(true)
    }
  })

  test('a caller sees only the wallets of its principal', async () => {
    const server = await serve({ wallets: [MINE], balances: [row()] })
    const other = await server.keyOf({ principal: 'other', scopes: ['wallet:read'] })
    for (const path of [BALANCES, `${BALANCES}?wallet_uuid=${MINE.uuid}`]) {
      expect(fields((await server.send(path)).json)).toHaveLength(1)
      const { status, json } = await server.send(path, { key: other })
      expect([status, fields(json)]).toEqual([200, []])
    }
    expect((await server.send(`/api/v1/wallets/${MINE.uuid}`, { key: other })).status).toBe(404)
  })

  test('each filter narrows the list, and an id that nothing has matches nothing', async () => {
    const second = wallet('2')
    const sepolia = row({
      wallet: second.uuid,
      chain: CHAINS[1]?.id ?? ETHEREUM,
      asset: EVM_NATIVE,
      decimals: 18,
      address: address('f'),
    })
    const server = await serve(
      { wallets: [MINE, second], balances: [row(), sepolia], names: LISTED },
      {},
      { chains: CHAINS },
    )
    const tokens = async (query: string): Promise<unknown> =>
      fields((await server.send(`${BALANCES}?${query}`)).json).map(({ token_id }) => token_id)
    expect(await tokens('')).toEqual(['ETH_USDC', 'SETH'])
    for (const [query, expected] of [
      [`wallet_uuid=${second.uuid}`, ['SETH']],
      [`wallet_uuid=${second.uuid.toUpperCase()}`, ['SETH']],
      ['chain_id=SETH', ['SETH']],
      ['chain_id=ETH', ['ETH_USDC']],
      [`address=${address('f')}`, ['SETH']],
      ['token_id=ETH_USDC', ['ETH_USDC']],
      ['token_id=ETH_USDC&chain_id=ETH', ['ETH_USDC']],
      ['token_id=ETH_USDC&chain_id=SETH', []],
      ['chain_id=null', []],
      ['token_id=null', []],
      ['chain_id=eth', []],
      ['chain_id=', ['ETH_USDC', 'SETH']],
      ['token_id=&address=&wallet_uuid=&limit=&after=&before=&offset=&force_refresh=', ['ETH_USDC', 'SETH']],
      ['unknown=1&Chain_ID=SETH', ['ETH_USDC', 'SETH']],
      [`wallet_uuid=${wallet('9').uuid}`, []],
    ] as const) {
      expect([query, await tokens(query)]).toEqual([query, expected])
    }
  })

  test('a refresh needs an address', async () => {
    const server = await serve({ wallets: [MINE], balances: [row()] })
    for (const query of [
      'force_refresh=true',
      `force_refresh=TRUE&address=${address('e')}`,
      `address=${address('e')}`,
    ]) {
      await server.send(`${BALANCES}?${query}`)
    }
    expect(server.asked.map(({ refresh }) => refresh)).toEqual([false, true, false])
  })

  test('the dialect is served with a trailing slash, by HEAD, and with a JSON type and no body', async () => {
    const server = await serve({ wallets: [MINE], balances: [row()] })
    const key = await server.keyOf({ scopes: ['wallet:read'] })
    const { body } = await server.send(BALANCES)
    expect((await server.send(`${BALANCES}/`)).body).toBe(body)
    const head = await server.call(BALANCES, { method: 'HEAD', headers: { 'x-api-key': key } })
    expect([head.status, head.body, head.headers.get('content-length')]).toEqual([200, '', String(body.length)])
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    expect((await server.call(BALANCES, { headers })).status).toBe(200)
  })
})

/** The rows of an answer. */
function fields(json: unknown): readonly Readonly<Record<string, unknown>>[] {
  const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null
  if (!isRecord(json) || !Array.isArray(json.result)) throw new Error(`no rows: ${JSON.stringify(json)}`)
  return json.result.filter(isRecord)
}
