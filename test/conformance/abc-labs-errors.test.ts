import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace } from '../store/engines.ts'
import {
  ASSET,
  BURN,
  expectError,
  invalid,
  MINT,
  NOT_JSON,
  POSTS,
  prepare,
  TRANSFER,
  writesNothing,
} from './abc-labs-calls.ts'
import { balanceText, errorBody, type LedgerServer, serveLedger } from './abc-labs-server.ts'

const place = await newPlace()
let server: LedgerServer
beforeAll(async () => {
  server = await serveLedger(place)
  await prepare(server)
})
afterAll(async () => {
  await server.stop()
  await place.end()
})

describe('every code of the table', () => {
  const missing = errorBody(400, 'MISSING_QUERY_PARAM', 'Asset ID or wallet address missing')
  test.each([
    '',
    '?asset_id=A',
    '?wallet_address=holder',
    '?asset_id=&wallet_address=holder',
    '?asset_id=A&wallet_address=',
    '?asset_id=A&wallet_address=holder&asset_id=A',
    `?asset_id=${'x'.repeat(257)}&wallet_address=holder`,
    '?asset_id=A&wallet_address=hol%00der',
    '?asset_id=A&wallet_address=%C2%85',
    '?Asset_id=A&wallet_address=holder',
  ])('balance%.60s is MISSING_QUERY_PARAM', async (query) => {
    expectError(await server.get(`/api/tokens/balance${query}`), missing)
  })

  const wallet = (says: string) => errorBody(404, 'WALLET_NOT_FOUND', says)
  const either = errorBody(404, 'ASSET_OR_WALLET_NOT_FOUND', 'Asset or wallet does not exist')
  const noAsset = errorBody(404, 'ASSET_NOT_FOUND', 'Asset ID does not exist')
  test.each<[string, object, object]>([
    ['mint', { ...MINT, asset_id: 'X' }, noAsset],
    ['mint', { ...MINT, asset_id: 'A' }, errorBody(409, 'DUPLICATE_MINT', 'Token for this asset already exists')],
    ['transfer', { ...TRANSFER, asset_id: 'X' }, noAsset],
    ['transfer', { ...TRANSFER, from_wallet: 'zeroAddress' }, wallet('One or both wallets do not exist')],
    [
      'transfer',
      { ...TRANSFER, amount: 11 },
      errorBody(400, 'INSUFFICIENT_FUNDS', "Not enough tokens in sender's wallet"),
    ],
    [
      'transfer',
      { ...TRANSFER, asset_id: 'UNMINTED' },
      errorBody(400, 'INSUFFICIENT_FUNDS', "Not enough tokens in sender's wallet"),
    ],
    ['burn', { ...BURN, asset_id: 'X' }, either],
    ['burn', { ...BURN, holder_wallet_address: 'zeroAddress' }, either],
    ['burn', { ...BURN, amount: 11 }, errorBody(400, 'INVALID_BURN_AMOUNT', 'Amount exceeds token holdings')],
    ['burn', { ...BURN, asset_id: 'UNMINTED' }, errorBody(400, 'INVALID_BURN_AMOUNT', 'Amount exceeds token holdings')],
  ])('%s %j', async (name, body, expected) => {
    await writesNothing(server, async () => expectError(await server.post(`/api/tokens/${name}`, body), expected))
  })

  test('parameters are checked before existence', async () => {
    expectError(
      await server.post('/api/tokens/mint', { ...MINT, asset_id: 'X', amount: 0 }),
      invalid('amount', 'out of range'),
    )
    expectError(await server.get('/api/tokens/balance?wallet_address=nobody'), missing)
  })
})

