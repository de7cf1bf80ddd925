import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type { KeyVerifier } from '../../access/keys.ts'
import type { Balances } from '../../balances/balances.ts'
import type { AssetRef } from '../../core/asset.ts'
import type { ChainId, Kind } from '../../core/chain.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { ChainClock } from '../../store/seam/store.ts'
import type { Tokens } from '../../tokens/tokens.ts'

/** What a chain waits for, as text, and since when, in Unix milliseconds. */
export type ChainWait = { readonly for: string; readonly since: number }

/**
 * A configured chain, and how to read its progress. `pollMs`: the pause between two polls of its head, in milliseconds;
 * absent if no node is polled. `wait`: what its indexer has waited for longer than some seconds.
 */
export type ServedChain = {
  readonly id: ChainId
  readonly kind: Kind
  readonly pollMs?: number | undefined
  readonly clock: () => Promise<ChainClock>
  readonly wait?: () => ChainWait | undefined
  /** A fungible token and an account that holds it, for the documentation's examples. Undefined if none is found. */
  readonly position?: () => Promise<{ readonly account: string; readonly asset: AssetRef } | undefined>
}

/**
 * The settings of the Chainbase dialect. `balance`: the format of balances. `demoKey`: the literal key `demo` may read.
 */
export type ChainbaseSettings = {
  readonly enabled: boolean
  readonly balance: 'hex' | 'decimal'
  readonly demoKey: boolean
}

/**
 * The settings of the ABC-Labs dialect. `chain`: the ledger behind it. `keys`: every call needs a key. `origins`: pages
 * that may write when no key is needed.
 */
export type AbcLabsSettings = {
  readonly enabled: boolean
  readonly chain: ChainId | undefined
  readonly keys: boolean
  readonly origins: readonly string[]
}

/** The settings of the HTTP server. */
export type ServerSettings = {
  /** Addresses or ranges of the proxies with a trusted `X-Forwarded-For` header. Empty: no proxy is trusted. */
  readonly trustProxy: readonly string[]
  readonly dialects: { readonly abcLabs: AbcLabsSettings; readonly chainbase: ChainbaseSettings }
}

/** The dependencies of the HTTP server. `now` returns Unix seconds. */
export type ServerDeps = {
  readonly balances: Balances
  readonly tokens: Tokens
  /** The issuer's ledger. Undefined if none is configured. */
  readonly ledger: Ledger | undefined
  readonly chains: readonly ServedChain[]
  readonly keys: KeyVerifier
  readonly metrics: Registry
  readonly settings: ServerSettings
  readonly version: string
  readonly now: () => number
  readonly log: FastifyBaseLogger
}
