/**
 * Tokens on a real node with every layout of events, or with none. From their first indexed log on, no answer about
 * them is untrue at the block that it names. In the end all balances are answered.
 */
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ContractName } from '../../src/demo/contracts.ts'
import { type Serving, serve } from '../e2e/steelyard.ts'
import { type Anvil, blockNumber, DEPLOYER, deploy, placeMulticall3, send, startAnvil } from '../nodes/anvil.ts'
import { altering, Fault, type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import { claimsOf } from './claims.ts'

const ALICE: Address = '0xa11ce0a11ce0a11ce0a11ce0a11ce0a11ce0a11c'
const BOB: Address = '0xb0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0'
const CAROL: Address = '0xca401100ca401100ca401100ca401100ca401100'
const ACCOUNTS = [ALICE, BOB, CAROL, DEPLOYER]

type Step = readonly [functionName: string, ...args: readonly unknown[]]
type Odd = {
  readonly says: string
  readonly name: ContractName
  readonly args: readonly unknown[]
  readonly steps: readonly Step[]
}

/** Amounts that look like addresses, amounts that do not, and 0. */
const MOVES: readonly Step[] = [
  ['mint', ALICE, 1_000n],
  ['mint', DEPLOYER, 2n ** 200n],
  ['transfer', BOB, 400n],
  ['transfer', CAROL, 2n ** 190n],
  ['transfer', ALICE, 0n],
  ['mint', DEPLOYER, 2n ** 130n + 5n],
  ['transfer', BOB, 2n ** 120n + 77n],
]
const ITEMS: readonly Step[] = [
  ['mint', ALICE, 1n],
  ['mint', DEPLOYER, 5_000n],
  ['mint', DEPLOYER, 2n ** 255n + 7n],
  ['transfer', BOB, 5_000n],
  ['mint', DEPLOYER, 0n],
  ['burn', 0n],
  ['mint', CAROL, 2n ** 256n - 1n],
]
/** The first item is burnt before the contract can be asked for its owner. */
const BURNT: readonly Step[] = [['mint', DEPLOYER, 77n], ['burn', 77n], ...ITEMS]

const PLACES = ['none', 'sender', 'receiver', 'sender, receiver', 'amount', 'sender, amount', 'receiver, amount', 'all']
const coins = PLACES.flatMap((says, indexed) =>
  [0, 2].map(
    (surplus): Odd => ({
      says: `an amount, indexed: ${says}, with ${surplus} more words`,
      name: 'OddCoin',
      args: [indexed, surplus],
      steps: MOVES,
    }),
  ),
)
const items = [0, 1, 3, 7].flatMap((indexed) =>
  [
    [true, false],
    [false, true],
    [false, false],
  ].map(
    ([claims, decimals]): Odd => ({
      says: `an item, indexed: ${PLACES[indexed]}${claims ? ', ERC-165' : ''}${decimals ? ', 0 decimals' : ''}`,
      name: 'OddItems',
      args: [indexed, claims, decimals],
      steps: decimals ? BURNT : ITEMS,
    }),
  ),
)
const silent: readonly Odd[] = [
  {
    says: 'an initial supply without an event',
    name: 'SilentBirth',
    args: [CAROL, 900n],
    steps: [['transfer', BOB, 40n]],
  },
  {
    says: 'silent mints and burns',
    name: 'SilentMint',
    args: [],
    steps: [
      ['mint', ALICE, 5n],
      ['mintSilently', ALICE, 3n],
      ['mintSilently', CAROL, 9n],
      ['burnSilently', ALICE, 1n],
    ],
  },
]
const ODD: readonly Odd[] = [...coins, ...items, ...silent]

let anvil: Anvil
beforeAll(async () => {
  anvil = await startAnvil()
  await placeMulticall3(anvil)
}, 180_000)
afterAll(() => anvil.stop())

type Deployed = Odd & { readonly token: Address }

async function deployed(): Promise<readonly Deployed[]> {
  const all: Deployed[] = []
  for (const odd of ODD) all.push({ ...odd, token: await deploy(anvil, odd.name, odd.args) })
  const token = await deploy(anvil, 'WrappedNative')
  return [...all, { says: 'wrapped coins', name: 'WrappedNative', args: [], steps: [], token }]
}

async function step({ name, token, steps }: Deployed, at: number): Promise<boolean> {
  if (name === 'WrappedNative') return wrap(token, at)
  const [functionName, ...args] = steps[at] ?? []
  if (functionName === undefined) return false
  await send(anvil, { name, address: token, functionName, args })
  return true
}

/** Deposits and withdrawals first, then a transfer and a last deposit. */
async function wrap(address: Address, at: number): Promise<boolean> {
  const whole = { name: 'WrappedNative', address } as const
  if (at === 0) await send(anvil, { ...whole, functionName: 'deposit', value: 100n })
  if (at === 1) await send(anvil, { ...whole, functionName: 'withdraw', args: [30n] })
  if (at === 2) await send(anvil, { ...whole, functionName: 'transfer', args: [BOB, 20n] })
  if (at === 3) await send(anvil, { ...whole, functionName: 'deposit', value: 7n })
  return at <= 3
}

async function indexed(server: Serving): Promise<void> {
  const head = await blockNumber(anvil)
  await server.healthy(({ checkpoint }) => checkpoint?.number === head)
}

async function audited(server: Serving): Promise<void> {
  const head = await blockNumber(anvil)
  await server.healthy(({ checkpoint, audit }) => {
    return checkpoint?.number === head && audit?.block === head && audit.in_doubt === undefined
  })
}

/** Returns the untrue answers about the tokens, and how many were known and unknown. */
async function look(server: Serving, tokens: readonly Deployed[]) {
  const untrue: string[] = []
  let [told, unknown] = [0, 0]
  for (const { token, says } of tokens) {
    const claims = await claimsOf({ server, anvil, token, accounts: ACCOUNTS })
    untrue.push(...claims.untrue.map((one) => `${says}: ${one}`))
    told += claims.told
    unknown += claims.unknown
  }
  return { untrue, told, unknown }
}

/** Moves all tokens step by step, and checks each of them as soon as its log is indexed. */
async function follow(server: Serving, tokens: readonly Deployed[]): Promise<number> {
  let looks = 0
  for (let at = 0; ; at++) {
    let moved = 0
    for (const token of tokens) {
      if (!(await step(token, at))) continue
      moved++
      // Changes without an event are found only by the audit.
      await (silent.some(({ name }) => name === token.name) ? audited(server) : indexed(server))
      expect((await look(server, [token])).untrue).toEqual([])
      looks++
    }
    if (moved === 0) return looks
  }
}

let node: ScriptedNode | undefined
let server: Serving | undefined

async function served(url: string): Promise<Serving> {
  server = await serve({
    chains: [{ id: 'eip155:31337', rpc: [url], poll_ms: 50 }],
    dialects: { chainbase: { balance: 'decimal' } },
  })
  return server
}

async function ended(): Promise<void> {
  expect(await server?.stop()).toBe(0)
  await node?.stop()
  node = undefined
}

describe('tokens with unusual event layouts or without events', () => {
  let tokens: readonly Deployed[]
  beforeAll(async () => {
    tokens = await deployed()
  }, 180_000)

  test('have true balances as they move, and all balances are known in the end', async () => {
    const running = await served(anvil.url)
    expect(await follow(running, tokens)).toBeGreaterThan(100)
    await audited(running)
    const { untrue, told, unknown } = await look(running, tokens)
    expect(untrue).toEqual([])
    expect(told).toBeGreaterThan(4 * unknown)
    await ended()
  }, 240_000)

  test('also in a server that indexes them in its backfill', async () => {
    const running = await served(anvil.url)
    await indexed(running)
    expect((await look(running, tokens)).untrue).toEqual([])
    await audited(running)
    const { untrue, told, unknown } = await look(running, tokens)
    expect(untrue).toEqual([])
    expect(told).toBeGreaterThan(4 * unknown)
    await ended()
  }, 120_000)
})

test('if no node answers what the contracts are, no ids are added up: balances are unknown, and later read', async () => {
  let isMute = false
  node = await startScriptedNode(
    altering(anvil.url, ({ method }, result) => {
      if (isMute && (method === 'eth_call' || method === 'eth_getCode')) throw new Fault(-32_000, 'no state today')
      return result
    }),
  )
  const running = await served(node.url)
  await audited(running)
  isMute = true
  const tokens = await deployed()
  const numbered = tokens.filter(({ name }) => name === 'OddItems')
  for (const token of numbered) {
    for (const at of [0, 1, 2]) await step(token, at)
    await indexed(running)
    expect(await look(running, [token])).toMatchObject({ untrue: [], told: 0 })
  }
  isMute = false
  for (const token of numbered) await step(token, 3)
  await indexed(running)
  expect((await look(running, numbered)).untrue).toEqual([])
  await audited(running)
  expect((await look(running, numbered)).untrue).toEqual([])
  await ended()
}, 240_000)
