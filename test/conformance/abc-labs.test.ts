import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TEXT_ACCOUNTS } from '../../src/core/account.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { newPlace } from '../store/engines.ts'
import { balanceText, errorBody, type LedgerServer, serveLedger } from './abc-labs-server.ts'

const place = await newPlace()
let server: LedgerServer
beforeAll(async () => {
  server = await serveLedger(place)
})
afterAll(async () => {
  await server.stop()
  await place.end()
})

const MAX = Number.MAX_SAFE_INTEGER
const AS_OF = /^"ledger:main";block=\d+;hash="[^"]+";finality=finalized;source=events;age=0$/

describe('the vendor’s documented behaviour', () => {
  test('the published chain on fresh wallets: mint, transfer, burn, check', async () => {
    const registered = await server.post('/api/assets', { asset_id: 'UKGILT2030', name: 'UK Gilt 2030', symbol: 'UKT' })
    expect([registered.status, registered.text]).toEqual([
      201,
      '{"status":"success","asset_id":"UKGILT2030","name":"UK Gilt 2030","symbol":"UKT","reissue":false}',
    ])
    const minted = await server.post('/api/tokens/mint', {
      asset_id: 'UKGILT2030',
      amount: 1000,
      recipient_wallet_address: '0xABC123...',
    })
    expect([minted.status, minted.text]).toEqual([
      200,
      '{"status":"success","token_id":"TOKEN-1","asset_id":"UKGILT2030","amount":1000,"assigned_to":"0xABC123..."}',
    ])
    const transferred = await server.post('/api/tokens/transfer', {
      asset_id: 'UKGILT2030',
      amount: 150,
      from_wallet: '0xABC123...',
      to_wallet: '0xDEF456...',
    })
    expect([transferred.status, transferred.text]).toEqual([
      200,
      '{"status":"success","asset_id":"UKGILT2030","amount_transferred":150,"from_wallet":"0xABC123...","to_wallet":"0xDEF456...","transaction_id":"TX-1"}',
    ])
    const burned = await server.post('/api/tokens/burn', {
      asset_id: 'UKGILT2030',
      amount: 50,
      holder_wallet_address: '0xDEF456...',
    })
    expect([burned.status, burned.text]).toEqual([
      200,
      '{"status":"success","asset_id":"UKGILT2030","amount_burned":50,"holder_wallet_address":"0xDEF456...","transaction_id":"TX-2"}',
    ])
    const checked = await server.get('/api/tokens/balance?asset_id=UKGILT2030&wallet_address=0xDEF456...')
    expect([checked.status, checked.text]).toEqual([
      200,
      '{"asset_id":"UKGILT2030","wallet_address":"0xDEF456...","balance":100}',
    ])
    expect(checked.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(checked.headers.get('balance-as-of')).toMatch(AS_OF)
  })

  test('a wallet is 404 until it takes part in an operation; then its balance of any other asset is 0', async () => {
    await server.post('/api/assets', { asset_id: 'KNOWN' })
    expect(await server.get('/api/tokens/balance?asset_id=KNOWN&wallet_address=known-1')).toMatchObject({
      status: 404,
      json: errorBody(404, 'WALLET_NOT_FOUND', 'Wallet address does not exist'),
    })
    await server.post('/api/tokens/mint', { asset_id: 'KNOWN', amount: 5, recipient_wallet_address: 'known-1' })
    await server.post('/api/wallets', { wallet_address: 'known-2' })
    for (const wallet of ['known-1', 'known-2']) {
      for (const asset of ['UKGILT2030', 'nobody knows this'])
        expect(await balanceText(server, asset, wallet)).toBe('0')
    }
    await server.post('/api/tokens/burn', { asset_id: 'KNOWN', amount: 5, holder_wallet_address: 'known-1' })
    expect(await balanceText(server, 'KNOWN', 'known-1')).toBe('0')
  })

  test('balances come from the record, even of an asset that was never minted, and reads write nothing', async () => {
    await server.post('/api/wallets', { wallet_address: 'idle' })
    for (const asset of ['UKGILT2030', 'nobody registered this']) {
      const query = `asset_id=${encodeURIComponent(asset)}&wallet_address=idle`
      const { json, headers } = await server.get(`/api/tokens/balance?${query}`)
      expect(json).toMatchObject({ balance: 0 })
      expect(headers.get('balance-as-of')).toMatch(AS_OF)
    }
    const store = await place.open({ codecOf: () => TEXT_ACCOUNTS })
    const { observations } = await store.openReads(parseChainId('ledger:main') ?? expect.fail())
    expect(await observations.newestBlock()).toBeUndefined()
    await store.close()
  })

  test('GET works with and without trailing slash, as HEAD, and with an empty or unknown parameter', async () => {
    const query = 'asset_id=UKGILT2030&wallet_address=0xDEF456...'
    const plain = await server.get(`/api/tokens/balance?${query}`)
    for (const path of [`/api/tokens/balance/?${query}`, `/api/tokens/balance?x=1&x=2&limit=y&${query}&page=`]) {
      expect((await server.get(path)).text).toBe(plain.text)
    }
    const head = await server.call(`/api/tokens/balance?${query}`, { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers.get('content-length')).toBe(String(plain.text.length))
    expect(head.headers.get('balance-as-of')).toMatch(AS_OF)
    const minted = await server.post('/api/tokens/mint/', { asset_id: 'SLASH', amount: 1 })
    expect(minted.json).toMatchObject({ error_code: 'INVALID_INPUT' })
  })
})

describe('numbers', () => {
  test('are accepted up to 2^53-1 and returned exactly beyond', async () => {
    await server.post('/api/assets', { asset_id: 'BIG', reissue: true })
    for (let count = 0; count < 3; count++) {
      const { text } = await server.post('/api/tokens/mint', {
        asset_id: 'BIG',
        amount: MAX,
        recipient_wallet_address: 'big',
      })
      expect(text).toContain(`"amount":${MAX},`)
    }
    expect(await balanceText(server, 'BIG', 'big')).toBe((3n * BigInt(MAX)).toString())
  })
})

describe('registration', () => {
  test('an asset: 201, an identical repetition 200, different content 409', async () => {
    const body = { asset_id: 'REG', name: 'Registered', symbol: null, unknown: [1, { deep: true }] }
    const first = await server.post('/api/assets', body)
    expect([first.status, first.json]).toEqual([
      201,
      { status: 'success', asset_id: 'REG', name: 'Registered', symbol: null, reissue: false },
    ])
    const again = await server.post('/api/assets', { reissue: false, name: 'Registered', asset_id: 'REG' })
    expect([again.status, again.text]).toEqual([200, first.text])
    for (const other of [{ name: 'Other' }, { name: undefined }, { symbol: 'R' }, { reissue: true }]) {
      const { status, json } = await server.post('/api/assets', { ...body, ...other })
      expect([status, json]).toEqual([
        409,
        errorBody(409, 'ASSET_CONFLICT', 'Asset is already registered with other content'),
      ])
    }
  })

  test('a wallet: 201, a repetition 200, also after it took part unregistered', async () => {
    const first = await server.post('/api/wallets', { wallet_address: 'reg-wallet' })
    expect([first.status, first.text]).toEqual([201, '{"status":"success","wallet_address":"reg-wallet"}'])
    const again = await server.post('/api/wallets/', { wallet_address: 'reg-wallet' })
    expect([again.status, again.text]).toEqual([200, first.text])
  })

  test('assets are listed in the order of their registration, in pages', async () => {
    const all = await server.get('/api/assets')
    expect(all.json).toMatchObject({
      assets: [
        { asset_id: 'UKGILT2030', name: 'UK Gilt 2030', symbol: 'UKT', reissue: false },
        { asset_id: 'KNOWN' },
        {},
        {},
      ],
      next: null,
    })
    const first = await server.get('/api/assets?limit=1')
    expect(first.json).toMatchObject({ assets: [{ asset_id: 'UKGILT2030' }], next: 'UKGILT2030' })
    const rest = await server.get('/api/assets/?after=UKGILT2030')
    expect(rest.json).toMatchObject({ assets: [{ asset_id: 'KNOWN' }, {}, {}], next: null })
    expect((await server.get('/api/assets?after=nothing')).json).toMatchObject({ error_code: 'INVALID_INPUT' })
  })
})

describe('the audit trail', () => {
  type Row = { readonly sequence: number; readonly hash: string; readonly type: string }
  type Page = { readonly transactions: readonly Row[]; readonly next: number; readonly has_more: boolean }
  async function page(query: string): Promise<Page> {
    const { status, text } = await server.get(`/api/tokens/transactions?${query}`)
    expect(status).toBe(200)
    const read: Page = JSON.parse(text)
    return read
  }

  test('has every accepted operation with its hash, oldest first; rejected ones leave no trace', async () => {
    const { transactions, has_more } = await page('asset_id=UKGILT2030')
    expect(has_more).toBe(false)
    const row = {
      hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    }
    const asset_id = 'UKGILT2030'
    expect(transactions).toEqual([
      { ...row, sequence: 1, type: 'register_asset', asset_id, name: 'UK Gilt 2030', symbol: 'UKT', reissue: false },
      { ...row, sequence: 2, type: 'mint', token_id: 'TOKEN-1', asset_id, amount: 1000, to_wallet: '0xABC123...' },
      {
        ...row,
        sequence: 3,
        type: 'transfer',
        transaction_id: 'TX-1',
        asset_id,
        amount: 150,
        from_wallet: '0xABC123...',
        to_wallet: '0xDEF456...',
      },
      { ...row, sequence: 4, type: 'burn', transaction_id: 'TX-2', asset_id, amount: 50, from_wallet: '0xDEF456...' },
    ])
  })

  test('has no name for an asset that was registered without one', async () => {
    const { transactions } = await page('asset_id=KNOWN&limit=1')
    expect(Object.keys(transactions[0] ?? {})).toEqual(['sequence', 'type', 'timestamp', 'hash', 'asset_id', 'reissue'])
  })

  test('filters by asset, by wallet and by both, on either side of a transfer', async () => {
    const types = async (query: string) => (await page(query)).transactions.map(({ type }) => type)
    expect(await types('wallet_address=0xDEF456...')).toEqual(['transfer', 'burn'])
    expect(await types('wallet_address=0xABC123...&asset_id=UKGILT2030')).toEqual(['mint', 'transfer'])
    expect(await types('wallet_address=0xABC123...&asset_id=KNOWN')).toEqual([])
    expect(await types('wallet_address=reg-wallet')).toEqual(['register_wallet'])
    expect(await types('asset_id=&wallet_address=nobody')).toEqual([])
  })

  test('pages neither repeat nor skip rows, and the last page continues with later operations', async () => {
    const whole = (await page('limit=1000')).transactions
    expect(whole.map(({ sequence }) => sequence)).toEqual(whole.map((_, index) => index + 1))
    expect(new Set(whole.map(({ hash }) => hash)).size).toBe(whole.length)
    const gathered: Row[] = []
    let next = 0
    for (let more = true; more; ) {
      const one = await page(`limit=3&after=${next}`)
      gathered.push(...one.transactions)
      more = one.has_more
      next = one.next
    }
    expect(gathered).toEqual(whole)
    expect(await page(`after=${next}`)).toEqual({ transactions: [], next, has_more: false })
    await server.post('/api/wallets', { wallet_address: 'later' })
    expect(await page(`after=${next}`)).toMatchObject({ transactions: [{ wallet_address: 'later' }], next: next + 1 })
    expect(await page(`after=${MAX}`)).toEqual({ transactions: [], next: MAX, has_more: false })
  })
})
