import { type ChainShape, createGenerator, type Generator, MINT, type Movement, nameWord } from '../chain/generator.ts'

/** The blocks' patterns by turns: of so many transfers, the first ones are no fees, and each of the others is a fee. */
const PATTERNS = [
  { length: 5, uses: 1 },
  { length: 2, uses: 1 },
  { length: 3, uses: 2 },
] as const
/** The upper 32 bits of the least fee: 10^15 base units. */
const LEAST_FEE_HIGH = 232_830
const FEE_SPREAD = 0xffff
/** Kinds of draws, besides those of the EVM generator. */
const DRAWN = { payer: 21, granted: 22, fee: 23 } as const

/** A transfer's transaction in its block, and its place in that transaction. */
export type TransferPlace = { readonly transaction: number; readonly event: number }

/** A generated chain of Starknet, where many transfers are fees in STRK to the sequencer. */
export type StarknetGenerator = Generator & {
  /** The index of STRK among the tokens, after the others. */
  readonly strk: number
  /** The index of the sequencer among the accounts, after the others. */
  readonly sequencer: number
  readonly place: (index: number) => TransferPlace
  /** Transactions of a block. */
  readonly transactions: (block: number) => number
}

/**
 * A chain of blocks of ERC-20 transfers in real proportions: four fifths, half and a third of a block's transfers are
 * fees, by turns. The other transfers are those of the EVM generator. Each block begins with a mint of STRK, and each
 * fee is paid from an earlier one, so no balance ever goes negative. Any part can be generated without the others.
 */
export function createStarknetGenerator(shape: ChainShape): StarknetGenerator {
  const { seed, accounts, tokens, perBlock } = shape
  const base = createGenerator(shape)
  const strk = tokens
  const usesIn = PATTERNS.map(({ length, uses }) => {
    const slots = perBlock - 1
    return Math.floor(slots / length) * uses + Math.min(slots % length, uses)
  })
  const usesInTurn = usesIn.reduce((sum, uses) => sum + uses, 0)
  const granted = (block: number): number => nameWord(seed, DRAWN.granted, { number: block, part: 0 }) % accounts

  /** The block, its pattern, and the place behind the block's mint. */
  const locate = (index: number) => {
    const before = Math.floor(index / perBlock)
    const pattern = PATTERNS[before % PATTERNS.length] ?? PATTERNS[0]
    const slot = (index % perBlock) - 1
    return { before, pattern, slot, inPattern: slot % pattern.length, patterns: Math.floor(slot / pattern.length) }
  }
  const movement = (index: number): Movement => {
    const { before, pattern, slot, inPattern, patterns } = locate(index)
    if (slot < 0) return { token: strk, from: MINT, to: granted(before + 1), high: 0, low: 0 }
    if (inPattern >= pattern.uses) {
      const draw = nameWord(seed, DRAWN.payer, { number: index, part: 0 })
      const low = nameWord(seed, DRAWN.fee, { number: index, part: 0 })
      const from = granted(1 + Math.floor((draw / 2 ** 32) * (before + 1)))
      return { token: strk, from, to: accounts, high: LEAST_FEE_HIGH + (draw & FEE_SPREAD), low }
    }
    const earlier = Math.floor(before / PATTERNS.length) * usesInTurn + sum(usesIn.slice(0, before % PATTERNS.length))
    return base.movement(earlier + patterns * pattern.uses + inPattern)
  }
  const place = (index: number): TransferPlace => {
    const { pattern, slot, inPattern, patterns } = locate(index)
    if (slot < 0) return { transaction: 0, event: 0 }
    // The first fee ends the transaction of the uses before it; each other fee is a transaction of its own.
    const feesBefore = patterns * (pattern.length - pattern.uses) + Math.max(0, inPattern - pattern.uses)
    return { transaction: 1 + feesBefore, event: inPattern <= pattern.uses ? inPattern : 0 }
  }
  const transactions = (block: number): number => {
    const { start, end } = base.span(block)
    return end === start ? 0 : place(end - 1).transaction + 1
  }
  return { shape, head: base.head, span: base.span, movement, strk, sequencer: accounts, place, transactions }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
