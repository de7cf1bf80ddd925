import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import { find, type Plan, scan, write } from '../plan.ts'
import { cursors, findings } from '../tables/marks.ts'
import { findAsset, obtainAsset } from './assets.ts'
import type { JournalRules } from './journal-rules.ts'
import { readPair } from './pairs.ts'
import { closedAfter, newestOpening, SINCE_COVERAGE, sumAt } from './segments.ts'
import { pairOf } from './settle-doubts.ts'

/** Findings that are kept for operators, some 200 bytes each. */
const MAX_FINDINGS = 1_000

/** A finding that is stored. `account` undefined: the token's supply. */
export type FoundByAudit = {
  readonly what: string
  readonly asset: AssetRef
  readonly block: number
  readonly account: string | undefined
  readonly item: string
  readonly journal: bigint | undefined
  readonly chain: bigint | undefined
  readonly says: string
}

/** Adds a finding, and deletes the oldest above the limit. `at`: Unix seconds. */
export function* noteFinding(
  { asset, account, ...finding }: FoundByAudit,
  at: number,
  rules: JournalRules,
): Plan<void> {
  const { id: asOf } = yield* obtainAsset(asset)
  const [newest] = yield* scan(findings, { order: ['id'], descending: true, limit: 1 })
  const id = (newest?.id ?? 0) + 1
  const old = yield* scan(findings, { order: ['id'], through: [id - MAX_FINDINGS] })
  const who = account === undefined ? undefined : rules.codec.encode(account)
  yield* write((changes) => {
    changes.insert(findings, { id, foundAt: at, asset: asOf, account: who, ...finding })
    for (const row of old) changes.delete(findings, row)
  })
}

/** Stores how far a walk over balances came. */
export function* noteCursor(name: string, place: string): Plan<void> {
  const before = yield* find(cursors, { name })
  yield* write((changes) => changes.put(cursors, before, { name, place }))
}

/** A balance at a block according to the events: see `AuditStore.expected`. */
export type ExpectedBalance = {
  readonly amount: bigint | undefined
  readonly whole: boolean
  readonly contradicted: number | undefined
}

/** The balance at the end of a block according to the events. */
export function* expectedAt(key: BalanceKey, block: number, rules: JournalRules): Plan<ExpectedBalance> {
  const stored = yield* findAsset(key.asset)
  if (stored === undefined) return { amount: rules.opening, whole: true, contradicted: undefined }
  const pair = pairOf(key, stored.id, rules)
  const newest = yield* newestOpening(pair)
  const isBefore = newest !== undefined && block < newest.since
  const opening = isBefore ? rules.opening : ((yield* readPair(pair))?.opening ?? rules.opening)
  const amount = opening === undefined ? undefined : opening + (yield* sumAt(pair, block))
  const whole = newest === undefined || newest.since === SINCE_COVERAGE
  const isUnknown = whole || rules.opening === undefined
  return { amount, whole, contradicted: isUnknown ? undefined : yield* closedAfter(pair, rules.opening, -1) }
}
