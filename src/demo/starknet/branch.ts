import { assert } from '../../core/assert.ts'
import type { Felt } from './felt.ts'
import { ancestorAt, type StarknetBlock } from './state.ts'

/** The branch that a node follows: its blocks by number, up to its head. */
export class Branch {
  #blocks: StarknetBlock[] = []

  constructor(head: StarknetBlock) {
    this.follow(head)
  }

  get head(): StarknetBlock {
    const head = this.#blocks.at(-1)
    assert(head !== undefined, 'a branch has at least its first block')
    return head
  }

  /** Sets another head. It costs the blocks that are replaced, not the whole branch. */
  follow(head: StarknetBlock): void {
    const added: StarknetBlock[] = []
    let at: StarknetBlock | undefined = head
    while (at !== undefined && this.#blocks[at.number] !== at) {
      added.push(at)
      at = at.parent
    }
    this.#blocks.length = at === undefined ? 0 : at.number + 1
    for (const block of added.reverse()) this.#blocks.push(block)
  }

  /** The block with this number. Undefined above the head. */
  at(number: number): StarknetBlock | undefined {
    return this.#blocks[number]
  }

  /** The block, if it is part of this branch. */
  own(block: StarknetBlock | undefined): StarknetBlock | undefined {
    return block !== undefined && this.#blocks[block.number] === block ? block : undefined
  }

  /** This branch without its newest blocks: what a node knows that is `lag` blocks behind. */
  behind(lag: number): StarknetBlock {
    return ancestorAt(this.head, Math.max(0, this.head.number - lag)) ?? this.head
  }
}

/** A block as a request names it. */
export type BlockId = { readonly hash: Felt } | { readonly number: number } | 'latest' | 'l1_accepted' | 'pre_confirmed'
