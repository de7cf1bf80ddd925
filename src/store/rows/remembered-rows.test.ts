import { expect, test } from 'vitest'
import { Changeset, Scan } from '../../journal/plan.ts'
import { newAsset } from '../../journal/rules/assets.ts'
import { assets } from '../../journal/tables/facts.ts'
import { RememberedRows } from './remembered-rows.ts'

const BY_REFERENCE = ['reference', 'standard']
const coin = newAsset(1, { standard: 'erc20', reference: '0xa' })
const gem = newAsset(2, { standard: 'erc20', reference: '0xb' })

function applied(rows: RememberedRows, fill: (changeset: Changeset) => void): void {
  const changeset = new Changeset()
  fill(changeset)
  for (const changes of changeset.tables) rows.apply(changes)
}

test('a row is found by the columns that rows were looked up by, as the last changeset left it', () => {
  const rows = new RememberedRows(['id'])
  rows.add(BY_REFERENCE, coin)
  const moved = { ...coin, transfers: 3, supply: 5n }
  applied(rows, (changeset) => {
    changeset.update(assets, coin, moved)
    changeset.insert(assets, gem)
  })
  expect(rows.find(['id'], { id: 1 })).toEqual(moved)
  expect(rows.find(BY_REFERENCE, { reference: '0xa', standard: 'erc20' })).toEqual(moved)
  expect(rows.find(BY_REFERENCE, { reference: '0xb', standard: 'erc20' })).toEqual(gem)
  expect(rows.find(['id'], { id: 2 })).toEqual(gem)
  expect(rows.find(BY_REFERENCE, { reference: '0xb', standard: 'erc721' })).toBeUndefined()
})

test('no row is found after it was deleted, or once all are forgotten', () => {
  const rows = new RememberedRows(['id'])
  rows.add(['id'], coin)
  applied(rows, (changeset) => changeset.delete(assets, { id: 1 }))
  expect(rows.find(['id'], { id: 1 })).toBeUndefined()
  rows.add(['id'], coin)
  rows.forget()
  expect(rows.find(['id'], { id: 1 })).toBeUndefined()
})

test('the newest row is known until it goes, whatever other rows do', () => {
  const rows = new RememberedRows(['id'])
  const newest = new Scan(assets, { order: ['id'], descending: true, limit: 1 })
  expect(rows.scan(newest)).toBeUndefined()
  rows.addScanned(newest, [coin])
  for (const other of [{ limit: 2 }, { descending: false }, { where: { id: 1 } }, { after: [1] }] as const) {
    expect(rows.scan(new Scan(assets, { ...newest.range, ...other }))).toBeUndefined()
  }
  applied(rows, (changeset) => changeset.insert(assets, gem))
  expect(rows.scan(newest)).toEqual([gem])
  applied(rows, (changeset) => changeset.delete(assets, { id: 1 }))
  expect(rows.scan(newest)).toEqual([gem])
  const moved = { ...gem, transfers: 1 }
  applied(rows, (changeset) => changeset.update(assets, gem, moved))
  expect(rows.scan(newest)).toEqual([moved])
  applied(rows, (changeset) => changeset.delete(assets, { id: 2 }))
  expect(rows.scan(newest)).toBeUndefined()
})
