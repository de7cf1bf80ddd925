import { setTimeout as sleep } from 'node:timers/promises'
import type { ChainProver } from '../chains/adapter.ts'
import { type BlockRef, sameBlock } from '../core/block.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainReads } from '../store/seam/store.ts'

/**
 * An indexer with a heartbeat this recent, in seconds, is alive: it resolves a reorg or catches up, so waiting helps.
 */
const ALIVE_SECONDS = 60
/** Attempts before a conflict is accepted, and the pause between them: together two polls of a slow chain. */
const TRIES = 30
const PAUSE_MS = 1_000

/** How `verify` chooses its block. */
export type BlockChoice = {
  readonly reads: ChainReads
  readonly prover: ChainProver
  /** Unix seconds. */
  readonly now: () => number
  readonly signal: AbortSignal
}

/**
 * Returns the published block once the node has the same one; undefined if nothing is published.
 * @throws BLOCK_CONFLICT the node has another block of that number, and no indexer resolves this
 * @throws NODE_BEHIND the node does not have it yet
 * @throws ABORTED
 */
export async function chooseBlock({ reads, prover, now, signal }: BlockChoice): Promise<BlockRef | undefined> {
  for (let n = 1; ; n++) {
    const { published, beatAt } = await reads.clock()
    if (published === undefined) return undefined
    const ours = { number: published.number, hash: published.hash }
    const theirs = await prover.blockAt(ours.number, signal)
    if (theirs !== undefined && sameBlock(ours, theirs)) return ours
    const alive = beatAt !== undefined && now() - beatAt <= ALIVE_SECONDS
    if (!alive || n === TRIES) throw disagreement(ours, theirs)
    await pause(signal)
  }
}

function disagreement(ours: BlockRef, theirs: BlockRef | undefined): ServiceError {
  const fields = { block: ours.number, ours: ours.hash, node: theirs?.hash }
  if (theirs === undefined) {
    return new ServiceError('NODE_BEHIND', `the node does not have block ${ours.number}, which is indexed`, { fields })
  }
  const message = `block ${ours.number} is ${ours.hash} here and ${theirs.hash} on the node`
  return new ServiceError('BLOCK_CONFLICT', message, { fields })
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
  if (signal.aborted) throw new ServiceError('ABORTED', 'Stopped')
}

/** The block at which the journal's balances are compared, as long as nodes have its state. */
export class BlockInUse {
  readonly #choice: BlockChoice
  #block: BlockRef | undefined
  #chosen = false
  #forgotten = false

  constructor(choice: BlockChoice) {
    this.#choice = choice
  }

  /** True if no node has the block's state, and no newer block is published. */
  get forgotten(): boolean {
    return this.#forgotten
  }

  /** Returns the block; undefined if nothing is published. @throws BLOCK_CONFLICT, NODE_BEHIND, ABORTED, NODE_* */
  async current(): Promise<BlockRef | undefined> {
    if (!this.#chosen || this.#forgotten) await this.move()
    return this.#block
  }

  /**
   * Moves to the block that is published now. Returns false if that is still the same one: it then counts as forgotten.
   * @throws BLOCK_CONFLICT, NODE_BEHIND, ABORTED, NODE_*
   */
  async move(): Promise<boolean> {
    const before = this.#block
    this.#block = await chooseBlock(this.#choice)
    const moved = before === undefined || this.#block === undefined || !sameBlock(before, this.#block)
    this.#forgotten = this.#chosen && !moved
    this.#chosen = true
    return moved
  }
}
