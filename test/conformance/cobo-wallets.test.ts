import { describe, expect, test } from 'vitest'
import { address, chain } from './chainbase-fakes.ts'
import { closedAfterEach } from './closed-after-each.ts'
import { wallet } from './cobo-fakes.ts'
import { serveCobo } from './cobo-server.ts'

const serve = closedAfterEach(serveCobo)

const ok = (result: unknown) => ({ result, success: true, suggestion: '', message: '', meta: null })
const AT = '2024-05-01T00:00:00Z'

describe('wallets', () => {
  test('are made, read, changed and listed; metadata keeps its digits and order', async () => {
    const server = await serve()
    const made = await server.send('/api/v1/wallets', {
      method: 'POST',
      body: '{"wallet_type":"MPC","name":"Tresor é","metadata":{"b":1.10,"a":[1e400,null],"__proto__":{}}}',
    })
    const uuid = /"uuid":"([^"]+)"/.exec(made.body)?.[1] ?? ''
    const owner = /"owner_id":"([^"]+)"/.exec(made.body)?.[1] ?? ''
    const text = (name: string, status: string): string =>
      `{"uuid":"${uuid}","wallet_type":"MPC","name":"${name}","owner_id":"${owner}","cobo_wallet_id":"${uuid}",` +
      `"status":"${status}","metadata":{"b":1.10,"a":[1e400,null],"__proto__":{}},"created_at":"${AT}","updated_at":"${AT}","main_node_id":null}`
    const envelope = (result: string): string =>
      `{"result":${result},"success":true,"suggestion":"","message":"","meta":null}`
    expect([made.status, made.body]).toEqual([201, envelope(text('Tresor é', 'active'))])
    const path = `/api/v1/wallets/${uuid}`
    expect((await server.send(path)).body).toBe(envelope(text('Tresor é', 'active')))
    const changed = await server.send(path, {
      method: 'PATCH',
      body: { name: 'B', status: 'archived', metadata: null },
    })
    expect([changed.status, changed.body]).toEqual([200, envelope(text('B', 'archived'))])
    expect((await server.send('/api/v1/wallets')).json).toMatchObject({ result: [] })
    expect((await server.send('/api/v1/wallets?include_archived=true')).json).toMatchObject({ result: [{ uuid }] })
  })

  test('addresses are watched by a chain or a type, and listed', async () => {
    const server = await serve({ wallets: [wallet('1')] }, {}, { chains: [chain(), chain('eip155:137')] })
    const path = `/api/v1/wallets/${wallet('1').uuid}/addresses`
    const row = (of: string) => ({
      wallet_id: wallet('1').uuid,
      chain_type: 'ETH',
      compatible_chains: ['ETH', 'MATIC'],
      address: of,
      created_at: AT,
      updated_at: AT,
    })
    for (const [digit, family] of [
      ['a', { chain_id: 'MATIC' }],
      ['b', { chain_type: 'ETH' }],
      ['c', { chain_type: 'ETH', chain_id: 'ETH' }],
    ] as const) {
      const { status, json } = await server.send(path, { method: 'POST', body: { ...family, address: address(digit) } })
      expect([status, json]).toEqual([201, ok(row(address(digit)))])
    }
    expect((await server.send(path)).json).toMatchObject({
      result: ['a', 'b', 'c'].map((digit) => row(address(digit))),
    })
    const derived = await server.send(path, { method: 'POST', body: { chain_id: 'ETH' } })
    expect([derived.status, derived.json]).toEqual([
      400,
      { success: false, error: 'The wallet has no valid xpub', suggestion: '' },
    ])
  })

  test('pages go both ways, each cursor once, also with one row a page', async () => {
    const wallets = ['1', '2', '3', '4', '5'].map((digit) => wallet(digit))
    const server = await serve({ wallets })
    for (const limit of [1, 2, 5, 200]) {
      const seen: string[] = []
      const cursors: string[] = []
      let path = `/api/v1/wallets?limit=${limit}`
      let pages = 0
      let before: string | null = null
      for (;;) {
        const page = pageOf((await server.send(path)).json)
        pages += 1
        seen.push(...page.uuids)
        cursors.push(...[page.after, page.before].filter((cursor) => cursor !== null))
        expect([page.has_more, page.before === null, page.counts]).toEqual([
          page.after !== null,
          pages === 1,
          [null, null, null],
        ])
        before = page.before
        if (page.after === null) break
        expect(page.uuids).toHaveLength(limit)
        path = `/api/v1/wallets?limit=${limit}&after=${page.after}`
      }
      expect(seen).toEqual(wallets.map(({ uuid }) => uuid))
      const back: string[] = []
      while (before !== null) {
        const page = pageOf((await server.send(`/api/v1/wallets?limit=${limit}&before=${before}`)).json)
        back.unshift(...page.uuids)
        expect([page.has_more, page.after === null]).toEqual([page.before !== null, false])
        before = page.before
      }
      expect(back).toEqual(seen.slice(0, (Math.ceil(5 / limit) - 1) * limit))
      expect(new Set(cursors).size).toBe(cursors.length)
    }
  })

  test('with an offset, the answer counts, and has cursors too', async () => {
    const server = await serve({ wallets: ['1', '2', '3'].map((digit) => wallet(digit)) })
    const first = pageOf((await server.send('/api/v1/wallets?offset=0&limit=2')).json)
    expect([first.counts, first.has_more, first.before]).toEqual([[3, 0, 2], true, null])
    const rest = pageOf((await server.send(`/api/v1/wallets?offset=0&limit=2&after=${first.after}`)).json)
    expect([rest.counts, rest.uuids]).toEqual([[null, null, null], [wallet('3').uuid]])
    const last = pageOf((await server.send('/api/v1/wallets?offset=2&limit=2')).json)
    expect([last.counts, last.uuids, last.has_more, last.after]).toEqual([[3, 2, 2], [wallet('3').uuid], false, null])
    const past = pageOf((await server.send('/api/v1/wallets?offset=9223372036854775807')).json)
    expect([past.uuids, past.has_more]).toEqual([[], false])
  })

  test('a cursor of another list, filter, caller or direction is 422', async () => {
    const wallets = [
      ...['1', '2', '3'].map((digit) => wallet(digit)),
      ...['4', '5'].map((digit) => wallet(digit, { principal: 'other' })),
    ]
    const server = await serve({ wallets })
    const { after } = pageOf((await server.send('/api/v1/wallets?limit=1')).json)
    const other = await server.keyOf({ principal: 'other', scopes: ['*'] })
    expect((await server.send(`/api/v1/wallets?limit=200&after=${after}`)).status).toBe(200)
    for (const [path, key] of [
      [`/api/v1/wallets?after=${after}`, other],
      [`/api/v1/wallets?before=${after}`, undefined],
      [`/api/v1/wallets?include_archived=1&after=${after}`, undefined],
      [`/api/v1/wallets/balances?after=${after}`, undefined],
      [`/api/v1/wallets/transactions?after=${after}`, undefined],
      [`/api/v1/wallets/${wallet('1').uuid}/addresses?after=${after}`, undefined],
    ] as const) {
      expect([path, (await server.send(path, key === undefined ? {} : { key })).status]).toEqual([path, 422])
    }
  })
})

