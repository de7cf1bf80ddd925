/**
 * Every odd token on a real node, tested from the outside. Each answer must be the chain's amount at the block that it
 * names, before and after rebases, upgrades and reorgs. `steelyard verify` must prove it for all stored amounts.
 */
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callData } from '../../src/demo/contracts.ts'
import { asOfBlock, type Serving, serve, steelyard } from '../e2e/steelyard.ts'
import { blockNumber, DEPLOYER, mine } from '../nodes/anvil.ts'
import {
  ALICE,
  addressOf,
  BOB,
  CAROL,
  FIRST_PHANTOM,
  moveAll,
  type OddChain,
  type OddToken,
  startOddChain,
} from './tokens.ts'
import { verify } from './verify.ts'

const PHANTOMS = 100_000
const CHAIN = 'eip155:31337'
/** The tokens that the audit must find, with the standard that gives wrong balances. */
const FOUND: readonly (readonly [OddToken, string])[] = [
  ['rebasing', 'erc20'],
  ['fee', 'erc20'],
  ['silent', 'erc20'],
  ['wrapped', 'erc20'],
  ['phantom', 'erc20'],
  ['twoFaced', 'erc721'],
]

let chain: OddChain
let server: Serving
beforeAll(async () => {
  chain = await startOddChain()
  await moveAll(chain, PHANTOMS)
  server = await serve({ chains: [{ id: CHAIN, rpc: [chain.anvil.url], poll_ms: 50 }] })
  await server.healthy(({ audit }) => (audit?.turned ?? 0) >= FOUND.length)
  await audited()
}, 240_000)
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  await chain.anvil.stop()
})

/** Waits until the newest block is indexed and audited, and nothing is in doubt. */
async function audited(): Promise<void> {
  const head = await blockNumber(chain.anvil)
  await server.healthy(({ checkpoint, audit }) => {
    return checkpoint?.number === head && audit?.block === head && audit.in_doubt === undefined
  })
}

async function balanceOf(token: string, account: string, hash: string): Promise<bigint> {
  const call = { to: token, data: callData('Erc20', 'balanceOf', [account]) }
  const block = hash === 'latest' ? hash : { blockHash: hash }
  return BigInt(String(await chain.anvil.rpc('eth_call', [call, block])))
}

/** `Transfer(address,address,uint256)`. */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** Contracts that have transfers of coins from (place 1) or to (place 2) an account in the chain's own logs. */
async function named(account: string, place: 1 | 2): Promise<string[]> {
  const whose = `0x${account.slice(2).padStart(64, '0')}`
  const topics = place === 1 ? [TRANSFER, whose] : [TRANSFER, null, whose]
  const logs = await chain.anvil.rpc('eth_getLogs', [{ fromBlock: '0x0', toBlock: 'latest', topics }])
  // An item's transfer has the same first topic, but a fourth topic with its id.
  const coins = (logs as { address: string; topics: string[] }[]).filter((log) => log.topics.length === 3)
  return [...new Set(coins.map(({ address }) => address))]
}

/** The coins that an account ever received: either logs show it, or it sent some and still has a balance. */
async function receivedBy(account: string): Promise<string[]> {
  const received = new Set(await named(account, 2))
  for (const token of await named(account, 1)) {
    if (!received.has(token) && (await balanceOf(token, account, 'latest')) > 0n) received.add(token)
  }
  return [...received].sort()
}

type Page = { data: { contract_address: string; balance: string }[]; count: number }

/** Compares all answered tokens of an account with the chain at the block of the answer. Returns their number. */
async function compare(account: Address): Promise<number> {
  const response = await server.get(`/v1/account/tokens?chain_id=31337&address=${account}&limit=100`)
  expect(response.status).toBe(200)
  const { data, count } = (await response.json()) as Page
  expect(data.map((row) => row.contract_address).sort(), `tokens of ${account}`).toEqual(await receivedBy(account))
  expect(count).toBe(data.length)
  const { hash } = data.length === 0 ? { hash: '' } : asOfBlock(response)
  for (const { contract_address: token, balance } of data) {
    // The reverting token answers no read any more, so its events give its balance. `verify` counts it as skipped.
    const says = token === chain.tokens.reverting ? 2n ** 200n : await balanceOf(token, account, hash)
    expect(BigInt(balance), `${token} of ${account}`).toBe(says)
  }
  return data.length
}

