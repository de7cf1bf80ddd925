/** Spacescan's calls on a listening server, over balances that the test gives. Lists, prices and keys are the real ones. */
import { createServer, type ServerOptions } from '../../src/api/create-server.ts'
import type { DialectsConfig } from '../../src/api/dialects/list.ts'
import type { ServedChain } from '../../src/api/http/deps.ts'
import type { Balances } from '../../src/balances/balances.ts'
import type { HeldCoin } from '../../src/chains/account-reader.ts'
import { parseAddress, parseTokenId } from '../../src/chains/chia/words/address.ts'
import { parseHex32 } from '../../src/chains/chia/words/hex.ts'
import { parseDecimal } from '../../src/core/amount.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import type { Balance } from '../../src/core/balance.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { TokenStore } from '../../src/store/seam/tokens.ts'
import { TokenMetadata } from '../../src/tokens/metadata.ts'
import { type ConfiguredPrice, StaticPrices } from '../../src/tokens/prices.ts'
import { TokenLists } from '../../src/tokens/token-lists.ts'
import { TokenSearch } from '../../src/tokens/token-search.ts'
import { listen, type Served } from './chainbase-client.ts'
import { asOf, clock, DIALECTS, fakeDeps, type MemoryKeys, NOW } from './chainbase-fakes.ts'

export const MAINNET = chainId('chia:mainnet')
export const TESTNET = chainId('chia:testnet11')
/** The address of the vendor's own page, and its puzzle hash. */
export const SEED_ADDRESS = 'xch1a6cd558gqsz2hch5pt0l8mx7zhavf32q5lyde09zjtqcmkelr9ns59k0j8'
export const SEED_PUZZLE_HASH = 'eeb0da50e80404abe2f40adff3ecde15fac4c540a7c8dcbca292c18ddb3f1967'
export const XCH: AssetRef = { standard: 'native', reference: '8444' }

function chainId(text: string): ChainId {
  const id = parseChainId(text)
  if (id === undefined) throw new Error(`not a chain id: ${text}`)
  return id
}

/** Returns an asset id with one repeated digit. */
export function tail(digit: string): string {
  return digit.repeat(64)
}

/** Returns the CAT of an asset id. */
export function cat(reference: string): AssetRef {
  return { standard: 'cat', reference }
}

/** Returns a coin of an asset, confirmed in a block whose time is 1,000 plus ten times its number. */
export function coin(asset: AssetRef, amount: bigint, confirmed: number): HeldCoin {
  return { asset, amount, confirmed, timestamp: 1_000 + 10 * confirmed }
}

/** Returns a served Chia chain. */
export function chiaChain(id: ChainId): ServedChain {
  return {
    id,
    kind: 'chia',
    parseAddress,
    parseToken: (text) => parseHex32(text) ?? parseTokenId(text),
    zeroAddress: undefined,
    nativeAsset: XCH,
    clock: async () => clock(),
  }
}

/** What the balances answer. `failing` throws instead. */
export type ChiaWorld = {
  readonly held?: readonly { readonly asset: AssetRef; readonly balance: Balance }[]
  readonly coins?: readonly HeldCoin[]
  readonly xch?: Balance
  readonly asOf?: ReturnType<typeof asOf> | undefined
  readonly failing?: () => never
  /** Tokens of list files, each as an entry of the list. */
  readonly listed?: readonly object[]
  /** Indexed CATs. */
  readonly indexed?: readonly string[]
  /** Prices in US dollars by asset. */
  readonly prices?: readonly (readonly [AssetRef, string])[]
}

/** The accounts and chains that the balances were asked for. */
export type Asked = { readonly chain: ChainId; readonly account: string }

