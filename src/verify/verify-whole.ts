import { NO_ITEM } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import { sameBlock } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'
import type { ObservationQuery, PositionQuery } from '../store/seam/positions.ts'
import { compareObservations, compareTwice, type Sides, type Skip } from './compare-positions.ts'
import { type Comparison, type StoredAmount, skipped, storedAmount, storedZero } from './comparison.ts'
import { type Pages, ROWS_PER_PAGE, type Selection } from './pages.ts'
import { addAnew, addItemsAnew } from './sum-again.ts'
import { ItemSums, Supplies, storedSupply } from './token-sums.ts'
import type { Recorder } from './verify-result.ts'

/** Comparisons per step, if no page sets the number. */
const COMPARISONS_PER_STEP = 1_000

/** What a verification works with. */
export type Work = {
  readonly sides: Sides
  readonly selection: Selection
  readonly pages: Pages
  readonly notes: Recorder
}

/** Compares everything that is selected: positions, absent positions, supplies, observations. @throws ServiceError */
export async function verifyWhole(work: Work): Promise<void> {
  const { accounts } = work.selection
  const supplies = new Supplies((await work.sides.reads.clock()).revision)
  for (const account of accounts ?? [undefined]) await comparePositions(work, account, supplies)
  await compareAbsent(work)
  await compareSupplies(work, supplies)
  for (const account of accounts ?? [undefined]) await compareAllObservations(work, account)
}

async function comparePositions(
  { sides, pages, notes }: Work,
  account: string | undefined,
  supplies: Supplies,
): Promise<void> {
  const sums = new ItemSums()
  let after: PositionQuery['after'] | undefined = { share: 0 }
  while (after !== undefined) {
    const found = await pages.compared({ after, account })
    if (found === undefined) return
    const { page, compared, block } = found
    if (notes.useBlock(block)) sums.blockMoved()
    for (const [index, row] of page.rows.entries()) {
      const own = compared[index]
      notes.add('balance', own?.comparison)
      notes.add('balance', await looked(sides, sums.next(row, own?.chainAmount, block)))
      supplies.add(row)
    }
    notes.progress(page.share)
    after = page.next
  }
  notes.add('balance', await looked(sides, sums.end()))
}

/** Returns the comparison of a sum of items. If it differs, compares once more with both sides read again. */
async function looked(sides: Sides, sum: Comparison | undefined): Promise<Comparison | undefined> {
  return sum?.outcome === 'different' ? addItemsAnew(sides, sum.difference) : sum
}

/** If both accounts and tokens are selected, compares positions that are not stored, and so are zero. */
async function compareAbsent({ sides, selection, pages, notes }: Work): Promise<void> {
  const { accounts, assets } = selection
  const block = await pages.block()
  if (accounts === undefined || assets === undefined || block === undefined) return
  const known = (await Promise.all(assets.map((asset) => sides.reads.asset(asset)))).flatMap((asset) => asset ?? [])
  for (const account of accounts) {
    const keys = known.map(({ asset }): BalanceKey => ({ account, asset, item: NO_ITEM }))
    const { clock, rows } = await sides.reads.balances(keys, block.number)
    const absent = known.filter((_, index) => rows[index] === undefined)
    const toCompare = absent.flatMap((asset) => storedZero({ account, asset }, { block, clock }) ?? [])
    const again = (differing: readonly StoredAmount[]) =>
      Promise.all(differing.map((stored) => readAgain(sides, stored)))
    for (const comparison of await compareTwice(sides, toCompare, again)) notes.add('balance', comparison)
  }
}

/** Reads the stored amount of an absent position again: a repair may have added it, or its token was reclassified. */
async function readAgain({ reads }: Sides, stored: StoredAmount): Promise<StoredAmount | Skip> {
  const { question } = stored
  if (question.what !== 'balance') return stored
  const { key, block } = question
  const { clock, rows } = await reads.balances([key], block.number)
  const asset = await reads.asset(key.asset)
  const [row] = rows
  if (asset === undefined) return stored
  if (row !== undefined) {
    const { amount, inDoubt } = row
    return storedAmount({ ...key, amount, inDoubt, accounting: asset.accounting }, block)
  }
  return storedZero({ account: key.account, asset }, { block, clock }) ?? { skip: 'accounting_reads' }
}

/** Compares each token's supply on the chain with the sum of its stored balances. */
async function compareSupplies({ sides, selection, pages, notes }: Work, supplies: Supplies): Promise<void> {
  const { coverage } = await sides.reads.clock()
  const block = await pages.block()
  const whole = coverage?.from === 0 && coverage.scope.type !== 'accounts' && selection.accounts === undefined
  if (!whole || block === undefined) return
  const moved = notes.onlyBlock === undefined || !sameBlock(notes.onlyBlock, block)
  const sums = supplies.all()
  for (let at = 0; at < sums.length; at += COMPARISONS_PER_STEP) {
    const toCompare: StoredAmount[] = []
    for (const { asset, sum } of sums.slice(at, at + COMPARISONS_PER_STEP)) {
      if (moved || sum === undefined) notes.add('supply', skipped(moved ? 'block_moved' : 'opening_unknown'))
      else toCompare.push(storedSupply(asset, sum, block))
    }
    const again = (differing: readonly StoredAmount[]) =>
      addAnew(sides, differing, { block, revision: supplies.revision })
    for (const comparison of await compareTwice(sides, toCompare, again)) notes.add('supply', comparison)
    notes.progress(1)
  }
}

async function compareAllObservations({ sides, selection, notes }: Work, account: string | undefined): Promise<void> {
  let after: ObservationQuery['after'] | undefined = { share: 0 }
  while (after !== undefined) {
    if (sides.signal.aborted) throw new ServiceError('ABORTED', 'Stopped')
    const query = { after, account, assets: selection.assets, limit: ROWS_PER_PAGE }
    const page = await sides.reads.observations.walk(query)
    for (const comparison of await compareObservations(sides, page.rows)) notes.add('observation', comparison)
    notes.progress(1)
    after = page.next
  }
}
