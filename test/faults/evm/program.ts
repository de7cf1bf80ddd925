import type { Draw } from '../../../src/demo/draw.ts'

/** The storage of a contract. It is immutable: each act makes a new one. */
export type Storage = ReadonlyMap<string, bigint>

/** A log without its position in a block. */
export type RawLog = { readonly topics: readonly string[]; readonly data: string }

/** A transfer as a contract's event reports it. */
export type Told = { readonly from: string; readonly to: string; readonly amount: bigint }

/** The effect of one transaction on a contract. `odd`: balances changed in a way that the transfers do not report. */
export type Effect = {
  readonly storage: Storage
  readonly logs: readonly { readonly raw: RawLog; readonly told?: Told }[]
  readonly odd?: boolean
}

/** The accounts that may take part, and the draws of the seed. */
export type Market = { readonly draw: Draw; readonly accounts: readonly string[] }

/** A contract's code: what it does when it is used, and what it answers. */
export type Program = {
  readonly name: string
  readonly standard: 'erc20' | 'erc721' | 'erc1155'
  readonly act: (storage: Storage, market: Market) => Effect
  /** Undefined if the call reverts. */
  readonly balanceOf: (storage: Storage, account: string) => bigint | undefined
  readonly totalSupply: (storage: Storage) => bigint | undefined
  /** Answers all calls itself, in hex, in place of the usual functions. Undefined if the call reverts. */
  readonly call?: (storage: Storage, data: string) => string | undefined
}

/** The address that mints come from and burns go to. */
export const ZERO = `0x${'0'.repeat(40)}`
const SUPPLY = 'supply'
/** Storage keys of balances start with 0x; other keys are words. */
const isAccount = (key: string): boolean => key.startsWith('0x')

/** A 32-byte word without 0x. */
export function word(value: bigint): string {
  return value.toString(16).padStart(64, '0')
}

/** An address as a 32-byte word without 0x. */
export function addressWord(address: string): string {
  return address.slice(2).padStart(64, '0')
}

/** The stored balance of an account. */
export function held(storage: Storage, account: string): bigint {
  return storage.get(account) ?? 0n
}

/** The stored supply. */
export function supplyOf(storage: Storage): bigint {
  return storage.get(SUPPLY) ?? 0n
}

/** Adds to stored balances and to the supply. Callers never take more than a balance has. */
export function changed(storage: Storage, changes: readonly (readonly [string, bigint])[]): Storage {
  const next = new Map(storage)
  for (const [key, delta] of changes) next.set(key, (next.get(key) ?? 0n) + delta)
  return next
}

/** A change of the supply. */
export function supplyBy(delta: bigint): readonly [string, bigint] {
  return [SUPPLY, delta]
}

/** An account with a balance, and a part of that balance. Undefined if no account has any. */
export function spender(storage: Storage, { draw }: Market): { from: string; amount: bigint } | undefined {
  const rich = [...storage].filter(([key, amount]) => isAccount(key) && amount > 0n)
  if (rich.length === 0) return undefined
  const [from, all] = draw.of(rich)
  // Sometimes all of it: an account with an empty balance leaves the list of holders.
  return { from, amount: draw.oneIn(4) ? all : (all * BigInt(draw.between(1, 99))) / 100n }
}

/** Base units of a mint. */
export function mintAmount({ draw }: Market): bigint {
  return 10n ** 18n * BigInt(draw.between(1, 1_000)) + BigInt(draw.below(1_000_000))
}
