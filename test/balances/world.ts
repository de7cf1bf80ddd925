/** A real store with a few blocks, a node with a table of balances, and the read side over both. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { AccountCoins } from '../../src/balances/account-coins.ts'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { ChainHistory } from '../../src/balances/chain-history.ts'
import { CoinLists } from '../../src/balances/coin-lists.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import type { AccountReader } from '../../src/chains/account-reader.ts'
import type { BalanceRead, BalanceReads, ChainAdapter, TokenReads } from '../../src/chains/adapter.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import type { BalanceKey } from '../../src/core/balance.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { ENGINE, type TestedEngine } from '../store/engines.ts'

const CHAIN = parseChainId('eip155:1') as ChainId
export const [ALICE = '', BOB = '', CAROL = ''] = ACCOUNTS
/** The zero address. */
export const ZERO = `0x${'0'.repeat(40)}`
export const [GOLD, SILVER] = ASSETS
/** The time of the tests, in seconds: later than the newest block. */
export const NOW = 100

/** A node with a table of balances: `account/reference` to amounts, each from a block on. */
export class TableChain extends MockChain {
  readonly table = new Map<string, { readonly from: number; readonly amount: bigint }[]>()
  /** The supplies of tokens, by reference. */
  readonly supplies = new Map<string, bigint>()
  /** Contracts without code. */
  readonly dead = new Set<string>()
  /** The node has no state of blocks below this one. */
  remembersFrom = 0
  /** The keys of each read, in the order of arrival. */
  readonly asked: string[][] = []

  override async readBalances(...[request]: Parameters<ChainAdapter['readBalances']>): Promise<BalanceReads> {
    const names = request.keys.map(({ account, asset }) => `${account}/${asset.reference}`)
    this.asked.push(names)
    this.fault('readBalances')
    const { at } = request
    const block = at === 'latest' ? this.canonical().at(-1) : this.canonical().find(({ hash }) => hash === at.hash)
    if (block === undefined) throw new ServiceError('NODE_BEHIND', 'the block is not canonical')
    const reads = request.keys.map(({ account, asset }): BalanceRead => {
      if (block.number < this.remembersFrom) return { ok: false, reason: 'no_archive' }
      if (this.dead.has(asset.reference)) return { ok: false, reason: 'not_a_token' }
      const known = this.table.get(`${account}/${asset.reference}`)?.filter(({ from }) => from <= block.number)
      const amount = known?.at(-1)?.amount
      return amount === undefined ? { ok: false, reason: 'token_does_not_answer' } : { ok: true, amount }
    })
    return { block: { number: block.number, hash: block.hash }, observedAt: NOW, reads }
  }

  override async readTokens(...[assets, , how]: Parameters<ChainAdapter['readTokens']>): Promise<TokenReads> {
    this.fault('readTokens')
    const newest = this.canonical().at(-1)
    const block = how === undefined ? newest : this.canonical().find(({ hash }) => hash === how.at.hash)
    if (block === undefined) throw new ServiceError('NODE_BEHIND', 'the block is not canonical')
    const facts = assets.map((asset) => {
      const totalSupply = this.supplies.get(asset.reference)
      return { asset, name: undefined, symbol: undefined, decimals: undefined, totalSupply }
    })
    return { block, facts }
  }

  /** Sets the balance of an account from the first block or from a given block on, until a later entry. */
  holds(account: string, asset: BalanceKey['asset'], held: bigint | { amount: bigint; from: number }): this {
    const name = `${account}/${asset.reference}`
    const { amount, from } = typeof held === 'bigint' ? { amount: held, from: 0 } : held
    this.table.set(name, [...(this.table.get(name) ?? []).filter((entry) => entry.from < from), { from, amount }])
    return this
  }
}

/** What a test uses. `now` is the read side's clock, in seconds. */
export type World = {
  chain: TableChain
  reads: ChainReads
  journal: Journal
  balances: ChainBalances
  history: ChainHistory
  now: { at: number }
  /** The accounts that were requested to be followed, each time. */
  requested: string[]
}

export type WorldOptions = {
  /** The store's engine. That of the run if it is not given. */
  readonly engine?: TestedEngine | undefined
  readonly coverage?: Coverage
  /** Tokens with accounting by reads, by `assetKey`. */
  readonly reads?: readonly string[]
  /** False if the chain has never caught up with its node. */
  readonly caughtUp?: boolean
  readonly servePartial?: boolean
  /** False if no block is stored yet. */
  readonly indexed?: boolean
  /** Nodes of the chain can be asked what an account holds. */
  readonly accounts?: (chain: TableChain) => AccountReader
}

