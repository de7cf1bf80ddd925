import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type { KeyVerifier } from '../../access/keys.ts'
import type { Balances } from '../../balances/balances.ts'
import type { AssetRef } from '../../core/asset.ts'
import type { ChainId, Kind } from '../../core/chain.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { ChainClock } from '../../store/seam/store.ts'
import type { Tokens } from '../../tokens/tokens.ts'

/** What a chain waits for, in words, and since when, in Unix milliseconds. */
export type ChainWait = { readonly for: string; readonly since: number }

/** A configured chain, and how to ask how far it is. `wait`: what its indexer has waited for, for too long. */
export type ServedChain = {
  readonly id: ChainId
  readonly kind: Kind
  readonly clock: () => Promise<ChainClock>
  readonly wait?: () => ChainWait | undefined
  /** Some fungible token that some account holds, for the examples of the documentation; undefined where none is found. */
  readonly position?: () => Promise<{ readonly account: string; readonly asset: AssetRef } | undefined>
}

/** How the Chainbase dialect is served. `balance`: how it writes balances. `demoKey`: the literal key `demo` may read. */
export type ChainbaseSettings = {
  readonly enabled: boolean
  readonly balance: 'hex' | 'decimal'
  readonly demoKey: boolean
}

/**
 * How the ABC-Labs dialect is served: over the ledger `chain`; `keys`: every call asks for one; `origins`: pages that
 * may write while no key is asked.
 */
export type AbcLabsSettings = {
  readonly enabled: boolean
  readonly chain: ChainId | undefined
  readonly keys: boolean
  readonly origins: readonly string[]
}

export type ServerSettings = {
  /** Addresses or ranges of the proxies whose `X-Forwarded-For` is believed; empty: nobody's. */
  readonly trustProxy: readonly string[]
  readonly dialects: { readonly abcLabs: AbcLabsSettings; readonly chainbase: ChainbaseSettings }
}

/** All that the HTTP server needs. `now` is Unix seconds. */
export type ServerDeps = {
  readonly balances: Balances
  readonly tokens: Tokens
  /** The issuer's ledger, undefined where none is configured. */
  readonly ledger: Ledger | undefined
  readonly chains: readonly ServedChain[]
  readonly keys: KeyVerifier
  readonly metrics: Registry
  readonly settings: ServerSettings
  readonly version: string
  readonly now: () => number
  readonly log: FastifyBaseLogger
}
