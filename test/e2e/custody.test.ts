/** Custody wallets over a real node and a ledger, through Cobo's API of the compiled server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type Anvil, DEPLOYER, deploy, mine, send, startAnvil } from '../nodes/anvil.ts'
import { ENGINES, type StorePlace } from '../store/engines.ts'
import { CoboClient } from './cobo-client.ts'
import { makeKey, type ServeProcess, startServe } from './steelyard.ts'

/** Anvil's second unlocked account. */
const ALICE: Address = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
const CHAIN = 'eip155:31337'
const CONFIRMATIONS = 3
const BALANCES = '/api/v1/wallets/balances'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let anvil: Anvil
  let coin: Address
  let server: ServeProcess
  let folder: string
  let place: StorePlace
  let desk: CoboClient
  beforeAll(async () => {
    place = await makePlace()
    anvil = await startAnvil()
    coin = await deploy(anvil, 'Erc20', ['Coin', 'COIN', 6])
    folder = mkdtempSync(join(tmpdir(), 'steelyard-e2e-custody-'))
    const file = join(folder, 'steelyard.yaml')
    const chains = [
      { id: CHAIN, rpc: [anvil.url], poll_ms: 50, finality: { confirmations: CONFIRMATIONS } },
      { id: 'ledger:main' },
    ]
    const dialects = {
      'abc-labs': { assets: [{ asset_id: 'GILT', name: 'Gilt' }] },
      cobo: { tokens: { DEMO_COIN: `${CHAIN}/erc20:${coin}` } },
    }
    writeFileSync(file, stringify({ listen: { port: 0 }, store: place.url, chains, dialects }))
    const key = await makeKey(file, '--principal', 'desk', '--scope', '*')
    server = await startServe(file)
    desk = new CoboClient(server.url, key)
  }, 180_000)
  afterAll(async () => {
    expect(await server.end('SIGINT')).toBe(0)
    desk.close()
    await anvil.stop()
    await place.end()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The four numbers of a balance: amount, pending, locked, total. Undefined if there is no row. */
  async function numbers(query: string): Promise<readonly string[] | undefined> {
    const [row] = (await desk.rows(`${BALANCES}?${query}`)).rows
    return row && [row.amount, row.pending, row.locked, row.total].map(String)
  }

  /** Waits until a balance has these four numbers. */
  async function becomes(query: string, expected: readonly string[]): Promise<void> {
    const deadline = Date.now() + 90_000
    for (;;) {
      const found = await numbers(query)
      if (JSON.stringify(found) === JSON.stringify(expected)) return
      if (Date.now() > deadline) expect(found, query).toEqual(expected)
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }

  const transfer = (from: Address, to: Address, amount: bigint) =>
    send(anvil, { name: 'Erc20', address: coin, functionName: 'transfer', args: [to, amount], from })

  test('what comes is pending until it is final, what goes is not spendable at once, and what is held cannot be held twice', async () => {
    const created = await desk.call('POST', '/api/v1/wallets', { wallet_type: 'Custodial', name: 'Treasury' })
    const wallet = created.result.uuid
    expect(created.status).toBe(201)
    const addresses = `/api/v1/wallets/${wallet}/addresses`
    // In capitals: the answer is canonical.
    const watched = await desk.call('POST', addresses, {
      chain_id: 'EVM_31337',
      address: `0x${ALICE.slice(2).toUpperCase()}`,
    })
    expect([watched.status, watched.result.address, watched.result.compatible_chains]).toEqual([
      201,
      ALICE,
      ['EVM_31337'],
    ])
    const ether = `address=${ALICE}&token_id=EVM_31337`
    await becomes(ether, ['10000', '0', '0', '10000'])

    await send(anvil, { name: 'Erc20', address: coin, functionName: 'mint', args: [ALICE, 100_000_000n] })
    const coins = `address=${ALICE}&token_id=DEMO_COIN`
    await becomes(coins, ['0', '100', '0', '100'])
    await mine(anvil, CONFIRMATIONS)
    await becomes(coins, ['100', '0', '0', '100'])

    await transfer(ALICE, DEPLOYER, 30_500_000n)
    await becomes(coins, ['69.5', '0', '0', '69.5'])
    await transfer(DEPLOYER, ALICE, 500_000n)
    await becomes(coins, ['69.5', '0.5', '0', '70'])
    await mine(anvil, CONFIRMATIONS)
    await becomes(coins, ['70', '0', '0', '70'])

    const holds = `/api/v1/wallets/${wallet}/holds`
    const hold = (request_id: string, amount = '2') =>
      desk.call('POST', holds, { token_id: 'DEMO_COIN', address: ALICE, amount, request_id })
    const placed = await Promise.all(Array.from({ length: 50 }, (_, at) => hold(`request ${at}`)))
    const statuses = placed.map(({ status }) => status)
    expect([
      statuses.filter((status) => status === 201).length,
      statuses.filter((status) => status === 400).length,
    ]).toEqual([35, 15])
    expect(await numbers(coins)).toEqual(['0', '0', '70', '70'])
    const first = placed.find(({ status }) => status === 201)?.result
    expect((await hold(first?.request_id ?? '')).result).toEqual(first)
    const released = await desk.call('DELETE', `${holds}/${first?.id}`)
    expect([released.status, released.body]).toEqual([
      200,
      '{"result":null,"success":true,"suggestion":"","message":"","meta":null}',
    ])
    expect(await numbers(coins)).toEqual(['2', '0', '68', '70'])
    // The chain takes away what is held: then the parts do not add up, and nothing can be spent.
    await transfer(ALICE, DEPLOYER, 10_000_000n)
    await becomes(coins, ['0', '0', '68', '60'])

    for (const [amount, status] of [
      ['0', 422],
      ['-1', 422],
      ['0.0000001', 422],
      ['1e3', 422],
      ['1000000', 400],
    ] as const) {
      expect([amount, (await hold(`bad ${amount}`, amount)).status]).toEqual([amount, status])
    }
    expect((await hold('request 0', '1')).status).toBe(400)
    const foreign = { token_id: 'DEMO_COIN', address: DEPLOYER, amount: '1', request_id: 'x' }
    expect((await desk.call('POST', holds, foreign)).status).toBe(404)
  }, 120_000)

  test('a ledger and a chain are in one list, whose header names a block of each; transactions are confirmed once final', async () => {
    const wallet = (await desk.call('POST', '/api/v1/wallets', { wallet_type: 'MPC', name: 'Mixed' })).result.uuid
    const addresses = `/api/v1/wallets/${wallet}/addresses`
    const issued = { asset_id: 'GILT', amount: 1_000, recipient_wallet_address: 'Café #1 + 5% & more' }
    const minted = await fetch(`${server.url}/api/tokens/mint`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(issued),
    })
    expect(minted.status).toBe(200)
    await desk.call('POST', addresses, { chain_type: 'LEDGER', address: issued.recipient_wallet_address })
    await desk.call('POST', addresses, { chain_type: 'ETH', address: DEPLOYER })
    const own = `wallet_uuid=${wallet}`
    const address = encodeURIComponent(issued.recipient_wallet_address)
    await becomes(`${own}&address=${address}&token_id=LEDGER_GILT`, ['1000', '0', '0', '1000'])
    const { rows, asOf } = await desk.rows(`${BALANCES}?${own}`)
    expect(rows.map(({ token_id, chain_type }) => [token_id, chain_type]).sort()).toEqual([
      ['DEMO_COIN', 'ETH'],
      ['EVM_31337', 'ETH'],
      ['LEDGER_GILT', 'LEDGER'],
    ])
    const items = (asOf ?? '').split(', ')
    expect(items.map((item) => item.slice(0, item.indexOf(';'))).sort()).toEqual([`"${CHAIN}"`, '"ledger:main"'])
    for (const item of items)
      expect(item).toMatch(/;block=\d+;hash="0x[0-9a-f]{64}";finality=\w+;source=(events|reads);age=\d+$/)

    // A filter with all special characters survives paging.
    const page = await desk.rows(`${BALANCES}?${own}&address=${address}&limit=1`)
    expect([page.rows.length, page.meta.after, page.meta.before]).toEqual([1, null, null])

    await transfer(DEPLOYER, ALICE, 1n)
    const list = `/api/v1/wallets/transactions?${own}&token_id=DEMO_COIN`
    const last = async () => (await desk.rows(list)).rows.at(-1)
    const deadline = Date.now() + 90_000
    while ((await last())?.amount !== '0.000001' && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 30))
    expect(await last()).toMatchObject({
      from_address: DEPLOYER,
      to_address: ALICE,
      amount: '0.000001',
      status: 'Pending',
      wallet_id: wallet,
      chain_id: 'EVM_31337',
    })
    await mine(anvil, CONFIRMATIONS)
    while ((await last())?.status !== 'Confirmed' && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 30))
    expect(await last()).toMatchObject({ amount: '0.000001', status: 'Confirmed' })
  }, 120_000)

  test('addresses below an extended public key differ, and a wallet without one has none', async () => {
    const xpub =
      'xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8'
    const make = async (metadata: object) =>
      `/api/v1/wallets/${(await desk.call('POST', '/api/v1/wallets', { wallet_type: 'MPC', name: 'HD', metadata })).result.uuid}/addresses`
    const path = await make({ xpub })
    const derived = await Promise.all(Array.from({ length: 5 }, () => desk.call('POST', path, { chain_type: 'ETH' })))
    expect(derived.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201])
    expect(new Set(derived.map(({ result }) => result.address)).size).toBe(5)
    for (const metadata of [{}, { xpub: 'xpub' }, { xpub: 5 }]) {
      expect((await desk.call('POST', await make(metadata), { chain_type: 'ETH' })).status).toBe(400)
    }
    expect((await desk.call('POST', path, { chain_type: 'LEDGER' })).status).toBe(400)
  }, 180_000)
})
