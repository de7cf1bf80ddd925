import { pino } from 'pino'
import { Registry } from 'prom-client'
import { BadKeys } from '../../src/access/bad-keys.ts'
import { createKey, KeyVerifier } from '../../src/access/keys.ts'
import { PrincipalKeys } from '../../src/access/principal-keys.ts'
import { Sessions } from '../../src/access/sessions.ts'
import type { ServerOptions } from '../../src/api/create-server.ts'
import type { DialectsConfig } from '../../src/api/dialects/list.ts'
import type { ServedChain } from '../../src/api/http/deps.ts'
import { type AsOf, worstOf } from '../../src/balances/as-of.ts'
import type { Balances } from '../../src/balances/balances.ts'
import { EVM_NATIVE } from '../../src/chains/evm/native-asset.ts'
import { parseAddress } from '../../src/chains/evm/words/hex.ts'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Balance, Known, UnknownReason } from '../../src/core/balance.ts'
import type { BlockRef, Header } from '../../src/core/block.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { ChainClock, StoredTransfer } from '../../src/store/seam/chain-clock.ts'
import { NO_DOUBTS } from '../../src/store/seam/doubts.ts'
import type { FoundKey, KeyStore, StoredKey } from '../../src/store/seam/keys.ts'
import { StaticPrices } from '../../src/tokens/prices.ts'
import type { TokenInfo, Tokens } from '../../src/tokens/tokens.ts'

/** The current time in these tests, in Unix seconds: 2024-05-01T00:00:00Z. */
export const NOW = 1_714_521_600

export const ETHEREUM: ChainId = chainId('eip155:1')

function chainId(text: string): ChainId {
  const id = parseChainId(text)
  if (id === undefined) throw new Error(`not a chain id: ${text}`)
  return id
}

/** Returns an address with one repeated digit. */
export function address(digit: string): string {
  return `0x${digit.repeat(40)}`
}

export const BLOCK: BlockRef = { number: 123, hash: `0x${'ab'.repeat(32)}` }
const HEAD: Header = { ...BLOCK, parentHash: `0x${'aa'.repeat(32)}`, timestamp: NOW - 12 }

/** Returns an amount from events at `BLOCK`, known two seconds ago. */
export function known(amount: bigint, other: Partial<Known> = {}): Known {
  return { known: true, amount, block: BLOCK, finality: 'finalized', source: 'events', knownAt: NOW - 2, ...other }
}

/** Returns the metadata of an answer at `BLOCK`. */
export function asOf(other: Partial<AsOf> = {}): AsOf {
  const { block, finality, source, knownAt } = known(0n)
  return { block, finality, source, knownAt, uniform: true, complete: true, ...other }
}

export function unknown(reason: UnknownReason): Balance {
  return { known: false, reason }
}

export function erc20(reference: string): AssetRef {
  return { standard: 'erc20', reference }
}

/** The account's holdings on Ethereum, in the order in which it met the assets, and further data of the chain. */
export type World = {
  readonly held: readonly { readonly asset: AssetRef; readonly balance: Balance; readonly received?: boolean }[]
  /** Balances of assets that were never indexed, by `standard:reference`. */
  readonly unindexed: ReadonlyMap<string, Balance>
  readonly tokens: readonly TokenInfo[]
  readonly holders: readonly { readonly account: string; readonly amount: bigint }[]
  readonly transfers: readonly StoredTransfer[]
}

/** Balances of a constant world. Every account holds the same. */
export function fakeBalances(world: World): Balances {
  const check = (chain: ChainId): void => {
    if (chain !== ETHEREUM) throw new ServiceError('CHAIN_UNSUPPORTED', 'not configured')
  }
  return {
    async get({ chain, keys }) {
      check(chain)
      return keys.map(({ asset }) => {
        const row = world.held.find((held) => assetKey(held.asset) === assetKey(asset))
        return row?.balance ?? world.unindexed.get(assetKey(asset)) ?? unknown('not_a_token')
      })
    },
    async newestBlock({ chain }) {
      check(chain)
      return BLOCK.number
    },
    async account({ chain, standards, receivedOnly, offset, limit }) {
      check(chain)
      const rows = world.held.filter(
        (row) => standards.includes(row.asset.standard) && (!receivedOnly || row.received !== false),
      )
      const page = rows.slice(offset, offset + limit)
      return { rows: page, count: rows.length, asOf: worstOf(page.map(({ balance }) => balance)) ?? asOf() }
    },
    async holders({ chain, offset, limit }) {
      check(chain)
      return {
        rows: world.holders.slice(offset, offset + limit),
        count: world.holders.length,
        asOf: asOf(),
      }
    },
    coins: unused,
    async known({ chain, asset }) {
      check(chain)
      const isHeld = world.held.some((held) => assetKey(held.asset) === assetKey(asset))
      return isHeld ? { accounting: 'events', wasDestroyed: false } : undefined
    },
    async assetsOf({ chain, reference }) {
      check(chain)
      return world.held.map(({ asset }) => asset).filter((asset) => asset.reference === reference)
    },
    async transfers({ chain, offset, limit }) {
      check(chain)
      return {
        rows: world.transfers.slice(offset, offset + limit),
        count: world.transfers.length,
        asOf: asOf(),
      }
    },
  }
}

/** Returns a token with the given facts. All others are unknown. */
export function token(reference: string, facts: Partial<TokenInfo> = {}): TokenInfo {
  return {
    asset: erc20(reference),
    name: undefined,
    symbol: undefined,
    decimals: undefined,
    totalSupply: undefined,
    logo: undefined,
    description: undefined,
    tags: [],
    listed: false,
    urls: [],
    price: undefined,
    ...facts,
  }
}

