import { expect, test } from 'vitest'
import { Draw } from '../../src/demo/draw.ts'
import { type AsOf, parseAsOf } from './as-of.ts'
import type { Claim, HistoryRow } from './claims.ts'
import { CAST } from './evm/cast.ts'
import { EvmChain } from './evm/chain.ts'
import { judge, type Moment } from './judge.ts'
import type { TrueTransfer, Truth } from './truth.ts'

const chain = new EvmChain(CAST, { draw: new Draw(5), finalBelow: 32, startTime: 1_700_000_000 })
for (let nth = 1; nth <= 120; nth++) chain.grow(1_700_000_000 + nth)
const replaced = chain.head
chain.reorganize(3, 5)
const block = chain.head
const [token = ''] = CAST.programs.keys()
const holders = [...chain.holders(block, token)].sort(([, a], [, b]) => (a > b ? -1 : 1))
const [account = '', held = 0n] = holders[0] ?? []

const asOf = (changes: Partial<AsOf> = {}): AsOf => ({
  chain: 'eip155:1',
  block: block.number,
  hash: block.hash,
  finality: 'latest',
  source: 'events',
  age: 0,
  complete: true,
  uniform: true,
  ...changes,
})
const newest: Moment = { askedAtMs: 10_000, toldAfter: () => undefined }

const whole = chain
  .met(block, account)
  .map((met) => ({ token: met, amount: chain.balance(block, account, met) ?? -1n }))
const tokens: Claim = { what: 'tokens', account, listed: undefined, rows: whole, count: whole.length }
const page: Claim = {
  what: 'holders',
  token,
  offset: 0,
  limit: 100,
  rows: holders.map(([holder, amount]) => ({ account: holder, amount })),
  count: holders.length,
}
const told = chain.transfers(block, token)
const transfers: Claim = {
  what: 'transfers',
  token,
  account: undefined,
  first: 0,
  last: block.number,
  limit: 100,
  rows: told.slice(0, 100),
  count: told.length,
}
const native: Claim = { what: 'native', account, asked: undefined, amount: chain.native(block, account) }

const pairs: Claim = {
  what: 'pairs',
  asked: whole.map((row) => ({ account, token: row.token })),
  rows: whole.map((row) => ({ account, ...row })),
  refused: [],
}
/** The changes of the account in the token, added up from its first block on. */
const changes: Claim = { what: 'history', account, token, from: 0, to: Number.POSITIVE_INFINITY, rows: changesOf(told) }
function changesOf(transfers: readonly TrueTransfer[]): readonly HistoryRow[] {
  let amount = 0n
  return transfers
    .filter(({ from, to }) => from === account || to === account)
    .reverse()
    .map((one) => {
      if (one.to === account) amount += one.amount
      if (one.from === account) amount -= one.amount
      return { block: one.block, event: one.logIndex, amount }
    })
}
const [pair = expect.fail()] = pairs.rows
const [change = expect.fail(), ...laterChanges] = changes.rows

const kinds = (claim: Claim, header = asOf(), moment = newest): readonly string[] =>
  judge(chain, header, { claim, moment }).map(({ kind }) => kind)

test.each([tokens, page, transfers, native, pairs, changes])('a true answer is true: $what', (claim) => {
  expect(kinds(claim)).toEqual([])
})

test.each<[string, Claim, readonly string[]]>([
  [
    'an amount',
    { ...tokens, rows: whole.map((row) => ({ ...row, amount: row.amount + 1n })) },
    whole.map(() => 'account list: amount'),
  ],
  [
    'a row that is missing',
    { ...tokens, rows: whole.slice(1), count: whole.length - 1 },
    ['account list: row missing'],
  ],
  ['a count', { ...tokens, count: whole.length + 1 }, ['account list: count']],
  [
    'a token that does not exist',
    { ...tokens, rows: [...whole, { token: '0x02', amount: 5n }], count: whole.length + 1 },
    ['account list: amount'],
  ],
  ['the order of holders', { ...page, rows: [...page.rows].reverse() }, ['holders: order', 'holders: page']],
  ['a holder that is missing', { ...page, rows: page.rows.slice(1) }, ['holders: rows missing']],
  ['a count of holders', { ...page, count: 1 }, ['holders: count']],
  ['a transfer that is missing', { ...transfers, rows: transfers.rows.slice(1) }, ['transfers: rows missing']],
  [
    'a transfer that is changed',
    { ...transfers, rows: transfers.rows.map((row) => ({ ...row, amount: row.amount + 1n })) },
    ['transfers: row'],
  ],
  ['an amount of a pair', { ...pairs, rows: [{ ...pair, amount: -1n }, ...pairs.rows.slice(1)] }, ['balances: amount']],
  ['a pair that is missing', { ...pairs, rows: pairs.rows.slice(1) }, ['balances: row missing']],
  [
    'a pair that is refused for no token',
    { ...pairs, rows: pairs.rows.slice(1), refused: [{ ...pair, isNoToken: true }] },
    ['balances: refused', 'balances: complete'],
  ],
  ['an amount of the past', { ...changes, rows: [{ ...change, amount: -1n }, ...laterChanges] }, ['history: amount']],
  ['a change that is missing', { ...changes, rows: laterChanges }, ['history: rows missing']],
  ['a change that never was', { ...changes, rows: [{ ...change, event: 999 }, ...laterChanges] }, ['history: row']],
  ['the order of changes', { ...changes, rows: [...changes.rows].reverse() }, ['history: order']],
  ['a native amount', { ...native, amount: 1n }, ['native']],
  ['a block that was not requested', { ...native, asked: 3 }, ['as-of']],
])('an untruth is found: %s', (_, claim, expected) => {
  expect(kinds(claim)).toEqual(expected)
})

