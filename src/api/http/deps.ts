import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type { AssetRef } from '../../core/asset.ts'
import type { ChainId, Kind } from '../../core/chain.ts'
import type { ChainClock } from '../../store/seam/chain-clock.ts'
import type { NodeWarning } from '../../store/seam/indexer-reports.ts'

/** What a chain waits for, as text, and since when, in Unix milliseconds. */
export type ChainWait = { readonly for: string; readonly since: number }

/**
 * A configured chain, and how to read its progress. `pollMs`: the pause between two polls of its head, in milliseconds;
 * absent if no node is polled. `wait`: what its indexer has waited for longer than some seconds.
 */
export type ServedChain = {
  readonly id: ChainId
  readonly kind: Kind
  /** The canonical address of text in a usual form; undefined if it is none. */
  readonly parseAddress: (text: string) => string | undefined
  /** The canonical reference of a token of text in a usual form; undefined if it is none. */
  readonly parseToken: (text: string) => string | undefined
  /** The canonical hash of text with `0x` and 64 hex digits; undefined if it is none. Absent: no hashes are asked for. */
  readonly parseHash?: ((text: string) => string | undefined) | undefined
  /** The address of the missing side of a mint or a burn; undefined if the chain has none. */
  readonly zeroAddress: string | undefined
  /** Undefined: the chain has none. */
  readonly nativeAsset?: AssetRef | undefined
  readonly pollMs?: number | undefined
  readonly clock: () => Promise<ChainClock>
  readonly wait?: () => ChainWait | undefined
  readonly nodeWarnings?: () => readonly NodeWarning[]
  /** A fungible token and an account that holds it, for the documentation's examples. Undefined if none is found. */
  readonly position?: () => Promise<{ readonly account: string; readonly asset: AssetRef } | undefined>
}

/** What the server itself needs. `now` returns Unix seconds. */
export type HttpDeps = {
  readonly chains: readonly ServedChain[]
  readonly metrics: Registry
  /** The text of the metrics, if several processes answer on the port; absent: those of `metrics`. */
  readonly renderMetrics?: (() => Promise<string>) | undefined
  /** Addresses or ranges of the proxies with a trusted `X-Forwarded-For` header. Empty: no proxy is trusted. */
  readonly trustProxy: readonly string[]
  readonly version: string
  readonly now: () => number
  readonly log: FastifyBaseLogger
}
