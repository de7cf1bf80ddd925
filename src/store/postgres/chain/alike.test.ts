import { expect, test } from 'vitest'
import { type Asked, each, rowOf, rowsOf } from '../../queries/query.ts'
import type { Row } from '../../rows/columns.ts'
import type { Value } from '../database.ts'
import { askTogether, isSame } from './alike.ts'

const AMOUNT = rowOf('SELECT hex(amount) FROM balances WHERE account = ? AND asset = ?')
const NAMED = rowsOf('SELECT @second, @first')
const CLOCK = rowOf('SELECT clock')
const MANY = each('SELECT one FROM many WHERE id = ?', ['int'])

type Sent = { readonly sql: string; readonly values: readonly Value[] }
type Answer = readonly Row[] | string

/** Asks, and answers each statement that is sent with the rows that `answer` gives. Returns both. */
async function ask(asked: readonly Asked[], answer: (sent: Sent) => readonly Row[]) {
  const sent: Sent[] = []
  const answers: Answer[] = []
  const all = async (sql: string, ...values: readonly Value[]) => {
    sent.push({ sql, values })
    return answer({ sql, values })
  }
  await askTogether({ all }, asked, {
    answered: (at, rows) => {
      answers[at] = rows
    },
    failed: (at, error, sharedBy) => {
      answers[at] = `${(error as Error).message} ${sharedBy}`
    },
  })
  return { sent, answers }
}

const [alice, bob] = [Buffer.from('aa', 'hex'), Buffer.from('bb', 'hex')]

test('statements that differ in their values are one, and each gets its own rows, in order', async () => {
  const asked: readonly Asked[] = [[AMOUNT, alice, 1], [CLOCK], [AMOUNT, bob, 2], [CLOCK], [AMOUNT, alice, 1]]
  const { sent, answers } = await ask(asked, ({ values }) => {
    if (values.length === 0) return [['noon']]
    return [
      [3, 'c'],
      [1, 'a'],
      [1, 'b'],
    ]
  })
  expect(sent).toHaveLength(2)
  expect(sent[0]?.values).toEqual([
    [alice, bob, alice],
    [1, 2, 1],
  ])
  expect(sent[0]?.sql).toMatch(/unnest\(\(SELECT \?::bytea\[\]\), \(SELECT \?::bigint\[\]\)\).*k\.c1 AND asset = k\.c2/)
  expect(answers).toEqual([[['a'], ['b']], [['noon']], [], [['noon']], [['c']]])
})

test('one that is alone, and values without a type or of another type, are statements of their own', async () => {
  const asked: readonly Asked[] = [
    [AMOUNT, alice, 1],
    [AMOUNT, alice, 'one'],
    [AMOUNT, null, 1],
    [AMOUNT, null, 1],
    [NAMED, { first: 1, second: 2 }],
  ]
  const { sent } = await ask(asked, () => [])
  expect(sent.map(({ values }) => values)).toEqual([
    [alice, 1],
    [alice, 'one'],
    [null, 1],
    [null, 1],
    [2, 1],
  ])
})

test('look-ups of many rows of values are one, and each gets as many rows as it has values', async () => {
  const asked: readonly Asked[] = [
    [MANY, [[1], [2]]],
    [MANY, [[3]]],
    [MANY, []],
  ]
  const { sent, answers } = await ask(asked, () => [
    [3, 'c'],
    [1, 'a'],
  ])
  expect(sent.map(({ values }) => values)).toEqual([[[1, 2, 3]]])
  expect(answers).toEqual([[['a'], []], [['c']], []])
})

test('one that fails says how many it answered', async () => {
  const asked: readonly Asked[] = [[AMOUNT, alice, 1], [NAMED, { first: 1, second: 2 }], [AMOUNT, bob, 1], [CLOCK]]
  const { answers } = await ask(asked, ({ sql }) => {
    if (sql === CLOCK.text) return []
    throw new Error('down')
  })
  expect(answers).toEqual(['down 2', 'down 1', 'down 2', []])
})

test('the same is asked if statement and values are the same', () => {
  expect(isSame([AMOUNT, alice, 1], [AMOUNT, Buffer.from(alice), 1])).toBe(true)
  expect(isSame([NAMED, { first: alice, second: 2 }], [NAMED, { first: Buffer.from(alice), second: 2 }])).toBe(true)
  const others: readonly Asked[] = [
    [CLOCK, alice, 1],
    [AMOUNT, bob, 1],
    [AMOUNT, alice, 2],
    [AMOUNT, alice],
    [AMOUNT, alice, 'one'],
  ]
  for (const other of others) expect(isSame([AMOUNT, alice, 1], other)).toBe(false)
  expect(isSame([NAMED, { first: 1, second: 2 }], [NAMED, { first: 1, second: 3 }])).toBe(false)
  expect(isSame([MANY, [[1]]], [MANY, [[1]]])).toBe(true)
  expect(isSame([MANY, [[1]]], [MANY, [[1], [2]]])).toBe(false)
})
