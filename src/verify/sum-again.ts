/**
 * Adds up sums over many rows, page by page. A sum that differs is added up again until the journal does not change
 * meanwhile, a few times at most.
 */
import { assetKey } from '../core/asset.ts'
import type { BlockRef } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'
import type { Position, PositionQuery } from '../store/seam/positions.ts'
import type { ChainReads } from '../store/seam/store.ts'
import { comparePositions, type Sides, type Skip } from './compare-positions.ts'
import { type Comparison, type Difference, type StoredAmount, skipped } from './comparison.ts'
import { ROWS_PER_PAGE } from './pages.ts'
import { ItemSums, Supplies, storedSupply } from './token-sums.ts'

/** Most attempts at a sum, if repairs and reclassifications keep changing its rows. */
const MAX_TRIES = 5

/**
 * Returns the current stored supplies of those that differ: the same if the journal has not changed since `revision`,
 * else added up again.
 * @throws ABORTED
 */
export async function addAnew(
  sides: Sides,
  differing: readonly StoredAmount[],
  { block, revision }: { readonly block: BlockRef; readonly revision: number },
): Promise<readonly (StoredAmount | Skip)[]> {
  if ((await sides.reads.clock()).revision === revision) return differing
  const found = await atOneBlock(sides.reads, () => addUp(sides, differing, block))
  return found ?? differing.map(() => ({ skip: 'journal_moved' }))
}

async function addUp(
  sides: Sides,
  differing: readonly StoredAmount[],
  block: BlockRef,
): Promise<readonly (StoredAmount | Skip)[]> {
  const { reads } = sides
  const assets = differing.map(({ question }) => (question.what === 'supply' ? question.asset : question.key.asset))
  const supplies = new Supplies((await reads.clock()).revision)
  for await (const { rows, holds } of walk(sides, { at: block, assets })) {
    if (!holds) return differing.map(() => ({ skip: 'block_replaced' }))
    for (const row of rows) supplies.add(row)
  }
  const sums = new Map(supplies.all().map(({ asset, sum }) => [assetKey(asset), sum]))
  return Promise.all(
    assets.map(async (asset) => {
      const key = assetKey(asset)
      if ((await reads.asset(asset))?.accounting !== 'events') return { skip: 'accounting_reads' } as const
      const sum = sums.has(key) ? sums.get(key) : 0n
      return sum === undefined ? ({ skip: 'opening_unknown' } as const) : storedSupply(asset, sum, block)
    }),
  )
}

/**
 * Compares the sum of an account's ERC-1155 items again, with the row and the items read again on both sides.
 * @throws as a prover
 */
export async function addItemsAnew(sides: Sides, { account, asset, block }: Difference): Promise<Comparison> {
  const judge = async (): Promise<Comparison> => {
    const sums = new ItemSums()
    for await (const { rows, holds } of walk(sides, { at: block, account, assets: [asset] })) {
      if (!holds) return skipped('block_replaced')
      const compared = await comparePositions(sides, rows, block)
      for (const [index, row] of rows.entries()) sums.next(row, compared[index]?.chainAmount, block)
    }
    return sums.end() ?? skipped('accounting_reads')
  }
  return (await atOneBlock(sides.reads, judge)) ?? skipped('journal_moved')
}

/** Returns the result of work during which the journal did not change; undefined if it changed each time. */
async function atOneBlock<T>(reads: ChainReads, work: () => Promise<T>): Promise<T | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { revision } = await reads.clock()
    const found = await work()
    if ((await reads.clock()).revision === revision) return found
  }
  return undefined
}

type Page = { readonly rows: readonly Position[]; readonly holds: boolean }

async function* walk(
  { reads, signal }: Sides,
  query: Omit<PositionQuery, 'after' | 'limit'>,
): AsyncGenerator<Page, void> {
  let after: PositionQuery['after'] | undefined = { share: 0 }
  while (after !== undefined) {
    if (signal.aborted) throw new ServiceError('ABORTED', 'Stopped')
    const page = await reads.walk({ ...query, after, limit: ROWS_PER_PAGE })
    yield page
    after = page.next
  }
}
