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

/** One transfer, tokens and accounts by index. `from` is `MINT` for a mint. */
export type Movement = {
  readonly token: number
  readonly from: number
  readonly to: number
  /** The amount's upper and lower 32 bits; meaningless for a mint, whose amount is `MINT_AMOUNT`. */
  readonly high: number
  readonly low: number
}

export const MINT = -1
/** Base units of every mint. */
export const MINT_AMOUNT = 10n ** 30n
/** A transfer moves less than 2^62 base units: 4.6 tokens of 18 decimals. */
const HIGH_BITS = 30
const MAX_SPEND = 1n << BigInt(32 + HIGH_BITS)
/** Even if one mint had to pay for all transfers of a chain of this length, it could: that keeps balances from going negative. */
const MAX_TRANSFERS = 2 ** 28
/** One movement in so many is a mint. */
export const MINT_EVERY = 5

/**
 * A chain of blocks of ERC-20 transfers that is the same for the same shape, and any part of which can be had without
 * the parts before it. Tokens, senders and receivers follow Zipf's law (s = 1), mixed with uniform draws so that the
 * long tail is used too.
 *
 * No balance ever goes negative: each transfer spends from one earlier mint's (account, token), and a mint is more
 * than all transfers of the chain together.
 */
export type Generator = {
  readonly shape: ChainShape
  /** The newest block's number. Block 0 is empty. */
  readonly head: number
  /** The numbers of the first transfer of a block and of the first after it. */
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

/** Base units that a movement moves. */
export function amountOf(movement: Movement): bigint {
  return movement.from === MINT ? MINT_AMOUNT : (BigInt(movement.high) << 32n) | BigInt(movement.low)
}

/** What the words of `word` belong to: each kind of name has its own. */
export const NAMED = { token: 11, account: 12, block: 13, transaction: 14 } as const

/** The `part`th 32 bits of the name (an address or hash) of a numbered thing. */
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

/** 0 to n-1, each as likely. */
function uniform(bits: number, n: number): number {
  return Math.floor((bits / 2 ** 32) * n)
}

/** 0 to n-1, the likelihood of k falling as 1 / (k + 1). */
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
