import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import { Interned } from '../words/interned.ts'
import { DEPOSIT, decodeLog, TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE, WITHDRAWAL } from './decode-log.ts'
import { withHints } from './notes.ts'

const TOKEN = `0x${'70ce'.repeat(10)}`
const [OPERATOR, ALICE, BOB] = ['0e', 'a1', 'b0'].map((byte) => `0x${byte.repeat(20)}`) as [string, string, string]
const ZERO = `0x${'0'.repeat(40)}`
/** A number too large for an address. */
const BIG = 2n ** 200n
const HASH = `0x${'ab'.repeat(32)}`

function word(value: bigint | string): string {
  return (typeof value === 'string' ? value.slice(2) : value.toString(16)).padStart(64, '0')
}

/** A log of an event: its parameters in order. Those at `indexed` become topics. */
type Laid = { event: string; parameters: readonly (bigint | string)[]; indexed: readonly number[]; more?: string }

function told({ event, parameters, indexed, more = '' }: Laid): BlockTransfers {
  const topics = [event, ...indexed.map((index) => `0x${word(parameters[index] ?? 0n)}`)]
  const rest = parameters.filter((_, index) => !indexed.includes(index)).map(word)
  return tellAll([{ topics, data: `0x${rest.join('')}${more}` }])
}

function tellAll(logs: readonly { topics: readonly string[]; data: string }[]): BlockTransfers {
  const out: Transfer[] = []
  for (const [event, log] of logs.entries()) {
    const index = { event, transactionHash: HASH }
    expect(decodeLog({ address: TOKEN, ...log }, index, { interned: new Interned(), out })).toBe(true)
  }
  return withHints({ number: 1, hash: HASH, parentHash: undefined, timestamp: 1, transfers: out })
}

function inWords({ transfers, hints = [] }: BlockTransfers): string[] {
  const nameOf = (account: string | undefined): string =>
    ({ [OPERATOR]: 'operator', [ALICE]: 'alice', [BOB]: 'bob', [ZERO]: 'zero' })[account ?? ''] ??
    account ??
    'zeroAddress'
  return [
    ...transfers.map(
      ({ asset, from, to, item, amount }) => `${asset.standard} ${nameOf(from)}>${nameOf(to)} ${item || '-'} ${amount}`,
    ),
    ...hints.map(({ asset, account, reason, item = '-' }) => `${reason} ${asset.standard} ${nameOf(account)} ${item}`),
  ]
}

const moved = (amount: bigint, indexed: readonly number[], more?: string): Laid => ({
  event: TRANSFER,
  parameters: [ALICE, BOB, amount],
  indexed,
  ...(more === undefined ? {} : { more }),
})
const bothAccounts = ['undecodable erc20 alice -', 'undecodable erc20 bob -']
const single = (indexed: readonly number[], id = 7n): Laid => ({
  event: TRANSFER_SINGLE,
  parameters: [OPERATOR, ALICE, BOB, id, BIG],
  indexed,
})
const threeAccounts = (item: string): unknown =>
  expect.arrayContaining(['alice', 'bob', 'operator'].map((who) => `undecodable erc1155 ${who} ${item}`))

test.each<[string, Laid, unknown]>([
  ['none indexed', moved(5n, []), ['erc20 alice>bob - 5']],
  ['none indexed, a large amount', moved(BIG, []), [`erc20 alice>bob - ${BIG}`]],
  ['none indexed, more data', moved(5n, [], word(9n)), ['erc20 alice>bob - 5']],
  [
    'none indexed, a mint',
    { event: TRANSFER, parameters: [ZERO, BOB, 5n], indexed: [] },
    ['erc20 zeroAddress>bob - 5'],
  ],
  [
    'none indexed, no address',
    { event: TRANSFER, parameters: [BIG, BOB, 5n], indexed: [] },
    expect.arrayContaining(['undecodable erc20 bob -']),
  ],
  ['the sender indexed', moved(BIG, [0]), bothAccounts],
  ['the receiver indexed', moved(BIG, [1]), ['undecodable erc20 bob -', 'undecodable erc20 alice -']],
  [
    'the sender indexed, an amount that looks like an address',
    moved(5n, [0]),
    [...bothAccounts, `undecodable erc20 0x${'5'.padStart(40, '0')} -`],
  ],
  ['a large amount indexed', moved(BIG, [2]), [`erc20 alice>bob - ${BIG}`]],
  ['a small amount indexed', moved(5n, [2]), expect.arrayContaining(bothAccounts)],
  [
    'the sender indexed, a transfer to itself',
    { event: TRANSFER, parameters: [ALICE, ALICE, BIG], indexed: [0] },
    [`erc20 alice>alice - ${BIG}`],
  ],
  ['both accounts indexed, more data', moved(5n, [0, 1], word(BIG)), ['erc20 alice>bob - 5']],
  ['sender and a large amount indexed', moved(BIG, [0, 2]), bothAccounts],
  ['all indexed, more data', moved(5n, [0, 1, 2], word(1n)), ['erc721 alice>bob 5 1']],
  [
    'a mint with its receiver indexed',
    { event: TRANSFER, parameters: [ZERO, BOB, BIG], indexed: [1] },
    ['undecodable erc20 bob -'],
  ],
  [
    'words that are no addresses',
    { event: TRANSFER, parameters: [BIG, BIG, BIG], indexed: [] },
    ['undecodable erc20 zero -'],
  ],
  ['an item, none indexed', single([]), [`erc1155 alice>bob 7 ${BIG}`]],
  ['an item, the operator not indexed', single([1, 2]), threeAccounts('7')],
  ['an item, one indexed', single([0]), threeAccounts('7')],
  ['an item, its id indexed too', { ...single([1, 2, 3], BIG) }, threeAccounts(String(BIG))],
])('the Transfer layout is decoded: %s', (_, log, expected) => {
  expect(inWords(told(log))).toEqual(expected)
})

