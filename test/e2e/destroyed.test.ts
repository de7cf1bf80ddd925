/** A contract that is destroyed and deployed again at its address, on a real node with the Shanghai rules. */
import { type Address, getAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isRecord } from '../../src/core/is-record.ts'
import { type Anvil, blockNumber, deploy, mine, send, startAnvil, view } from '../nodes/anvil.ts'
import { claimsOf } from '../odd/claims.ts'
import { type Serving, serve } from './steelyard.ts'

const ALICE: Address = '0xa11ce0a11ce0a11ce0a11ce0a11ce0a11ce0a11c'
const BOB: Address = '0xb0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0'
const ACCOUNTS = [ALICE, BOB]

let anvil: Anvil
let server: Serving
let cradle: Address
let token: Address
beforeAll(async () => {
  anvil = await startAnvil({ args: ['--hardfork', 'shanghai'] })
  cradle = await deploy(anvil, 'Phoenix')
  await send(anvil, { name: 'Phoenix', address: cradle, functionName: 'rise' })
  const told = String(await view(anvil, { name: 'Phoenix', address: cradle, functionName: 'token' }))
  token = getAddress(told).toLowerCase() as Address
  await mint(ALICE, 1_000n)
  await mint(BOB, 500n)
  server = await serve({
    chains: [{ id: 'eip155:31337', rpc: [anvil.url], poll_ms: 50, finality: { confirmations: 1 } }],
    dialects: { chainbase: { balance: 'decimal' } },
  })
  await audited()
}, 180_000)
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  await anvil.stop()
})

async function mint(to: Address, amount: bigint): Promise<void> {
  await send(anvil, { name: 'Destructible', address: token, functionName: 'mint', args: [to, amount] })
}

async function indexed(): Promise<void> {
  const head = await blockNumber(anvil)
  await server.healthy(({ checkpoint }) => checkpoint?.number === head)
}

async function audited(): Promise<void> {
  const head = await blockNumber(anvil)
  await server.healthy(({ checkpoint, audit }) => {
    return checkpoint?.number === head && audit?.block === head && audit.in_doubt === undefined
  })
}

async function rows(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const body: unknown = await (await server.get(path)).json()
  return isRecord(body) && Array.isArray(body.data) ? body.data.filter(isRecord) : []
}

/** Returns the token's balances in the lists of ALICE and BOB. */
async function listed(): Promise<readonly unknown[]> {
  const lists = await Promise.all(
    ACCOUNTS.map((account) => rows(`/v1/account/tokens?chain_id=31337&address=${account}`)),
  )
  return lists.map((list) => list.find((row) => row.contract_address === token)?.balance)
}

async function holders(): Promise<{ readonly status: number; readonly told: readonly unknown[] }> {
  const answer = await server.get(`/v1/token/top-holders?chain_id=31337&contract_address=${token}`)
  const body: unknown = await answer.json()
  const told = isRecord(body) && Array.isArray(body.data) ? body.data.filter(isRecord) : []
  return { status: answer.status, told: told.map((row) => row.original_amount) }
}

async function supply(): Promise<unknown> {
  const answer = await server.get(`/v1/token/metadata?chain_id=31337&contract_address=${token}`)
  const body: unknown = await answer.json()
  return isRecord(body) && isRecord(body.data) ? body.data.total_supply : answer.status
}

const untrue = async () => (await claimsOf({ server, anvil, token, accounts: ACCOUNTS })).untrue

test('its rows and holders disappear with its code', async () => {
  expect(await listed()).toEqual(['1000', '500'])
  expect((await holders()).told).toEqual(['1000', '500'])
  await send(anvil, { name: 'Destructible', address: token, functionName: 'destroy' })
  expect(await anvil.rpc('eth_getCode', [token, 'latest'])).toBe('0x')
  await mine(anvil, 3)
  await audited()
  expect(await untrue()).toEqual([])
  expect(await listed()).toEqual([undefined, undefined])
  expect((await holders()).told).toEqual([])
}, 180_000)

test('after a new deployment only the new contract counts, including its supply', async () => {
  await send(anvil, { name: 'Phoenix', address: cradle, functionName: 'rise' })
  await mint(BOB, 7n)
  await indexed()
  expect(await untrue()).toEqual([])
  await mine(anvil, 1)
  await audited()
  expect(await untrue()).toEqual([])
  expect(await listed()).toEqual(['0', '7'])
  expect((await holders()).told).toEqual(['7'])
  expect(BigInt(String(await supply()))).toBe(7n)
  await mint(ALICE, 5n)
  await indexed()
  expect(await untrue()).toEqual([])
  expect(await listed()).toEqual(['5', '7'])
}, 180_000)
