import type { AssetRef } from '../../../core/asset.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { ZERO_ADDRESS } from '../words/hex.ts'
import type { Interned, LogBody, LogLocation } from '../words/interned.ts'
import { addressIn, type LogWords, readingsOf, wordsOf } from '../words/layouts.ts'
import type { Note } from './notes.ts'

/**
 * Decodes what the standard decoders reject: events of the same signature that index other parameters than the
 * standard, or that carry more data. If the words have only one possible reading, that is the transfer. If they have
 * several or none, notes say that the token's events are undecodable, and name every account that the log may concern.
 */

/** Most notes for one log: the accounts and items that its words can name. */
const MAX_NOTES = 64

type Context = { readonly interned: Interned; readonly out: Transfer[] }
type Movement = { readonly from: string; readonly to: string; readonly item: string; readonly amount: bigint }

/** Decodes a `Transfer(address,address,uint256)` of any layout. False: the node did not send a log. */
export function decodeOddTransfer(log: LogBody, location: LogLocation, context: Context): boolean {
  const words = wordsOf(log)
  const indexed = words?.topics.length ?? 0
  // An indexed number is an item's id, unless the contract says otherwise: see `TokenStandards`.
  const asset = context.interned.asset(indexed === 3 ? 'erc721' : 'erc20', log.address)
  if (words === undefined || asset === undefined) return false
  const readings = readingsOf(words, { count: 3, addresses: 2 })
  // Both standards have the sender and the receiver in the topics. With the amount in the data, no other reading is
  // plausible.
  const usual = indexed === 2 && addressIn(words.topics[0]) !== undefined && addressIn(words.topics[1]) !== undefined
  const movements = distinct((usual ? readings.slice(0, 1) : readings).map((reading) => movedBy(reading, asset)))
  const [only, other] = movements
  if (only === undefined || other !== undefined)
    return noteUndecodable(words, { asset, location, movements, items: [] }, context)
  push(only, { asset, location, part: 0 }, context)
  if (!usual && indexed < 3) noteLayout(only, { asset, location }, context)
  return true
}

/**
 * Decodes a `TransferSingle(address,address,address,uint256,uint256)` of any layout. False: the node did not send a
 * log.
 */
export function decodeOddSingle(log: LogBody, location: LogLocation, context: Context): boolean {
  const words = wordsOf(log)
  const asset = context.interned.asset('erc1155', log.address)
  if (words === undefined || asset === undefined) return false
  const readings = readingsOf(words, { count: 5, addresses: 3 })
  const usual = words.topics.length === 3 && words.topics.every((topic) => addressIn(topic) !== undefined)
  const movements = distinct((usual ? readings.slice(0, 1) : readings).map((reading) => singleOf(reading)))
  const [only, other] = movements
  if (only === undefined || other !== undefined) {
    const items = [...new Set(movements.map(({ item }) => item))]
    return noteUndecodable(words, { asset, location, movements, items }, context)
  }
  push(only, { asset, location, part: 0 }, context)
  return true
}

/** The item ids of a batch, and their amounts if both lists have the same length. */
export type BatchLists = { readonly ids: readonly bigint[]; readonly amounts: readonly bigint[] | undefined }

/**
 * Decodes a `TransferBatch(address,address,address,uint256[],uint256[])` of any layout. `lists` reads both lists, whose
 * offsets are the data's words from the given position on. False: the node did not send a log.
 */
export function decodeOddBatch(
  log: LogBody,
  location: LogLocation,
  { lists, ...context }: Context & { readonly lists: (at: number) => BatchLists | undefined },
): boolean {
  const words = wordsOf(log)
  const asset = context.interned.asset('erc1155', log.address)
  if (words === undefined || asset === undefined) return false
  const unindexed = 3 - words.topics.length
  const listed = lists(unindexed)
  const addresses = { topics: words.topics, data: words.data.slice(0, unindexed) }
  const readings = readingsOf(addresses, { count: 3, addresses: 3 }).map(([, from = '', to = '']) => ({
    from: addressIn(from) ?? '',
    to: addressIn(to) ?? '',
    item: '',
    amount: 0n,
  }))
  const movements = distinct(readings)
  const [only, other] = movements
  const amounts = listed?.amounts
  if (only === undefined || other !== undefined || listed === undefined || amounts === undefined) {
    const items = (listed?.ids ?? []).slice(0, MAX_NOTES).map(String)
    return noteUndecodable(words, { asset, location, movements, items }, context)
  }
  for (const [part, id] of listed.ids.entries()) {
    push({ ...only, item: id.toString(), amount: amounts[part] ?? 0n }, { asset, location, part }, context)
  }
  return true
}