describe('fields', () => {
  test.each(POSTS)('%s with a missing or null field', async (path, body) => {
    await writesNothing(server, async () => {
      for (const name of Object.keys(body)) {
        expectError(await server.post(path, { ...body, [name]: undefined }), invalid(name, 'missing'))
        expectError(await server.post(path, { ...body, [name]: null }), invalid(name, 'missing'))
      }
      const first = invalid(Object.keys(body)[0] ?? '', 'missing')
      expectError(await server.post(path, '{}'), first)
      expectError(await server.call(path, { method: 'POST' }), first)
    })
  })

  const amounts = [
    ...['0', '-0', '-1', '0.5', '1.5', '1.0', '1e2', '1E+2', '1e30', '1e400', '9007199254740992', '9007199254740993'],
    ...['9007199254740990.5', '1.00000000000000000001', '9'.repeat(5_000), '"1"', '"100"', 'true', '[]', '[1]', '{}'],
  ]
  test.each(amounts)('an amount of %.30s is rejected on all three paths', async (amount) => {
    const problem = /^-?[0-9]+$/.test(amount) ? 'out of range' : 'malformed'
    await writesNothing(server, async () => {
      for (const [path, body] of POSTS.slice(0, 3)) {
        const text = JSON.stringify({ ...body, amount: 'HERE' }).replace('"HERE"', amount)
        expectError(await server.post(path, text), invalid('amount', problem))
      }
    })
  })

  test.each(['NaN', '+1', '01', '.5', '0x1', 'Infinity', '1_000', '٣'])('%s is not JSON', async (amount) => {
    for (const [path, body] of POSTS.slice(0, 3)) {
      const text = JSON.stringify({ ...body, amount: 'HERE' }).replace('"HERE"', amount)
      expectError(await server.post(path, text), NOT_JSON)
    }
  })

  const badIds: readonly unknown[] = [
    ...[
      '',
      'x'.repeat(257),
      '💷'.repeat(257),
      `${'💷'.repeat(256)}x`,
      'x'.repeat(10_000),
      'a\u0000b',
      '\u0000',
      'a\nb',
      '\u007f',
      '\u0085',
      '\ud800',
      'a\udc00b',
      // Different kinds of blank text.
      ' ',
      '   ',
      '\u00a0',
      '\u3000\u2003',
      '\u1680',
      '\u2028',
      '\u200b',
      '\u200d\u200c',
      '\ufeff',
      '\u2060 \u00ad',
      '\u3164',
      '\u115f\u1160',
      '\uffa0',
      '\u180e',
      '\u2800\u2800',
      '\ufe0f',
      '\u{e0020}',
      '\ufff9\ufffb',
      // Direction control characters.
      ...[...'\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'].flatMap((control) => [
        control,
        `a${control}b`,
      ]),
    ],
    ...[1, true, [], ['A'], { A: 1 }],
  ]
  test.each(badIds)('the bad id %# is rejected in every field', async (id) => {
    await writesNothing(server, async () => {
      for (const [path, body] of POSTS) {
        for (const name of Object.keys(body).filter((field) => field !== 'amount')) {
          expectError(await server.post(path, { ...body, [name]: id }), invalid(name, 'malformed'))
        }
      }
    })
  })

  const oddIds = [
    ...['a b', ' a', '💷'.repeat(256), '../..', "'; drop table", '%00', '__proto__', '{"a":1}', '0', '.', '\u0301'],
    // Joiners within a word or an emoji sequence are part of their scripts.
    ...['\u0646\u200c\u0627', '👨\u200d👩\u200d👧', '\u05d0\u05d1', 'a\u200bb', '\ufeffa', '\ue000', '\uffff'],
  ]
  test.each(oddIds)('the unusual id %# works like any other', async (id) => {
    expect((await server.post('/api/assets', { asset_id: id, reissue: true })).status).toBe(201)
    const minted = await server.post('/api/tokens/mint', { asset_id: id, amount: 3, recipient_wallet_address: id })
    expect(minted.json).toMatchObject({ asset_id: id, assigned_to: id })
    expect(await balanceText(server, id, id)).toBe('3')
  })

  test('two encodings of one letter are two ids: ids are compared exactly', async () => {
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301']
    for (const [id, amount] of [
      [composed, 1],
      [decomposed, 2],
    ] as const) {
      expect((await server.post('/api/assets', { asset_id: id })).status).toBe(201)
      await server.post('/api/tokens/mint', { asset_id: id, amount, recipient_wallet_address: id })
    }
    expect(await balanceText(server, composed, composed)).toBe('1')
    expect(await balanceText(server, decomposed, decomposed)).toBe('2')
    expect(await balanceText(server, composed, decomposed)).toBe('0')
  })

  test.each<[string, unknown]>([
    ['name', ''],
    ['name', 'x'.repeat(129)],
    ['name', 'a\u0007'],
    ['name', 5],
    ['symbol', 'x'.repeat(65)],
    ['symbol', ['X']],
    ['reissue', 'yes'],
    ['reissue', 2],
    ['reissue', {}],
  ])('an asset with a bad %s (%#)', async (name, value) => {
    await writesNothing(server, async () =>
      expectError(await server.post('/api/assets', { ...ASSET, [name]: value }), invalid(name, 'malformed')),
    )
  })

  test.each([
    ['/api/tokens/transactions?limit=0', 'limit is out of range'],
    ['/api/tokens/transactions?limit=1001', 'limit is out of range'],
    ['/api/tokens/transactions?limit=1e1', 'limit is malformed'],
    ['/api/tokens/transactions?after=-1', 'after is out of range'],
    ['/api/tokens/transactions?after=9007199254740992', 'after is out of range'],
    [`/api/tokens/transactions?after=${'9'.repeat(400)}`, 'after is out of range'],
    ['/api/tokens/transactions?after=x', 'after is malformed'],
    ['/api/tokens/transactions?limit=1&limit=1', 'limit is repeated'],
    ['/api/tokens/transactions?asset_id=%0a', 'asset_id is malformed'],
    ['/api/assets?limit=-5', 'limit is out of range'],
  ])('%s', async (path, says) => {
    const [field = ''] = says.split(' ')
    const error = { code: 'INVALID_INPUT', message: says, field }
    expectError(await server.get(path), { ...errorBody(400, 'INVALID_INPUT', says), error })
  })
})
