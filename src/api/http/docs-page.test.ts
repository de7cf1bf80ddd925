import { describe, expect, test } from 'vitest'
import {
  address,
  chain,
  clock,
  DIALECTS,
  erc20,
  fakeDeps,
  type World,
} from '../../../test/conformance/chainbase-fakes.ts'
import { commandsOf, exampleOf, wordsOf } from '../../../test/conformance/docs-examples.ts'
import { parseChainId } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Ledger, LedgerAsset } from '../../ledger/ledger.ts'
import { createServer, type ServerOptions } from '../create-server.ts'

const WORLD: World = { held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }
const HELD = { account: address('b'), asset: erc20(address('c')) }
const LEDGER = parseChainId('ledger:main') ?? expect.fail()

/** Returns the example requests of a server's page, by path. A shell splits the curl commands into words. */
async function examplesOf(other: Partial<ServerOptions>) {
  const server = createServer(await fakeDeps(WORLD, other))
  const { statusCode, body } = await server.inject({ url: '/docs', headers: { host: 'steelyard.test:1' } })
  await server.close()
  expect(statusCode).toBe(200)
  return new Map(
    commandsOf(body).map((command) => {
      const example = exampleOf(wordsOf(command, { KEY: 'my-key' }))
      const { pathname, searchParams } = new URL(example.url)
      return [`${example.method} ${pathname}`, { ...example, query: Object.fromEntries(searchParams) }]
    }),
  )
}

const scope = (type: 'all' | 'accounts') =>
  clock({ coverage: { scope: type === 'all' ? { type } : { type, accounts: [address('b')] }, from: 0 } })

function settings(given: { readonly demoKey?: boolean; readonly keys?: boolean }): ServerOptions['dialects'] {
  const { demoKey = false, keys = false } = given
  const abcLabs = { ...DIALECTS.abcLabs, chain: LEDGER, keys }
  return { ...DIALECTS, abcLabs, chainbase: { ...DIALECTS.chainbase, demoKey } }
}

describe('chain examples', () => {
  const served = (type: 'all' | 'accounts') => ({
    ...chain('eip155:7', async () => scope(type)),
    position: async () => HELD,
  })

  test('use the first chain, and an account and a token if the chain is indexed completely', async () => {
    const examples = await examplesOf({ chains: [served('all')] })
    expect(examples.get('GET /v1/account/tokens')).toMatchObject({
      headers: { 'x-api-key': 'my-key' },
      query: { chain_id: '7', address: HELD.account },
    })
    expect(examples.get('GET /v1/token/holders')?.query).toEqual({ chain_id: '7', contract_address: address('c') })
  })

  test('do not show callers without a key which accounts are followed', async () => {
    const examples = await examplesOf({ chains: [served('accounts')] })
    for (const { url } of examples.values()) expect(url).not.toMatch(/b{40}|c{40}/)
    expect(examples.get('GET /v1/account/balance')?.query.chain_id).toBe('7')
  })

  test('use the public key', async () => {
    const examples = await examplesOf({ chains: [served('accounts')], dialects: settings({ demoKey: true }) })
    expect(examples.get('GET /v1/token/price')).toMatchObject({
      headers: { 'x-api-key': 'demo' },
      query: { chain_id: '7', contract_address: address('c') },
    })
  })

  test('work without a chain, and without any holder', async () => {
    expect((await examplesOf({ chains: [] })).get('GET /v1/account/tokens')?.query.chain_id).toBe('1')
    const empty = { ...served('all'), position: async () => undefined }
    expect((await examplesOf({ chains: [empty] })).get('GET /v1/account/tokens')?.query.chain_id).toBe('7')
  })
})

test('a path has example values too, and a call that needs no key is shown without one', async () => {
  const served = { ...chain('chia:mainnet'), clock: async () => scope('accounts') }
  const rows = [{ asset: { standard: 'cat', reference: 'ab'.repeat(32) } as const, listed: true }]
  const finder = { search: async () => ({ rows, more: false }) }
  const examples = await examplesOf({ chains: [served], finder })
  const address = 'xch1a6cd558gqsz2hch5pt0l8mx7zhavf32q5lyde09zjtqcmkelr9ns59k0j8'
  expect(examples.get(`GET /address/token-balance/${address}`)).toMatchObject({ headers: {}, query: {} })
  expect(examples.has(`GET /token/info/${'ab'.repeat(32)}`)).toBe(true)
  const none = await examplesOf({ chains: [] })
  expect(none.has('GET /token/info/14b40962dfef81d954ac0d92b51ec21ce7acd8c62dd9fef9303aa51c615cb495')).toBe(true)
})

describe('ledger examples', () => {
  // Ids may hold any text, and a reader pastes the examples into a shell.
  const evil = `'; touch /tmp/x; "$(id)" \`id\` \\ ' & <b> é 💷`
  const asset = (assetId: string, reissue: boolean): LedgerAsset => ({
    assetId,
    name: undefined,
    symbol: undefined,
    reissue,
  })
  const unreached = async (): Promise<never> => expect.fail('the page reads only assets')
  const ledger: Ledger = {
    submit: unreached,
    hasWallet: unreached,
    asset: unreached,
    operations: unreached,
    assets: async () => [asset('once', false), asset(`again ${evil}`, true)],
  }
  const position = async () => ({
    account: `wallet ${evil}`,
    asset: { standard: 'ledger', reference: 'held' } as const,
  })
  const chains = [{ ...chain('ledger:main'), position }]

  test('use an asset that the wallet holds and one that can be minted, with any characters in ids', async () => {
    const examples = await examplesOf({ chains, ledger, dialects: settings({}) })
    const wallet = `wallet ${evil}`
    expect(examples.get('GET /api/tokens/balance')?.query).toEqual({ asset_id: 'held', wallet_address: wallet })
    const bodyOf = (path: string) => JSON.parse(examples.get(`POST ${path}`)?.body ?? '')
    expect(bodyOf('/api/tokens/mint')).toMatchObject({ asset_id: `again ${evil}`, amount: 1 })
    expect(bodyOf('/api/tokens/burn')).toEqual({ asset_id: 'held', amount: 1, holder_wallet_address: wallet })
    expect(bodyOf('/api/tokens/transfer')).toMatchObject({ asset_id: 'held', from_wallet: wallet })
  })

  test('show nothing of a ledger that needs keys, and use schema examples if the ledger fails', async () => {
    const locked = await examplesOf({ chains, ledger, dialects: settings({ keys: true }) })
    expect(locked.get('GET /api/tokens/balance')?.query.asset_id).toBe('UKGILT2030')
    const failing = { ...ledger, assets: () => Promise.reject(new ServiceError('STORE_UNAVAILABLE', 'gone')) }
    const failed = await examplesOf({ chains, ledger: failing, dialects: settings({}) })
    expect(failed.get('GET /api/tokens/balance')?.query.asset_id).toBe('UKGILT2030')
  })
})