export function fakeTokens(tokens: readonly TokenInfo[]): Tokens {
  const byKey = new Map(tokens.map((info) => [assetKey(info.asset), info]))
  return {
    async get(_chain, assets) {
      return assets.map((asset) => byKey.get(assetKey(asset)) ?? token(asset.reference, { asset }))
    },
  }
}

/** Keys in memory. It counts its reads. */
export class MemoryKeys implements KeyStore {
  readonly #keys = new Map<string, StoredKey>()
  reads = 0
  readonly uses = new Map<string, number>()
  /** When users were disabled, by id. */
  readonly disabled = new Map<string, number>()

  async put(key: StoredKey): Promise<void> {
    this.#keys.set(key.id, key)
  }

  async putOfUser(key: StoredKey & { readonly userId: string }, max: number): Promise<boolean> {
    const same = [...this.#keys.values()].filter(({ userId }) => userId === key.userId)
    if (same.length >= max) return false
    this.#keys.set(key.id, key)
    return true
  }

  async get(id: string): Promise<FoundKey | undefined> {
    this.reads += 1
    const key = this.#keys.get(id)
    return key === undefined ? undefined : this.#found(key)
  }

  async list(): ReturnType<KeyStore['list']> {
    return [...this.#keys.values()].map((key) => ({ ...this.#found(key), usedAt: this.uses.get(key.id) }))
  }

  /** The user of a key is called by its id. */
  #found(key: StoredKey): FoundKey {
    const { userId } = key
    return { ...key, user: userId === undefined ? undefined : { name: userId, disabledAt: this.disabled.get(userId) } }
  }

  async noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    for (const [id, usedAt] of uses) this.uses.set(id, usedAt)
  }

  async revoke(id: string, at: number): Promise<boolean> {
    const key = this.#keys.get(id)
    if (key === undefined) return false
    this.#keys.set(id, { ...key, revokedAt: at })
    return true
  }
}

export function clock(other: Partial<ChainClock> = {}): ChainClock {
  return {
    coverage: { scope: { type: 'all' }, from: 0 },
    zeroAddress: undefined,
    published: HEAD,
    finalized: BLOCK,
    head: HEAD,
    state: 'live',
    error: undefined,
    auditError: undefined,
    caughtUpAt: NOW - 2,
    caughtUpHash: HEAD.hash,
    wasReady: true,
    beatAt: NOW - 2,
    transfers: 7,
    revision: 0,
    counts: {},
    inDoubt: false,
    doubts: NO_DOUBTS,
    ...other,
  }
}

export function chain(id = 'eip155:1', read: () => Promise<ChainClock> = async () => clock()): ServedChain {
  const parse = { parseAddress, parseToken: parseAddress }
  return { id: chainId(id), kind: 'evm', clock: read, ...parse, zeroAddress: undefined, nativeAsset: EVM_NATIVE }
}

/** The default settings of the dialects, without a ledger. */
export const DIALECTS: DialectsConfig = {
  abcLabs: { enabled: true, chain: undefined, keys: false, origins: [], strictWallets: false, assets: [] },
  chainbase: { enabled: true, balance: 'hex', demoKey: false },
  tokenkit: {
    enabled: true,
    chain: undefined,
    sessionPerMinute: { balance: 30, balances: 10, accountBalances: 10 },
  },
  cobo: { enabled: true, anonymous: undefined, chains: [], tokens: [] },
  spacescan: { enabled: true, chain: undefined, testnet: undefined, extended: false, freePerMinute: 600 },
}

/** For what no call of these tests reaches. */
async function unused(): Promise<never> {
  throw new ServiceError('UNAVAILABLE', 'not part of this test')
}

const NO_CUSTODY: ServerOptions['custody'] = {
  wallets: { create: unused, get: unused, list: unused, update: unused },
  addresses: { watch: unused, deriveNext: unused, list: unused },
  holds: { place: unused, decimals: unused, release: unused, get: unused },
  ids: { ofChain: unused, ofAssets: unused, asset: unused },
  balances: unused,
  transactions: unused,
}

function unusedSessions(): Sessions {
  return new Sessions({
    users: { put: unused, get: unused, list: unused, disable: unused },
    sessions: { putSession: unused, session: unused, dropExpired: unused },
    now: () => NOW,
  })
}

/** Returns the dependencies of a server on a world, and a key that may read. Each dependency can be replaced. */
export async function fakeDeps(
  world: World,
  other: Partial<ServerOptions> = {},
): Promise<ServerOptions & { readonly key: string; readonly store: MemoryKeys }> {
  const store = new MemoryKeys()
  const { raw, stored } = createKey({ name: 'test', createdAt: NOW })
  await store.put(stored)
  return {
    balances: fakeBalances(world),
    tokens: fakeTokens(world.tokens),
    history: { changes: unused, transfers: unused, blockAt: unused },
    finder: { search: unused },
    prices: new StaticPrices([], NOW),
    issueUserKey: unused,
    sessions: unusedSessions(),
    badKeys: new BadKeys(),
    custody: NO_CUSTODY,
    principalKeys: new PrincipalKeys(store, () => NOW),
    listedAssets: () => [],
    ledger: undefined,
    chains: [chain()],
    keys: new KeyVerifier(store, () => NOW),
    metrics: new Registry(),
    trustProxy: [],
    dialects: DIALECTS,
    version: '0.0.0',
    now: () => NOW,
    log: pino({ level: 'silent' }),
    key: raw,
    store,
    ...other,
  }
}
