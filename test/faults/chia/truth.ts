import { assert } from '../../../src/core/assert.ts'
import { hex } from '../../../src/demo/chia/chain.ts'
import type { RecordedBlock } from '../../chia/node/recorder.ts'
import type { TrueBlock, TrueTransfer, Truth } from '../truth.ts'
import type { Branches } from './branches.ts'

/** Confirmations after which a block is final. */
const FINAL_BELOW = 32

/** The true state of a simulated Chia chain: sums over the simulator's own coins. Tokens are TAIL hashes in hex. */
export class ChiaTruth implements Truth {
  readonly #branches: Branches
  readonly #names: ReadonlyMap<string, string>
  readonly #puzzleHashes: ReadonlyMap<string, string>
  #highest = 0

  /** `puzzleHashes`: those of the accounts, by address. `names`: those of the CATs, by TAIL. */
  constructor(
    branches: Branches,
    known: { readonly puzzleHashes: ReadonlyMap<string, string>; readonly names: ReadonlyMap<string, string> },
  ) {
    this.#branches = branches
    this.#puzzleHashes = known.puzzleHashes
    this.#names = known.names
  }

  noteHead({ block }: RecordedBlock): void {
    this.#highest = Math.max(this.#highest, block.number)
  }

  block(hash: string): TrueBlock | undefined {
    const recorded = this.#branches.find(hash.replace(/^0x/, ''))
    return recorded && trueBlock(recorded)
  }

  ancestor(of: TrueBlock, number: number): TrueBlock | undefined {
    let at: RecordedBlock | undefined = this.#at(of)
    while (at !== undefined && at.block.number > number) at = this.#branches.parentOf(at)
    return at && trueBlock(at)
  }

  /** No reorg of the run is as deep as a final block. */
  isFinal({ number }: TrueBlock): boolean {
    return number <= this.#highest - FINAL_BELOW
  }

  blocksFrom(number: number): readonly TrueBlock[] {
    return this.#branches.byNumber.slice(number).flat().map(trueBlock)
  }

  balance(at: TrueBlock, account: string, token: string): bigint {
    const owner = this.#puzzleHashes.get(account)
    const { holdings } = this.#at(at)
    return holdings.find((held) => held.owner === owner && held.tail === token)?.amount ?? 0n
  }

  native(at: TrueBlock, account: string): bigint {
    return this.#at(at).xch.get(this.#puzzleHashes.get(account) ?? '') ?? 0n
  }

  met(at: TrueBlock, account: string): readonly string[] {
    const owner = this.#puzzleHashes.get(account)
    return this.#at(at).holdings.flatMap((held) => (held.owner === owner ? [held.tail] : []))
  }

  /** Nobody can tell all holders of a CAT. */
  holders(): ReadonlyMap<string, bigint> {
    return new Map()
  }

  /** No call of the run asks for transfers. */
  transfers(): readonly TrueTransfer[] {
    return []
  }

  isNotYetTold(): boolean {
    return false
  }

  isToken(token: string): boolean {
    return this.#names.has(token)
  }

  isMissing(): boolean {
    return false
  }

  nameOf(token: string): string {
    return this.#names.get(token) ?? token
  }

  #at({ hash }: TrueBlock): RecordedBlock {
    const recorded = this.#branches.find(hash.slice(2))
    assert(recorded !== undefined, 'all questions are about blocks of this chain')
    return recorded
  }
}

/** A block as the server writes it. */
export function trueBlock({ block }: RecordedBlock): TrueBlock {
  return { number: block.number, hash: `0x${hex(block.hash)}`, timestamp: block.timestamp }
}
