import { expect, test } from 'vitest'
import { itemsOfSide, sidesOf } from './sides.ts'

const isSame = (a: string, b: string): boolean => a === b

test('the sides of a transfer, a mint, a burn, and a transfer to oneself', () => {
  expect(sidesOf({ from: 'a', to: 'b', amount: 5n }, isSame)).toEqual([
    { account: 'a', delta: -5n, received: false },
    { account: 'b', delta: 5n, received: true },
  ])
  expect(sidesOf({ from: undefined, to: 'b', amount: 5n }, isSame)).toEqual([
    { account: 'b', delta: 5n, received: true },
  ])
  expect(sidesOf({ from: 'a', to: undefined, amount: 5n }, isSame)).toEqual([
    { account: 'a', delta: -5n, received: false },
  ])
  expect(sidesOf({ from: 'a', to: 'a', amount: 5n }, isSame)).toEqual([{ account: 'a', delta: 0n, received: true }])
  expect(sidesOf({ from: undefined, to: undefined, amount: 5n }, isSame)).toEqual([])
})

test('a side of a collection changes its roll-up and the item', () => {
  expect(itemsOfSide('7', { none: '', fungible: false })).toEqual(['', '7'])
  expect(itemsOfSide('', { none: '', fungible: true })).toEqual([''])
})
