import type { AssetRef } from '../../../core/asset.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { ZERO_ADDRESS } from '../words/hex.ts'
import type { Interned, LogBody, LogPlace } from '../words/interned.ts'
import { addressIn, type LogWords, readingsOf, wordsOf } from '../words/layouts.ts'
import type { Note } from './notes.ts'

/**
 * Decodes what the standard decoders leave: events of the same signature that index other parameters than the standard, or
 * carry more data. Where the words can be read in one way only, that is the transfer. Where they can be read in several, or
 * in none, notes tell that the token's events are undecodable and name every account that the log may concern.
 */

/** Most notes that one log leaves: the accounts and items that its words can name. */
const MAX_NOTES = 64

type Context = { readonly interned: Interned; readonly out: Transfer[] }
type Moved = { readonly from: string; readonly to: string; readonly item: string; readonly amount: bigint }

/** A `Transfer(address,address,uint256)` of whatever layout. False: the node did not send a log. */
export function decodeOddTransfer(log: LogBody, place: LogPlace, context: Context): boolean {
  const words = wordsOf(log)
  const indexed = words?.topics.length ?? 0
  // A number that is indexed is an item's id, unless the contract says otherwise: see `TokenStandards`.
  const asset = context.interned.asset(indexed === 3 ? 'erc721' : 'erc20', log.address)
  if (words === undefined || asset === undefined) return false
  const readings = readingsOf(words, { count: 3, addresses: 2 })
  // Sender and receiver in the topics are how both standards have it: with the amount in the data, nothing else is meant.
  const usual = indexed === 2 && addressIn(words.topics[0]) !== undefined && addressIn(words.topics[1]) !== undefined
  const moved = distinct((usual ? readings.slice(0, 1) : readings).map((reading) => movedBy(reading, asset)))
  const [only, other] = moved
  if (only === undefined || other !== undefined) return undecodable(words, { asset, place, moved, items: [] }, context)
  push(only, { asset, place, batchIndex: 0 }, context)
  if (!usual && indexed < 3) noteLayout(only, { asset, place }, context)
  return true
}

/** A `TransferSingle(address,address,address,uint256,uint256)` of whatever layout. False: the node did not send a log. */
export function decodeOddSingle(log: LogBody, place: LogPlace, context: Context): boolean {
  const words = wordsOf(log)
  const asset = context.interned.asset('erc1155', log.address)
  if (words === undefined || asset === undefined) return false
  const readings = readingsOf(words, { count: 5, addresses: 3 })
  const usual = words.topics.length === 3 && words.topics.every((topic) => addressIn(topic) !== undefined)
  const moved = distinct((usual ? readings.slice(0, 1) : readings).map((reading) => singleOf(reading)))
  const [only, other] = moved
  if (only === undefined || other !== undefined) {
    const items = [...new Set(moved.map(({ item }) => item))]
    return undecodable(words, { asset, place, moved, items }, context)
  }
  push(only, { asset, place, batchIndex: 0 }, context)
  return true
}

/** Items of a batch and how much of each, where its two lists are alike in length; else the ids that it names. */
export type Listed = { readonly ids: readonly bigint[]; readonly amounts: readonly bigint[] | undefined }

/**
 * A `TransferBatch(address,address,address,uint256[],uint256[])` of whatever layout; `lists` reads both lists, whose offsets
 * are the data's words from a place on. False: the node did not send a log.
 */
export function decodeOddBatch(
  log: LogBody,
  place: LogPlace,
  { lists, ...context }: Context & { readonly lists: (at: number) => Listed | undefined },
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
  const moved = distinct(readings)
  const [only, other] = moved
  const amounts = listed?.amounts
  if (only === undefined || other !== undefined || listed === undefined || amounts === undefined) {
    const items = (listed?.ids ?? []).slice(0, MAX_NOTES).map(String)
    return undecodable(words, { asset, place, moved, items }, context)
  }
  for (const [batchIndex, id] of listed.ids.entries()) {
    push({ ...only, item: id.toString(), amount: amounts[batchIndex] ?? 0n }, { asset, place, batchIndex }, context)
  }
  return true
}

/**
 * A `Deposit(address,uint256)` or `Withdrawal(address,uint256)`, the account indexed or not: a note that the account's
 * balance may have changed. False: the node did not send a log.
 */
export function decodeMoved(
  log: LogBody,
  place: LogPlace,
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
  add({ ...place, batchIndex: 0, asset, ...sides, item: '', amount, note: 'moved' }, context)
  return true
}

function movedBy([from = '', to = '', value = '0']: readonly string[], { standard }: AssetRef): Moved {
  const number = BigInt(`0x${value}`)
  const sides = { from: addressIn(from) ?? '', to: addressIn(to) ?? '' }
  if (standard === 'erc721') return { ...sides, item: number.toString(), amount: 1n }
  return { ...sides, item: '', amount: number }
}

function singleOf([, from = '', to = '', id = '0', amount = '0']: readonly string[]): Moved {
  const sides = { from: addressIn(from) ?? '', to: addressIn(to) ?? '' }
  return { ...sides, item: BigInt(`0x${id}`).toString(), amount: BigInt(`0x${amount}`) }
}

/** Readings that differ in what they move. */
function distinct(moved: readonly Moved[]): readonly Moved[] {
  const named = moved.map((one) => [`${one.from}/${one.to}/${one.item}/${one.amount}`, one] as const)
  return [...new Map(named).values()]
}

type At = { readonly asset: AssetRef; readonly place: LogPlace; readonly batchIndex: number }

function push({ from, to, item, amount }: Moved, { asset, place, batchIndex }: At, { out }: Context): void {
  out.push({ ...place, batchIndex, asset, from: side(from), to: side(to), item, amount })
}

function side(account: string): string | undefined {
  return account === ZERO_ADDRESS ? undefined : account
}

function noteLayout({ from, to, amount }: Moved, { asset, place }: Omit<At, 'batchIndex'>, context: Context): void {
  const sides = { from: side(from), to: side(to) }
  add({ ...place, batchIndex: 1, asset, ...sides, item: '', amount, note: 'layout' }, context)
}

type Undecodable = {
  readonly asset: AssetRef
  readonly place: LogPlace
  readonly moved: readonly Moved[]
  readonly items: readonly string[]
}

/** Notes every account of the readings, or where there is none, of every word that is an address. */
function undecodable(words: LogWords, { asset, place, moved, items }: Undecodable, context: Context): true {
  const named = moved.flatMap(({ from, to }) => [from, to])
  const all = [...words.topics, ...words.data].flatMap((word) => addressIn(word) ?? [])
  const accounts = new Set((named.length > 0 ? named : all).filter((account) => account !== ZERO_ADDRESS))
  // The token's events are undecodable even where they name nobody.
  if (accounts.size === 0) accounts.add(ZERO_ADDRESS)
  let batchIndex = 0
  for (const from of accounts) {
    for (const item of items.length > 0 ? items : ['']) {
      if (batchIndex === MAX_NOTES) return true
      const sides = { from, to: undefined }
      add({ ...place, batchIndex, asset, ...sides, item, amount: 0n, note: 'undecodable' }, context)
      batchIndex++
    }
  }
  return true
}

function add(note: Note, { out }: Context): void {
  out.push(note)
}