type Page = {
  readonly uuids: readonly string[]
  readonly has_more: unknown
  readonly after: string | null
  readonly before: string | null
  readonly counts: readonly unknown[]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
const cursor = (value: unknown): string | null => (typeof value === 'string' ? value : null)

function pageOf(json: unknown): Page {
  if (!isRecord(json) || !Array.isArray(json.result) || !isRecord(json.meta)) throw new Error(JSON.stringify(json))
  const { has_more, after, before, total, offset, limit } = json.meta
  const uuids = json.result.map((row: unknown) => (isRecord(row) ? String(row.uuid) : ''))
  return { uuids, has_more, after: cursor(after), before: cursor(before), counts: [total, offset, limit] }
}

describe('keys of a principal', () => {
  test('are made with at most the scopes of the caller, shown once, listed and revoked', async () => {
    const server = await serve()
    const admin = await server.keyOf({ principal: 'desk', scopes: ['*'] })
    const made = await server.send('/api/v1/api-keys', {
      method: 'POST',
      key: admin,
      body: { name: 'bot', scopes: ['wallet:write', 'wallet:read'], expires_at: '2024-06-01T02:00:00.5+02:00' },
    })
    const [raw = '', id = ''] = /"raw_key":"(([^."]+)\.[^"]+)"/.exec(made.body)?.slice(1) ?? []
    const row = (status: string) => ({
      id,
      name: 'bot',
      scopes: ['wallet:read', 'wallet:write'],
      status,
      created_at: AT,
      expires_at: '2024-06-01T00:00:00Z',
      last_used_at: null,
    })
    expect([made.status, made.json]).toEqual([201, ok({ api_key: row('active'), raw_key: raw })])
    expect(made.headers.get('cache-control')).toBe('no-store')
    expect((await server.send('/api/v1/wallets', { key: raw })).status).toBe(200)
    const listed = await server.send('/api/v1/api-keys', { key: admin })
    expect(listed.json).toMatchObject({ result: [{ name: 'test' }, row('active')] })
    expect(listed.body).not.toContain(raw.slice(9))
    const foreign = await server.send(`/api/v1/api-keys/${id}`, { method: 'DELETE' })
    expect(foreign.status).toBe(404)
    const revoked = await server.send(`/api/v1/api-keys/${id}`, { method: 'DELETE', key: admin })
    expect([revoked.status, revoked.json]).toEqual([200, ok(null)])
    expect((await server.send('/api/v1/api-keys', { key: admin })).json).toMatchObject({ result: [{}, row('revoked')] })
  })

  test('nobody gets more than it has, or a key that is expired already', async () => {
    const server = await serve()
    const admin = await server.keyOf({ principal: 'desk', scopes: ['admin', 'wallet:read'] })
    const make = async (body: object) => {
      const { status, json } = await server.send('/api/v1/api-keys', { method: 'POST', key: admin, body })
      return [status, json]
    }
    for (const scope of ['*', 'wallet:write', 'read', 'write']) {
      const reason = `The API key does not have the scope ${scope}`
      const error = { code: 'INSUFFICIENT_PERMISSION', reason, details: {} }
      expect(await make({ name: 'a', scopes: [scope] })).toEqual([403, { success: false, error, suggestion: '' }])
    }
    for (const [body, type] of [
      [{ name: 'a', scopes: [] }, 'too_short'],
      [{ name: 'a', scopes: ['all'] }, 'literal_error'],
      [{ name: 'a', scopes: ['*', '*', '*', '*', '*', '*', '*'] }, 'too_long'],
      [{ name: 'a', expires_at: AT }, 'datetime_future'],
      [{ name: 'a', expires_at: 'tomorrow' }, 'datetime_parsing'],
      [{ name: 'a', expires_at: '2030-13-01T00:00:00Z' }, 'datetime_parsing'],
      [{ name: 'a', expires_at: '2030-02-30T00:00:00Z' }, 'datetime_parsing'],
    ] as const) {
      const [status, json] = await make(body)
      expect([status, JSON.stringify(json)]).toEqual([422, expect.stringContaining(`"type":"${type}"`)])
    }
    expect((await make({ name: 'a' }))[0]).toBe(201)
  })
})
