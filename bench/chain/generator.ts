import { assert } from '../../src/core/assert.ts'

export type ChainShape = {
  readonly transfers: number
  readonly accounts: number
  readonly tokens: number
  /** Transfers in each block; the last block may hold fewer. */
  readonly perBlock: number
  readonly seed: number
}

export const DEFAULT_SHAPE: ChainShape = {
  transfers: 1_000_000,
  accounts: 100_000,
  tokens: 500,
  perBlock: 200,
  seed: 1,
}

/** One transfer, with tokens and accounts by index. `from` is `MINT` for a mint. */
export type Movement = {
  readonly token: number
  readonly from: number
  readonly to: number
  /** The amount's upper and lower 32 bits. Meaningless for a mint: its amount is `MINT_AMOUNT`. */
  readonly high: number
  readonly low: number
}

export const MINT = -1
/** The amount of every mint, in base units. */
export const MINT_AMOUNT = 10n ** 30n
/** A transfer moves less than 2^62 base units: 4.6 tokens of 18 decimals. */
const HIGH_BITS = 30
const MAX_SPEND = 1n << BigInt(32 + HIGH_BITS)
/** One mint covers all transfers of a chain of this length, so no balance goes negative. */
const MAX_TRANSFERS = 2 ** 28
/** One in this many movements is a mint. */
export const MINT_EVERY = 5

/**
 * A chain of blocks of ERC-20 transfers, always the same for the same shape. Any part can be generated without the
 * parts before it. Tokens, senders and receivers follow Zipf's law (s = 1), mixed with uniform draws so that the long
 * tail is used too.
 *
 * No balance ever goes negative: each transfer spends from the (account, token) of one earlier mint, and a mint is more
 * than all transfers of the chain together.
 */
export type Generator = {
  readonly shape: ChainShape
  /** The newest block's number. Block 0 is empty. */
  readonly head: number
  /** The index of a block's first transfer, and of the first transfer after the block. */
  readonly span: (block: number) => { readonly start: number; readonly end: number }
  readonly movement: (index: number) => Movement
}

export function createGenerator(shape: ChainShape): Generator {
  assert(shape.transfers <= MAX_TRANSFERS, `at most ${MAX_TRANSFERS} transfers keep balances from going negative`)
  assert(MINT_AMOUNT >= MAX_SPEND * BigInt(MAX_TRANSFERS), 'a mint pays for all')
  const { seed, perBlock, transfers } = shape
  const head = Math.ceil(transfers / perBlock)
  const stride = coprimeStride(shape.accounts)

  const mint = (number: number): { token: number; account: number } => {
    const first = number < shape.accounts
    const account = first ? (number * stride) % shape.accounts : zipf(mix(seed, number, 1), shape.accounts)
    return { token: zipf(mix(seed, number, 2), shape.tokens), account }
  }
  const movement = (index: number): Movement => {
    if (index % MINT_EVERY === 0) {
      const { token, account } = mint(index / MINT_EVERY)
      return { token, from: MINT, to: account, high: 0, low: 0 }
    }
    const made = Math.floor(index / MINT_EVERY) + 1
    const choice = mix(seed, index, 3)
    const draw = mix(seed, index, 4)
    const source = mint((choice & 1) === 0 ? zipf(draw, made) : uniform(draw, made))
    const target = mix(seed, index, 5)
    const to = (choice & 2) === 0 ? zipf(target, shape.accounts) : uniform(target, shape.accounts)
    const high = mix(seed, index, 6) >>> (32 - HIGH_BITS)
    return { token: source.token, from: source.account, to, high, low: mix(seed, index, 7) }
  }
  return {
    shape,
    head,
    span: (block) => ({
      start: block === 0 ? 0 : Math.min(transfers, (block - 1) * perBlock),
      end: Math.min(transfers, block * perBlock),
    }),
    movement,
  }
}

/** The amount of a movement, in base units. */
export function amountOf(movement: Movement): bigint {
  return movement.from === MINT ? MINT_AMOUNT : (BigInt(movement.high) << 32n) | BigInt(movement.low)
}

/** The kinds of names. Each kind has its own words. */
export const NAMED = { token: 11, account: 12, block: 13, transaction: 14 } as const

/** The 32-bit word `part` of the name (an address or hash) of a numbered object. */
export function nameWord(seed: number, kind: number, place: { number: number; part: number }): number {
  return mix(seed + kind * 0x9e3779b1, place.number, 100 + place.part)
}

/** 32 well-mixed bits of three numbers (the finaliser of MurmurHash3, run over each). */
function mix(a: number, b: number, c: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b)
  hash = scramble(hash ^ (b | 0))
  hash = scramble(hash ^ Math.imul(c, 0xc2b2ae35))
  return hash >>> 0
}

function scramble(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** 0 to n-1, with equal probability. */
function uniform(bits: number, n: number): number {
  return Math.floor((bits / 2 ** 32) * n)
}

/** 0 to n-1. The probability of k falls as 1 / (k + 1). */
function zipf(bits: number, n: number): number {
  return Math.min(n - 1, Math.floor((n + 1) ** (bits / 2 ** 32)) - 1)
}

/** A step that visits all of 0 to n-1 before it repeats, in no visible order. */
function coprimeStride(n: number): number {
  const divides = (a: number, b: number): boolean => (b === 0 ? a > 1 : divides(b, a % b))
  let stride = Math.max(1, Math.floor(n * 0.618))
  while (n > 1 && divides(n, stride)) stride++
  return stride
}