/**
 * Decodes a `Deposit(address,uint256)` or `Withdrawal(address,uint256)`, with the account indexed or not. Adds a note
 * that the account's balance may have changed. False: the node did not send a log.
 */
export function decodeWrapping(
  log: LogBody,
  location: LogLocation,
  { kind, ...context }: Context & { readonly kind: 'deposit' | 'withdrawal' },
): boolean {
  const words = wordsOf(log)
  const asset = context.interned.asset('erc20', log.address)
  if (words === undefined || asset === undefined) return false
  const [reading] = readingsOf(words, { count: 2, addresses: 1 })
  const account = addressIn(reading?.[0])
  if (account === undefined || account === ZERO_ADDRESS) return true
  const amount = BigInt(`0x${reading?.[1] ?? '0'}`)
  const sides = kind === 'deposit' ? { from: undefined, to: account } : { from: account, to: undefined }
  add({ ...location, part: 0, asset, ...sides, item: '', amount, note: 'moved' }, context)
  return true
}

function movedBy([from = '', to = '', value = '0']: readonly string[], { standard }: AssetRef): Movement {
  const number = BigInt(`0x${value}`)
  const sides = { from: addressIn(from) ?? '', to: addressIn(to) ?? '' }
  if (standard === 'erc721') return { ...sides, item: number.toString(), amount: 1n }
  return { ...sides, item: '', amount: number }
}

function singleOf([, from = '', to = '', id = '0', amount = '0']: readonly string[]): Movement {
  const sides = { from: addressIn(from) ?? '', to: addressIn(to) ?? '' }
  return { ...sides, item: BigInt(`0x${id}`).toString(), amount: BigInt(`0x${amount}`) }
}

/** Removes readings that mean the same transfer. */
function distinct(movements: readonly Movement[]): readonly Movement[] {
  const named = movements.map((one) => [`${one.from}/${one.to}/${one.item}/${one.amount}`, one] as const)
  return [...new Map(named).values()]
}

type At = { readonly asset: AssetRef; readonly location: LogLocation; readonly part: number }

function push({ from, to, item, amount }: Movement, { asset, location, part }: At, { out }: Context): void {
  out.push({ ...location, part, asset, from: side(from), to: side(to), item, amount })
}

function side(account: string): string | undefined {
  return account === ZERO_ADDRESS ? undefined : account
}

function noteLayout({ from, to, amount }: Movement, { asset, location }: Omit<At, 'part'>, context: Context): void {
  const sides = { from: side(from), to: side(to) }
  add({ ...location, part: 1, asset, ...sides, item: '', amount, note: 'layout' }, context)
}

type Undecodable = {
  readonly asset: AssetRef
  readonly location: LogLocation
  readonly movements: readonly Movement[]
  readonly items: readonly string[]
}

/** Adds a note for every account of the readings, or, without readings, of every word that is an address. */
function noteUndecodable(words: LogWords, { asset, location, movements, items }: Undecodable, context: Context): true {
  const named = movements.flatMap(({ from, to }) => [from, to])
  const all = [...words.topics, ...words.data].flatMap((word) => addressIn(word) ?? [])
  const accounts = new Set((named.length > 0 ? named : all).filter((account) => account !== ZERO_ADDRESS))
  // The token's events are undecodable even if they name no account.
  if (accounts.size === 0) accounts.add(ZERO_ADDRESS)
  let part = 0
  for (const from of accounts) {
    for (const item of items.length > 0 ? items : ['']) {
      if (part === MAX_NOTES) return true
      const sides = { from, to: undefined }
      add({ ...location, part, asset, ...sides, item, amount: 0n, note: 'undecodable' }, context)
      part++
    }
  }
  return true
}

function add(note: Note, { out }: Context): void {
  out.push(note)
}
