import { describe, expect, onTestFinished, test } from 'vitest'
import type { AssetRef } from '../../src/core/asset.ts'
import type { ChainId } from '../../src/core/chain.ts'
import type { Hold, PageRequest, RowKey, Wallet } from '../../src/core/custody.ts'
import type { Meeting, MemberFilter } from '../../src/store/seam/custody.ts'
import { ENGINES } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const CHAIN = 'eip155:1' as ChainId
  const OTHER_CHAIN = 'eip155:10' as ChainId
  const GOLD: AssetRef = { standard: 'erc20', reference: `0x${'a'.repeat(40)}` }
  const SILVER: AssetRef = { standard: 'erc20', reference: `0x${'b'.repeat(40)}` }
  const addressOf = (index: number): string => `0x${index.toString(16).padStart(40, '0')}`

  async function openStore() {
    const place = await makePlace()
    onTestFinished(() => place.end())
    const store = await place.open()
    return { place, store, custody: store.custody }
  }

  function wallet(principal: string, uuid: string, status: Wallet['status'] = 'active'): Wallet {
    return { uuid, principal, type: 'MPC', name: uuid, status, metadata: '{"a":1.10}', createdAt: 5, updatedAt: 5 }
  }

  const meet = (index: number, asset: AssetRef, chain = CHAIN): Meeting => ({
    family: 'evm',
    address: addressOf(index),
    chain,
    asset,
  })
  const watched = (principal: string, uuid: string, index: number) => ({
    principal,
    wallet: uuid,
    family: 'evm' as const,
    address: addressOf(index),
    at: 6,
    max: 1_000,
  })

  test('a wallet is stored as it is, and is not found by another principal', async () => {
    const { wallets } = (await openStore()).custody
    const made = wallet('ann', 'w1')
    expect(await wallets.add(made, 1)).toBe(true)
    expect(await wallets.add(wallet('ann', 'w2'), 1)).toBe(false)
    expect(await wallets.get({ principal: 'ann', wallet: 'w1' })).toEqual(made)
    expect(await wallets.get({ principal: 'bob', wallet: 'w1' })).toBeUndefined()
    expect(await wallets.update({ principal: 'bob', wallet: 'w1' }, { name: 'x', updatedAt: 9 })).toBeUndefined()
    const changed = { ...made, name: 'x', status: 'archived', updatedAt: 9 } as const
    expect(await wallets.update({ principal: 'ann', wallet: 'w1' }, { ...changed })).toEqual(changed)
    expect(await wallets.get({ principal: 'ann', wallet: 'w1' })).toEqual(changed)
  })

  test('pages of wallets meet at their keys, in both directions, with and without archived ones', async () => {
    const { wallets } = (await openStore()).custody
    for (let index = 0; index < 7; index++) {
      await wallets.add(wallet('bob', `b${index}`), 100)
      await wallets.add(wallet('ann', `a${index}`, index === 3 ? 'archived' : 'active'), 100)
    }
    const pageOf = async (page: PageRequest<RowKey>, includeArchived = false) => {
      const { rows, ...ends } = await wallets.page({ principal: 'ann', includeArchived, page })
      return { names: rows.map(({ uuid }) => uuid), ...ends }
    }
    const first = await pageOf({ limit: 4 })
    expect(first).toEqual({
      names: ['a0', 'a1', 'a2', 'a4'],
      first: 2,
      last: 10,
      hasEarlier: false,
      hasLater: true,
      total: undefined,
    })
    const second = await pageOf({ limit: 4, after: 10 })
    expect(second).toMatchObject({ names: ['a5', 'a6'], hasEarlier: true, hasLater: false })
    expect(await pageOf({ limit: 4, before: second.first ?? 0 })).toEqual(first)
    expect(await pageOf({ limit: 2, before: 10 })).toMatchObject({
      names: ['a1', 'a2'],
      hasEarlier: true,
      hasLater: true,
    })
    expect(await pageOf({ limit: 2, offset: 5n })).toMatchObject({ names: ['a6'], total: 6n, hasLater: false })
    expect(await pageOf({ limit: 2, offset: 1n << 64n })).toMatchObject({ names: [], total: 6n, hasLater: false })
    expect(await pageOf({ limit: 9 }, true)).toMatchObject({ names: ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6'] })
    expect(await pageOf({ limit: 2, after: 14 })).toMatchObject({ names: [], hasEarlier: true, hasLater: false })
    expect(await pageOf({ limit: 2, before: 2 })).toMatchObject({ names: [], hasEarlier: false, hasLater: true })
  })

  test('an address is added once to a wallet, and derived ones skip those that are there', async () => {
    const { wallets, addresses } = (await openStore()).custody
    await wallets.add(wallet('ann', 'w1'), 9)
    const given = await addresses.add(watched('ann', 'w1', 1))
    expect(given).toEqual({
      wallet: 'w1',
      family: 'evm',
      address: addressOf(1),
      derivationIndex: undefined,
      createdAt: 6,
    })
    expect(await addresses.add({ ...watched('ann', 'w1', 1), at: 99 })).toEqual(given)
    expect(await addresses.add(watched('bob', 'w1', 1))).toBeUndefined()
    expect(await addresses.add({ ...watched('ann', 'w1', 2), max: 1 })).toBe('full')
    const next = (at = 7) =>
      addresses.addNext({ ...watched('ann', 'w1', 0), at, addressAt: (n) => (n < 3 ? addressOf(n) : undefined) })
    expect(await Promise.all([next(), next()])).toMatchObject([
      { address: addressOf(0), derivationIndex: 0 },
      { address: addressOf(2), derivationIndex: 2 },
    ])
    expect(await next()).toBe('none')
    const page = await addresses.page({ principal: 'ann', wallet: 'w1', page: { limit: 9 } })
    expect(page?.rows.map(({ address }) => address)).toEqual([1, 0, 2].map(addressOf))
    expect(await addresses.page({ principal: 'bob', wallet: 'w1', page: { limit: 9 } })).toBeUndefined()
  })

  async function twoPrincipals() {
    const opened = await openStore()
    const { wallets, addresses, members } = opened.custody
    for (const [principal, uuid, indexes] of [
      ['ann', 'w1', [1, 2]],
      ['ann', 'w2', [1]],
      ['bob', 'w3', [1]],
    ] as const) {
      await wallets.add(wallet(principal, uuid), 9)
      for (const index of indexes) await addresses.add(watched(principal, uuid, index))
    }
    return { ...opened, members }
  }

  test('a meeting adds a row to every wallet that watches the address, once', async () => {
    const { members, custody } = await twoPrincipals()
    const meetings = [meet(1, GOLD), meet(2, SILVER), meet(9, GOLD), meet(1, GOLD, OTHER_CHAIN)]
    expect(await members.add(meetings, 8)).toBe(7)
    expect(await members.add(meetings, 9)).toBe(0)
    const rowsOf = async (filter: MemberFilter) =>
      (await members.rows(filter, { after: 0, limit: 50 })).map(({ wallet: uuid, address, asset, chain }) =>
        [
          uuid,
          addressOf(1) === address ? 1 : 2,
          asset === GOLD || asset.reference === GOLD.reference ? 'gold' : 'silver',
          chain,
        ].join(' '),
      )
    expect(await rowsOf({ principal: 'ann' })).toEqual([
      'w1 1 gold eip155:1',
      'w2 1 gold eip155:1',
      'w1 2 silver eip155:1',
      'w1 1 gold eip155:10',
      'w2 1 gold eip155:10',
    ])
    expect(await rowsOf({ principal: 'bob' })).toHaveLength(2)
    expect(await rowsOf({ principal: 'bob', wallet: 'w1' })).toEqual([])
    expect(await rowsOf({ principal: 'ann', wallet: 'w1', chain: CHAIN })).toHaveLength(2)
    expect(await rowsOf({ principal: 'ann', wallet: 'w1', chain: CHAIN, asset: GOLD })).toEqual(['w1 1 gold eip155:1'])
    expect(await rowsOf({ principal: 'ann', chain: OTHER_CHAIN })).toHaveLength(2)
    expect(await rowsOf({ principal: 'ann', chain: CHAIN, asset: SILVER })).toEqual(['w1 2 silver eip155:1'])
    const two = [1, 2, 7].map((index) => ({ family: 'evm' as const, address: addressOf(index) }))
    expect(await rowsOf({ principal: 'ann', addresses: two })).toHaveLength(5)
    expect(await rowsOf({ principal: 'ann', addresses: two.slice(1, 2), chain: CHAIN })).toHaveLength(1)
    expect(await rowsOf({ principal: 'ann', addresses: [] })).toEqual([])
    expect(await members.listed({ family: 'evm', address: addressOf(1), chain: CHAIN })).toEqual([GOLD])
    expect(await members.listed({ family: 'evm', address: addressOf(9), chain: CHAIN })).toEqual([])
    // Another wallet watches the address, and does not list the asset yet.
    await custody.wallets.add(wallet('bob', 'w4'), 9)
    await custody.addresses.add(watched('bob', 'w4', 1))
    expect(await members.listed({ family: 'evm', address: addressOf(1), chain: CHAIN })).toEqual([])
    expect(await members.count({ principal: 'ann' }, 3n)).toEqual({ total: 5, after: 4 })
    expect(await members.count({ principal: 'ann' }, 1n << 70n)).toMatchObject({ total: 5 })
    expect(await members.having({ chain: CHAIN, asset: SILVER, after: 0, limit: 5 })).toEqual([
      { row: 4, address: addressOf(2) },
    ])
  })

  const hold = (id: string, amount: bigint, requestId = id): Omit<Hold, 'status' | 'releasedAt'> => ({
    id,
    wallet: 'w1',
    chain: CHAIN,
    address: addressOf(1),
    asset: GOLD,
    amount,
    requestId,
    createdAt: 20,
  })

  test('holds never exceed what is available, count in each wallet, and are placed once for a request', async () => {
    const { custody, members } = await twoPrincipals()
    await members.add([meet(1, GOLD)], 8)
    const place = (one: ReturnType<typeof hold>, available = 100n) =>
      custody.holds.place({ principal: 'ann', hold: one, available, maxActive: 3 })
    const first = { ...hold('h1', 60n), status: 'active', releasedAt: undefined }
    expect(await place(hold('h1', 60n))).toEqual({ outcome: 'placed', hold: first })
    expect(await place(hold('h2', 60n, 'h1'))).toEqual({ outcome: 'placed', hold: first })
    expect(await place(hold('h2', 61n, 'h1'))).toEqual({ outcome: 'other' })
    expect(await place(hold('h2', 41n))).toEqual({ outcome: 'short', left: 40n })
    expect(await place(hold('h2', 1n), 50n)).toEqual({ outcome: 'short', left: 0n })
    // The other wallet watches the same coins.
    expect(await place({ ...hold('h2', 41n), wallet: 'w2' })).toEqual({ outcome: 'short', left: 40n })
    expect(await place({ ...hold('h2', 1n), address: addressOf(2) })).toBeUndefined()
    expect(await place({ ...hold('h2', 1n), wallet: 'w3' })).toBeUndefined()
    expect(
      await custody.holds.place({ principal: 'bob', hold: hold('h2', 1n), available: 9n, maxActive: 3 }),
    ).toBeUndefined()
    const rows = await members.rows({ principal: 'ann' }, { after: 0, limit: 9 })
    expect(rows.map(({ wallet: uuid, locked, changedAt }) => [uuid, locked, changedAt])).toEqual([
      ['w1', 60n, 20],
      ['w2', 60n, 20],
    ])
    expect((await members.rows({ principal: 'bob' }, { after: 0, limit: 9 }))[0]?.locked).toBe(0n)
    const of = { principal: 'ann', wallet: 'w1' }
    expect(await custody.holds.release({ ...of, wallet: 'w2' }, 'h1', 30)).toBeUndefined()
    const released = { ...first, status: 'released', releasedAt: 30 }
    expect(await custody.holds.release(of, 'h1', 30)).toEqual(released)
    expect(await custody.holds.release(of, 'h1', 40)).toEqual(released)
    expect(await custody.holds.get(of, 'h1')).toEqual(released)
    expect(await place(hold('h9', 60n, 'h1'))).toEqual({ outcome: 'placed', hold: released })
    for (const id of ['h3', 'h4', 'h5']) expect(await place(hold(id, 1n))).toMatchObject({ outcome: 'placed' })
    expect(await place(hold('h6', 1n))).toEqual({ outcome: 'full' })
  })

  test('a vendor id is given once, is unique among its like, and leads back', async () => {
    const { ids } = (await openStore()).custody
    const of = (asset: AssetRef, ...names: string[]) => ({ chain: CHAIN, asset, candidates: () => names })
    expect(await ids.ofAssets([of(GOLD, 'ETH_USDC', 'ETH_a'), of(SILVER, 'ETH_USDC', 'ETH_b')])).toEqual([
      'ETH_USDC',
      'ETH_b',
    ])
    expect(await ids.ofAssets([of(SILVER, 'ETH_NEW'), of(GOLD, 'ETH_NEW')])).toEqual(['ETH_b', 'ETH_USDC'])
    expect(await ids.asset('ETH_b')).toEqual({ chain: CHAIN, asset: SILVER })
    expect(await ids.asset('ETH_NEW')).toBeUndefined()
    const chain = (id: ChainId, name: string) => ({ chain: id, candidates: () => [name, `${name}_2`] })
    expect(await ids.ofChains([chain(CHAIN, 'ETH_USDC'), chain(OTHER_CHAIN, 'ETH_USDC')])).toEqual([
      'ETH_USDC',
      'ETH_USDC_2',
    ])
  })
})
