/** Rejections of Chainbase's list calls, and their headers if rows may be missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer } from '../../src/api/create-server.ts'
import type { Balance } from '../../src/core/balance.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { type Answered, listen, type Served } from './chainbase-client.ts'
import { address, asOf, BLOCK, fakeBalances, fakeDeps, known, unknown, type World } from './chainbase-fakes.ts'

const A = address('a')
const B = address('b')
/** Indexed: a coin without holders, and a contract of items. */
const COIN = address('c')
const ITEMS = address('d')
const WORLD: World = {
  held: [
    { asset: { standard: 'erc20', reference: COIN }, balance: known(0n) },
    { asset: { standard: 'erc1155', reference: ITEMS }, balance: known(1n) },
  ],
  unindexed: new Map(),
  tokens: [],
  holders: [],
  transfers: [],
}
const AT_BLOCK = `"eip155:1";block=${BLOCK.number};hash="${BLOCK.hash}"`

let server: Served
let key: string
beforeAll(async () => {
  const deps = await fakeDeps(WORLD)
  key = deps.key
  server = await listen(createServer(deps))
})
afterAll(() => server.close())

const withKey = (): RequestInit => ({ headers: { 'x-api-key': key } })

/** Checks the vendor's error: code is the status, error repeats the message. */
function expectError(answer: Answered, status: number, message: string): void {
  expect(JSON.parse(answer.body)).toEqual({ code: status, message, error: message })
  expect(answer.headers.get('balance-as-of')).toBeNull()
}

describe('requests without a list', () => {
  const list = (name: string, contract: string) => `/v1/token/${name}?chain_id=1&contract_address=${contract}`
  test.each([
    [`/v1/account/tokens?chain_id=1&address=${address('0')}`, 400, /zero address/],
    [`/v1/account/balance?chain_id=1&address=${A}&to_block=124`, 400, /above the newest block, 123$/],
    [list('holders', ITEMS), 400, /^token standard not supported$/],
    [list('top-holders', ITEMS), 400, /^token standard not supported$/],
    [list('transfers', ITEMS), 400, /^token standard not supported$/],
    [list('holders', address('2')), 404, /is not a token/],
    [list('top-holders', address('2')), 404, /is not a token/],
    [list('transfers', address('2')), 404, /is not a token/],
  ])('%s is %i', async (path, status, message) => {
    const answer = await server.call(path, withKey())
    expect(answer.status, answer.body).toBe(status)
    expectError(answer, status, String(JSON.parse(answer.body).message))
    expect(JSON.parse(answer.body).message).toMatch(message)
  })

  test('a token without holders has an empty list, even if its node fails', async () => {
    for (const name of ['holders', 'top-holders', 'transfers']) {
      const answer = await server.call(list(name, COIN), withKey())
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([200, { data: [], count: 0 }])
    }
  })

  test('single balances of the zero address are answered', async () => {
    const path = `/v1/account/tokens?chain_id=1&address=${address('0')}&contract_address=${COIN}`
    expect((await server.call(path, withKey())).status).toBe(200)
  })
})

describe('lists that may lack rows', () => {
  test('a list of contracts without any token reports its block', async () => {
    const path = `/v1/account/tokens?chain_id=1&address=${A}&contract_address=${address('2')}`
    const answer = await server.call(path, withKey())
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([200, { data: [], count: 0 }])
    expect(answer.headers.get('balance-as-of')).toContain(AT_BLOCK)
  })

  test('a list that may lack rows reports it, for accounts, holders and transfers', async () => {
    const partial = asOf({ finality: 'latest', uniform: false, complete: false })
    const deps = await fakeDeps(WORLD)
    const rows = { rows: [], count: 1, asOf: partial }
    const lists = { account: async () => rows, holders: async () => rows, transfers: async () => rows }
    const other = await listen(createServer({ ...deps, balances: { ...fakeBalances(WORLD), ...lists } }))
    for (const path of [
      `/v1/account/tokens?chain_id=1&address=${A}`,
      ...['holders', 'top-holders', 'transfers'].map((name) => `/v1/token/${name}?chain_id=1&contract_address=${COIN}`),
    ]) {
      const answer = await other.call(path, { headers: { 'x-api-key': deps.key } })
      const header = `${AT_BLOCK};finality=latest;source=events;age=2;uniform=?0;complete=?0`
      expect([answer.status, answer.headers.get('balance-as-of')]).toEqual([200, header])
    }
    await other.close()
  })

  test('listed contracts that a node did not answer are reported as missing', async () => {
    const deps = await fakeDeps(WORLD)
    const answers: readonly Balance[] = [known(7n), unknown('no_archive')]
    const balances = { ...fakeBalances(WORLD), get: async () => answers }
    const other = await listen(createServer({ ...deps, balances }))
    const path = `/v1/account/tokens?chain_id=1&address=${A}&contract_address=${COIN},${B}`
    const answer = await other.call(path, { headers: { 'x-api-key': deps.key } })
    expect(answer.headers.get('balance-as-of')).toBe(`${AT_BLOCK};finality=finalized;source=events;age=2;complete=?0`)
    await other.close()
  })

  test('a list that is not available yet reports when to retry', async () => {
    const deps = await fakeDeps(WORLD)
    const account = () => Promise.reject(new ServiceError('UNAVAILABLE', 'this chain has not caught up yet'))
    const other = await listen(createServer({ ...deps, balances: { ...fakeBalances(WORLD), account } }))
    const answer = await other.call(`/v1/account/tokens?chain_id=1&address=${A}`, {
      headers: { 'x-api-key': deps.key },
    })
    expectError(answer, 503, 'this chain has not caught up yet')
    expect(answer.headers.get('retry-after')).toBe('5')
    await other.close()
  })
})
