/** A server whose PostgreSQL is killed and comes back: requests fail fast meanwhile, and all goes on by itself. */
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, blockNumber, deploy, placeMulticall3, send, startAnvil } from '../nodes/anvil.ts'
import { PostgresServer } from '../postgres/server.ts'
import { ask, healthOf, makePlace, type Place, type ServingProcess, startServing, until } from './serving-process.ts'

const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const CHAIN = 'eip155:31337'
/** A request that waits for a database that is away for longer than this does not fail fast. */
const FAST_MS = 20_000

let database: PostgresServer
let anvil: Anvil
let coin: Address
let place: Place
let server: ServingProcess
beforeAll(async () => {
  database = await PostgresServer.create()
  anvil = await startAnvil()
  await placeMulticall3(anvil)
  coin = await deploy(anvil, 'Erc20', ['Coin', 'COIN', 6])
  await pay(100n)
  const chain = { id: CHAIN, rpc: [anvil.url], poll_ms: 50, finality: { confirmations: 5 } }
  const config = { chains: [chain], dialects: { chainbase: { balance: 'decimal', demo_key: true } } }
  place = await makePlace(config, { url: database.url, end: () => database.stop() })
  server = await startServing(place.config)
}, 120_000)
afterAll(async () => {
  expect(await server.end('SIGINT')).toBe(0)
  await place.remove()
  await anvil.stop()
})

const pay = async (amount: bigint): Promise<void> =>
  void (await send(anvil, { name: 'Erc20', address: coin, functionName: 'mint', args: [ALICE, amount] }))

function read() {
  const path = `/v1/account/tokens?chain_id=31337&address=${ALICE}&contract_address=${coin}`
  return ask(server.url + path, { headers: { 'x-api-key': 'demo' } })
}

async function reaches(amount: bigint): Promise<void> {
  const block = await blockNumber(anvil)
  await until(`it answers ${amount} at ${block}`, async () => {
    const { status, text, asOf } = await read()
    return status === 200 && text.includes(`"balance":"${amount}"`) && asOf.includes(`block=${block};`)
  })
}

test('while its database is away, requests fail fast; then it goes on by itself, and nothing is lost', async () => {
  await reaches(100n)
  for (const paid of [7n, 5n]) {
    const before = 100n + (paid === 7n ? 0n : 7n)
    const asking = Array.from({ length: 20 }, read)
    await database.crash()
    // Some were answered before the crash.
    for (const { status } of await Promise.all(asking)) expect([200, 503]).toContain(status)
    const began = Date.now()
    expect((await read()).status).toBe(503)
    expect(Date.now() - began).toBeLessThan(FAST_MS)
    await pay(paid)
    await database.start()
    await reaches(before + paid)
    await until('the chain is live', async () => (await healthOf(server.url)).state === 'live')
  }
  // No answer had a password.
  expect(server.log()).not.toContain('only for tests')
  expect(server.log()).not.toContain('only%20for%20tests')
}, 120_000)
