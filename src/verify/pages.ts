import type { AssetRef } from '../core/asset.ts'
import type { BlockRef } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'
import type { PositionPage, PositionQuery } from '../store/seam/positions.ts'
import type { BlockInUse } from './block-in-use.ts'
import { type JudgedPosition, judgePositions, type Sides } from './compare-positions.ts'
import { skipped } from './comparison.ts'

/** Rows of one step: a snapshot of some milliseconds, and enough questions to keep a node busy. */
export const ROWS_PER_PAGE = 2_000
/** Blocks at which one page is begun anew, when they keep being taken away, before it is given up. */
const MAX_MOVES = 20

/** What is to be compared. Undefined: all. */
export type Selection = {
  readonly accounts: readonly string[] | undefined
  readonly assets: readonly AssetRef[] | undefined
}

/** Where a page begins. */
export type PageQuery = Pick<PositionQuery, 'after' | 'account'>

/** Positions at the block of the moment. */
export type PageAt = { readonly page: PositionPage; readonly block: BlockRef }

const FORGOTTEN: JudgedPosition = { judged: skipped('no_archive'), chainSays: undefined }

/** Pages of positions at the block in use, which moves on where it was taken away or its state is forgotten. */
export class Pages {
  readonly #parts: { readonly sides: Sides; readonly selection: Selection; readonly block: BlockInUse }

  constructor(parts: { readonly sides: Sides; readonly selection: Selection; readonly block: BlockInUse }) {
    this.#parts = parts
  }

  /** The block in use; undefined where nothing is published. @throws BLOCK_CONFLICT, NODE_BEHIND, ABORTED, NODE_* */
  block(): Promise<BlockRef | undefined> {
    return this.#parts.block.current()
  }

  /** A page, not compared yet; undefined where nothing is published. @throws as `block`, UNAVAILABLE */
  async page(query: PageQuery): Promise<PageAt | undefined> {
    const { sides, selection, block: inUse } = this.#parts
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

  /** A page with the verdict on each of its rows. @throws as `page` */
  async judged(query: PageQuery): Promise<(PageAt & { readonly judged: readonly JudgedPosition[] }) | undefined> {
    const { sides, block: inUse } = this.#parts
    for (let moves = 0; moves < MAX_MOVES; moves++) {
      const found = await this.page(query)
      if (found === undefined) return undefined
      const { page, block } = found
      if (inUse.forgotten) return { ...found, judged: page.rows.map(() => FORGOTTEN) }
      const judged = await judgePositions(sides, page.rows, block)
      if (!judged.some(isLost) || !(await inUse.move())) return { ...found, judged }
    }
    throw unsteady()
  }
}

/** True where the block's state was not to be had: it was replaced, or is too old for the node. */
function isLost({ judged }: JudgedPosition): boolean {
  return judged?.outcome === 'skipped' && (judged.reason === 'no_archive' || judged.reason === 'block_replaced')
}

function unsteady(): ServiceError {
  return new ServiceError('UNAVAILABLE', `blocks were replaced ${MAX_MOVES} times while one page was compared`)
}
