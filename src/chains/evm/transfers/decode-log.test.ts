import fc from 'fast-check'
import { encodeAbiParameters } from 'viem/utils'
import { expect, test } from 'vitest'
import type { Transfer } from '../../../core/transfer.ts'
import { Interned, type LogBody } from '../words/interned.ts'
import { decodeLog, TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from './decode-log.ts'

const TOKEN = '0x00000000000000000000000000000000000070ce'
const ALICE = '0x00000000000000000000000000000000000a11ce'
const BOB = '0x0000000000000000000000000000000000000b0b'
const HASH = `0x${'ab'.repeat(32)}`
const MAX = 2n ** 256n - 1n
const PLACE = { event: 3, transactionHash: HASH }

function word(value: bigint | number | string): string {
  return (typeof value === 'string' ? value.slice(2) : value.toString(16)).padStart(64, '0')
}
function topic(value: bigint | number | string): string {
  return `0x${word(value)}`
}
function decoded(log: LogBody): Transfer[] | undefined {
  const out: Transfer[] = []
  return decodeLog(log, PLACE, { interned: new Interned(), out }) ? out : undefined
}
function erc20(change: Partial<LogBody> = {}): LogBody {
  return { address: TOKEN, topics: [TRANSFER, topic(ALICE), topic(BOB)], data: topic(5), ...change }
}
function batch(words: readonly (bigint | number)[]): LogBody {
  const topics = [TRANSFER_BATCH, topic(TOKEN), topic(ALICE), topic(BOB)]
  return { address: TOKEN, topics, data: `0x${words.map(word).join('')}` }
}

const MOVED = { ...PLACE, part: 0, from: ALICE, to: BOB }

test('an ERC-20 transfer, a mint and a burn are decoded', () => {
  const asset = { standard: 'erc20', reference: TOKEN }
  expect(decoded(erc20())).toEqual([{ ...MOVED, asset, item: '', amount: 5n }])
  expect(decoded(erc20({ topics: [TRANSFER, topic(0), topic(BOB)], data: topic(MAX) }))).toEqual([
    { ...MOVED, asset, item: '', amount: MAX, from: undefined },
  ])
  expect(decoded(erc20({ topics: [TRANSFER, topic(ALICE), topic(0)], data: topic(0) }))).toEqual([
    { ...MOVED, asset, item: '', amount: 0n, to: undefined },
  ])
})

test('an ERC-721 transfer is recognized by its fourth topic', () => {
  const log = erc20({ topics: [TRANSFER, topic(ALICE), topic(BOB), topic(MAX)], data: '0x' })
  const asset = { standard: 'erc721', reference: TOKEN }
  expect(decoded(log)).toEqual([{ ...MOVED, asset, item: MAX.toString(), amount: 1n }])
})

test('an ERC-1155 item is decoded, and a batch with an item twice is decoded in order', () => {
  const asset = { standard: 'erc1155', reference: TOKEN }
  const single = {
    address: TOKEN,
    topics: [TRANSFER_SINGLE, topic(TOKEN), topic(ALICE), topic(BOB)],
    data: `0x${word(7)}${word(9)}`,
  }
  expect(decoded(single)).toEqual([{ ...MOVED, asset, item: '7', amount: 9n }])
  expect(decoded(batch([64, 160, 2, 7, 7, 2, 1, MAX]))).toEqual([
    { ...MOVED, asset, item: '7', amount: 1n },
    { ...MOVED, asset, item: '7', amount: MAX, part: 1 },
  ])
  expect(decoded(batch([64, 96, 0, 0]))).toEqual([])
})

test('a contract address in upper case is the same contract', () => {
  const upper = erc20({ address: TOKEN.toUpperCase().replace('0X', '0x') })
  expect(decoded(upper)).toEqual(decoded(erc20()))
})

const DIRTY = `0x${'1'.repeat(24)}${ALICE.slice(2)}`
const NO_LOG: Readonly<Record<string, LogBody>> = {
  'no topics': erc20({ topics: [] }),
  'another event': erc20({ topics: [HASH, topic(ALICE), topic(BOB)] }),
  'five topics': erc20({ topics: [TRANSFER, topic(ALICE), topic(BOB), topic(1), topic(1)] }),
  'an amount that is not hex': erc20({ data: `0x${'g'.repeat(64)}` }),
  'a topic that is not text': erc20({ topics: [TRANSFER, 7, null] }),
  'a short item id': erc20({ topics: [TRANSFER, topic(ALICE), topic(BOB), '0x01'], data: '0x' }),
  'an invalid contract address': erc20({ address: '0x12' }),
}

test.each(Object.entries(NO_LOG))('%s is skipped', (_, log) => {
  expect(decoded(log)).toBeUndefined()
})

/** Events that can't be decoded, and the accounts to read because of them, as `account` or `account#item`. */
const UNDECODABLE: Readonly<Record<string, readonly [LogBody, readonly string[]]>> = {
  'two topics and one word': [erc20({ topics: [TRANSFER, topic(ALICE)], data: topic(BOB) }), [ALICE, BOB]],
  'an amount of 31 bytes': [erc20({ data: topic(5).slice(0, -2) }), [ALICE, BOB]],
  'no amount': [erc20({ data: '0x' }), [ALICE, BOB]],
  'dirty padding of the sender': [erc20({ topics: [TRANSFER, DIRTY, topic(BOB)], data: topic(MAX) }), [BOB]],
  'dirty padding of the receiver': [erc20({ topics: [TRANSFER, topic(ALICE), DIRTY], data: topic(MAX) }), [ALICE]],
  'an ERC-1155 with three topics': [
    { ...batch([MAX]), topics: [TRANSFER_SINGLE, topic(ALICE), topic(BOB)] },
    [ALICE, BOB],
  ],
  'a batch without data': [batch([]), [ALICE, BOB]],
  'a batch of one word': [batch([64]), [ALICE, BOB]],
  'a batch with lists of different lengths': [
    batch([64, 160, 2, 7, 8, 1, 1]),
    [`${ALICE}#7`, `${ALICE}#8`, `${BOB}#7`, `${BOB}#8`],
  ],
  'a batch with an offset outside': [batch([64, 320, 1, 7, 1, 1]), [`${ALICE}#7`, `${BOB}#7`]],
  'a batch with an offset that is not a whole word': [batch([65, 128, 1, 7, 1, 1]), [ALICE, BOB]],
  'a batch with the offset 2^256-1': [batch([64, MAX, 1, 7, 1, 1]), [`${ALICE}#7`, `${BOB}#7`]],
  'a batch with the length 2^256-1': [batch([64, 128, MAX, 7, MAX, 1]), [ALICE, BOB]],
  'a batch with a length that is one too many': [batch([64, 128, 1, 7, 2, 1]), [`${ALICE}#7`, `${BOB}#7`]],
}

test.each(Object.entries(UNDECODABLE))('%s leaves notes on the accounts that it may concern', (_, [log, accounts]) => {
  const notes = decoded(log) ?? []
  expect(notes.map((one) => 'note' in one && one.note)).toEqual(accounts.map(() => 'undecodable'))
  expect(notes.map(({ from, item }) => (item === '' ? from : `${from}#${item}`))).toEqual(accounts)
})

test('data beyond what the event declares is ignored', () => {
  const [long] = decoded(erc20({ data: `${topic(5)}${word(MAX)}ab` })) ?? []
  expect(long).toEqual({ ...MOVED, asset: { standard: 'erc20', reference: TOKEN }, item: '', amount: 5n })
  const items = { topics: [TRANSFER, topic(ALICE), topic(BOB), topic(7)], data: topic(1) }
  expect(decoded(erc20(items))).toEqual([
    { ...MOVED, asset: { standard: 'erc721', reference: TOKEN }, item: '7', amount: 1n },
  ])
  const single = { ...batch([7, 9, 1]), topics: [TRANSFER_SINGLE, topic(0), topic(ALICE), topic(BOB)] }
  expect(decoded(single)).toEqual([
    { ...MOVED, asset: { standard: 'erc1155', reference: TOKEN }, item: '7', amount: 9n },
  ])
})

const amounts = fc.oneof(fc.bigInt({ min: 0n, max: MAX }), fc.constantFrom(0n, 1n, MAX, 2n ** 52n - 1n, 2n ** 52n))
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)

