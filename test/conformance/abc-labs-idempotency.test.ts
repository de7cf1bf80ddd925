import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace } from '../store/engines.ts'
import { balanceText, errorBody, type LedgerServer, makeKey, serveLedger } from './abc-labs-server.ts'

const place = await newPlace()
let server: LedgerServer
beforeAll(async () => {
  server = await serveLedger(place)
  await server.post('/api/assets', { asset_id: 'A', reissue: true })
  await server.post('/api/tokens/mint', { asset_id: 'A', amount: 1_000_000, recipient_wallet_address: 'bank' })
})
afterAll(async () => {
  await server.stop()
  await place.end()
})

const key = (value: string) => ({ 'idempotency-key': value })
const transfer = (to: string, amount = 1) => ({ asset_id: 'A', amount, from_wallet: 'bank', to_wallet: to })

describe('a retry', () => {
  const CALLS: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>, object])[] = [
    [
      '/api/assets',
      { asset_id: 'R', name: 'One' },
      { asset_id: 'R2' },
      errorBody(409, 'ASSET_CONFLICT', 'Idempotency-Key was used with another body'),
    ],
    [
      '/api/wallets',
      { wallet_address: 'retry-wallet' },
      { wallet_address: 'other-wallet' },
      errorBody(409, 'WALLET_CONFLICT', 'Conflict during wallet registration'),
    ],
    [
      '/api/tokens/mint',
      { asset_id: 'A', amount: 3, recipient_wallet_address: 'retry' },
      { asset_id: 'A', amount: 4, recipient_wallet_address: 'retry' },
      errorBody(409, 'MINT_CONFLICT', 'Conflict during mint operation'),
    ],
    [
      '/api/tokens/transfer',
      transfer('retry', 7),
      transfer('retry', 8),
      errorBody(409, 'TRANSFER_CONFLICT', 'Conflict occurred (e.g., simultaneous transfers)'),
    ],
    [
      '/api/tokens/burn',
      { asset_id: 'A', amount: 2, holder_wallet_address: 'bank' },
      { asset_id: 'A', amount: 2, holder_wallet_address: 'retry' },
      errorBody(409, 'BURN_CONFLICT', 'Conflict during burn operation'),
    ],
  ]

  test.each(CALLS)(
    'of %s returns the first answer byte for byte; another body is a conflict',
    async (path, body, other, conflict) => {
      const first = await server.post(path, body, key('one key for all paths'.replaceAll(' ', '-')))
      expect([200, 201]).toContain(first.status)
      const before = (await server.get('/api/tokens/transactions?limit=1000')).text
      const reordered = `{ ${Object.entries(body)
        .reverse()
        .map(([name, value]) => `"${name}" :\t${JSON.stringify(value)}`)
        .join(',\n')} }`
      for (const again of [JSON.stringify(body), reordered]) {
        const retried = await server.post(path, again, key('one-key-for-all-paths'))
        expect([retried.status, retried.text]).toEqual([first.status, first.text])
      }
      for (const changed of [other, { ...other, unknown: 1 }]) {
        const { status, json } = await server.post(path, changed, key('one-key-for-all-paths'))
        expect([status, json]).toEqual([409, conflict])
      }
      expect((await server.get('/api/tokens/transactions?limit=1000')).text).toBe(before)
    },
  )

  test('of an asset registered without a key returns 200 every time', async () => {
    await server.post('/api/assets', { asset_id: 'PLAIN' })
    const first = await server.post('/api/assets', { asset_id: 'PLAIN' }, key('plain'))
    const again = await server.post('/api/assets', { asset_id: 'PLAIN' }, key('plain'))
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text])
  })

  test('of a registration without effect is stored like any other, also across a restart', async () => {
    const wallet = { wallet_address: 'registered before' }
    await server.post('/api/wallets', wallet)
    await server.post('/api/assets', { asset_id: 'BEFORE' })
    const first = await server.post('/api/assets', { asset_id: 'BEFORE' }, key('kept'))
    expect((await server.post('/api/wallets', wallet, key('kept'))).status).toBe(200)
    const others = await Promise.all(
      ['NEW', 'NEWER'].map((id) => server.post('/api/assets', { asset_id: id }, key('kept'))),
    )
    expect(others.map(({ status }) => status)).toEqual([409, 409])
    await server.stop()
    server = await serveLedger(place)
    const again = await server.post('/api/assets', { asset_id: 'BEFORE' }, key('kept'))
    expect([again.status, again.text]).toEqual([200, first.text])
    const other = await server.post('/api/wallets', { wallet_address: 'another' }, key('kept'))
    expect([other.status, other.json]).toEqual([
      409,
      errorBody(409, 'WALLET_CONFLICT', 'Conflict during wallet registration'),
    ])
    const query = '?asset_id=BEFORE&wallet_address=another'
    expect((await server.get(`/api/tokens/balance${query}`)).status).toBe(404)
  })

  test('of two concurrent repeated registrations: one body wins', async () => {
    await server.post('/api/assets', { asset_id: 'TWICE' })
    await server.post('/api/assets', { asset_id: 'THRICE' })
    const answers = await Promise.all(
      ['TWICE', 'THRICE', 'TWICE', 'THRICE'].map((id) => server.post('/api/assets', { asset_id: id }, key('both'))),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 409, 409])
  })

  test('of a rejected call may succeed: only accepted calls are stored', async () => {
    const body = { asset_id: 'A', amount: 5, from_wallet: 'later', to_wallet: 'bank' }
    expect((await server.post('/api/tokens/transfer', body, key('later'))).status).toBe(404)
    await server.post('/api/tokens/transfer', transfer('later', 4))
    expect((await server.post('/api/tokens/transfer', body, key('later'))).status).toBe(400)
    await server.post('/api/tokens/transfer', transfer('later', 1))
    const accepted = await server.post('/api/tokens/transfer', body, key('later'))
    expect(accepted.status).toBe(200)
    expect((await server.post('/api/tokens/transfer', body, key('later'))).text).toBe(accepted.text)
    expect(await balanceText(server, 'A', 'later')).toBe('0')
  })

  test('after a restart still returns the first answer', async () => {
    const first = await server.post('/api/tokens/transfer', transfer('restarted', 9), key('restart'))
    await server.stop()
    server = await serveLedger(place)
    const again = await server.post('/api/tokens/transfer', transfer('restarted', 9), key('restart'))
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(await balanceText(server, 'A', 'restarted')).toBe('9')
  })
})

