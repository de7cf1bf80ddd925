import { expect, test } from 'vitest'
import { PriceWatch } from './price-watch.ts'
import type { Price } from './tokens.ts'

const price = (text: string, updatedAt: number): Price => ({
  units: BigInt(text),
  places: 0,
  text,
  source: 'http',
  updatedAt,
})
const nothing = () => undefined
const named = (asset: string) => ({ asset, coin: `coin-${asset}` })
const names = (list: readonly { readonly asset: string }[]) => list.map(({ asset }) => asset)

function dueNames(watch: PriceWatch, now: number) {
  const { priced, unpriced } = watch.due(now)
  return { priced: names(priced), unpriced: names(unpriced) }
}

test('worthless tokens never push out known prices', () => {
  const watch = new PriceWatch(60, 4)
  for (const asset of ['a', 'b']) watch.known(watch.ask(named(asset), 1_000, nothing), price('1', 1_000), 1_000)
  for (let index = 0; index < 1_000; index += 1) watch.ask(named(`spam${index}`), 1_000, nothing)
  expect(watch.peek('a')?.price).toEqual(price('1', 1_000))
  expect(dueNames(watch, 1_060)).toEqual({ priced: ['a', 'b'], unpriced: ['spam998', 'spam999'] })
})

test('among known prices, the one that nobody asked for the longest is dropped', () => {
  const watch = new PriceWatch(60, 2)
  for (const asset of ['a', 'b']) watch.known(watch.ask(named(asset), 1_000, nothing), price('1', 1_000), 1_000)
  watch.ask(named('a'), 1_001, nothing)
  watch.ask(named('c'), 1_002, nothing)
  expect([watch.peek('a')?.coin, watch.peek('b'), watch.peek('c')?.coin]).toEqual(['coin-a', undefined, 'coin-c'])
})

test('an entry that was dropped while the source was asked stays out', () => {
  const watch = new PriceWatch(60, 1)
  const dropped = watch.ask(named('a'), 1_000, nothing)
  watch.ask(named('b'), 1_000, nothing)
  watch.known(dropped, price('1', 1_000), 1_000)
  expect([watch.peek('a'), watch.peek('b')?.coin]).toEqual([undefined, 'coin-b'])
})

test('an asset that the source does not know is due after pauses that double, up to a day', () => {
  const watch = new PriceWatch(60)
  const spam = watch.ask(named('spam'), 0, nothing)
  const pauses = Array.from({ length: 14 }, () => {
    watch.missed(spam, 0)
    return spam.dueAt
  })
  expect(pauses.slice(0, 4)).toEqual([120, 240, 480, 960])
  expect(pauses.slice(-4)).toEqual([86_400, 86_400, 86_400, 86_400])
  watch.known(spam, price('1', 0), 0)
  watch.missed(spam, 0)
  expect(spam.dueAt).toBe(120)
})

test('only assets that were asked for in the last hour are due', () => {
  const watch = new PriceWatch(60)
  watch.known(watch.ask(named('a'), 1_000, nothing), price('1', 1_000), 1_000)
  expect(dueNames(watch, 1_059)).toEqual({ priced: [], unpriced: [] })
  expect([watch.nextIn(1_000), watch.nextIn(1_059), watch.nextIn(4_600), watch.nextIn(4_601)]).toEqual([
    60,
    1,
    0,
    undefined,
  ])
  expect(dueNames(watch, 4_600)).toEqual({ priced: ['a'], unpriced: [] })
  expect(dueNames(watch, 4_601)).toEqual({ priced: [], unpriced: [] })
  watch.ask(named('a'), 9_000, nothing)
  expect(dueNames(watch, 9_000)).toEqual({ priced: ['a'], unpriced: [] })
})

test('an older price does not replace a newer one', () => {
  const watch = new PriceWatch(60)
  const one = watch.ask(named('a'), 1_000, nothing)
  watch.known(one, price('2', 1_000), 1_000)
  watch.known(one, price('1', 999), 1_060)
  expect(one.price).toEqual(price('2', 1_000))
  watch.known(one, price('3', 1_000), 1_060)
  expect(one.price).toEqual(price('3', 1_000))
})

test('after the clock was set back, prices are read and replaced as usual', () => {
  const watch = new PriceWatch(60)
  const [one, spam] = [watch.ask(named('a'), 90_000, nothing), watch.ask(named('spam'), 90_000, nothing)]
  watch.known(one, price('2', 90_000), 90_000)
  watch.missed(spam, 90_000)
  for (const asset of ['a', 'spam']) watch.ask(named(asset), 1_000, nothing)
  expect(dueNames(watch, 1_000)).toEqual({ priced: ['a'], unpriced: ['spam'] })
  watch.known(one, price('3', 1_000), 1_000)
  watch.missed(spam, 1_000)
  expect([one.price, dueNames(watch, 1_059)]).toEqual([price('3', 1_000), { priced: [], unpriced: [] }])
  expect(dueNames(watch, 1_060)).toEqual({ priced: ['a'], unpriced: [] })
})
