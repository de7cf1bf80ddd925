import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FIELD_PRIME, feltOf, parseAddress, u256Felts } from '../words/felt.ts'
import { Interned } from '../words/interned.ts'
import { EVENTS } from '../words/selectors.ts'
import { decodeEvent } from './decode-event.ts'
import type { EventBody } from './raw-event.ts'

const [TOKEN, A, B, OPERATOR] = ['0x7', '0xa', '0xb', '0xc']
const SIDES = { token: parseAddress(TOKEN), from: parseAddress(A), to: parseAddress(B) }

function decode(keys: readonly unknown[], data: readonly unknown[], from: unknown = TOKEN) {
  return decodeEvent({ from_address: from, keys, data }, new Interned())
}

describe('a Transfer', () => {
  const value = 2n ** 128n + 5n
  const words = [A, B, ...u256Felts(value)]

  test.each([
    ['data', 1],
    ['keys', 3],
    ['all_keys', 5],
  ])('in layout %s has %i keys', (layout, keys) => {
    const decoded = decode([EVENTS.Transfer, ...words.slice(0, keys - 1)], words.slice(keys - 1))
    expect(decoded).toEqual({ kind: 'transfer', layout, ...SIDES, value })
  })

  test.each([0, 1, 2, 3, 4, 5, 6].flatMap((keys) => [0, 1, 2, 3, 4, 5, 6].map((data) => [keys, data] as const)))(
    'with %i more keys and %i felts of data has another number of parameters',
    (keys, data) => {
      const isKnown = [0, 2, 4].includes(keys) && keys + data === 4
      const decoded = decode([EVENTS.Transfer, ...new Array(keys).fill('0x1')], new Array(data).fill('0x1'))
      expect(typeof decoded === 'string' ? decoded : 'decoded').toBe(isKnown ? 'decoded' : 'counts')
    },
  )

  test('is found in any spelling of its selector', () => {
    const padded = `0x00${EVENTS.Transfer.slice(2).toUpperCase()}`
    expect(decode([padded], [`0x${'0'.repeat(63)}A`, '0x0B', ...u256Felts(value)])).toEqual({
      kind: 'transfer',
      layout: 'data',
      ...SIDES,
      value,
    })
  })
})

describe('ERC-1155', () => {
  const sides = [OPERATOR, A, B]
  const moves = [
    { item: 2n ** 200n, amount: 3n },
    { item: 1n, amount: 0n },
  ]
  const spanOf = (values: readonly bigint[]): string[] => [feltOf(values.length), ...values.flatMap(u256Felts)]
  const lists = [...spanOf(moves.map(({ item }) => item)), ...spanOf(moves.map(({ amount }) => amount))]

  test('TransferSingle has 1 key and 7 felts, or 4 and 4', () => {
    const rest = [...u256Felts(9n), ...u256Felts(2n ** 255n)]
    const expected = { kind: 'moves', ...SIDES, moves: [{ item: 9n, amount: 2n ** 255n }] }
    expect(decode([EVENTS.TransferSingle], [...sides, ...rest])).toEqual({ ...expected, layout: 'data' })
    expect(decode([EVENTS.TransferSingle, ...sides], rest)).toEqual({ ...expected, layout: 'keys' })
    expect(decode([EVENTS.TransferSingle, ...sides, ...rest], [])).toBe('counts')
    expect(decode([EVENTS.TransferSingle, ...sides], rest.slice(1))).toBe('counts')
  })

  test('TransferBatch has 1 key or 4, and two lists', () => {
    const expected = { kind: 'moves', ...SIDES, moves }
    expect(decode([EVENTS.TransferBatch], [...sides, ...lists])).toEqual({ ...expected, layout: 'data' })
    expect(decode([EVENTS.TransferBatch, ...sides], lists)).toEqual({ ...expected, layout: 'keys' })
    expect(decode([EVENTS.TransferBatch, ...sides], ['0x0', '0x0'])).toEqual({
      ...expected,
      layout: 'keys',
      moves: [],
    })
  })

  test.each([
    ['is too long for the data', ['0x3', ...lists.slice(1)]],
    ['is huge', [feltOf(FIELD_PRIME - 1n), ...lists.slice(1)]],
    ['is shorter than the other', ['0x1', '0x1', '0x0', '0x2', '0x1', '0x0', '0x1', '0x0', '0x1', '0x0']],
    ['leaves felts over', [...lists, '0x0', '0x0']],
    ['leaves one felt over', [...lists, '0x0']],
    ['is no felt', ['x', ...lists.slice(1)]],
  ])('a batch whose list %s is skipped', (_, data) => {
    expect(decode([EVENTS.TransferBatch, ...sides], data)).toBe('list_length')
  })

  test('a batch without lists, or with other keys, is skipped', () => {
    expect(decode([EVENTS.TransferBatch, ...sides], [])).toBe('counts')
    expect(decode([EVENTS.TransferBatch, ...sides.slice(1)], lists)).toBe('counts')
  })
})

describe('values that do not fit are skipped', () => {
  test.each([
    ['a low limb of 2^128', [A, B, feltOf(2n ** 128n), '0x0'], 'limb'],
    ['a high limb of 2^128', [A, B, '0x0', feltOf(2n ** 128n)], 'limb'],
    ['a limb that is no felt', [A, B, null, '0x0'], 'limb'],
    ['a sender at the prime', [feltOf(FIELD_PRIME), B, '0x1', '0x0'], 'account'],
    ['a receiver above the prime', [A, `0x${'f'.repeat(64)}`, '0x1', '0x0'], 'account'],
    ['a receiver that is no text', [A, 11, '0x1', '0x0'], 'account'],
  ])('%s', (_, data, reason) => {
    expect(decode([EVENTS.Transfer], data)).toBe(reason)
  })

  test('a contract that is no address', () => {
    expect(decode([EVENTS.Transfer], [A, B, '0x1', '0x0'], feltOf(FIELD_PRIME))).toBe('account')
  })

  test('an account between 2^251 and the prime is one', () => {
    const highest = feltOf(FIELD_PRIME - 1n)
    expect(decode([EVENTS.Transfer], [highest, B, '0x1', '0x0'])).toMatchObject({ from: parseAddress(highest) })
  })
})

test('an event without keys has no name, and one of another name is no transfer', () => {
  expect(decode([], [A, B, '0x1', '0x0'])).toBe('no_keys')
  for (const key of ['0x1', EVENTS.Upgraded, null, {}, '']) expect(decode([key], [A, B, '0x1', '0x0'])).toBeUndefined()
})

test('no event makes the decoder fail', () => {
  const word = fc.oneof(
    fc.constantFrom(...Object.values(EVENTS), '0x0', '0x1', '0x2'),
    fc.bigInt({ min: 0n, max: 2n ** 256n }).map((value) => feltOf(value)),
    fc.anything(),
  )
  const event: fc.Arbitrary<EventBody> = fc.record({
    from_address: word,
    keys: fc.array(word, { maxLength: 9 }),
    data: fc.array(word, { maxLength: 20 }),
  })
  fc.assert(
    fc.property(event, (one) => {
      const decoded = decodeEvent(one, new Interned())
      expect(['object', 'string', 'undefined']).toContain(typeof decoded)
    }),
    { seed: 11, numRuns: 2_000 },
  )
})
