import type { TokenReads } from '../chains/adapter.ts'
import { type AssetRef, assetText } from '../core/asset.ts'
import { atMost } from '../core/at-most.ts'
import type { ChainId } from '../core/chain.ts'
import { andThen, type Soon } from '../core/soon.ts'
import { hasFacts, type TokenFacts } from '../core/token.ts'
import type { StoredToken, TokenStore } from '../store/seam/tokens.ts'
import { isOld, OLD_SECONDS, OldFacts, type Queueable } from './old-facts.ts'
import type { Prices } from './prices.ts'
import { Recent } from './recent.ts'
import type { TokenLists } from './token-lists.ts'
import type { TokenInfo, Tokens } from './tokens.ts'

/** Tokens kept in memory, about 500 bytes each. Most instances never show more. */
const MAX_ENTRIES = 50_000
/** Seconds after which an entry is made again: the longest delay of a new supply, name or price. */
const RECHECK_SECONDS = 10
/** The same for a token that was never read, since its facts may arrive at any time. */
const RECHECK_UNREAD_SECONDS = 1

/** Seconds without token reads of a chain after a failed read. */
const FAILURE_PAUSE_SECONDS = 10

/** The sources of the metadata. */
export type TokenSources = {
  readonly storeOf: (chain: ChainId) => Promise<TokenStore>
  /** Reads the facts from the chain. */
  readonly readTokens: (chain: ChainId, assets: readonly AssetRef[]) => Promise<TokenReads>
  readonly lists: TokenLists
  readonly prices: Pick<Prices, 'find'>
  /** Unix seconds. */
  readonly now: () => number
  /** Called if the chain could not be read: the facts stay unknown. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/**
 * `stored` undefined: the store has no facts of the token. `checkedAt`: Unix seconds. `info` stays the same object as
 * long as it is kept.
 */
type Entry = Queueable & {
  readonly chain: ChainId
  stored: StoredToken | undefined
  checkedAt: number
  info: TokenInfo
}

/**
 * All that is known of tokens, from the chain, the lists and the prices. Supply comes from the chain, decimals from the
 * chain or else a list. Name and symbol come from the first list with the token, else from the chain. A repeated
 * request within seconds costs only a look-up in memory.
 */
export class TokenMetadata implements Tokens {
  readonly #sources: TokenSources
  /** By reference, which needs no text to be made for a look-up. One contract may be several assets, on several chains. */
  readonly #recent: Recent<readonly Entry[]>
  readonly #reading = new Map<string, Promise<void>>()
  readonly #oldFacts: OldFacts<Entry>
  /** The time until which a chain is not read, in Unix seconds. */
  readonly #pausedUntil = new Map<ChainId, number>()

  constructor(sources: TokenSources, maxEntries = MAX_ENTRIES) {
    this.#sources = sources
    this.#recent = new Recent(maxEntries)
    this.#oldFacts = new OldFacts({
      read: (chain, entries) => this.#readOld(chain, entries),
      canRead: (chain) => !this.#isPaused(chain),
      onFailure: (chain, error) => {
        this.#pause(chain)
        sources.warn('facts of tokens could not be read from the store, or stored', { chain, err: error })
      },
    })
  }

  /** @throws STORE_UNAVAILABLE */
  get(
    chain: ChainId,
    assets: readonly AssetRef[],
    { read, anew, waitMs }: NonNullable<Parameters<Tokens['get']>[2]> = { read: false },
  ): Soon<readonly TokenInfo[]> {
    if (anew === true) return this.#read(chain, assets).then(() => this.get(chain, assets, { read }))
    return andThen(this.#load(chain, assets), (entries) =>
      read ? this.#withReads(chain, assets, { entries, waitMs }) : infosOf(entries),
    )
  }

  /** What is known of tokens, after those that were never read are read. */
  #withReads(
    chain: ChainId,
    assets: readonly AssetRef[],
    { entries, waitMs }: { readonly entries: readonly Entry[]; readonly waitMs: number | undefined },
  ): Soon<readonly TokenInfo[]> {
    if (this.#isPaused(chain)) return infosOf(entries)
    const now = this.#sources.now()
    const old: Entry[] = []
    const unread: AssetRef[] = []
    for (let index = 0; index < assets.length; index++) {
      const [asset, entry] = [assets[index], entries[index]]
      if (asset === undefined || entry === undefined) continue
      if (entry.stored === undefined) unread.push(asset)
      else if (isOld(entry.stored, now)) old.push(entry)
    }
    // The answer does not wait for them: a supply changes, a name hardly ever.
    if (old.length > 0) this.#oldFacts.add(chain, old)
    if (unread.length === 0) return infosOf(entries)
    const reading = this.#read(chain, unread)
    const waited = waitMs === undefined ? reading : atMost(waitMs, reading)
    return waited.then(async () => infosOf(await this.#load(chain, assets)))
  }

  #isPaused(chain: ChainId): boolean {
    return (this.#pausedUntil.get(chain) ?? 0) > this.#sources.now()
  }

  #pause(chain: ChainId): void {
    this.#pausedUntil.set(chain, this.#sources.now() + FAILURE_PAUSE_SECONDS)
  }

  /** Reads old facts again, unless another process has read them and stored newer ones. @throws STORE_UNAVAILABLE */
  async #readOld(chain: ChainId, entries: readonly Entry[]): Promise<void> {
    const assets = entries.map(({ info }) => info.asset)
    const stored = await (await this.#sources.storeOf(chain)).get(assets)
    const now = this.#sources.now()
    const old = assets.filter((asset, index) => {
      const facts = stored[index]
      if (facts === undefined || isOld(facts, now)) return true
      this.#remember(chain, asset, facts)
      return false
    })
    if (old.length > 0) await this.#read(chain, old)
  }

  /** Entries in the order of the assets. */
  #load(chain: ChainId, assets: readonly AssetRef[]): Soon<readonly Entry[]> {
    const now = this.#sources.now()
    const fresh: Entry[] = []
    for (const asset of assets) {
      const entry = this.#find(chain, asset)
      if (entry === undefined || !isFresh(entry, now)) return this.#loadMissing(chain, assets)
      fresh.push(entry)
    }
    return fresh
  }

  async #loadMissing(chain: ChainId, assets: readonly AssetRef[]): Promise<readonly Entry[]> {
    const now = this.#sources.now()
    const found = assets.map((asset) => {
      const entry = this.#find(chain, asset)
      return entry !== undefined && isFresh(entry, now) ? entry : undefined
    })
    const missing = assets.filter((_, index) => found[index] === undefined)
    const stored = await (await this.#sources.storeOf(chain)).get(missing)
    let next = 0
    return assets.map((asset, index) => found[index] ?? this.#remember(chain, asset, stored[next++]))
  }

  #find(chain: ChainId, { reference, standard }: AssetRef): Entry | undefined {
    for (const entry of this.#recent.get(reference) ?? NO_ENTRIES) {
      if (entry.chain === chain && entry.info.asset.standard === standard) return entry
    }
    return undefined
  }

  /** Changes the entry in place, so that it stays the only one of its asset. */
  #remember(chain: ChainId, asset: AssetRef, stored: StoredToken | undefined): Entry {
    const facts = { stored, checkedAt: this.#sources.now(), info: this.#info(chain, asset, stored) }
    const known = this.#find(chain, asset)
    if (known !== undefined) return Object.assign(known, facts)
    const entry = { chain, ...facts, isQueued: false }
    this.#recent.set(asset.reference, [...(this.#recent.get(asset.reference) ?? []), entry])
    return entry
  }

  /** Reads each asset once, even for concurrent requests. */
  async #read(chain: ChainId, assets: readonly AssetRef[]): Promise<void> {
    const waiting = new Set<Promise<void>>()
    const own: AssetRef[] = []
    for (const asset of assets) {
      const running = this.#reading.get(assetText(chain, asset))
      if (running === undefined) own.push(asset)
      else waiting.add(running)
    }
    if (own.length > 0) {
      const keys = own.map((asset) => assetText(chain, asset))
      const reading = this.#readAndStore(chain, own).finally(() => {
        for (const key of keys) this.#reading.delete(key)
      })
      for (const key of keys) this.#reading.set(key, reading)
      waiting.add(reading)
    }
    await Promise.all(waiting)
  }

  async #readAndStore(chain: ChainId, assets: readonly AssetRef[]): Promise<void> {
    let reads: TokenReads
    try {
      reads = await this.#sources.readTokens(chain, assets)
    } catch (error) {
      this.#pause(chain)
      this.#sources.warn('tokens could not be read from the chain', { chain, tokens: assets.length, err: error })
      return
    }
    const store = await this.#sources.storeOf(chain)
    const facts = storedTokens(reads, this.#sources.now())
    const before = await store.get(assets)
    // Facts without content stay in memory only, since callers may ask for any address. The indexer reads the facts of
    // the journal's own tokens.
    const worth = facts.filter((fact, index) => before[index] !== undefined || hasFacts(fact))
    if (worth.length > 0) await store.put(worth)
    // The store may already hold facts that this read did not return.
    const stored = await store.get(assets)
    for (const [index, asset] of assets.entries()) this.#remember(chain, asset, stored[index] ?? facts[index])
  }

  #info(chain: ChainId, asset: AssetRef, facts: TokenFacts | undefined): TokenInfo {
    const listed = this.#sources.lists.find(chain, asset)
    return {
      asset,
      name: listed?.name ?? facts?.name,
      symbol: listed?.symbol ?? facts?.symbol,
      decimals: facts?.decimals ?? listed?.decimals,
      totalSupply: facts?.totalSupply,
      logo: listed?.logo,
      description: listed?.description,
      tags: listed?.tags ?? [],
      listed: listed !== undefined,
      urls: listed?.urls ?? [],
      price: this.#sources.prices.find(chain, asset),
      ...(facts === undefined ? { unread: true } : {}),
    }
  }
}

const NO_ENTRIES: readonly Entry[] = []

function infosOf(entries: readonly Entry[]): readonly TokenInfo[] {
  return entries.map((entry) => entry.info)
}

function isFresh(entry: Entry, now: number): boolean {
  return now - entry.checkedAt < (entry.stored === undefined ? RECHECK_UNREAD_SECONDS : RECHECK_SECONDS)
}

/** Returns the facts to store. Incomplete facts become old soon, so that they are read again. `now`: Unix seconds. */
function storedTokens(reads: TokenReads, now: number): Parameters<TokenStore['put']>[0] {
  const unknownAt = now - OLD_SECONDS + FAILURE_PAUSE_SECONDS
  return reads.facts.map((facts) => ({
    readAt: facts.unknownFacts === undefined ? now : unknownAt,
    supplyBlock: facts.totalSupply === undefined ? undefined : reads.block,
    ...facts,
  }))
}