describe('at once', () => {
  test('twenty equal calls are one operation with one answer', async () => {
    const before = await balanceText(server, 'A', 'bank')
    const body = transfer('twenty', 11)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server.post('/api/tokens/transfer', body, key('twenty'))),
    )
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(200)
    expect(await balanceText(server, 'A', 'twenty')).toBe('11')
    expect(BigInt(await balanceText(server, 'A', 'bank'))).toBe(BigInt(before) - 11n)
  })

  test('twenty bodies with one key: one wins, the others conflict', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        server.post('/api/tokens/transfer', transfer(`race-${index}`), key('race')),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
  })

  test('a race for the last tokens never overdraws: the losers have insufficient funds, not a conflict', async () => {
    await server.post('/api/tokens/transfer', transfer('till', 10))
    const body = (to: string) => ({ asset_id: 'A', amount: 3, from_wallet: 'till', to_wallet: to })
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index % 2 === 0
          ? server.post('/api/tokens/transfer', body(`t${index}`))
          : server.post('/api/tokens/burn', { asset_id: 'A', amount: 3, holder_wallet_address: 'till' }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
    const codes = answers
      .filter(({ status }) => status !== 200)
      .map(({ json }) => (json as { error_code: string }).error_code)
    expect(new Set(codes)).toEqual(new Set(['INSUFFICIENT_FUNDS', 'INVALID_BURN_AMOUNT']))
    expect(await balanceText(server, 'A', 'till')).toBe('1')
  })

  test('an asset is minted once, with any number of attempts', async () => {
    await server.post('/api/assets', { asset_id: 'ONCE' })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        server.post('/api/tokens/mint', { asset_id: 'ONCE', amount: 1, recipient_wallet_address: 'w' }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19)
  })
})

