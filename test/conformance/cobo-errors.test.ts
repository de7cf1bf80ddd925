import { describe, expect, test } from 'vitest'
import { sendRaw } from './chainbase-client.ts'
import { closedAfterEach } from './closed-after-each.ts'
import { wallet } from './cobo-fakes.ts'
import { serveCobo } from './cobo-server.ts'

const BALANCES = '/api/v1/wallets/balances'
const MINE = wallet('1')
const OTHERS = wallet('2', { principal: 'other' })

const serve = closedAfterEach((...[world, settings, other]: Parameters<typeof serveCobo>) => {
  return serveCobo({ wallets: [MINE, OTHERS], ...world }, settings, other)
})

/** The body of a 422 with these problems, each `loc type`. */
function invalid(...problems: readonly string[]) {
  const detail = problems.map((problem) => {
    const [loc = '', type] = problem.split(' ')
    const steps = loc.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step))
    return { loc: steps, msg: expect.stringMatching(/./), type }
  })
  return { success: false, error: { detail } }
}

const failed = (error: unknown) => ({ success: false, error, suggestion: '' })

describe('queries that do not fit', () => {
  const MAX = '9223372036854776000'
  test.each<[string, readonly string[]]>([
    ['limit=0', ['query.limit greater_than_equal']],
    ['limit=-1', ['query.limit greater_than_equal']],
    ['limit=201', ['query.limit less_than_equal']],
    [`limit=${'9'.repeat(300)}`, ['query.limit less_than_equal']],
    ['limit=x', ['query.limit int_parsing']],
    ['limit=null', ['query.limit int_parsing']],
    ['limit=1e2', ['query.limit int_parsing']],
    ['limit=1.0', ['query.limit int_parsing']],
    ['limit=%2B1', ['query.limit int_parsing']],
    ['limit=%201', ['query.limit int_parsing']],
    ['limit=%D9%A3', ['query.limit int_parsing']],
    ['limit=1&limit=1', ['query.limit value_error']],
    ['wallet_uuid=null', ['query.wallet_uuid uuid_parsing']],
    ['wallet_uuid=1', ['query.wallet_uuid uuid_parsing']],
    [`wallet_uuid=${MINE.uuid}0`, ['query.wallet_uuid uuid_parsing']],
    [`wallet_uuid=${'1'.repeat(2_000)}`, ['query.wallet_uuid string_too_long']],
    ['force_refresh=yes', ['query.force_refresh bool_parsing']],
    ['force_refresh=null', ['query.force_refresh bool_parsing']],
    ['offset=-1', ['query.offset greater_than_equal']],
    ['offset=18446744073709551616', ['query.offset less_than_equal']],
    ['offset=9223372036854776001', ['query.offset less_than_equal']],
    ['offset=null', ['query.offset int_parsing']],
    ['offset=0x1', ['query.offset int_parsing']],
    ['after=null', ['query.after value_error']],
    ['before=0', ['query.before value_error']],
    ['after=%00', ['query.after value_error']],
    ['after=a&before=b', ['query.before value_error']],
    [
      'limit=0&wallet_uuid=x&offset=-1&force_refresh=x',
      [
        'query.wallet_uuid uuid_parsing',
        'query.force_refresh bool_parsing',
        'query.limit greater_than_equal',
        'query.offset greater_than_equal',
      ],
    ],
  ])('%s', async (query, problems) => {
    const server = await serve()
    const { status, json } = await server.send(`${BALANCES}?${query}`)
    expect([status, json]).toEqual([422, invalid(...problems)])
  })

  test('the greatest offset is an empty page, exactly as it was given, and never narrows', async () => {
    const server = await serve()
    const { status, body } = await server.send(`${BALANCES}?offset=${MAX}&limit=200`)
    expect([status, body]).toEqual([
      200,
      `{"result":[],"success":true,"suggestion":"","message":"","meta":{"total":0,"offset":${MAX},"limit":200,"has_more":false,"after":null,"before":null}}`,
    ])
    expect(server.asked).toEqual([{ refresh: false, address: undefined, offset: BigInt(MAX) }])
  })

  test('a message never repeats what the caller sent', async () => {
    const server = await serve()
    const { body } = await server.send(`${BALANCES}?limit=%3Cscript%3E&wallet_uuid=%3Cscript%3E&after=%3Cscript%3E`)
    expect(body).not.toContain('script')
  })
})

