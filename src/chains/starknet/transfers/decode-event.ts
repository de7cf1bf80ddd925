import { parseFelt, u256Of } from '../words/felt.ts'
import type { Interned } from '../words/interned.ts'
import type { EventBody } from './raw-event.ts'

/**
 * Where an event keeps its parameters: all in the data; the accounts in the keys; all in the keys. It belongs to the
 * single event: a token changes it with an upgrade.
 */
export type EventLayout = 'data' | 'keys' | 'all_keys'

/** Why an event with the name of a transfer, or without any name, is skipped. */
export type SkipReason = 'no_keys' | 'counts' | 'limb' | 'account' | 'list_length'

/** An item and how much of it moved. */
export type Move = { readonly item: bigint; readonly amount: bigint }

/**
 * A decoded event; addresses are canonical, the zero address included. `transfer` is of ERC-20 or of ERC-721: the event
 * is the same, and `value` is an amount or an item's id. `moves` is of ERC-1155, one entry a moved item, perhaps empty.
 */
export type DecodedEvent = {
  readonly token: string
  readonly layout: EventLayout
  readonly from: string
  readonly to: string
} & (
  | { readonly kind: 'transfer'; readonly value: bigint }
  | { readonly kind: 'moves'; readonly moves: readonly Move[] }
)

/**
 * Decodes one event by its name and by the numbers of its keys and felts of data, never by its contract. Returns why a
 * transfer cannot be decoded, and undefined for an event of another name. Never throws.
 */
export function decodeEvent(event: EventBody, interned: Interned): DecodedEvent | SkipReason | undefined {
  const { keys } = event
  if (keys.length === 0) return 'no_keys'
  switch (interned.eventName(keys[0])) {
    case 'Transfer':
      return decodeTransfer(event, interned)
    case 'TransferSingle':
      return decodeSingle(event, interned)
    case 'TransferBatch':
      return decodeBatch(event, interned)
    default:
      return undefined
  }
}

/** Transfer(from, to, value: u256) of ERC-20, or with an item's id as `value` of ERC-721. */
function decodeTransfer(event: EventBody, interned: Interned): DecodedEvent | SkipReason {
  const layout = layoutOf(event, { accounts: 2, others: 2 })
  if (layout === undefined) return 'counts'
  // Most transfers have everything in the data: no copy then.
  const words = layout === 'data' ? event.data : [...event.keys.slice(1), ...event.data]
  const sides = sidesOf(event, { words, at: 0, interned })
  if (sides === undefined) return 'account'
  const value = u256Of(words[2], words[3])
  const { token, from, to } = sides
  return value === undefined ? 'limb' : { kind: 'transfer', token, layout, from, to, value }
}

/** TransferSingle(operator, from, to, id: u256, value: u256). */
function decodeSingle(event: EventBody, interned: Interned): DecodedEvent | SkipReason {
  const layout = layoutOf(event, { accounts: 3, others: 4 })
  if (layout === undefined || layout === 'all_keys') return 'counts'
  const words = [...event.keys.slice(1), ...event.data]
  const sides = sidesOf(event, { words, at: 1, interned })
  if (sides === undefined) return 'account'
  const [item, amount] = [u256Of(words[3], words[4]), u256Of(words[5], words[6])]
  if (item === undefined || amount === undefined) return 'limb'
  return { kind: 'moves', layout, ...sides, moves: [{ item, amount }] }
}

/** TransferBatch(operator, from, to, ids: Span<u256>, values: Span<u256>); a span is its length, then its limbs. */
function decodeBatch(event: EventBody, interned: Interned): DecodedEvent | SkipReason {
  const { keys, data } = event
  const layout = keys.length === 4 ? 'keys' : keys.length === 1 ? 'data' : undefined
  if (layout === undefined) return 'counts'
  const words = [...keys.slice(1), ...data]
  if (words.length < 5) return 'counts'
  const sides = sidesOf(event, { words, at: 1, interned })
  if (sides === undefined) return 'account'
  // Both lists fill the rest exactly: two lengths, and two limbs for each entry of both.
  const entries = (words.length - 5) / 4
  const second = 4 + 2 * entries
  const isWhole = Number.isInteger(entries) && isLength(words[3], entries) && isLength(words[second], entries)
  if (!isWhole) return 'list_length'
  const moves: Move[] = []
  for (let index = 0; index < entries; index++) {
    const item = u256Of(words[4 + 2 * index], words[5 + 2 * index])
    const amount = u256Of(words[second + 1 + 2 * index], words[second + 2 + 2 * index])
    if (item === undefined || amount === undefined) return 'limb'
    moves.push({ item, amount })
  }
  return { kind: 'moves', layout, ...sides, moves }
}

function isLength(word: unknown, entries: number): boolean {
  return parseFelt(word) === BigInt(entries)
}

function layoutOf(
  { keys, data }: EventBody,
  { accounts, others }: { readonly accounts: number; readonly others: number },
): EventLayout | undefined {
  if (keys.length === 1 && data.length === accounts + others) return 'data'
  if (keys.length === 1 + accounts && data.length === others) return 'keys'
  return keys.length === 1 + accounts + others && data.length === 0 ? 'all_keys' : undefined
}

/** The contract and both accounts; undefined if one is at the prime or above, or no felt. */
function sidesOf(
  event: EventBody,
  { words, at, interned }: { readonly words: readonly unknown[]; readonly at: number; readonly interned: Interned },
): Pick<DecodedEvent, 'token' | 'from' | 'to'> | undefined {
  const token = interned.address(event.from_address)
  const [from, to] = [interned.address(words[at]), interned.address(words[at + 1])]
  return token === undefined || from === undefined || to === undefined ? undefined : { token, from, to }
}