async function compareAll(): Promise<void> {
  const phantoms = [0n, 1n, 77_777n, BigInt(PHANTOMS - 1)].map((place) => addressOf(FIRST_PHANTOM + place))
  let compared = 0
  for (const account of [ALICE, BOB, CAROL, DEPLOYER, ...phantoms]) compared += await compare(account)
  expect(compared).toBeGreaterThan(15)
}

/**
 * Runs `verify` over all stored amounts. It must find no difference, and skip only tokens with accounting by reads and
 * the unreadable one.
 */
async function proveAll(): Promise<void> {
  const { code, report } = await verify(server.config)
  expect(report.differences).toEqual([])
  expect([code, report.result]).toEqual([0, 'equal'])
  const [only] = report.chains
  expect(only?.blocks).toMatchObject([{ number: await blockNumber(chain.anvil) }])
  expect(report.checked).toBeGreaterThan(30)
  const { accounting_reads: read = 0, ...others } = only?.balances.skipped ?? {}
  expect(read).toBeGreaterThan(PHANTOMS)
  expect(others).toEqual({ token_does_not_answer: 1 })
}

/**
 * An account that never received the reverting token gets no zero for it: the node does not answer, so the list leaves
 * the token out.
 */
async function silentOfReverting(): Promise<void> {
  const query = `chain_id=31337&address=${BOB}&contract_address=${chain.tokens.reverting}`
  expect(await (await server.get(`/v1/account/tokens?${query}`)).json()).toMatchObject({ data: [], count: 0 })
}

async function exactNow(): Promise<void> {
  await audited()
  await compareAll()
  await silentOfReverting()
  await proveAll()
}

describe('on a chain of odd tokens', () => {
  test('the audit finds exactly the tokens with balances that their events do not report', async () => {
    const { out } = await steelyard(['tokens', '--config', server.config, '--accounting', 'reads', '--json'])
    const turned = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
      .map((token) => (typeof token === 'object' && token !== null && 'token' in token ? String(token.token) : ''))
    expect(turned.sort()).toEqual(
      FOUND.map(([token, standard]) => `${CHAIN}/${standard}:${chain.tokens[token]}`).sort(),
    )
  })

  test('every answer is the chain’s amount, and verify proves all stored amounts', exactNow, 120_000)

  test('also after a rebase without transfers, more fees, mints and wrapping', async () => {
    await chain.act('rebasing', 'rebase', 1_234_567_890_123_456_789n)
    await chain.act('fee', 'mint', DEPLOYER, 5_000n)
    await chain.act('fee', 'transfer', BOB, 4_321n)
    await chain.act('silent', 'mintSilently', ALICE, 11n)
    await chain.pay('wrapped', 'deposit', 70n)
    await chain.act('wrapped', 'withdraw', 9n)
    await chain.act('items', 'transferFrom', DEPLOYER, BOB, 2n)
    await chain.act('goods', 'safeTransferFrom', DEPLOYER, ALICE, 1n, 3n, '0x')
    await chain.act('twoFaced', 'mintItem', BOB, 78n)
    await chain.act('plain', 'transfer', ALICE, 1n)
    await exactNow()
  }, 120_000)

  test('also after a reorg that reverts a rebase and transfers', async () => {
    await chain.act('rebasing', 'rebase', 3_000_000_000_000_000_000n)
    await chain.act('plain', 'transfer', BOB, 5n)
    await chain.act('items', 'mint', ALICE, 4_444n)
    await audited()
    await chain.anvil.rpc('anvil_reorg', [3, []])
    await mine(chain.anvil, 2)
    await exactNow()
  }, 120_000)

  test('the continuous sample finds no further difference', async () => {
    const before = (await server.healthy(() => true)).verify
    const after = (await server.healthy(({ verify: now }) => (now?.checked ?? 0) > (before?.checked ?? 0) + 40)).verify
    expect(after?.different).toBe(before?.different)
  })
})
