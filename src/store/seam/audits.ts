import type { Accounting, AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { BlockTransfers } from '../../core/transfer.ts'

/**
 * What became of a read of the chain, held against the journal.
 * - `adopted`: the pair's opening was unknown and follows from the read, for its earlier history too.
 * - `reopened`: the pair's sum had left the range of amounts, or its history contradicts the read; it is known again
 *   from the read's block on, and unknown before.
 * - `equal`, `different`: the journal had an amount of its own at that block.
 * - `not_canonical`: we hold no such block.
 * - `forgotten`: its block is final, and too old to be told from one of another branch: nobody can say.
 * - `not_covered`: there is nothing to compare with (a `reads` token, an account outside the scope, an opening that
 *   rests on a later block).
 */
export type Judgement =
  | { readonly outcome: 'adopted' | 'reopened' | 'equal' | 'not_canonical' | 'forgotten' | 'not_covered' }
  | { readonly outcome: 'different'; readonly journal: bigint }

/**
 * Why a token was turned: an amount differs, sums leave the range of amounts, the supply differs, or one of its transfers
 * can't be decoded.
 */
export const TURN_REASONS = ['balance', 'range', 'supply', 'undecodable'] as const
export type ReclassifyReason = (typeof TURN_REASONS)[number]

/** What gave a token away. `account` undefined: its whole supply. `journal` undefined: no amount at all. */
export type Evidence = {
  readonly account: string | undefined
  readonly item: string
  readonly journal: bigint | undefined
  readonly chain: bigint
}

/** A token found to be known by reads only, at a block of ours. */
export type Reclassification = {
  readonly asset: AssetRef
  readonly block: BlockRef
  readonly reason: ReclassifyReason
  /** `chain` undefined: the events alone gave it away. */
  readonly evidence: Omit<Evidence, 'chain'> & { readonly chain: bigint | undefined }
}

/** What a turn did. `fixed`: the configuration says what the token is. `not_canonical`: the block is not ours any more. */
export type ReclassifyOutcome = 'turned' | 'already' | 'fixed' | 'not_canonical'

/** What a repair changed, in transfers and in which blocks; `compared`: how many of its blocks were ours. */
export type Repaired = {
  readonly compared: number
  readonly inserted: number
  readonly removed: number
  readonly changed: readonly BlockRef[]
}

/**
 * Ways through the balances, each resumed where it was left: random `holders` of each token in turn; `doubts`, whose
 * sums left the range of amounts, and those that a read reopened, until that was looked into; `openings` that are unknown, newest touched first; `rereads` of who holds `reads`
 * tokens; `all` balances once, in the order of their keys: past the last it brings none, until all were fetched again.
 */
export const WALKS = ['holders', 'doubts', 'openings', 'rereads', 'all'] as const
export type Walk = (typeof WALKS)[number]
/** The place of a walk that is over. */
export const WALKED = 'end'

/** How much one step of a walk may bring: balances in all, and of one token. */
export type WalkLimits = { readonly keys: number; readonly perToken: number }

/** What a walk comes to next. `place` is where it then is: kept by `reached`, once the keys were dealt with. */
export type WalkStep = { readonly keys: readonly BalanceKey[]; readonly place: string }

/** What the audit came upon. `journal` undefined: no amount. `says`: one line for people. */
export type Finding = {
  readonly what: 'turned' | 'repaired' | 'different' | 'unsteady'
  readonly asset: AssetRef
  readonly block: number
  readonly account: string | undefined
  readonly item: string
  readonly journal: bigint | undefined
  readonly chain: bigint | undefined
  readonly says: string
}

/**
 * What came of reading balances at a block: tokens of which none could be read, though the node answered, and tokens of
 * which at least one could.
 */
export type Readability = {
  readonly block: BlockRef
  readonly silent: readonly AssetRef[]
  readonly answering: readonly AssetRef[]
}

/** What the events say of a balance at a block. */
export type Expected = {
  readonly amount: bigint | undefined
  readonly whole: boolean
  readonly contradicted: number | undefined
}

/** What an auditor asks of the journal that it is the writer of, and leaves there. */
export interface AuditStore {
  next(walk: Walk, limits: WalkLimits): Promise<WalkStep>
  reached(walk: Walk, place: string): Promise<void>
  /**
   * What exists of each asset by its events and openings at the written block, or at an earlier one; undefined where the
   * journal cannot say: coverage began later, is of accounts, a balance is in doubt, the asset is not of `events`; of an
   * earlier block also where a balance was reopened, or too many transfers came since.
   */
  supplies(
    assets: readonly AssetRef[],
    at?: number,
  ): Promise<{ readonly block: BlockRef; readonly supplies: readonly (bigint | undefined)[] }>
  /**
   * What the events say a balance was at the end of a block, in range or not: from its newest opening on by that, before
   * by what coverage gave. `amount` undefined: there is no opening. `whole`: the newest opening holds since coverage
   * began; where not, `contradicted` is the first block at whose end what coverage gave and the events are no amount.
   */
  expected(key: BalanceKey, block: number): Promise<Expected>
  /**
   * Of a range of blocks, the numbers of those in which an asset's transfers (those from or to `account`, else mints and
   * burns) are not the ones of `blocks`. Looks at some milliseconds' worth: up to the end of block `through`.
   */
  differing(query: {
    readonly asset: AssetRef
    readonly account: string | undefined
    readonly first: number
    readonly last: number
    readonly blocks: readonly BlockTransfers[]
  }): Promise<{ readonly numbers: readonly number[]; readonly through: number }>
  /** Adds a finding; the oldest above a limit go. */
  note(finding: Finding): Promise<void>
  /** Notes which tokens answer; nothing where the block is not ours. A rollback takes back only that one answered again. */
  heard(hearing: Readability): Promise<void>
}

/** A token with its class: why and when it was turned, where it was. `turnedAt`: Unix seconds. */
export type ClassedToken = {
  readonly id: number
  readonly asset: AssetRef
  readonly accounting: Accounting
  /** The configuration says so. */
  readonly fixed: boolean
  readonly firstBlock: number | undefined
  readonly transfers: number
  readonly turn: (Omit<Reclassification, 'asset'> & { readonly turnedAt: number }) | undefined
}

/** What readers may know of the audit. */
export interface AuditReads {
  /** Tokens in the order in which they were first seen, after the id `after` (0: from the first). */
  tokens(query: {
    readonly accounting: Accounting | undefined
    readonly after: number
    readonly limit: number
  }): Promise<readonly ClassedToken[]>
  /** The newest findings, newest first. `foundAt`: Unix seconds. */
  findings(limit: number): Promise<readonly (Finding & { readonly foundAt: number })[]>
  /** How many assets were seen, and how many of them were turned. */
  classes(): Promise<{ readonly assets: number; readonly turned: number }>
}
