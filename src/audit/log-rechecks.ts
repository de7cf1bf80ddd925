import { type AssetRef, assetKey } from '../core/asset.ts'
import type { Header } from '../core/block.ts'
import { backfill } from '../indexer/backfill.ts'
import type { AuditCounts } from './audit-counts.ts'
import { type RefetchDeps, Refetcher } from './refetch-logs.ts'

/** Most tokens whose logs are fetched again: as many as a node takes in one filter. */
const MAX_TOKENS = 500
/** Each look goes back this many blocks below the last one, so that several looks, of several nodes, see each log. */
const BLOCKS_AGAIN = 32
/** The first look at a token goes back this many blocks. */
const FIRST_BLOCKS = 512
/** Requests of one look. The next one continues. */
const RANGES_A_LOOK = 20

/** The dependencies of `LogRechecks`. */
export type LogRechecksDeps = RefetchDeps & { readonly counts: Pick<AuditCounts, 'audit_refetched'> }

/** A token, and the last block that was looked at; undefined before the first look. */
type Token = { readonly reference: string; through: number | undefined }

/**
 * Fetches the newest logs of `reads` tokens a second time, by another kind of filter. Their events do not explain their
 * balances, so no comparison reveals that a log is missing; but an account whose only transfer it was would not be known to
 * hold the token, and its list would lack the row.
 */
export class LogRechecks {
  readonly #deps: LogRechecksDeps
  readonly #refetcher: Refetcher
  /** By asset; the one that was noted longest ago first. */
  readonly #tokens = new Map<string, Token>()

  constructor(deps: LogRechecksDeps) {
    this.#deps = deps
    this.#refetcher = new Refetcher(deps)
  }

  /** Adds tokens to those that are looked at. With too many, those that were noted longest ago are dropped. */
  note(assets: readonly AssetRef[]): void {
    for (const asset of assets) {
      const key = assetKey(asset)
      const known = this.#tokens.get(key)
      this.#tokens.delete(key)
      this.#tokens.set(key, known ?? { reference: asset.reference, through: undefined })
    }
    for (const key of [...this.#tokens.keys()].slice(0, -MAX_TOKENS)) this.#tokens.delete(key)
  }

  /**
   * Looks at the noted tokens, up to a head: once far back, then at what is new and at the blocks below it.
   * @throws NODE_*, BLOCK_CONFLICT, STORE_UNAVAILABLE, LEASE_LOST
   */
  async look(head: Header, signal: AbortSignal): Promise<void> {
    // Where only some accounts are followed, nodes are asked by accounts, and tokens are found otherwise.
    if (this.#deps.coverage.scope.type === 'accounts') return
    const all = [...this.#tokens.values()]
    const fresh = all.filter(({ through }) => through === undefined)
    const known = all.filter(({ through }) => through !== undefined)
    const last = known.reduce((least, { through = 0 }) => Math.min(least, through), head.number)
    await this.#lookAt(fresh, head.number - FIRST_BLOCKS + 1, { head, signal })
    await this.#lookAt(known, last - BLOCKS_AGAIN + 1, { head, signal })
  }

  async #lookAt(
    tokens: readonly Token[],
    first: number,
    { head, signal }: { readonly head: Header; readonly signal: AbortSignal },
  ): Promise<void> {
    if (tokens.length === 0) return
    const { adapter, counts, coverage, now } = this.#deps
    const scope = { type: 'tokens', tokens: [...new Set(tokens.map(({ reference }) => reference))] } as const
    const range = { first: Math.max(coverage.from, first), last: head.number, budget: { left: RANGES_A_LOOK } }
    for await (const { blocks, through } of backfill({ adapter, scope, ...range, signal, now })) {
      counts.audit_refetched += await this.#refetcher.addFound(blocks, signal)
      for (const token of tokens) token.through = through.number
    }
  }
}