const list = (items: readonly bigint[]): string => [BigInt(items.length), ...items].map(word).join('')

test('a batch of items is decoded with nothing indexed, and undecodable when only the operator is not indexed', () => {
  const [ids, amounts] = [list([7n, 8n]), list([1n, BIG])]
  const heads = (count: number): string => `${word(BigInt(count * 32))}${word(BigInt(count * 32 + 96))}`
  const none = `0x${[OPERATOR, ALICE, BOB].map(word).join('')}${heads(5)}${ids}${amounts}`
  expect(inWords(tellAll([{ topics: [TRANSFER_BATCH], data: none }]))).toEqual([
    'erc1155 alice>bob 7 1',
    `erc1155 alice>bob 8 ${BIG}`,
  ])
  const topics = [TRANSFER_BATCH, `0x${word(ALICE)}`, `0x${word(BOB)}`]
  const some = inWords(tellAll([{ topics, data: `0x${word(OPERATOR)}${heads(3)}${ids}${amounts}` }]))
  expect(some).toEqual(threeAccounts('7'))
  expect(some).toEqual(threeAccounts('8'))
})

const DEPOSITED: Laid = { event: DEPOSIT, parameters: [ALICE, 5n], indexed: [0] }
const WITHDRAWN: Laid = { event: WITHDRAWAL, parameters: [ALICE, 5n], indexed: [0] }

test.each<[string, Laid, readonly string[]]>([
  ['a deposit', DEPOSITED, ['moved erc20 alice -']],
  ['a withdrawal', WITHDRAWN, ['moved erc20 alice -']],
  ['a deposit that indexes nothing', { ...DEPOSITED, indexed: [] }, ['moved erc20 alice -']],
  ['a deposit that indexes all', { ...DEPOSITED, indexed: [0, 1] }, ['moved erc20 alice -']],
  [
    'a deposit that indexes only its large amount',
    { ...DEPOSITED, parameters: [ALICE, BIG], indexed: [1] },
    ['moved erc20 alice -'],
  ],
  ['a deposit for the zero address', { ...DEPOSITED, parameters: [ZERO, 5n] }, []],
  ['a deposit without an address', { ...DEPOSITED, parameters: [BIG, BIG] }, []],
])('%s', (_, log, hints) => {
  expect(inWords(told(log))).toEqual(hints)
})

test('a deposit gives no hint when a transfer of the same transaction covers it', () => {
  const transfer = (from: string, to: string, amount = 5n) => ({
    topics: [TRANSFER, `0x${word(from)}`, `0x${word(to)}`],
    data: `0x${word(amount)}`,
  })
  const deposit = { topics: [DEPOSIT, `0x${word(ALICE)}`], data: `0x${word(5n)}` }
  const withdrawal = { ...deposit, topics: [WITHDRAWAL, `0x${word(ALICE)}`] }
  const hintsOf = (...logs: Parameters<typeof tellAll>[0][]): readonly unknown[] => tellAll(logs.flat()).hints ?? []
  expect(hintsOf([transfer(ZERO, ALICE), deposit])).toEqual([])
  expect(hintsOf([transfer(ALICE, TOKEN), deposit])).toEqual([])
  expect(hintsOf([transfer(ALICE, ZERO), withdrawal])).toEqual([])
  expect(hintsOf([transfer(TOKEN, ALICE), withdrawal])).toEqual([])
  // A router deposits and passes the coins on: that transfer does not cover the deposit.
  expect(hintsOf([deposit, transfer(ALICE, BOB)])).toHaveLength(1)
  expect(hintsOf([transfer(ZERO, ALICE, 6n), deposit])).toHaveLength(1)
  expect(hintsOf([transfer(ZERO, BOB), deposit])).toHaveLength(1)
})

test('an unambiguous layout is decoded to the encoded transfer, whatever its values', () => {
  const address = fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)
  const amount = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
  const indexed = fc.constantFrom([], [0, 1], [0, 1, 2])
  fc.assert(
    fc.property(
      address,
      address,
      amount,
      indexed,
      fc.constantFrom('', 'ff', word(1n)),
      (from, to, value, places, more) => {
        const [transfer] = told({ event: TRANSFER, parameters: [from, to, value], indexed: places, more }).transfers
        const side = (account: string) => (account === ZERO ? undefined : account)
        const number = places.length === 3 ? BigInt(transfer?.item ?? -1) : transfer?.amount
        expect([transfer?.from, transfer?.to, number]).toEqual([side(from), side(to), value])
      },
    ),
  )
})