describe('bodies are compared as the call reads them', () => {
  test('an added null, unknown field or default does not change the body', async () => {
    const body = transfer('same')
    const first = await server.post('/api/tokens/transfer', body, key('same'))
    expect(first.status).toBe(200)
    for (const added of [{ x: null }, { note: 'again' }, { asset: {} }, { reissue: true }]) {
      const again = await server.post('/api/tokens/transfer', { ...added, ...body }, key('same'))
      expect([again.status, again.text]).toEqual([200, first.text])
    }
    expect(await balanceText(server, 'A', 'same')).toBe('1')
    const other = await server.post('/api/tokens/transfer', { ...body, amount: 2, x: null }, key('same'))
    expect(other.status).toBe(409)
  })

  test('null equals an absent optional field, and false equals an absent flag', async () => {
    const send = (body: object) => server.post('/api/assets', { asset_id: 'SAME', ...body }, key('register'))
    const first = await send({ name: null })
    expect(first.status).toBe(201)
    for (const body of [{}, { symbol: null }, { reissue: false }, { reissue: 0 }, { reissue: null, name: null }]) {
      const again = await send(body)
      expect([again.status, again.text]).toEqual([201, first.text])
    }
    for (const body of [{ name: 'x' }, { reissue: true }, { symbol: 'S' }]) expect((await send(body)).status).toBe(409)
  })
})

describe('the key text', () => {
  test.each([
    ['empty', ''],
    ['a space', ' '],
    ['two words', 'a b'],
    ['256 characters', 'x'.repeat(256)],
    ['a letter with an accent', 'caf\u00e9'],
    ['a tab inside', 'a\tb'],
  ])('%s is invalid', async (_, value) => {
    const { status, json } = await server.post('/api/wallets', { wallet_address: 'bad-key' }, key(value))
    expect([status, json]).toEqual([
      400,
      errorBody(400, 'INVALID_INPUT', 'Idempotency-Key must be 1 to 255 visible ASCII characters'),
    ])
    expect((await server.get('/api/tokens/balance?asset_id=A&wallet_address=bad-key')).status).toBe(404)
  })

  test('a repeated header is invalid', async () => {
    const headers = new Headers({ 'content-type': 'application/json' })
    headers.append('idempotency-key', 'one')
    headers.append('idempotency-key', 'two')
    const body = JSON.stringify({ wallet_address: 'two-keys' })
    expect((await server.call('/api/wallets', { method: 'POST', body, headers })).status).toBe(400)
  })

  test.each([
    ['a mark', '!'],
    ['the last visible character', '~'],
    ['255 characters', 'x'.repeat(255)],
    ['a quoted word', '"quoted"'],
  ])('%s is valid', async (name, value) => {
    const body = { wallet_address: `key of ${name}` }
    expect((await server.post('/api/wallets', body, key(value))).status).toBe(201)
    expect((await server.post('/api/wallets', body, key(value))).status).toBe(201)
  })

  test("belongs to a principal: another principal's key is another one, a newer API key of one principal shares it", async () => {
    const keys = await Promise.all(['one', 'one', 'two'].map((principal) => makeKey(place, ['write'], principal)))
    const locked = await serveLocked()
    const send = (raw: string | undefined) =>
      locked.post('/api/tokens/transfer', transfer('owned', 2), { ...key('owned'), 'x-api-key': raw ?? '' })
    const [first, newer, other] = [await send(keys[0]), await send(keys[1]), await send(keys[2])]
    expect([first.status, newer.text === first.text, other.status]).toEqual([200, true, 200])
    expect(other.text).not.toBe(first.text)
    await locked.stop()
    server = await serveLedger(place)
    expect(await balanceText(server, 'A', 'owned')).toBe('4')
  })

  async function serveLocked(): Promise<LedgerServer> {
    await server.stop()
    return serveLedger(place, { keys: true })
  }
})