describe('paths that do not fit', () => {
  test.each<[string, string, unknown]>([
    ['GET', '/api/v1/wallets/null', invalid('path.wallet_uuid uuid_parsing')],
    ['PATCH', '/api/v1/wallets/1', invalid('path.wallet_uuid uuid_parsing')],
    [
      'GET',
      '/api/v1/wallets/1/addresses?limit=0',
      invalid('path.wallet_uuid uuid_parsing', 'query.limit greater_than_equal'),
    ],
    ['GET', `/api/v1/wallets/${MINE.uuid}/holds/x`, invalid('path.hold_id uuid_parsing')],
    ['DELETE', '/api/v1/wallets/x/holds/y', invalid('path.wallet_uuid uuid_parsing', 'path.hold_id uuid_parsing')],
    ['DELETE', '/api/v1/api-keys/x', invalid('path.key_id string_pattern_mismatch')],
  ])('%s %s', async (method, path, expected) => {
    const server = await serve()
    const { status, json } = await server.send(path, { method })
    expect([status, json]).toEqual([422, expected])
  })

  test.each([
    ['GET', `/api/v1/wallets/${OTHERS.uuid}`],
    ['PATCH', `/api/v1/wallets/${OTHERS.uuid}`],
    ['GET', `/api/v1/wallets/${OTHERS.uuid}/addresses`],
    ['POST', `/api/v1/wallets/${OTHERS.uuid}/addresses`],
    ['POST', `/api/v1/wallets/${OTHERS.uuid}/holds`],
    ['GET', `/api/v1/wallets/${OTHERS.uuid}/holds/${MINE.uuid}`],
    ['DELETE', `/api/v1/wallets/${OTHERS.uuid}/holds/${MINE.uuid}`],
    ['DELETE', '/api/v1/api-keys/00000000'],
    ['GET', '/api/v1/nothing'],
    ['GET', '/api/v1/'],
    ['GET', '/api/v1'],
    ['POST', '/api/v1/wallets/x/y/z'],
  ])('%s %s does not exist for this caller', async (method, path) => {
    const server = await serve()
    const holds = { token_id: 'ETH', address: '0x', amount: '1', request_id: 'r' }
    const bodies = path.endsWith('/holds')
      ? { body: holds }
      : path.endsWith('/addresses') && method === 'POST'
        ? { body: { chain_id: 'ETH' } }
        : {}
    const { status, json } = await server.send(path, { method, ...bodies })
    expect([status, json]).toEqual([404, failed('Not found')])
  })

  test.each(['PUT', 'DELETE', 'POST', 'BREW'])('%s of a list is 405', async (method) => {
    const server = await serve()
    const text = await sendRaw(
      server.port,
      `${method} ${BALANCES} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    // Node's parser knows no method BREW.
    expect(text).toMatch(method === 'BREW' ? /^HTTP\/1.1 400 / : /^HTTP\/1.1 405 /)
    expect(text).toContain('{"success":false,"error":"')
    if (method !== 'BREW') expect(text.toLowerCase()).toContain('allow: get, head, options')
  })
})

describe('bodies that do not fit', () => {
  test.each<[unknown, readonly string[]]>([
    [{}, ['body.wallet_type missing', 'body.name missing']],
    [{ wallet_type: null, name: null }, ['body.wallet_type missing', 'body.name missing']],
    [{ wallet_type: 'custodial', name: 'a' }, ['body.wallet_type literal_error']],
    [{ wallet_type: 1, name: 2 }, ['body.wallet_type string_type', 'body.name string_type']],
    [{ wallet_type: 'MPC', name: '' }, ['body.name string_too_short']],
    [{ wallet_type: 'MPC', name: ' ' }, ['body.name string_pattern_mismatch']],
    [{ wallet_type: 'MPC', name: 'a\u202e' }, ['body.name string_pattern_mismatch']],
    [{ wallet_type: 'MPC', name: 'é'.repeat(101) }, ['body.name string_too_long']],
    [{ wallet_type: 'MPC', name: 'a', metadata: [] }, ['body.metadata dict_type']],
    [{ wallet_type: 'MPC', name: 'a', metadata: 'x' }, ['body.metadata dict_type']],
    ['', ['body json_invalid']],
    ['{', ['body json_invalid']],
    ['{"name":1,"name":2}', ['body json_invalid']],
    ['['.repeat(100), ['body json_invalid']],
    ['[]', ['body dict_type']],
    ['"x"', ['body dict_type']],
    ['null', ['body dict_type']],
  ])('POST /wallets %j', async (body, problems) => {
    const server = await serve()
    const { status, json } = await server.send('/api/v1/wallets', { method: 'POST', body })
    expect([status, json]).toEqual([422, invalid(...problems)])
  })

  test.each<[unknown, readonly string[]]>([
    [{}, ['body.chain_id missing']],
    [{ chain_id: '' }, ['body.chain_id string_too_short']],
    [{ chain_id: 'NONE', address: '0x' }, ['body.chain_id value_error']],
    [{ chain_type: 'NONE' }, ['body.chain_type value_error']],
    [{ chain_type: 'CHIA', chain_id: 'ETH' }, ['body.chain_type value_error']],
    [{ chain_type: 'ETH', address: 5 }, ['body.address string_type']],
  ])('POST /addresses %j', async (body, problems) => {
    const server = await serve()
    const { status, json } = await server.send(`/api/v1/wallets/${MINE.uuid}/addresses`, { method: 'POST', body })
    expect([status, json]).toEqual([422, invalid(...problems)])
  })

  test('an amount of a hold is text, and a request has an id', async () => {
    const server = await serve()
    const { status, json } = await server.send(`/api/v1/wallets/${MINE.uuid}/holds`, {
      method: 'POST',
      body: '{"token_id":"ETH","address":"0x","amount":1.5,"request_id":""}',
    })
    expect([status, json]).toEqual([422, invalid('body.amount string_type', 'body.request_id string_too_short')])
  })

  test('other media types, encodings and sizes have the vendor body too', async () => {
    const server = await serve()
    const key = await server.keyOf({ scopes: ['*'] })
    const post = async (body: string, headers: Record<string, string>): Promise<readonly [number, string]> => {
      const answer = await server.call('/api/v1/wallets', {
        method: 'POST',
        body,
        headers: { 'x-api-key': key, ...headers },
      })
      return [answer.status, answer.body]
    }
    const json = { 'content-type': 'application/json' }
    const types: readonly [string, Record<string, string>, number][] = [
      ['a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
      ['{}', { ...json, 'content-encoding': 'gzip' }, 415],
      [`{"name":"${'x'.repeat(300_000)}"}`, json, 413],
    ]
    for (const [body, headers, status] of types) {
      expect(await post(body, headers)).toEqual([
        status,
        expect.stringMatching(/^\{"success":false,"error":"[^"]+","suggestion":""\}$/),
      ])
    }
  })
})
