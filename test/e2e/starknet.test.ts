/** Starknet through the compiled server: every answer of TokenKit's calls is what the chain's state says at its block. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PRIME } from '../../src/demo/starknet/felt.ts'
import { verify } from '../odd/verify.ts'
import { addressOf, CAST, PROGRAMS } from '../starknet/node/cast.ts'
import { compareLists, comparePast, compareSingles, untilAudited } from './starknet-compare.ts'
import { canonical, minimal, type StarknetWorld, startStarknetWorld, storedAt, tokensAt } from './starknet-world.ts'
import { type Serving, serve } from './steelyard.ts'

const BLOCKS = 160
/** US dollars for one `cairo1`, which has 6 decimals. */
const PRICE = '1.25'
const COIN = canonical(addressOf('cairo1'))

let world: StarknetWorld
let server: Serving
beforeAll(async () => {
  world = await startStarknetWorld({ blocks: BLOCKS, pace: { transactions: [2, 8], emptyEvery: 9 } })
  server = await serve({
    chains: [{ id: world.id, rpc: [world.url], poll_ms: 100 }],
    prices: { static: { [`${world.id}/erc20:${COIN}`]: PRICE } },
  })
  await untilAudited(server, world)
}, 180_000)
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  await world.stop()
})

describe('on a chain with one contract of each odd kind', () => {
  test('single and batch calls answer what the state says, for every contract and account', async () => {
    expect(await compareSingles(server, world)).toBeGreaterThan(400)
  })

  test('account lists hold the tokens that events name, in their order, with the amounts of the state', async () => {
    expect(await compareLists(server, world)).toBeGreaterThan(300)
  })

  test('history, transfers and portfolio are those of the chain', async () => {
    expect(await comparePast(server, world)).toBeGreaterThan(500)
  })

  test('tokens have the names that their contracts return in each of the forms', async () => {
    const response = await server.get('/api/tokens/?limit=1000')
    const { results } = (await response.json()) as { results: Record<string, unknown>[] }
    const found = new Map(results.map((row) => [row.address, row]))
    expect([...found.keys()].sort()).toEqual(tokensAt(world.chain.head).filter(hasTransfers).map(canonical).sort())
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const row = found.get(canonical(addressOf(name as keyof typeof PROGRAMS)))
      expect([name, row?.name], name).toEqual([name, name === 'brokenName' ? null : program.title])
      expect([row?.is_erc20, row?.is_erc721, row?.is_erc1155], name).toEqual(
        ['erc20', 'erc721', 'erc1155'].map((standard) => program.standard === standard),
      )
    }
    expect(found.get(COIN)).toMatchObject({ decimals: 6, current_price_usd: PRICE })
  })

  test.each([
    ['the symbol', 'CAIR'],
    ['a part of the name', 'cairo o'],
    ['the address', COIN],
    ['the address in another form', `0X${minimal(COIN).slice(2).toUpperCase()}`],
  ])('tokens are found by %s', async (_, text) => {
    const query = `search=${encodeURIComponent(text)}&fields=address,name,is_erc20&is_erc20=true`
    const { results } = Object(await (await server.get(`/api/tokens/?${query}`)).json())
    expect(results).toContainEqual({ address: COIN, name: 'Cairo One', is_erc20: true })
  })

  test('verify compares all stored amounts, and all are equal', async () => {
    const { code, report } = await verify(server.config)
    expect(report.differences).toEqual([])
    expect([code, report.result, report.equal]).toEqual([0, 'equal', report.checked])
    expect(report.checked).toBeGreaterThan(200)
    const { accounting_reads: _, ...others } = report.chains[0]?.balances.skipped ?? {}
    expect(Object.keys(others)).toEqual(['token_does_not_answer'])
    const account = `0x${(CAST.accounts[3] ?? '').slice(2).toUpperCase()}`
    const one = await verify(server.config, '--account', account, '--token', minimal(COIN))
    expect([one.code, one.report.result, one.report.checked]).toEqual([0, 'equal', 1])
  })
})

/** True if the chain has a transfer of the contract, so that it is known. */
function hasTransfers(token: string): boolean {
  for (let at = world.chain.head; ; ) {
    if (at.transactions.some(({ events }) => events.some((one) => one.address === token && one.told.length > 0))) {
      return true
    }
    if (at.parent === undefined) return false
    at = at.parent
  }
}

describe('addresses', () => {
  const account = CAST.accounts[3] ?? ''
  const digits = account.slice(2)
  const at = async (address: string, token = COIN) => {
    const response = await server.get(`/api/balance/?account_address=${address}&token_address=${token}`)
    return { status: response.status, body: Object(await response.json()) }
  }

  test.each([
    ['short', `0x${digits}`],
    ['padded', canonical(account)],
    ['in upper case', `0x${digits.toUpperCase()}`],
    ['with 0X', `0X${digits.toUpperCase()}`],
    ['with some zeros', `0x00${digits}`],
  ])('%s are accepted, and answered canonically', async (_, address) => {
    const { status, body } = await at(address, `0X${minimal(COIN).slice(2).toUpperCase()}`)
    expect([status, body.data.account_address, body.data.token_address]).toEqual([200, canonical(account), COIN])
    expect(body.data.balance).toBe(storedAt(world.chain.head, minimal(COIN), account).toString())
    const list = await server.get(`/api/account-balances/?account_address=${address}`)
    expect(Object(await list.json()).data[0].account).toEqual({ address: canonical(account) })
  })

  test.each([
    ['the prime', `0x${PRIME.toString(16)}`],
    ['above the prime', `0x${'f'.repeat(64)}`],
    ['too long', `0x0${canonical(account).slice(2)}`],
    ['without 0x', digits],
    ['without digits', '0x'],
    ['other letters', '0x12g4'],
  ])('%s: 400', async (_, address) => {
    expect(await at(address)).toEqual({ status: 400, body: { success: false, error: 'account_address: Malformed.' } })
    const asToken = await at(account, address)
    expect(asToken).toEqual({ status: 400, body: { success: false, error: 'token_address: Malformed.' } })
  })

  test('just below the prime is an address; nothing is held there', async () => {
    const { status, body } = await at(`0x${(PRIME - 1n).toString(16)}`)
    expect([status, body.data.balance, body.data.balance_usd]).toEqual([200, '0', 0])
  })

  test('no contract, or one without a function for balances: 404; one that reverts: 502, and never a number', async () => {
    const receiver = CAST.accounts[29] ?? ''
    for (const token of ['0x77', receiver, account]) {
      expect(await at(account, canonical(token)), token).toEqual({
        status: 404,
        body: { success: false, error: 'token_address: Not a token contract.' },
      })
    }
    expect(await at(account, canonical(addressOf('unreadable')))).toEqual({
      status: 502,
      body: { success: false, error: 'The token does not return a balance.' },
    })
  })

  test('a value is the exact product', async () => {
    const held = storedAt(world.chain.head, minimal(COIN), account)
    const text = await (await server.get(`/api/balance/?account_address=${account}&token_address=${COIN}`)).text()
    const micros = (held * 125n).toString().padStart(9, '0')
    const usd = `${micros.slice(0, -8)}.${micros.slice(-8)}`.replace(/\.?0+$/, '')
    expect(text).toContain(`"balance_usd":${usd},`)
  })
})

describe('history of another block', () => {
  test('new blocks change the answers to those of the new state', async () => {
    world.grow(12)
    await untilAudited(server, world)
    await compareSingles(server, world, 4)
    await compareLists(server, world)
  })
})
