import type { Accounting, AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import type { Readability, Reclassification } from '../../journal/audit-outcomes.ts'
import type { FoundByAudit } from '../../journal/rules/audit-notes.ts'

export type {
  AdoptionResult,
  Evidence,
  Readability,
  Reclassification,
  ReclassifyOutcome,
  ReclassifyReason,
  Repaired,
} from '../../journal/audit-outcomes.ts'
export { RECLASSIFY_REASONS } from '../../journal/audit-outcomes.ts'

/**
 * Walks over the balances. Each resumes where it stopped.
 * - `holders`: random holders of each token, token by token.
 * - `doubts`: balances whose sum left the range of amounts, and balances that a read reopened, until they are
 *   investigated.
 * - `openings`: balances with an unknown opening, most recently changed first.
 * - `rereads`: holders of `reads` tokens.
 * - `all`: every balance once, in key order. It then returns nothing until all blocks were fetched again.
 */
export const WALKS = ['holders', 'doubts', 'openings', 'rereads', 'all'] as const
/** A walk of `WALKS`. */
export type Walk = (typeof WALKS)[number]
/** The cursor of a finished walk. */
export const WALKED = 'end'

/** Limits of one page of a walk: balances in total, and per token. */
export type WalkLimits = { readonly keys: number; readonly perToken: number }

/** The next page of a walk. `cursor`: where the next page begins. Save it with `reached` once the keys are processed. */
export type WalkPage = { readonly keys: readonly BalanceKey[]; readonly cursor: string }

/** A finding of the audit. `journal` undefined: no amount. `says`: one line for people. */
export type Finding = FoundByAudit & { readonly what: 'turned' | 'repaired' | 'different' | 'unsteady' }

/** A balance at a block according to the events. */
export type Expected = {
  readonly amount: bigint | undefined
  readonly whole: boolean
  readonly contradicted: number | undefined
}

/**
 * A contract with logs of unclear meaning, which were stored as transfers of `asset` or as hints about it, and with
 * transfers under another standard that go on longer: the newest is in block `decidedAt`.
 */
export type DecidedLate = {
  /** The store's id of `asset`. */
  readonly id: number
  readonly asset: AssetRef
  readonly decided: AssetRef
  readonly decidedAt: number
}

/** What an audit reads from and writes to the journal. Only the chain's writer has it. */
export interface AuditStore {
  next(walk: Walk, limits: WalkLimits): Promise<WalkPage>
  reached(walk: Walk, cursor: string): Promise<void>
  /**
   * The supply of each asset from its events and openings, at the written block or at an earlier block `at`. Undefined
   * if the journal cannot know it: coverage began later or covers only some accounts, a balance of the asset is in
   * doubt, or its accounting is not `events`; for an earlier block also if a balance was reopened, or too many
   * transfers came since.
   */
  supplies(
    assets: readonly AssetRef[],
    at?: number,
  ): Promise<{ readonly block: BlockRef; readonly supplies: readonly (bigint | undefined)[] }>
  /**
   * The balance at the end of a block according to the events, in range or not. From the newest opening on it uses that
   * opening; before, the opening given by coverage. `amount` undefined: there is no opening. `whole`: the newest
   * opening holds since coverage began. If not, `contradicted` is the first block at whose end the coverage opening
   * plus the events is out of range.
   */
  expected(key: BalanceKey, block: number): Promise<Expected>
  /**
   * Compares an asset's stored transfers (from or to `account`, or else mints and burns) with those in `blocks`.
   * Returns the numbers of the blocks in the range where they differ. Bounded to some milliseconds of work: it covers
   * blocks up to the end of `through`.
   */
  differing(query: {
    readonly asset: AssetRef
    readonly account: string | undefined
    readonly first: number
    readonly last: number
    readonly blocks: readonly BlockTransfers[]
  }): Promise<{ readonly numbers: readonly number[]; readonly through: number }>
  /** Contracts that may have been decided late, above the id `after` (0: from the first). At most some dozens. */
  decidedLate(after: number): Promise<readonly DecidedLate[]>
  /** The next blocks above `after` with transfers of an asset or hints about it, at most `limit`. */
  blocksOf(asset: AssetRef, after: number, limit: number): Promise<readonly number[]>
  /** Adds a finding. The oldest ones above a limit are deleted. */
  note(finding: Finding): Promise<void>
  /**
   * Records which tokens are readable. Does nothing if the block is not ours. A rollback undoes only "readable again".
   */
  noteReadability(readability: Readability): Promise<void>
}

/** A token with its accounting. `reclassifiedAt`: Unix seconds. */
export type ClassedToken = {
  readonly id: number
  readonly asset: AssetRef
  readonly accounting: Accounting
  /** Configuration sets the accounting. */
  readonly fixed: boolean
  readonly firstBlock: number | undefined
  readonly transfers: number
  readonly reclassification: (Omit<Reclassification, 'asset'> & { readonly reclassifiedAt: number }) | undefined
}

/** The audit's results for readers. */
export interface AuditReads {
  /** Tokens in the order in which they were first seen, after the id `after` (0: from the first). */
  tokens(query: {
    readonly accounting: Accounting | undefined
    readonly after: number
    readonly limit: number
  }): Promise<readonly ClassedToken[]>
  /** The newest findings, newest first. `foundAt`: Unix seconds. */
  findings(limit: number): Promise<readonly (Finding & { readonly foundAt: number })[]>
  /** How many assets were seen, and how many of them were reclassified. */
  classes(): Promise<{ readonly assets: number; readonly reclassified: number }>
}
