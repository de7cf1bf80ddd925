import { expect } from 'vitest'
import type { TokenReads } from '../chains/adapter.ts'
import { listedChain, listedStandard } from '../chains/registry.ts'
import { type AssetRef, assetKey } from '../core/asset.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import type { StoredToken, TokenStore } from '../store/seam/tokens.ts'
import { TokenMetadata } from './metadata.ts'
import { StaticPrices } from './prices.ts'
import { TokenLists } from './token-lists.ts'

export const chain = parseChainId('eip155:1') ?? expect.fail()
const address = (digit: string): string => `0x${digit.repeat(40)}`
/** A token of EVM whose address repeats a digit. */
export const token = (digit: string): AssetRef => ({ standard: 'erc20', reference: address(digit) })
/** The block of all reads. */
export const block = { number: 7, hash: '0x07' }

/** What the chain says of a token. */
export function facts(asset: AssetRef) {
  return { asset, name: 'Chain name', symbol: 'CHN', decimals: 18, totalSupply: 5n }
}

/** The smallest token store: a map that counts its reads. */
export function memoryStore() {
  const rows = new Map<string, StoredToken>()
  const asked: string[][] = []
  const store: TokenStore = {
    put: async (tokens) => {
      for (const one of tokens) rows.set(assetKey(one.asset), one)
    },
    get: async (assets) => {
      asked.push(assets.map((asset) => asset.reference.slice(0, 3)))
      return assets.map((asset) => rows.get(assetKey(asset)))
    },
    expire: async (reference) => {
      for (const key of rows.keys()) if (key.endsWith(reference)) rows.delete(key)
    },
    search: async () => ({ assets: [], more: false }),
    stale: async ({ before, limit }) =>
      [token('a'), token('b')].filter((asset) => (rows.get(assetKey(asset))?.readAt ?? -1) < before).slice(0, limit),
  }
  return { store, rows, asked }
}

/** Metadata over a store in memory and reads of the chain that the test makes. */
export function setUp(read: (assets: readonly AssetRef[]) => Promise<TokenReads>, maxEntries?: number) {
  const memory = memoryStore()
  const lists = new TokenLists({ parseToken: (_: ChainId, text) => text.toLowerCase(), listedChain, listedStandard })
  const listed = { chainId: 1, address: address('b'), name: 'Listed', symbol: 'LST', decimals: 2 }
  lists.add({ tokens: [{ ...listed, logoURI: 'https://a.example/b.png' }] }, 'test')
  const clock = { now: 1_000 }
  const reads: string[][] = []
  const warnings: string[] = []
  const prices = new StaticPrices(
    [
      [
        { chain, asset: token('b') },
        { units: 15n, places: 1, text: '1.5' },
      ],
    ],
    900,
  )
  const tokens = new TokenMetadata(
    {
      storeOf: async () => memory.store,
      readTokens: (_, assets) => {
        reads.push(assets.map((asset) => asset.reference.slice(0, 3)))
        return read(assets)
      },
      lists,
      prices,
      now: () => clock.now,
      warn: (message) => warnings.push(message),
    },
    maxEntries,
  )
  return { tokens, clock, reads, warnings, ...memory }
}

/** A chain that answers at once. */
export const answer = async (assets: readonly AssetRef[]): Promise<TokenReads> => ({ block, facts: assets.map(facts) })
