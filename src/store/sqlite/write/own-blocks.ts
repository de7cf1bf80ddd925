import { assert } from '../../../core/assert.ts'
import { type BlockRef, type Header, sameBlock } from '../../../core/block.ts'
import { readHeader, readOptionalHeader } from '../rows/header-rows.ts'
import type { JournalStatements } from './journal-statements.ts'

/** Tells which blocks are ours. Runs inside the journal's transaction. */
export class OwnBlocks {
  readonly #statements: JournalStatements
  readonly #from: number

  /** `from`: the first block of the coverage. */
  constructor(statements: JournalStatements, from: number) {
    this.#statements = statements
    this.#from = from
  }

  /** The last written block; undefined before the first. */
  written(): Header | undefined {
    const row = this.#statements.clock.get()
    return row === undefined ? undefined : readOptionalHeader(row)
  }

  /**
   * True if this block is stored with this hash. Far below the finalized head, only blocks with transfers keep their
   * hashes.
   */
  holds(block: BlockRef): boolean {
    const row = this.#statements.headerAt.get(block.number)
    return row !== undefined && sameBlock(readHeader(row), block)
  }

  /** The stored header of a block of ours. */
  get(block: BlockRef): Header {
    const row = this.#statements.headerAt.get(block.number)
    assert(row !== undefined, 'the ancestor of a rollback is stored')
    const header = readHeader(row)
    assert(sameBlock(header, block), 'the ancestor of a rollback has the stored hash')
    return header
  }

  /** True if this block is ours, or may be: a final block without transfers whose hash was deleted. */
  mayHold(block: BlockRef): boolean {
    const written = this.written()
    if (written === undefined || block.number > written.number || block.number < this.#from) return false
    const row = this.#statements.headerAt.get(block.number)
    return row === undefined || sameBlock(readHeader(row), block)
  }
}
