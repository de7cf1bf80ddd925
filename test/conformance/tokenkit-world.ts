/** TokenKit's calls over a real store with blocks at chosen times, without a server. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { expect } from 'vitest'
import type { TokenKitDeps } from '../../src/api/dialects/tokenkit/deps.ts'
import { portfolio } from '../../src/api/dialects/tokenkit/portfolio.ts'
import { portfolioHistory } from '../../src/api/dialects/tokenkit/portfolio-history.ts'
import { createBalances, createHistory } from '../../src/balances/create-balances.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { Prices } from '../../src/tokens/prices.ts'
import type { Price, TokenInfo } from '../../src/tokens/tokens.ts'
import { ALICE, type World, type WorldOptions, world } from '../balances/world.ts'
import { hash } from '../chains/mock-chain.ts'
import { type Movement, makeBlock } from '../store/chains.ts'

const CHAIN = parseChainId('eip155:1') as ChainId
export const HOUR = 3_600
/** The text of a time in Unix seconds. */
export const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString()

/** A price in US dollars. */
export function usd(text: string): Price {
  const [whole = '', fraction = ''] = text.split('.')
  return { units: BigInt(whole + fraction), places: fraction.length, text, source: 'static', updatedAt: 1 }
}

/** The same price for all assets, at every time. */
export const always = (text: string): Prices => ({ find: () => usd(text), at: async () => usd(text) })

type Options = WorldOptions & { readonly prices?: Prices; readonly decimals?: number | undefined }

/** The dialect's dependencies over a world. */
export async function calls({ prices = always('1.10'), ...options }: Options = {}) {
  const it = await world(options)
  const decimals = 'decimals' in options ? options.decimals : 0
  const served = new Map([[CHAIN, { reads: it.reads, balances: it.balances, history: it.history }]])
  const infoOf = (asset: AssetRef): TokenInfo => ({
    asset,
    name: undefined,
    symbol: undefined,
    decimals,
    totalSupply: undefined,
    logo: undefined,
    description: undefined,
    tags: [],
    listed: false,
    urls: [],
    price: prices.find(CHAIN, asset),
  })
  const deps: TokenKitDeps = {
    balances: createBalances(served),
    history: createHistory(served),
    tokens: { get: async (_, assets) => assets.map(infoOf) },
    finder: { search: async () => ({ rows: [], more: false }) },
    prices,
    chain: {
      id: CHAIN,
      kind: 'evm',
      parseAddress: (text) => text,
      parseToken: (text) => text,
      zeroAddress: undefined,
      clock: () => it.reads.clock(),
    },
    now: () => it.now.at,
  }
  return { it, deps }
}

/** Adds blocks, each with its time and movements, and says that the node had the last one as its newest then. */
export async function extend({ journal }: World, added: readonly (readonly [number, number, readonly Movement[]])[]) {
  const headers = added.map(([number, timestamp]) => {
    return { number, timestamp, hash: hash(String(number)), parentHash: hash(String(number - 1)) }
  })
  const blocks = headers.map((header, index) => makeBlock(added[index]?.[2] ?? [], header))
  const through = headers.at(-1) ?? expect.fail()
  await journal.append({ first: headers[0]?.number ?? 0, through, blocks, headers })
  const beat = { state: 'live', head: undefined, error: undefined, counts: {} } as const
  await journal.heartbeat({ ...beat, caughtUpAt: through.timestamp })
  await nextTick()
}

/** The portfolio of Alice now, or at a time in Unix seconds. */
export const held = (deps: TokenKitDeps, at?: number) =>
  portfolio(deps, { account_address: ALICE, ...(at === undefined ? {} : { at_time: iso(at) }) })
/** The history of the portfolio of Alice. */
export const past = (
  deps: TokenKitDeps,
  range: { from: number; to?: number; interval?: string; fill_gaps?: boolean },
) =>
  portfolioHistory(deps, {
    account_address: ALICE,
    start_time: iso(range.from),
    ...(range.to === undefined ? {} : { end_time: iso(range.to) }),
    interval: range.interval ?? '1 hour',
    fill_gaps: range.fill_gaps ?? true,
  })
