import { assert } from '../../core/assert.ts'
import type { Draw } from '../draw.ts'
import { type Felt, feltDigest, selectorOf, ZERO } from './felt.ts'

/** What a contract stores at a block. Keys that start with 0x are balances; the other keys are words. */
export type Storage = ReadonlyMap<string, bigint>

/** A transfer as a contract's event reports it. `item` is the id of an NFT or of an ERC-1155 token. */
export type Told = { readonly from: Felt; readonly to: Felt; readonly amount: bigint; readonly item?: bigint }

/** An event of a contract, and the transfers that it reports: several for a TransferBatch. */
export type Emission = {
  readonly keys: readonly Felt[]
  readonly data: readonly Felt[]
  readonly told: readonly Told[]
}

/** The events of one call. `odd`: balances changed in a way that the transfers do not report. */
export type Effect = { readonly events: readonly Emission[]; readonly odd?: boolean }

/** The accounts that may take part, and the draws of the seed. */
export type Market = { readonly draw: Draw; readonly accounts: readonly Felt[] }

/** A movement of a fungible token. */
export type Move = { readonly from: Felt; readonly to: Felt; readonly amount: bigint }

/** The answer of a view function. @throws Panic the call reverts */
export type Entry = (storage: Storage, calldata: readonly Felt[]) => readonly Felt[]

/** A contract's code. */
export type Program = {
  readonly title: string
  readonly standard: 'erc20' | 'erc721' | 'erc1155' | 'none'
  /** The class: a contract that is upgraded gets another one. */
  readonly classOf: (storage: Storage) => Felt
  /** View functions by selector. */
  readonly entries: ReadonlyMap<Felt, Entry>
  /** A drawn use of the contract. It changes the storage. */
  readonly act?: (storage: Map<string, bigint>, market: Market) => Effect
  /** Moves a fungible token, as a fee does. It changes the storage. */
  readonly transfer?: (storage: Map<string, bigint>, move: Move) => Effect
}

/** A call that reverts with this message. */
export class Panic extends Error {
  override readonly name = 'Panic'
}

/** The spellings of a contract's functions: `balance_of` (Cairo 1), `balanceOf` (Cairo 0), or both. */
export type Cases = 'snake' | 'camel' | 'both'

/** View functions by selector, from functions by their snake-case names. */
export function entryPoints(functions: Readonly<Record<string, Entry>>, cases: Cases): ReadonlyMap<Felt, Entry> {
  const entries = new Map<Felt, Entry>()
  for (const [snake, entry] of Object.entries(functions)) {
    const camel = snake.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (cases !== 'camel') entries.set(selectorOf(snake), entry)
    if (cases !== 'snake') entries.set(selectorOf(camel), entry)
  }
  return entries
}

const SUPPLY = 'supply'

/** The stored balance of an account. */
export function held(storage: Storage, account: string): bigint {
  return storage.get(account) ?? 0n
}

/** The stored supply. */
export function supplyOf(storage: Storage): bigint {
  return held(storage, SUPPLY)
}

/** Adds to a stored balance. No balance goes below 0. */
export function add(storage: Map<string, bigint>, key: string, delta: bigint): void {
  const next = held(storage, key) + delta
  assert(next >= 0n, 'callers never take more than a balance has')
  storage.set(key, next)
}

function addSupply(storage: Map<string, bigint>, delta: bigint): void {
  add(storage, SUPPLY, delta)
}

const UPGRADED = 'upgraded'

/** Records that a contract was upgraded. */
export function markUpgraded(storage: Map<string, bigint>): void {
  storage.set(UPGRADED, 1n)
}

/** True once a contract was upgraded. */
export function isUpgraded(storage: Storage): boolean {
  return storage.has(UPGRADED)
}

/** The class hash of a contract with this title: another one once it was upgraded. */
export function classOf(title: string, storage: Storage): Felt {
  return feltDigest(`class of ${title}${isUpgraded(storage) ? ', upgraded' : ''}`)
}

/** Moves balances. A mint raises the supply, and a burn lowers it. */
export function moveBalance(storage: Map<string, bigint>, { from, to, amount }: Move): void {
  if (from === ZERO) addSupply(storage, amount)
  else add(storage, from, -amount)
  if (to === ZERO) addSupply(storage, -amount)
  else add(storage, to, amount)
}

/** An account with a balance, and a part of that balance. Undefined if no account has any. */
export function drawSpender(storage: Storage, { draw }: Market): { from: Felt; amount: bigint } | undefined {
  const rich = [...storage].filter(([key, amount]) => key.startsWith('0x') && amount > 0n)
  if (rich.length === 0) return undefined
  const [from, all] = draw.of(rich)
  // Sometimes all of it: an account with an empty balance leaves the list of holders.
  return { from, amount: draw.oneIn(4) ? all : (all * BigInt(draw.between(1, 99))) / 100n }
}

/** Base units of a mint. */
export function drawMint({ draw }: Market): bigint {
  return 10n ** 18n * BigInt(draw.between(1, 1_000)) + BigInt(draw.below(1_000_000))
}