test('the header is compared with the chain too', () => {
  expect(kinds(native, asOf({ finality: 'finalized' }))).toEqual(['finality'])
  expect(kinds(native, asOf({ hash: `0x${'1'.repeat(64)}` }))).toEqual(['block'])
  expect(kinds(native, asOf({ block: 1 }))).toEqual(['block'])
  expect(kinds(native, asOf({ source: undefined }))).toEqual(['header'])
  const madeAtMs = block.timestamp * 1_000
  const later = (toldMs: number): Moment => ({ askedAtMs: madeAtMs + 10_000, toldAfter: () => madeAtMs + toldMs })
  expect(kinds(native, asOf({ age: 1 }), later(2_000))).toEqual(['age'])
  expect(kinds(native, asOf({ age: 8 }), later(2_000))).toEqual([])
  // The block replaced the one that was told before it was made.
  expect(kinds(native, asOf({ age: 8 }), later(-5_000))).toEqual([])
  expect(kinds(native, asOf({ age: 1 }), later(-5_000))).toEqual(['age'])
})

test('an answer is judged on the branch that it names', () => {
  const before = [...chain.holders(replaced, token)].map(([holder, amount]) => ({ account: holder, amount }))
  before.sort((a, b) => (a.amount > b.amount ? -1 : 1))
  const there = { ...page, rows: before, count: before.length }
  expect(kinds(there, asOf({ block: replaced.number, hash: replaced.hash }))).toEqual([])
})

test('a list that is marked as incomplete may lack rows, but its rows must be true', () => {
  const some = { ...tokens, rows: whole.slice(1), count: 1 }
  expect(kinds(some, asOf({ complete: false }))).toEqual([])
  const wrong = { ...some, rows: [{ token, amount: held + 1n }] }
  expect(kinds(wrong, asOf({ complete: false }))).toEqual(['account list: amount'])
})

test('rows of several blocks are true at the named block or later', () => {
  const earlier = chain.blocksFrom(100)[0]
  expect(earlier).toBeDefined()
  const header = asOf({ block: earlier?.number, hash: earlier?.hash, uniform: false })
  expect(kinds(page, header)).toEqual([])
  expect(kinds({ ...page, rows: [{ account, amount: held + 1n }] }, header)).toEqual(['holders: amount'])
  // A token that exists at the named block, but not at a later one of another branch, may have no row.
  const listed: Claim = { ...tokens, listed: [token], rows: [], count: 0 }
  expect(kinds(listed)).toEqual(['account, listed: row missing'])
  expect(kinds(listed, header)).toEqual(['account, listed: row missing'])
  const elsewhere = replaced.hash
  const balance: Truth['balance'] = (at, of, asked) =>
    at.hash === elsewhere ? undefined : chain.balance(at, of, asked)
  const truth = new Proxy<Truth>(chain, {
    get: (target, name) => {
      if (name === 'balance') return balance
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  expect(judge(truth, header, { claim: listed, moment: newest })).toEqual([])
})

test('the header is parsed', () => {
  const text = `"eip155:1";block=7;hash="0xab";finality=latest;source=reads;age=3;complete=?0`
  expect(parseAsOf(text)).toEqual({
    chain: 'eip155:1',
    block: 7,
    hash: '0xab',
    finality: 'latest',
    source: 'reads',
    age: 3,
    complete: false,
    uniform: true,
  })
  expect(parseAsOf('nonsense')).toBeUndefined()
})
