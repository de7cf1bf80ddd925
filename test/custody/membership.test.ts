/** What is listed: the index follows the journals, and what only reads tell is read. */
import { describe, expect, test } from 'vitest'
import type { CustodyFilter } from '../../src/custody/custody.ts'
import { hash } from '../chains/mock-chain.ts'
import { ENGINES } from '../store/engines.ts'
import { type CustodyWorld, custodyWorlds, four, move } from './world.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const custodyWorld = custodyWorlds(makePlace)

  const ANN = { principal: 'ann' }

  async function wallet(w: CustodyWorld, principal = 'ann'): Promise<string> {
    return (await w.custody.wallets.create({ principal, type: 'MPC', name: 'w' })).uuid
  }

  async function listed(w: CustodyWorld, filter: Partial<CustodyFilter> = {}): Promise<readonly string[]> {
    const { rows } = await w.custody.balances({ ...ANN, ...filter, page: { limit: 200 } })
    return rows.map(({ asset, address }) => `${asset.reference.slice(-1)}@${address.slice(-1)}`)
  }

  test('an address that is watched later lists what it met before, in every wallet that watches it', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    await evm.append('1', '0', [move(evm.token(1), 5n, { to: evm.account(1) })])
    const one = await wallet(w)
    const watch = (uuid: string, index: number, principal = 'ann') =>
      w.custody.addresses.watch({ principal, wallet: uuid, family: 'evm', address: evm.account(index) })
    expect(await watch(one, 1)).toMatchObject({ address: evm.account(1), derivationIndex: undefined })
    expect(w.followed).toEqual([evm.account(1)])
    expect(await listed(w)).toEqual(['1@1'])
    await w.runOnce()
    // The index now looks at new blocks alone.
    await evm.append('2', '1', [
      move(evm.token(2), 5n, { to: evm.account(1) }),
      move(evm.token(3), 5n, { to: evm.account(2) }),
    ])
    expect(await listed(w)).toEqual(['1@1', '2@1'])
    const two = await wallet(w)
    await watch(two, 1)
    await watch(two, 2)
    expect(await listed(w, { wallet: two })).toEqual(['1@1', '2@1', '3@2'])
    expect(await listed(w, { wallet: one })).toEqual(['1@1', '2@1'])
    await watch(await wallet(w, 'bob'), 2, 'bob')
    expect(await listed(w, { principal: 'bob' })).toEqual(['3@2'])
    expect(await listed(w, { principal: 'bob', wallet: two })).toEqual([])
  })

  test('a meeting is found again after a crash, on a replaced branch, and in repaired history', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const uuid = await wallet(w)
    await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(1) })
    await w.runOnce()
    // The process ended before it looked at this block: a new one compares all addresses.
    await evm.append('1', '0', [move(evm.token(1), 5n, { to: evm.account(1) })])
    const restarted = w.make()
    await restarted.runOnce(new AbortController().signal)
    const { rows } = await restarted.custody.balances({ ...ANN, page: { limit: 9 } })
    expect(rows).toHaveLength(1)
    // Blocks of the same numbers on another branch.
    await evm.append('2a', '1')
    expect(await listed(w)).toEqual(['1@1'])
    await evm.rollback('1')
    await evm.append('2b', '1', [move(evm.token(2), 5n, { to: evm.account(1) })])
    expect(await listed(w)).toEqual(['1@1', '2@1'])
    // A row that the chain took back stays listed with what the chain says now.
    await evm.rollback('1')
    await evm.append('2c', '1')
    const page = await w.custody.balances({ ...ANN, page: { limit: 9 } })
    expect(page.rows.map(four)).toEqual([
      [0n, 5n, 0n, 5n],
      [0n, 0n, 0n, 0n],
    ])
    // A transfer that a node had left out.
    const repaired = evm.node.canonical()[1]
    if (repaired === undefined) throw new Error('block 1 is there')
    const missing = { ...repaired.transfers[0], event: 7, asset: evm.token(3) }
    const transfer = {
      ...missing,
      part: 0,
      item: '',
      amount: 3n,
      from: undefined,
      to: evm.account(1),
      transactionHash: hash('1'),
    }
    await evm.journal.repair([{ ...repaired, transfers: [...repaired.transfers, transfer] }])
    await evm.poll()
    await w.runOnce()
    const all = await w.store.custody.members.rows(ANN, { after: 0, limit: 9 })
    expect(all.map(({ asset }) => asset.reference.slice(-1))).toEqual(['0', '1', '2', '3'])
  })

  test('addresses that another process adds are listed and read here', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const uuid = await wallet(w)
    await evm.append('1', '0', [move(evm.token(1), 5n, { to: evm.account(1) })])
    await w.runOnce()
    const added = { ...ANN, wallet: uuid, family: 'evm', address: evm.account(1), at: 1, max: 9 } as const
    await (await w.open()).custody.addresses.add(added)
    await w.runOnce()
    expect(await listed(w)).toEqual(['1@1'])
  })

  test('nothing but a watched address is listed, and NFTs are not', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const uuid = await wallet(w)
    await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(1) })
    await w.runOnce()
    const nft = { standard: 'erc721', reference: `0x${'f'.repeat(40)}` } as const
    await evm.append('1', '0', [
      { asset: nft, from: undefined, to: evm.account(1), amount: 1n, item: 4 },
      move(evm.token(1), 5n, { to: evm.account(2) }),
    ])
    expect(await listed(w)).toEqual([])
    const restarted = w.make()
    await restarted.runOnce(new AbortController().signal)
    expect(await w.store.custody.members.rows(ANN, { after: 0, limit: 9 })).toHaveLength(1)
  })

  test('more new transfers than one step looks at are found by comparing all addresses', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const uuid = await wallet(w)
    await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(1) })
    await w.runOnce()
    const many = Array.from({ length: 6_000 }, (_, at) => move(evm.token(2), 1n, { to: evm.account(100 + at) }))
    await evm.append('1', '0', [...many, move(evm.token(1), 5n, { to: evm.account(1) })])
    expect(await listed(w)).toEqual([])
    await w.runOnce()
    expect(await listed(w)).toEqual(['1@1'])
  })

  test('an asset leads back from its vendor id as soon as an address met it', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const uuid = await wallet(w)
    await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(1) })
    await w.runOnce()
    const id = `${evm.id}_${evm.token(1).reference}`
    expect(await w.custody.ids.asset(id)).toBeUndefined()
    await evm.append('1', '0', [move(evm.token(1), 5n, { to: evm.account(1) })])
    await w.runOnce()
    expect(await w.custody.ids.asset(id)).toEqual({ chain: evm.id, asset: evm.token(1) })
  })

  test('a dead node leaves the rows as they were, and a refresh of it ends in time', async () => {
    const w = await custodyWorld({ families: ['evm', 'starknet'] })
    const evm = w.of('evm')
    const native = w.chains[0]?.nativeAsset
    if (native === undefined) throw new Error('the chain has a native asset')
    evm.node.holds(evm.account(1), native, 9n)
    const uuid = await wallet(w)
    await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(1) })
    const ask = (refresh: boolean) =>
      w.custody.balances({ ...ANN, address: evm.account(1), refresh, page: { limit: 9 } })
    const before = await ask(false)
    expect(before.rows.map(four)).toEqual([[9n, 0n, 0n, 9n]])
    evm.node.fault = () => {
      throw new Error('the node is dead')
    }
    w.now.at += 100
    expect((await ask(true)).rows).toEqual(before.rows)
    evm.node.fault = () => undefined
    evm.node.holds(evm.account(1), native, { amount: 11n, from: 1 })
    await evm.append('1', '0')
    expect((await ask(true)).rows).toMatchObject([{ total: 11n, spendable: 9n, pending: 2n }])
    // An address that nobody watches is not read for anyone.
    evm.node.asked.length = 0
    await w.custody.balances({ ...ANN, address: evm.account(5), refresh: true, page: { limit: 9 } })
    expect(evm.node.asked).toEqual([])
  })
})
