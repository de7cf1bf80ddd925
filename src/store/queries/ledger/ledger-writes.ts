import { assert } from '../../../core/assert.ts'
import type { BlockRef, Header } from '../../../core/block.ts'
import { type Series, seriesOf } from '../../../core/operation.ts'
import type { Batch } from '../../../core/transfer.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { advanceClock, appendRows } from '../../../journal/rules/append.ts'
import type { JournalRules } from '../../../journal/rules/journal-rules.ts'
import { batchOf } from '../../rows/ledger-batch.ts'
import { recordedValues } from '../../rows/ledger-rows.ts'
import type { Decided, LedgerBlock, LedgerFacts, LedgerHead, LedgerNeeds } from '../../seam/ledger-store.ts'
import { inLockOrder } from '../lock-order.ts'
import { each, planned, type Query, rowOf, type Value, type Work } from '../query.ts'
import { holdingName, type LedgerLookups } from './ledger-lookups.ts'
import type { LedgerStep } from './ledger-steps.ts'

const OPERATION = each(
  `INSERT INTO ledger_operations
    (number, kind, serial, asset, sender, receiver, amount, name, symbol, reissue, request)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ['int', 'text', 'int', 'text', 'bytes', 'bytes', 'bytes', 'text', 'text', 'int', 'bytes'],
)
const KEY = insertKey('ledger_keys')
const REPEAT = insertKey('ledger_repeats')
const COUNTS = rowOf('UPDATE ledger SET assets = ?, wallets = ?, mints = ?, moves = ?')

const BEGIN = rowOf(`INSERT INTO ledger (one, assets, wallets, mints, moves) VALUES (1, 0, 0, 0, 0)
  ON CONFLICT (one) DO NOTHING RETURNING one`)
const TOUCH = rowOf('UPDATE ledger SET assets = assets')

function insertKey(table: string) {
  return each(`INSERT INTO ${table} (scope, key, fingerprint, number) VALUES (?, ?, ?, ?)`, [
    ...(['text', 'text', 'text', 'int'] as const),
  ])
}

/** What the writer of a ledger knows of its rows. `step`: for tests that end the process at a named point. */
export type LedgerWriting = {
  readonly lookups: LedgerLookups
  readonly rules: JournalRules
  readonly step: (step: LedgerStep) => void
}

/** A decision that was written, and the newest block after it. */
export type Written<T> = { readonly decided: Decided<T>; readonly head: BlockRef }

/** Reads the needed facts, decides, and writes the decision. Call it in a transaction that no other writer's overlaps. */
export function* decideAndWrite<T>(
  writing: LedgerWriting,
  needs: LedgerNeeds,
  decide: (facts: LedgerFacts) => Decided<T>,
): Work<Written<T>> {
  const facts = yield* writing.lookups.facts(needs)
  writing.step('ledger:read')
  const decided = decide(facts)
  if (decided.blocks.length > 0) yield* write(writing, facts.head, decided)
  if (decided.repeats.length > 0) {
    const rows = decided.repeats.map(({ idempotency: { scope, key, fingerprint }, registration }) => {
      return [scope, key, fingerprint, registration.block.number]
    })
    yield [REPEAT, inLockOrder(rows, nameOfKey)]
  }
  return { decided, head: decided.blocks.at(-1)?.block ?? facts.head.header }
}

/** Begins a new ledger with its first block. Does nothing if it was begun. */
export function* beginLedger(genesis: Header, writing: LedgerWriting): Work<void> {
  const [begun] = yield [BEGIN]
  if (begun === undefined) return
  yield* appendBlocks({ first: genesis.number, through: genesis, blocks: [], headers: [genesis] }, writing)
}

/** Writes without a change, to see whether a write is possible. */
export function* touchLedger(): Query<void> {
  yield [TOUCH]
}

/** Appends blocks to the ledger's rows as a chain. */
function* appendBlocks(batch: Batch, { rules, step }: Omit<LedgerWriting, 'lookups'>): Work<void> {
  const appended = yield* planned(appendRows(batch, rules))
  step('append:rows')
  yield* planned(advanceClock(batch, appended))
  step('append:clock')
}

function* write(writing: LedgerWriting, head: LedgerHead, { blocks, after }: Decided<unknown>): Work<void> {
  const counts: Record<Series, number> = { ...head.counts }
  for (const { operation } of blocks) counts[seriesOf(operation.kind)] += 1
  yield [OPERATION, blocks.map(operationRow)]
  const keys = blocks.flatMap(({ idempotency, block }) =>
    idempotency === undefined ? [] : [[idempotency.scope, idempotency.key, idempotency.fingerprint, block.number]],
  )
  if (keys.length > 0) yield [KEY, inLockOrder(keys, nameOfKey)]
  const { assets, wallets, mints, moves } = counts
  yield [COUNTS, assets, wallets, mints, moves]
  yield* appendBlocks(batchOf(blocks), writing)
  yield* mustHold(writing.lookups, after)
  writing.step('ledger:rows')
}

/** Asserts that the tables now hold the amounts that the caller expects. */
function* mustHold(lookups: LedgerLookups, { balances, supplies }: Decided<unknown>['after']): Work<void> {
  const held = yield* lookups.holdings(balances)
  for (const { amount, ...holding } of balances) {
    assert((held.get(holdingName(holding)) ?? 0n) === amount, 'a stored balance matches the operations')
  }
  const stored = yield* lookups.supplies(supplies.map(({ assetId }) => assetId))
  for (const { assetId, supply } of supplies) {
    assert(stored.get(assetId) === supply, 'a stored supply is the sum of the balances')
  }
}

function operationRow(block: LedgerBlock): readonly Value[] {
  const { idempotency } = block
  return [...recordedValues(block), idempotency === undefined ? null : encodeHash(idempotency.digest)]
}

function nameOfKey([scope, key]: readonly Value[]): string {
  return `${scope}\0${key}`
}
