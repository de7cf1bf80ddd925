import type { AssetRef } from '../core/asset.ts'
import type { BlockRef } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'
import type { PositionPage, PositionQuery } from '../store/seam/positions.ts'
import type { BlockInUse } from './block-in-use.ts'
import { comparePositions, type PositionComparison, type Sides } from './compare-positions.ts'
import { skipped } from './comparison.ts'

/** Rows per step: a snapshot of some milliseconds, and enough questions to keep a node busy. */
export const ROWS_PER_PAGE = 2_000
/** Most blocks at which one page is compared, if each block is replaced or becomes too old meanwhile. */
const MAX_MOVES = 20

/** What to compare. Undefined: everything. */
export type Selection = {
  readonly accounts: readonly string[] | undefined
  readonly assets: readonly AssetRef[] | undefined
}

/** Where a page begins. */
export type PageQuery = Pick<PositionQuery, 'after' | 'account'>

/** A page of positions, and its block. */
export type PageAt = { readonly page: PositionPage; readonly block: BlockRef }

const FORGOTTEN: PositionComparison = { comparison: skipped('no_archive'), chainAmount: undefined }

/** Pages of positions at the block in use. If that block is replaced or too old for the nodes, a newer one is used. */
export class Pages {
  readonly #deps: { readonly sides: Sides; readonly selection: Selection; readonly block: BlockInUse }

  constructor(deps: { readonly sides: Sides; readonly selection: Selection; readonly block: BlockInUse }) {
    this.#deps = deps
  }

  /**
   * Returns the block in use; undefined if nothing is published.
   * @throws BLOCK_CONFLICT, NODE_BEHIND, ABORTED, NODE_*
   */
  block(): Promise<BlockRef | undefined> {
    return this.#deps.block.current()
  }

  /** Returns a page without comparing it; undefined if nothing is published. @throws as `block`, UNAVAILABLE */
  async page(query: PageQuery): Promise<PageAt | undefined> {
    const { sides, selection, block: inUse } = this.#deps
    for (let moves = 0; moves < MAX_MOVES; moves++) {
      if (sides.signal.aborted) throw new ServiceError('ABORTED', 'Stopped')
      const block = await inUse.current()
      if (block === undefined) return undefined
      const page = await sides.reads.walk({ ...query, at: block, assets: selection.assets, limit: ROWS_PER_PAGE })
      if (page.holds) return { page, block }
      await inUse.move()
    }
    throw unsteady()
  }

  /** Returns a page with the comparison of each row. @throws as `page` */
  async compared(
    query: PageQuery,
  ): Promise<(PageAt & { readonly compared: readonly PositionComparison[] }) | undefined> {
    const { sides, block: inUse } = this.#deps
    for (let moves = 0; moves < MAX_MOVES; moves++) {
      const found = await this.page(query)
      if (found === undefined) return undefined
      const { page, block } = found
      if (inUse.forgotten) return { ...found, compared: page.rows.map(() => FORGOTTEN) }
      const compared = await comparePositions(sides, page.rows, block)
      if (!compared.some(isLost) || !(await inUse.move())) return { ...found, compared }
    }
    throw unsteady()
  }
}

/** True if the block's state could not be read: the block was replaced, or is too old for the node. */
function isLost({ comparison }: PositionComparison): boolean {
  return comparison?.outcome === 'skipped' && ['no_archive', 'block_replaced'].includes(comparison.reason)
}

function unsteady(): ServiceError {
  return new ServiceError('UNAVAILABLE', `blocks were replaced ${MAX_MOVES} times while one page was compared`)
}
