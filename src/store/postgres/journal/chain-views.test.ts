import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeSchema, type TestSchema } from '../../../../test/postgres/test-schema.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from '../../../../test/store/chains.ts'
import { CHAIN } from '../../../../test/store/engines.ts'
import { HEX_ACCOUNTS } from '../../../core/account.ts'
import { openStore } from '../../open.ts'
import type { Journal, Store } from '../../seam/store.ts'
import { chainSchemas } from '../chain/chain-place.ts'

const [alice = '', bob = ''] = ACCOUNTS
const [coin, other, card] = ASSETS
const MOST = 2n ** 256n - 1n

let schema: TestSchema
let store: Store
let journal: Journal
beforeEach(async () => {
  schema = await makeSchema()
  store = await openStore({ url: schema.url, create: true, codecOf: () => HEX_ACCOUNTS })
})
afterEach(async () => {
  await journal.close()
  await store.close()
  await schema.end()
})

const headerOf = (number: number) => ({
  ...{ number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 },
})

async function append(number: number, movements: readonly Movement[]): Promise<void> {
  const header = headerOf(number)
  await journal.append({ first: number, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
}

function query(sql: string): Promise<Record<string, unknown>[]> {
  return schema.query(sql.replace('FROM token_', `FROM ${chainSchemas(schema.schema, CHAIN).journal}.token_`))
}

/** Amounts by account and asset. */
async function balances(): Promise<readonly string[]> {
  const rows = await query('SELECT * FROM token_balances ORDER BY account, asset')
  return rows.map(({ account, asset, amount }) => `${account === alice ? 'alice' : 'bob'} ${asset} ${amount}`)
}

const COIN = `${CHAIN}/erc20:${coin.reference}`
const OTHER = `${CHAIN}/erc20:${other.reference}`
const CARD = `${CHAIN}/erc721:${card.reference}`

test('analysts read balances and transfers of a chain as numbers, with CAIP-19 names and the block', async () => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  await append(0, [
    { asset: coin, from: undefined, to: alice, amount: MOST, item: 0 },
    { asset: card, from: undefined, to: bob, amount: 1n, item: 7 },
  ])
  await append(1, [{ asset: coin, from: alice, to: bob, amount: 300n, item: 0 }])
  await append(2, [])
  expect(await query('SELECT * FROM token_balances ORDER BY account, asset')).toEqual([
    { account: alice, asset: COIN, amount: `${MOST - 300n}`, last_block: '1', as_of: '2' },
    { account: bob, asset: COIN, amount: '300', last_block: '1', as_of: '2' },
    // All cards of the contract, and the card.
    { account: bob, asset: CARD, amount: '1', last_block: '0', as_of: '2' },
    { account: bob, asset: `${CARD}/7`, amount: '1', last_block: '0', as_of: '2' },
  ])
  const columns = 'block, log, extract(epoch FROM at)::integer AS at, asset, sender, receiver, amount'
  expect(await query(`SELECT ${columns} FROM token_transfers ORDER BY block, log`)).toEqual([
    { block: '0', log: '0', at: 0, asset: COIN, sender: null, receiver: alice, amount: `${MOST}` },
    { block: '0', log: '1', at: 0, asset: `${CARD}/7`, sender: null, receiver: bob, amount: '1' },
    { block: '1', log: '0', at: 12, asset: COIN, sender: alice, receiver: bob, amount: '300' },
  ])
})

test('what the journal does not prove has no amount', async () => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  const mints = [alice, bob].flatMap((to) =>
    [coin, other].map((asset) => ({ asset, from: undefined, to, amount: 9n, item: 0 })),
  )
  await append(0, mints)
  await journal.doubts.refute([{ asset: coin, account: alice, item: '' }])
  expect(await balances()).toEqual([`alice ${COIN} null`, `alice ${OTHER} 9`, `bob ${COIN} 9`, `bob ${OTHER} 9`])
  const evidence = { account: alice, item: '', journal: 9n, chain: 8n }
  await journal.reclassify({ asset: other, block: headerOf(0), reason: 'balance', evidence })
  expect(await balances()).toEqual([`alice ${COIN} null`, `alice ${OTHER} null`, `bob ${COIN} 9`, `bob ${OTHER} null`])
})

test('before the first audit, and of a contract that was destroyed once, nothing has an amount', async () => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  await append(
    0,
    [coin, other].map((asset) => ({ asset, from: undefined, to: alice, amount: 9n, item: 0 })),
  )
  const { journal: place } = chainSchemas(schema.schema, CHAIN)
  const endAt = (again: string) =>
    schema.query(`INSERT INTO ${place}.endings (asset, block, again) SELECT id, 0, ${again} FROM ${place}.assets
      WHERE reference = '${other.reference}' ON CONFLICT (asset) DO UPDATE SET again = excluded.again`)
  await endAt('NULL')
  expect(await balances()).toEqual([`alice ${COIN} 9`])
  await endAt('0')
  expect(await balances()).toEqual([`alice ${COIN} 9`, `alice ${OTHER} null`])
  await journal.doubts.refute('all')
  expect(await balances()).toEqual([`alice ${COIN} null`, `alice ${OTHER} null`])
})

test('an account whose history is not complete is left out', async () => {
  journal = await store.openJournal(CHAIN, { scope: { type: 'accounts', accounts: [alice, bob] }, from: 0 })
  await append(0, [{ asset: coin, from: alice, to: bob, amount: 0n, item: 0 }])
  expect(await balances()).toEqual([`alice ${COIN} 0`, `bob ${COIN} 0`])
  await journal.followed.unfollow(bob)
  expect(await balances()).toEqual([`alice ${COIN} 0`])
})
