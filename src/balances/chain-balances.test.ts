import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ALICE, at, BOB, CAROL, GOLD, NOW, of, SILVER, STORED, world, ZERO } from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import { EVM_NATIVE } from '../chains/evm/native-asset.ts'
import { assetKey } from '../core/asset.ts'
import { parseChainId } from '../core/chain.ts'
import type { Coverage } from '../core/coverage.ts'
import { ServiceError } from '../core/errors.ts'
import { createBalances } from './create-balances.ts'

test('amounts of the journal have the published block, and need no node', async () => {
  const { balances, chain } = await world()
  const known = { known: true, block: at(4), finality: 'latest', source: 'events', knownAt: 48 }
  expect(await balances.get([of(ALICE, GOLD), of(BOB, GOLD), of(BOB, SILVER)], STORED)).toEqual([
    { ...known, amount: 70n },
    { ...known, amount: 30n },
    { ...known, amount: 0n },
  ])
  expect(chain.asked).toEqual([])
})

test('as of a block, balances and lists are those of that time, with that block’s own hash', async () => {
  const { balances } = await world()
  expect(await balances.getAsOf([of(ALICE, GOLD), of(BOB, GOLD)], 2)).toMatchObject([
    { amount: 100n, block: at(2), source: 'events' },
    { amount: 0n, block: at(2) },
  ])
  const query = { account: ALICE, standards: ['erc20'], receivedOnly: true, freshness: STORED, limit: 10 } as const
  const listed = async (asOf: number, offset = 0) => balances.account({ ...query, asOf, offset })
  expect(await listed(0)).toMatchObject({
    rows: [],
    count: 0,
    asOf: { block: at(0), source: 'events', complete: true },
  })
  expect(await listed(1)).toMatchObject({
    count: 1,
    rows: [{ asset: GOLD, balance: { amount: 100n } }],
    asOf: { block: at(1) },
  })
  expect(await listed(3, 1)).toMatchObject({
    count: 2,
    rows: [{ asset: SILVER, balance: { amount: 7n, block: at(3) } }],
  })
  const named = await balances.account({ ...query, assets: [SILVER, GOLD], asOf: 1, offset: 0 })
  expect(named).toMatchObject({ count: 1, rows: [{ asset: GOLD, balance: { amount: 100n, block: at(1) } }] })
  const bob = await balances.account({ ...query, account: BOB, asOf: 2, offset: 0 })
  expect(bob).toMatchObject({ rows: [], count: 0 })
})

test('max age and force read the chain; the newer block wins, and reads are kept', async () => {
  const { balances, chain, now } = await world()
  chain.holds(ALICE, GOLD, 70n).add('5', '4').show('5')
  const young = await balances.get([of(ALICE, GOLD)], { mode: 'max_age', seconds: 60 })
  expect([young, chain.asked]).toMatchObject([[{ source: 'events', block: at(4) }], []])
  const forced = { amount: 70n, source: 'reads', block: at(5), knownAt: NOW }
  expect(await balances.get([of(ALICE, GOLD)], { mode: 'force' })).toMatchObject([forced])
  now.at = NOW + 30
  expect(await balances.get([of(ALICE, GOLD)], { mode: 'max_age', seconds: 30 })).toMatchObject([forced])
  expect(chain.asked).toHaveLength(1)
  now.at = NOW + 31
  await balances.get([of(ALICE, GOLD)], { mode: 'max_age', seconds: 30 })
  expect(chain.asked).toHaveLength(2)
})

test('if the node fails, stored amounts are served with their true age; without one, the balance is unknown', async () => {
  const { balances, chain, now } = await world()
  chain.fault = () => {
    throw new ServiceError('NODE_UNREACHABLE', 'down')
  }
  now.at = 5_000
  const answers = await balances.get([of(ALICE, GOLD), of(ALICE, EVM_NATIVE)], { mode: 'force' })
  expect(answers).toEqual([
    { known: true, amount: 70n, block: at(4), finality: 'latest', source: 'events', knownAt: 48 },
    { known: false, reason: 'node_unavailable' },
  ])
})

test('one bad token is unknown with its reason, never zero, and does not affect the others', async () => {
  const { balances, chain } = await world({ coverage: { scope: { type: 'all' }, from: 3 } })
  chain.holds(ALICE, GOLD, 70n)
  expect(await balances.get([of(ALICE, SILVER), of(ALICE, GOLD)], STORED)).toMatchObject([
    { known: false, reason: 'token_does_not_answer' },
    { known: true, amount: 70n, source: 'reads' },
  ])
})

