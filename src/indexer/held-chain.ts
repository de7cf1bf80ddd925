import type { BlockRef, Header } from '../core/block.ts'
import type { Batch } from '../core/transfer.ts'
import type { Journal } from '../store/seam/store.ts'
import type { Held } from './next-step.ts'

/**
 * What we have: as `Held`, with the number of our finalized head, which is -1 if there is none. `headers` begin at the
 * finalized head.
 */
export type HeldBlocks = Held & { readonly finalized: number }

/**
 * The header chain that the indexer holds, in memory. Where finality trails by hours it has thousands of blocks, so it is
 * read from the store only at the start and after a failure or a rollback. Each new block adds its own header.
 */
export class HeldChain {
  readonly #journal: Pick<Journal, 'state'>
  #held: { written: Header | undefined; readonly headers: BlockRef[]; finalized: number } | undefined

  constructor(journal: Pick<Journal, 'state'>) {
    this.#journal = journal
  }

  /** Returns what we have. Reads it from the store if it is not in memory. @throws STORE_UNAVAILABLE */
  async load(): Promise<HeldBlocks> {
    if (this.#held !== undefined) return this.#held
    const { written, finalized, headers } = await this.#journal.state()
    this.#held = { written, headers: headers.map(refOf), finalized: finalized?.number ?? -1 }
    return this.#held
  }

  /** Our last block, if it is in memory. */
  get written(): Header | undefined {
    return this.#held?.written
  }

  /** Records a batch that was committed. A batch without headers, from a backfill, makes the next `load` read again. */
  appended({ through, headers }: Batch): void {
    if (headers.length === 0) this.forget()
    if (this.#held === undefined) return
    for (const header of headers) this.#held.headers.push(refOf(header))
    // Headers of a kind may carry more, which must not stay in memory.
    const { number, hash, parentHash, timestamp } = through
    this.#held.written = { number, hash, parentHash, timestamp }
  }

  /** Records that the finalized head moved to one of our blocks. */
  finalizedAt(block: BlockRef): void {
    if (this.#held === undefined) return
    const { headers } = this.#held
    const kept = headers.findIndex(({ number }) => number >= block.number)
    headers.splice(0, kept === -1 ? headers.length : kept)
    this.#held.finalized = block.number
  }

  /** Makes the next `load` read from the store: a write failed, or did something else. */
  forget(): void {
    this.#held = undefined
  }
}

function refOf({ number, hash }: BlockRef): BlockRef {
  return { number, hash }
}
