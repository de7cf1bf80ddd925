import { Changeset, chunksOf, Lookup, type Plan } from '../plan.ts'
import { amountOf, applyChange, endBlock, isPositive, type Position, positionBefore } from '../position.ts'
import { balances, changes, outOfRange } from '../tables/facts.ts'
import type { AssetRow } from './assets.ts'
import type { Counts } from './counts.ts'
import { type BatchAccount, byBalance, type Change } from './gather.ts'
import { type BalanceRow, balanceRow, positionOf } from './pairs.ts'

/** Accounts of one changeset: those of most single blocks. */
const ACCOUNTS_AT_ONCE = 1_024

/**
 * What the changes of a batch are counted in, the rows of its assets, and the opening of a new pair: 0, or unknown.
 */
type ChangeContext = {
  readonly counts: Counts
  readonly assets: readonly AssetRow[]
  readonly opening: bigint | undefined
}

/** The changes of one balance of an account. */
type Run = { readonly account: Buffer; readonly first: Change; readonly changes: readonly Change[] }

/**
 * Writes the changes of a batch, its balances and all counts, in chunks of accounts in key order, so that each page of
 * the tables is visited once per batch.
 */
export function* writeChanges(accounts: ReadonlyMap<string, BatchAccount>, context: ChangeContext): Plan<void> {
  const inKeyOrder = [...accounts.values()].sort((a, b) => a.bytes.compare(b.bytes))
  for (const chunk of chunksOf(inKeyOrder, ACCOUNTS_AT_ONCE)) {
    const runs = chunk.flatMap(({ bytes, changes: all }) =>
      all.length === 0 ? [] : byBalance(all).map((run) => ({ account: bytes, first: firstOf(run), changes: run })),
    )
    const stored = new Lookup(
      balances,
      runs.map(({ account, first: { asset, item } }) => ({ account, asset, item })),
    )
    yield [stored]
    const changeset = new Changeset()
    for (const [index, run] of runs.entries()) writeRun(changeset, { run, before: stored.rows[index], context })
    if (changeset.tables.length > 0) yield changeset
  }
  yield* context.counts.apply(new Map(context.assets.map((row) => [row.id, row])))
}

function writeRun(
  changeset: Changeset,
  { run, before, context }: { run: Run; before: BalanceRow | undefined; context: ChangeContext },
): void {
  const { account, first } = run
  const { asset, item, fungible } = first
  const position = before === undefined ? positionBefore(first, context.opening) : positionOf(before)
  for (const [index, change] of run.changes.entries()) {
    applyChange(position, change)
    // The range is checked only at the end of a block: within a block, contracts log in any order.
    const isLast = run.changes[index + 1]?.block !== change.block
    if (isLast && endBlock(position, change.block)) changeset.insert(outOfRange, { asset, account, item })
    const { block, log, sub, delta } = change
    changeset.insert(changes, { account, asset, item, block, log, sub, delta, sum: position.sum })
  }
  changeset.put(balances, before, balanceRow({ account, asset, item, fungible }, position))
  if (item === '') count(context.counts, { account, before, position, asset })
}

function count(
  counts: Counts,
  {
    account,
    asset,
    before,
    position,
  }: { account: Buffer; asset: number; before: BalanceRow | undefined; position: Position },
): void {
  const hasReceived = position.fungible && before?.receivedBlock === undefined && position.receivedBlock !== undefined
  if (before === undefined || hasReceived) {
    const ofAccount = counts.account(account)
    if (before === undefined) ofAccount.assets++
    if (hasReceived) ofAccount.received++
  }
  const turned = (isPositive(amountOf(position)) ? 1 : 0) - (isPositive(before?.amount) ? 1 : 0)
  if (turned !== 0) counts.asset(asset).holders += turned
}

function firstOf(run: readonly Change[]): Change {
  const [first] = run
  if (first === undefined) throw new RangeError('a run of changes has one')
  return first
}
