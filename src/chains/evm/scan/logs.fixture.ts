import fc from 'fast-check'
import { DEPOSIT, TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE, WITHDRAWAL } from '../transfers/decode-log.ts'

/** The blocks of generated logs. */
export const RANGE = { first: 10, last: 13 }
const OTHER_EVENT = `0x${'77'.repeat(32)}`

/** A word of digits. */
export const word = (digits: string): string => digits.padStart(64, '0')
const account = fc.constantFrom('0', 'a1'.repeat(20), 'b2'.repeat(20), 'c3'.repeat(20)).map(word)
const number = fc
  .oneof(fc.nat(300), fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), fc.constantFrom(0n, 1n << 96n, 1n << 160n))
  .map((one) => word(one.toString(16)))
const contract = fc.constantFrom('d4'.repeat(20), 'E5'.repeat(20)).map((digits) => `0x${digits}`)

/** The event of a log. */
export type Event = { readonly topics: readonly string[]; readonly data: string }

const hexTopics = (first: string, ...words: readonly string[]): readonly string[] => [
  first,
  ...words.map((one) => `0x${one}`),
]
/** Generates transfers of amounts. */
export const erc20 = fc
  .tuple(account, account, number)
  .map(([from, to, amount]): Event => ({ topics: hexTopics(TRANSFER, from, to), data: `0x${amount}` }))
/** Generates transfers of items. */
export const erc721 = fc
  .tuple(account, account, number)
  .map(([from, to, id]): Event => ({ topics: hexTopics(TRANSFER, from, to, id), data: '0x' }))
/** Generates transfers of amounts of an item. */
export const single = fc
  .tuple(number, account, account, number, number)
  .map(([operator, from, to, id, amount]): Event => {
    return { topics: hexTopics(TRANSFER_SINGLE, operator, from, to), data: `0x${id}${amount}` }
  })
const list = (words: readonly string[]): string => word(words.length.toString(16)) + words.join('')
/** Generates batches whose second list is this many bytes off. */
export const batchOf = (...shifts: readonly number[]): fc.Arbitrary<Event> =>
  fc
    .tuple(account, account, fc.array(fc.tuple(number, number), { maxLength: 3 }), fc.constantFrom(...shifts))
    .map(([from, to, items, shift]): Event => {
      const ids = list(items.map(([id]) => id))
      const amounts = list(items.map(([, amount]) => amount))
      const second = (64 + ids.length / 2 + shift).toString(16)
      const data = `0x${word('40')}${word(second)}${ids}${amounts}`
      return { topics: hexTopics(TRANSFER_BATCH, word('1'), from, to), data }
    })
/** Generates deposits and withdrawals. */
export const wrapping = fc
  .tuple(fc.constantFrom(DEPOSIT, WITHDRAWAL), account, number)
  .map(([event, who, amount]): Event => ({ topics: hexTopics(event, who), data: `0x${amount}` }))
/** Any number of topics and words of any event. */
const odd = fc
  .tuple(
    fc.constantFrom(TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH, DEPOSIT, WITHDRAWAL, OTHER_EVENT),
    fc.array(fc.oneof(account, number), { maxLength: 4 }),
    fc.array(fc.oneof(account, number), { maxLength: 5 }),
  )
  .map(([event, topics, data]): Event => ({ topics: hexTopics(event, ...topics), data: `0x${data.join('')}` }))
const none = fc.constant<Event>({ topics: [], data: '0x' })
const event = fc.oneof({ weight: 4, arbitrary: erc20 }, erc721, single, batchOf(0, 1, 5, 1e6), wrapping, odd, none)

/** A log as JSON-RPC sends it. */
export type Log = Record<string, unknown>

/** Generates logs of any event in any block of the range. */
export const log = fc
  .record({ event, address: contract, number: fc.integer({ min: 10, max: 13 }), transaction: fc.nat(3) })
  .map(
    ({ event: { topics, data }, address, number: block, transaction }): Log => ({
      address,
      topics,
      data,
      blockNumber: `0x${block.toString(16)}`,
      transactionHash: `0x${word(`f${transaction}`)}`,
      transactionIndex: `0x${transaction}`,
      blockHash: `0x${word(`ab${block}`)}`,
      logIndex: '0x0',
      removed: false,
      blockTimestamp: `0x${(0x65000000 + block).toString(16)}`,
    }),
  )

/** Numbers the logs of each block, as nodes do, in the order of the blocks. */
export function numbered(logs: readonly Log[]): readonly Log[] {
  const ordered = [...logs].sort((a, b) => String(a.blockNumber).localeCompare(String(b.blockNumber)))
  return ordered.map((one, index) => ({ ...one, logIndex: `0x${(index * 3).toString(16)}` }))
}
