/** Reorgs on a real node, through the whole server on each engine: later answers equal the chain's amounts. */
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callData } from '../../src/demo/contracts.ts'
import {
  type Anvil,
  blockNumber,
  DEPLOYER,
  deploy,
  mine,
  type Sending,
  send,
  startAnvil,
  view,
} from '../nodes/anvil.ts'
import { asOfBlock, type Health, type ServedEngine, type Serving, serveOnEach, steelyard } from './steelyard.ts'

const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const BOB: Address = '0x0000000000000000000000000000000000000b0b'
/** Enough blocks to move Anvil's finalized head, which is 64 below its newest. */
const MANY = 80

let anvil: Anvil
let other: Anvil
let servers: readonly ServedEngine[]
let coin: Address
beforeAll(async () => {
  anvil = await startAnvil()
  other = await startAnvil({ chainId: 4242 })
  coin = await deploy(anvil, 'Erc20', ['Coin', 'COIN', 6])
  await pay(ALICE, 100n)
  const chains = [
    { id: 'eip155:31337', rpc: [anvil.url], poll_ms: 50 },
    { id: 'eip155:4242', rpc: [other.url], poll_ms: 50 },
  ]
  servers = await serveOnEach({ chains })
  await caughtUp()
}, 180_000)
afterAll(async () => {
  for (const server of servers) expect(await server.stop()).toBe(0)
  await anvil.stop()
  await other.stop()
})

function minting(to: Address, amount: bigint): Sending {
  return { name: 'Erc20', address: coin, functionName: 'mint', args: [to, amount] }
}

async function pay(to: Address, amount: bigint): Promise<void> {
  await send(anvil, minting(to, amount))
}

/** Replaces the newest blocks by as many others. The last of them has these calls. */
async function reorg(depth: number, calls: readonly Sending[]): Promise<void> {
  const pairs = calls.map(({ name, address, functionName, args }) => [
    { from: DEPLOYER, to: address, data: callData(name, functionName, args), gas: '0xf42400' },
    depth - 1,
  ])
  await anvil.rpc('anvil_reorg', [depth, pairs])
}

async function caughtUp(): Promise<void> {
  const head = await blockNumber(anvil)
  const { hash } = Object(await anvil.rpc('eth_getBlockByNumber', ['latest', false]))
  const there = ({ checkpoint }: Health) => checkpoint?.number === head && checkpoint.hash === hash
  for (const server of servers) {
    await server.healthy((chain) => chain.state === 'live' && there(chain))
    while ((await server.get('/ready')).status !== 200) await pause()
  }
}

type Row = { readonly contract_address: string; readonly balance: string }

async function expectExact(): Promise<void> {
  for (const server of servers) await expectExactOf(server)
}

async function expectExactOf(server: Serving): Promise<void> {
  for (const account of [ALICE, BOB]) {
    const response = await server.get(`/v1/account/tokens?chain_id=31337&address=${account}`)
    const { data } = (await response.json()) as { data: Row[] }
    const held = await view(anvil, { name: 'Erc20', address: coin, functionName: 'balanceOf', args: [account] })
    expect(BigInt(data.find((row) => row.contract_address === coin)?.balance ?? 0)).toBe(held)
    if (data.length > 0) {
      const { number, hash } = asOfBlock(response)
      const block: unknown = await anvil.rpc('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])
      expect(block).toMatchObject({ hash })
    }
  }
}

test.each([1, 2, 5, 20])('after a reorg of %i blocks, balances equal the chain’s amounts', async (depth) => {
  for (let n = 0; n < depth; n++) await pay(n % 2 ? ALICE : BOB, BigInt(depth * 1_000 + n))
  await caughtUp()
  await expectExact()
  await reorg(depth, [minting(BOB, BigInt(depth))])
  await caughtUp()
  await expectExact()
})

test('after a reorg below the finalized head, the chain stops and its error names the remedy; reset works', async () => {
  await mine(anvil, MANY)
  await caughtUp()
  const before = await Promise.all(servers.map(balances))
  await reorg(MANY - 5, [minting(BOB, 9n)])
  await mine(anvil, 1)
  for (const [at, server] of servers.entries()) {
    const stopped = await server.healthy((chain) => chain.state === 'stopped')
    expect(stopped.error).toMatch(/replaced block \d+, which was final.*steelyard reset/)
    // The API and the other chain continue.
    expect(await balances(server)).toBe(before[at])
  }
  await mine(other, 3)
  for (const server of servers) await otherGoesOn(server)
  for (const server of servers) await reset(server)
  await caughtUp()
  await expectExact()
})

async function balances(server: Serving): Promise<string> {
  return (await server.get(`/v1/account/tokens?chain_id=31337&address=${ALICE}`)).text()
}

async function otherGoesOn(server: Serving): Promise<void> {
  const health = async () => (await (await server.get('/health')).json()) as { status: string; chains: Health[] }
  const deadline = Date.now() + 90_000
  while ((await health()).chains[1]?.checkpoint?.number !== 3 && Date.now() < deadline) await pause()
  expect(await health()).toMatchObject({
    status: 'degraded',
    chains: [{}, { state: 'live', checkpoint: { number: 3 } }],
  })
}

async function reset(server: Serving): Promise<void> {
  const refused = await steelyard(['reset', 'eip155:31337', '--yes', '--config', server.config])
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('LEASE_HELD') })
  await server.restart(async () => {
    expect((await steelyard(['reset', 'eip155:31337', '--yes', '--config', server.config])).code).toBe(0)
  })
}

test('a block that was replaced while the server was stopped, and is final now, leaves nothing behind', async () => {
  await pay(BOB, 5n)
  await caughtUp()
  const change = async (): Promise<void> => {
    await reorg(1, [minting(ALICE, 3n)])
    await mine(anvil, 300)
  }
  // All of them are stopped meanwhile.
  await servers.reduce((between, server) => () => server.restart(between), change)()
  await caughtUp()
  await expectExact()
})

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50))
}
