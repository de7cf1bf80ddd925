import { type Felt, feltOf, selectorOf, u256 } from './felt.ts'
import type { Emission, Told } from './program.ts'

/** Keys and data of a Transfer: all in data (Cairo 0), the accounts in keys, or everything in keys (ERC-721 only). */
export type TransferLayout = '1+4' | '3+2' | '5+0'
/** Keys and data of ERC-1155 events: all in data, or operator and accounts in keys. */
export type BatchLayout = '1+n' | '4+n'

const TRANSFER = selectorOf('Transfer')
const TRANSFER_SINGLE = selectorOf('TransferSingle')
const TRANSFER_BATCH = selectorOf('TransferBatch')
const UPGRADED = selectorOf('Upgraded')

/** The Transfer of an ERC-20 or, if it has an item, of an ERC-721. */
export function transferEvent(told: Told, layout: TransferLayout): Emission {
  const accounts = [told.from, told.to]
  const value = u256(told.item ?? told.amount)
  switch (layout) {
    case '1+4':
      return { keys: [TRANSFER], data: [...accounts, ...value], told: [told] }
    case '3+2':
      return { keys: [TRANSFER, ...accounts], data: value, told: [told] }
    case '5+0':
      return { keys: [TRANSFER, ...accounts, ...value], data: [], told: [told] }
  }
}

/** Amounts of items that one account sends to another. */
export type Items = {
  readonly operator: Felt
  readonly from: Felt
  readonly to: Felt
  readonly items: readonly (readonly [item: bigint, amount: bigint])[]
}

/** A TransferSingle. `moved` has one item. */
export function singleEvent(moved: Items, layout: BatchLayout): Emission {
  return emission(TRANSFER_SINGLE, moved, { layout, values: moved.items.flatMap((pair) => pair.flatMap(u256)) })
}

/** A TransferBatch: the ids with their number, then the amounts with theirs. */
export function batchEvent(moved: Items, layout: BatchLayout): Emission {
  const count = feltOf(moved.items.length)
  const ids = moved.items.flatMap(([item]) => u256(item))
  const amounts = moved.items.flatMap(([, amount]) => u256(amount))
  return emission(TRANSFER_BATCH, moved, { layout, values: [count, ...ids, count, ...amounts] })
}

/** `Upgraded`, as OpenZeppelin's contracts emit it. */
export function upgradedEvent(classHash: Felt): Emission {
  return { keys: [UPGRADED], data: [classHash], told: [] }
}

function emission(
  selector: Felt,
  { operator, from, to, items }: Items,
  { layout, values }: { layout: BatchLayout; values: readonly Felt[] },
): Emission {
  const told = items.map(([item, amount]) => ({ from, to, item, amount }))
  return layout === '1+n'
    ? { keys: [selector], data: [operator, from, to, ...values], told }
    : { keys: [selector, operator, from, to], data: values, told }
}