function balancesOf(world: ChiaWorld, asked: Asked[]): Balances {
  const unused = async (): Promise<never> => {
    throw new Error('not asked by this dialect')
  }
  const answer = 'asOf' in world ? world.asOf : asOf()
  const note = (chain: ChainId, account: string): void => {
    asked.push({ chain, account })
    world.failing?.()
  }
  return {
    get: async ({ chain, keys }) => {
      note(chain, keys[0]?.account ?? '')
      return [world.xch ?? { known: false, reason: 'node_unavailable' }]
    },
    account: async ({ chain, account, standards, offset, limit }) => {
      note(chain, account)
      const rows = (world.held ?? []).filter(({ asset }) => standards.includes(asset.standard))
      return { rows: rows.slice(offset, offset + limit), count: rows.length, asOf: answer }
    },
    coins: async ({ chain, account, of }) => {
      note(chain, account)
      const coins = (world.coins ?? []).filter(({ asset }) => (asset.standard === 'native') === (of === 'native'))
      return { coins, asOf: answer ?? asOf() }
    },
    known: async ({ asset }) =>
      world.indexed?.includes(asset.reference) ? { accounting: 'events', wasDestroyed: false } : undefined,
    newestBlock: unused,
    holders: unused,
    assetsOf: unused,
    transfers: unused,
  }
}

/** A store whose chain indexed these CATs and read no facts of them. */
function storeOf(world: ChiaWorld): TokenStore {
  const indexed = (world.indexed ?? []).map(cat)
  return {
    get: async (assets) => assets.map(() => undefined),
    put: async () => undefined,
    search: async ({ except, offset, limit }) => {
      const others = indexed.filter(({ reference }) => !except.some((one) => one.reference === reference))
      return { assets: others.slice(offset, offset + limit), more: others.length > offset + limit }
    },
    expire: async () => undefined,
    stale: async () => [],
  }
}

function sourcesOf(world: ChiaWorld): Pick<ServerOptions, 'tokens' | 'finder' | 'prices'> {
  const parseToken = (_: ChainId, text: string) => parseHex32(text) ?? parseTokenId(text)
  const lists = new TokenLists({ parseToken, listedChain: () => undefined, listedStandard: () => 'cat' })
  lists.add({ chain: MAINNET, tokens: world.listed ?? [] }, 'cats.json')
  const rows = (world.prices ?? []).map(([asset, text]): ConfiguredPrice => {
    return [
      { chain: MAINNET, asset },
      { ...(parseDecimal(text) ?? { units: 0n, places: 0 }), text },
    ]
  })
  const prices = new StaticPrices(rows, NOW)
  const store = async (): Promise<TokenStore> => storeOf(world)
  return {
    prices,
    finder: new TokenSearch({ storeOf: store, lists, parseToken }),
    tokens: new TokenMetadata({
      storeOf: store,
      readTokens: async () => {
        throw new Error('CATs report nothing about themselves')
      },
      lists,
      prices,
      now: () => NOW,
      warn: () => undefined,
    }),
  }
}

/** A listening server. `asked`: what its balances were asked for; `key`: a key that may read. */
export type SpacescanServer = Served & {
  readonly key: string
  readonly store: MemoryKeys
  readonly asked: readonly Asked[]
  /** Sends GET and returns the parsed answer. */
  readonly get: (path: string) => Promise<{ readonly status: number; readonly json: unknown }>
}

/** Serves a world on `chia:mainnet`. `other` replaces parts of the server, such as its chains. */
export async function serveSpacescan(
  world: ChiaWorld,
  settings: Partial<DialectsConfig['spacescan']> = {},
  other: Partial<ServerOptions> = {},
): Promise<SpacescanServer> {
  const asked: Asked[] = []
  const nothing = { held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }
  const dialects = { ...DIALECTS, spacescan: { ...DIALECTS.spacescan, ...settings } }
  const deps = await fakeDeps(nothing, {
    ...sourcesOf(world),
    balances: balancesOf(world, asked),
    chains: [chiaChain(MAINNET)],
    dialects,
    ...other,
  })
  const served = await listen(createServer(deps))
  const get = async (path: string) => {
    const { status, body } = await served.call(path)
    const json: unknown = JSON.parse(body)
    return { status, json }
  }
  return { ...served, key: deps.key, store: deps.store, asked, get }
}
