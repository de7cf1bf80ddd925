import type { Address } from 'viem'
import { getContractAddress, isAddress } from 'viem/utils'
import { assert } from '../core/assert.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { type Book, DEMO_TOKEN_KEYS, DEMO_TOKENS, type DemoToken, type Holdings, type Step } from './book.ts'
import { callData, contract, deployData } from './contracts.ts'
import { pause } from './pause.ts'
import { PLAN_BLOCKS, planDemo, planTrades, randomFrom } from './plan.ts'
import { type Sending, Writer } from './writer.ts'

/** A real, running chain with some history. All addresses are lower-case. */
export type DemoChain = {
  readonly url: string
  readonly chainId: number
  readonly tokens: DemoContracts
  readonly accounts: readonly Address[]
  /** Holds every traded token and both kinds of collectibles at some time. */
  readonly trader: Address
  /** Holds 2^256-1 of `tokens.greatest`. */
  readonly greatest: Address
  /** Received some of `tokens.cents` and sent all of it away: holds 0 of it, and nothing else. */
  readonly emptied: Address
  /** The planned holdings of the accounts after the blocks so far. */
  readonly holdings: Holdings
  /** Makes a few transfers and one block every `intervalMs`; resolves when the signal fires. */
  readonly trade: (intervalMs: number, signal: AbortSignal) => Promise<void>
  readonly anvil: Anvil
  /** Stops the node. */
  readonly stop: () => Promise<void>
}

/** The deployed contracts of the demo, by name. */
export type DemoContracts = Readonly<Record<DemoToken, Address>>

const ACCOUNTS = 20
/** Seconds between the blocks of the demo's history, as on Ethereum. */
const BLOCK_SECONDS = 12
/** Anvil's `finalized` is two epochs below the newest block: small, so that the demo also shows final balances. */
const SLOTS_IN_AN_EPOCH = 2
const LIVE_TRADES = 3
const LIVE_SEED = 7
/** The address of Multicall3 on public chains (https://www.multicall3.com). */
const MULTICALL3: Address = '0xca11bde05977b3631167028862be2a173976ca11'

/**
 * Starts Anvil and writes a small history: a few hundred calls of real contracts, the same every time.
 * @throws NODE_UNREACHABLE, NODE_RPC
 */
export async function startDemoChain(options: { readonly port?: number } = {}): Promise<DemoChain> {
  // The history ends now: one block of contracts, then the blocks of the plan.
  const genesis = nowSeconds() - (PLAN_BLOCKS + 1) * BLOCK_SECONDS
  const named = { accounts: ACCOUNTS, 'slots-in-an-epoch': SLOTS_IN_AN_EPOCH, timestamp: genesis }
  const args = ['--no-mining', ...Object.entries(named).flatMap(([name, value]) => [`--${name}`, String(value)])]
  const anvil = await startAnvil({ ...options, args })
  try {
    const accounts = await accountsOf(anvil)
    const writer = new Writer(anvil)
    await anvil.rpc('anvil_setCode', [MULTICALL3, contract('Multicall3').runtime])
    const tokens = await deployAll(writer, { deployer: first(accounts, 0), timestamp: genesis + BLOCK_SECONDS })
    const { blocks, book } = planDemo(accounts)
    for (const [at, steps] of blocks.entries()) {
      await writer.block(sendingsOf(steps, tokens), genesis + (at + 2) * BLOCK_SECONDS)
    }
    await writer.expectSuccess()
    return {
      url: anvil.url,
      chainId: anvil.chainId,
      tokens,
      accounts,
      trader: first(accounts, 1),
      greatest: first(accounts, 2),
      emptied: first(accounts, 3),
      holdings: book,
      trade: createTrade({ writer, tokens, book, traders: accounts.filter((_, at) => at !== 3) }),
      anvil,
      stop: anvil.stop,
    }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

async function deployAll(writer: Writer, by: { deployer: Address; timestamp: number }): Promise<DemoContracts> {
  const { deployer: from, timestamp } = by
  const address = (token: DemoToken): Address =>
    lower(getContractAddress({ from, nonce: BigInt(writer.nonce(from) + DEMO_TOKEN_KEYS.indexOf(token)) }))
  const contracts: DemoContracts = {
    whole: address('whole'),
    cents: address('cents'),
    ether: address('ether'),
    unmarked: address('unmarked'),
    greatest: address('greatest'),
    deeds: address('deeds'),
    goods: address('goods'),
  }
  const sendings = DEMO_TOKEN_KEYS.map((token) => DEMO_TOKENS[token]).map((token) => ({
    from,
    data: deployData(token.contract, token.args),
  }))
  await writer.block(sendings, timestamp)
  return contracts
}

function sendingsOf(steps: readonly Step[], tokens: DemoContracts): readonly Sending[] {
  return steps.map((step) => ({
    from: step.from,
    to: tokens[step.token],
    data: callData(DEMO_TOKENS[step.token].contract, step.functionName, step.args),
  }))
}

function createTrade(market: {
  writer: Writer
  tokens: DemoContracts
  book: Book
  traders: readonly Address[]
}): DemoChain['trade'] {
  const random = randomFrom(LIVE_SEED)
  let last = 0
  return async (intervalMs, signal) => {
    while (await pause(intervalMs, signal)) {
      const steps = planTrades(market.book, { traders: market.traders, random, count: LIVE_TRADES })
      last = Math.max(last + 1, nowSeconds())
      await market.writer.block(sendingsOf(steps, market.tokens), last)
      await market.writer.expectSuccess()
    }
  }
}

async function accountsOf(anvil: Anvil): Promise<readonly Address[]> {
  const accounts = await anvil.rpc('eth_accounts')
  assert(Array.isArray(accounts) && accounts.length === ACCOUNTS, `Anvil has ${ACCOUNTS} accounts`)
  return accounts.map((account) => lower(String(account)))
}

function lower(text: string): Address {
  const address = text.toLowerCase()
  assert(isAddress(address), `${text} is an address`)
  return address
}

function first(accounts: readonly Address[], at: number): Address {
  const account = accounts[at]
  assert(account !== undefined, `account ${at} exists`)
  return account
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