/** Blocks 0 to 4 of one branch, all indexed. GOLD moves in 1 and 3, SILVER in 2. The node shows 4. */
export async function world(options: WorldOptions = {}): Promise<World> {
  const { indexed = true, caughtUp = indexed, servePartial = false } = options
  const place = await (options.engine ?? ENGINE).makePlace()
  const classes = new Map((options.reads ?? []).map((key) => [key, 'reads'] as const))
  const store = await place.open({
    codecOf: () => ({ ...HEX_ACCOUNTS, zeroAddress: ZERO }),
    classesOf: () => classes,
  })
  const coverage = options.coverage ?? { scope: { type: 'all' }, from: 0 }
  const journal = await store.openJournal(CHAIN, coverage)
  const chain = new TableChain()
    .add('0', undefined)
    .add('1', '0', [move(GOLD, 100n, { to: ALICE })])
    .add('2', '1', [move(SILVER, 7n, { to: ALICE })])
    .add('3', '2', [move(GOLD, 30n, { from: ALICE, to: BOB })])
    .add('4', '3')
    .show('4')
  const stored = indexed ? chain.canonical().filter(({ number }) => number >= coverage.from) : []
  for (const block of stored) {
    await journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
  }
  // The chain caught up at the time of block 4. Each test sets its own polled head.
  const beat = { state: 'live', head: undefined, error: undefined, counts: {} } as const
  if (caughtUp) await journal.heartbeat({ ...beat, caughtUpAt: 48 })
  await nextTick()
  const reads = await store.openReads(CHAIN)
  const signal = new AbortController().signal
  const node = new NodeReader({ adapter: chain, observations: reads.observations, signal })
  const now = { at: NOW }
  onTestFinished(async () => {
    await nextTick()
    await journal.close()
    await place.end()
  })
  const requested: string[] = []
  const { accounts } = options
  const coinLists =
    accounts &&
    new CoinLists({
      reads,
      coins: new AccountCoins({ reader: accounts(chain), reads, signal }),
      now: () => now.at,
      replacedAt: (block) => node.replacedAt(block),
      follow: (account) => void requested.push(account),
    })
  const deps = { reads, node, now: () => now.at, servePartial, coinLists }
  return { chain, reads, journal, now, requested, balances: new ChainBalances(deps), history: new ChainHistory(deps) }
}

/** A movement of a coin. Without `from` it is a mint. */
export function move(asset: Movement['asset'], amount: bigint, sides: { from?: string; to: string }): Movement {
  return { asset, amount, from: sides.from, to: sides.to, item: 0 }
}

/** A balance of a coin. */
export const of = (account: string, asset: BalanceKey['asset']): BalanceKey => ({ account, asset, item: NO_ITEM })
/** Matches the block with this number on the branch without a letter. */
export const at = (number: number) => expect.objectContaining({ number, hash: hash(String(number)) })
export const STORED = { mode: 'stored' } as const

/** A world in which one of the two tokens is known by reads. */
export const READS_GOLD: WorldOptions = { reads: [`erc20:${GOLD.reference}`] }
/** A page with room for all that an account holds. */
export const PAGE = { offset: 0, limit: 9 }
/** The question for Alice's list, from what is stored. */
export const LIST = { account: ALICE, standards: ['erc20'], receivedOnly: true, freshness: STORED, ...PAGE } as const

/** Records a poll of the node: its head is the newest block. */
export async function poll({ chain, journal }: World, caughtUpAt?: number): Promise<void> {
  const { latest: head } = await chain.heads()
  await journal.heartbeat({ state: 'live', head, caughtUpAt, error: undefined, counts: {} })
  await nextTick()
}

/** Adds a block to the node. The journal follows if `indexed`. */
export async function next(
  { chain, journal }: World,
  number: number,
  how: { readonly indexed: boolean },
): Promise<void> {
  chain.add(`${number}`, `${number - 1}`).show(`${number}`)
  const { latest: head } = await chain.heads()
  if (how.indexed) await journal.append({ first: number, through: head, blocks: [], headers: [head] })
  await nextTick()
}