describe('a list outside of the scope is rejected, never empty', () => {
  const page = { offset: 0, limit: 9 }
  const list = { standards: ['erc20'], receivedOnly: true, freshness: STORED, ...page } as const
  const refused = { code: 'UNAVAILABLE', message: 'outside the scope that is indexed here' }

  test('of accounts', async () => {
    const { balances } = await world({ coverage: { scope: { type: 'accounts', accounts: [ALICE] }, from: 0 } })
    expect((await balances.account({ ...list, account: ALICE })).count).toBe(2)
    await expect(async () => balances.account({ ...list, account: BOB })).rejects.toMatchObject(refused)
    await expect(balances.holders({ ...page, asset: GOLD })).rejects.toMatchObject(refused)
    await expect(balances.transfers({ ...page, asset: GOLD })).rejects.toMatchObject(refused)
    await expect(balances.transfers({ ...page, asset: GOLD, account: BOB })).rejects.toMatchObject(refused)
    expect((await balances.transfers({ ...page, asset: GOLD, account: ALICE })).count).toBe(2)
  })

  test('of tokens', async () => {
    const coverage: Coverage = { scope: { type: 'tokens', tokens: [GOLD.reference] }, from: 0 }
    const { balances } = await world({ coverage })
    expect((await balances.account({ ...list, account: BOB })).count).toBe(1)
    expect((await balances.holders({ ...page, asset: GOLD })).count).toBe(2)
    expect((await balances.transfers({ ...page, asset: GOLD })).count).toBe(2)
    await expect(balances.holders({ ...page, asset: SILVER })).rejects.toMatchObject(refused)
    await expect(balances.transfers({ ...page, asset: SILVER, account: ALICE })).rejects.toMatchObject(refused)
  })
})

describe('the zero address, which only stands for mints and burns, is read and never summed', () => {
  const wrapped = { amount: 9n, source: 'reads', block: at(4) }

  test('if coverage began with the chain', async () => {
    const { balances, chain } = await world()
    chain.holds(ZERO, GOLD, 9n)
    expect(await balances.get([of(ZERO, GOLD), of(ZERO, SILVER)], STORED)).toMatchObject([
      wrapped,
      { known: false, reason: 'token_does_not_answer' },
    ])
    expect(await balances.getAsOf([of(ZERO, GOLD)], 4)).toMatchObject([wrapped])
  })

  test('if coverage began later: a read of it sets no opening', async () => {
    const { balances, chain, journal, reads } = await world({ coverage: { scope: { type: 'all' }, from: 3 } })
    chain.holds(ZERO, GOLD, 9n)
    expect(await balances.get([of(ZERO, GOLD)], STORED)).toMatchObject([wrapped])
    const read = await reads.observations.get([of(ZERO, GOLD)])
    expect(await journal.adopt(read.flatMap((one) => one ?? []))).toEqual([{ outcome: 'not_covered' }])
    await nextTick()
    expect((await reads.balances([of(ZERO, GOLD)])).rows).toEqual([undefined])
  })

  test('its lists are rejected', async () => {
    const { balances } = await world()
    const page = { offset: 0, limit: 9 }
    const refused = { code: 'BAD_REQUEST', message: expect.stringContaining('zero address') }
    const list = { account: ZERO, standards: ['erc20'], receivedOnly: true, freshness: STORED, ...page } as const
    await expect(async () => balances.account(list)).rejects.toMatchObject(refused)
    await expect(balances.transfers({ ...page, asset: GOLD, account: ZERO })).rejects.toMatchObject(refused)
  })
})

test('of an unreadable token, only amounts from events are known: a missing one is not zero', async () => {
  const { balances, chain, journal } = await world()
  const block = { number: 4, hash: hash('4') }
  await journal.audits.noteReadability({ block, unreadable: [SILVER], answering: [GOLD] })
  await nextTick()
  const nothing = { known: false, reason: 'token_does_not_answer' }
  expect(await balances.get([of(ALICE, SILVER), of(BOB, SILVER), of(CAROL, GOLD)], STORED)).toMatchObject([
    { amount: 7n, source: 'events' },
    nothing,
    { amount: 0n, source: 'events' },
  ])
  expect(await balances.getAsOf([of(BOB, SILVER)], 4)).toEqual([nothing])
  chain.holds(BOB, SILVER, 2n)
  expect(await balances.get([of(BOB, SILVER)], STORED)).toMatchObject([{ amount: 2n, source: 'reads', block: at(4) }])
})

test('equal reads under way are shared, and reads of one tick are sent together', async () => {
  const { balances, chain } = await world()
  chain.holds(ALICE, EVM_NATIVE, 5n).holds(BOB, EVM_NATIVE, 6n)
  let answer = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  const read = chain.readBalances.bind(chain)
  chain.readBalances = async (...request) => {
    const result = await read(...request)
    await held
    return result
  }
  const first = [ALICE, BOB, ALICE].map((account) => balances.get([of(account, EVM_NATIVE)], STORED))
  await nextTick()
  await nextTick()
  const later = balances.get([of(BOB, EVM_NATIVE)], STORED)
  await nextTick()
  answer()
  expect((await Promise.all([...first, later])).flat()).toMatchObject([5n, 6n, 5n, 6n].map((amount) => ({ amount })))
  expect(chain.asked).toEqual([[`${ALICE}/60`, `${BOB}/60`]])
})