test('an event that viem encodes is decoded to the same values, for every standard', () => {
  const moves = fc.array(fc.tuple(amounts, amounts), { maxLength: 20 })
  fc.assert(
    fc.property(address, address, moves, (from, to, pairs) => {
      const ids = pairs.map(([id]) => id)
      const values = pairs.map(([, value]) => value)
      const data = encodeAbiParameters([{ type: 'uint256[]' }, { type: 'uint256[]' }], [ids, values])
      const log = { address: TOKEN, topics: [TRANSFER_BATCH, topic(0), topic(from), topic(to)], data }
      expect(decoded(log)?.map(({ item, amount }) => [BigInt(item), amount])).toEqual(pairs)
      for (const [id, value] of pairs) {
        const one = encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [id, value])
        const [single] = decoded({ ...log, topics: [TRANSFER_SINGLE, ...log.topics.slice(1)], data: one }) ?? []
        expect([single?.from, single?.to, single?.item, single?.amount]).toEqual([from, to, `${id}`, value])
        const [unit] = decoded(erc20({ data: encodeAbiParameters([{ type: 'uint256' }], [value]) })) ?? []
        expect(unit?.amount).toBe(value)
      }
    }),
  )
})

test('garbage neither throws nor leaves a partly decoded log', () => {
  const hex = fc
    .array(fc.constantFrom(...'0123456789abcdefABCDEFgx '), { maxLength: 600 })
    .map((all) => `0x${all.join('')}`)
  const words = fc.array(fc.oneof(amounts, fc.constantFrom(0n, 1n, 2n, 32n, 64n, 96n, 128n)), { maxLength: 12 })
  const data = fc.oneof(
    hex,
    words.map((all) => `0x${all.map(word).join('')}`),
  )
  const head = fc.constantFrom(TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH)
  const rest = fc.array(fc.oneof(address.map(topic), hex, fc.anything()), { maxLength: 5 })
  fc.assert(
    fc.property(head, rest, data, (first, others, bytes) => {
      const out: Transfer[] = []
      const log = { address: TOKEN, topics: [first, ...others], data: bytes }
      const good = decodeLog(log, PLACE, { interned: new Interned(), out })
      if (!good) expect(out).toEqual([])
    }),
    { numRuns: 2000 },
  )
})
