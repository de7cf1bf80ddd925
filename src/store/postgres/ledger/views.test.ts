import { afterEach, beforeEach, expect, test } from 'vitest'
import { BEGAN, CHAIN } from '../../../../test/ledger/ledger.ts'
import { makeSchema, type TestSchema } from '../../../../test/postgres/test-schema.ts'
import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { encodeAmount } from '../../../journal/amount-codec.ts'
import * as facts from '../../../journal/tables/facts.ts'
import * as marks from '../../../journal/tables/marks.ts'
import { commitGroup } from '../../../ledger/group-commit.ts'
import { genesisOf } from '../../../ledger/record.ts'
import { openStore } from '../../open.ts'
import { storedColumns } from '../../rows/journal-codec.ts'
import type { Store } from '../../seam/store.ts'

let schema: TestSchema
let store: Store
beforeEach(async () => {
  schema = await makeSchema()
  store = await openStore({ url: schema.url, create: true, codecOf: () => TEXT_ACCOUNTS })
})
afterEach(async () => {
  await store.close()
  await schema.end()
})

test('analysts read balances and transfers as numbers, with CAIP-19 names', async () => {
  const journal = await store.ledgers.openJournal(CHAIN, genesisOf(CHAIN, BEGAN))
  const operations = [
    { kind: 'register_asset', assetId: 'GILT', name: undefined, symbol: undefined, reissue: true },
    { kind: 'mint', assetId: 'GILT', amount: 2n ** 53n - 1n, to: 'älice 🏦' },
    { kind: 'transfer', assetId: 'GILT', amount: 300n, from: 'älice 🏦', to: 'bob' },
  ] as const
  const requests = operations.map((operation) => ({ operation, idempotency: undefined }))
  await commitGroup(journal, requests, { rules: { strictWallets: false }, now: BEGAN })
  const asset = 'ledger:main/ledger:GILT'
  expect(await schema.query('SELECT * FROM ledger_balances ORDER BY wallet')).toEqual([
    { wallet: 'bob', asset, amount: '300', last_block: '3' },
    { wallet: 'älice 🏦', asset, amount: `${2n ** 53n - 301n}`, last_block: '3' },
  ])
  const columns = 'block, asset, sender, receiver, amount, extract(epoch FROM at)::integer AS at'
  expect(await schema.query(`SELECT ${columns} FROM ledger_transfers ORDER BY block`)).toEqual([
    { block: '2', asset, sender: null, receiver: 'älice 🏦', amount: `${2n ** 53n - 1n}`, at: BEGAN },
    { block: '3', asset, sender: 'älice 🏦', receiver: 'bob', amount: '300', at: BEGAN },
  ])
})

test('the function that shows amounts is exact for every amount, also below zero', async () => {
  const amounts = [0n, 1n, 255n, 256n, 2n ** 64n, 10n ** 30n, 2n ** 256n - 1n].flatMap((amount) => [amount, -amount])
  for (const amount of amounts) {
    const [row] = await schema.query('SELECT amount_number($1) AS shown', [encodeAmount(amount)])
    expect(row?.shown).toBe(`${amount}`)
  }
})

test('the tables of a chain are those that the rules of the journal describe', async () => {
  const described = new Set(
    [...Object.values(facts), ...Object.values(marks)].flatMap((one) => ('columns' in one ? [one] : [])),
  )
  expect(described.size).toBeGreaterThan(20)
  for (const table of described) {
    const columns = storedColumns(table).map(({ sql }) => sql)
    const keyed = storedColumns(table).filter(({ name }) => (table.key as readonly string[]).includes(name))
    const found = await schema.query(
      `SELECT column_name::text AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2`,
      [schema.schema, table.name],
    )
    expect(found.map(({ name }) => name).sort(), table.name).toEqual([...columns].sort())
    const [key] = await schema.query(
      `SELECT array_agg(a.attname::text ORDER BY a.attname::text) AS columns FROM pg_index i JOIN pg_attribute a
         ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
       WHERE i.indisprimary AND i.indrelid = ($1 || '.' || $2)::regclass`,
      [schema.schema, table.name],
    )
    expect(key?.columns, table.name).toEqual(keyed.map(({ sql }) => sql).sort())
  }
})