test('balances, lists and holders of a token of reads have the amounts on the chain, without empty holders', async () => {
  const { balances, chain, journal } = await world({ reads: [`erc20:${GOLD.reference}`] })
  chain.holds(ALICE, GOLD, 3n).holds(BOB, GOLD, 0n)
  expect(await balances.get([of(ALICE, GOLD)], STORED)).toMatchObject([{ amount: 3n, source: 'reads', block: at(4) }])
  const page = await balances.holders({ asset: GOLD, offset: 0, limit: 10 })
  expect(page).toMatchObject({
    count: 1,
    rows: [{ account: ALICE, amount: 3n }],
    asOf: { source: 'reads', block: at(4) },
  })
  chain.holds(BOB, GOLD, 9n).add('5', '4').show('5')
  const { latest: head } = await chain.heads()
  await journal.append({ first: 5, through: head, blocks: [], headers: [head] })
  await nextTick()
  const later = await balances.holders({ asset: GOLD, offset: 0, limit: 10 })
  expect(later.rows).toEqual([
    { account: BOB, amount: 9n },
    { account: ALICE, amount: 3n },
  ])
})

test('holders of a token of events come from the journal alone', async () => {
  const { balances, chain } = await world()
  const page = await balances.holders({ asset: GOLD, offset: 0, limit: 1 })
  expect(page).toMatchObject({
    count: 2,
    rows: [{ account: ALICE, amount: 70n }],
    asOf: { source: 'events', block: at(4) },
  })
  expect(chain.asked).toEqual([])
})

describe('a strict forced read', () => {
  const STRICT = { mode: 'force', strict: true } as const

  test('that fails leaves the balance unknown with the reason, although one is stored', async () => {
    const { balances, chain } = await world()
    chain.holds(ALICE, GOLD, 70n)
    expect(await balances.get([of(ALICE, GOLD), of(ALICE, SILVER)], STRICT)).toMatchObject([
      { known: true, amount: 70n, source: 'reads' },
      { known: false, reason: 'token_does_not_answer' },
    ])
    chain.fault = () => {
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    expect(await balances.get([of(ALICE, GOLD)], STRICT)).toEqual([{ known: false, reason: 'node_unavailable' }])
    expect(await balances.get([of(ALICE, GOLD)], { mode: 'force' })).toMatchObject([{ known: true, amount: 70n }])
  })

  test('of a node that lags keeps the newer stored amount', async () => {
    const { balances, chain } = await world()
    chain.holds(ALICE, GOLD, 100n).show('2')
    expect(await balances.get([of(ALICE, GOLD)], STRICT)).toMatchObject([{ amount: 70n, block: at(4) }])
  })
})

test('an account of a dead node is an error, or on request its rows with unknown balances', async () => {
  const { balances, chain } = await world({ reads: [assetKey(GOLD), assetKey(SILVER)] })
  chain.fault = () => {
    throw new ServiceError('NODE_UNREACHABLE', 'down')
  }
  const query = { account: ALICE, standards: ['erc20'], receivedOnly: false, freshness: STORED } as const
  const page = { offset: 0, limit: 9 }
  await expect(async () => balances.account({ ...query, ...page })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const unknown = { known: false, reason: 'node_unavailable' }
  expect(await balances.account({ ...query, ...page, unknownRows: true })).toMatchObject({
    rows: [
      { asset: GOLD, balance: unknown },
      { asset: SILVER, balance: unknown },
    ],
    count: 2,
    asOf: { complete: false },
  })
})

test('a contract is known as the assets that its events showed', async () => {
  const it = await world()
  const chain = parseChainId('eip155:1') ?? expect.fail()
  const balances = createBalances(new Map([[chain, it]]))
  expect(await balances.assetsOf({ chain, reference: GOLD.reference })).toEqual([GOLD])
  expect(await balances.assetsOf({ chain, reference: ALICE })).toEqual([])
  const deed = { standard: 'erc721', reference: GOLD.reference } as const
  it.chain.add('5', '4', [{ asset: deed, from: undefined, to: ALICE, amount: 1n, item: 1 }]).show('5')
  const blocks = it.chain.canonical().filter(({ number }) => number === 5)
  const through = blocks[0] ?? expect.fail()
  await it.journal.append({ first: 5, through, blocks, headers: [through] })
  await nextTick()
  expect(await balances.assetsOf({ chain, reference: GOLD.reference })).toEqual([GOLD, deed])
})
