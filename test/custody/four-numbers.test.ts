/** The four numbers of custody over journals whose newest blocks are not final. */
import { describe, expect, test } from 'vitest'
import type { AssetRef } from '../../src/core/asset.ts'
import type { CustodyBalance } from '../../src/custody/custody.ts'
import { ENGINES } from '../store/engines.ts'
import type { FollowedFamily } from './driven-chain.ts'
import { type CustodyWorld, custodyWorlds, four, move } from './world.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const custodyWorld = custodyWorlds(makePlace)

  const ANN = { principal: 'ann' }

  async function walletWith(w: CustodyWorld, family: FollowedFamily, ...indexes: readonly number[]): Promise<string> {
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'Custodial', name: 'w' })
    for (const index of indexes) {
      const { account } = w.of(family)
      await w.custody.addresses.watch({ ...ANN, wallet: uuid, family, address: account(index) })
    }
    return uuid
  }

  async function rowOf(w: CustodyWorld, family: FollowedFamily, at: { index: number; asset: AssetRef }) {
    const { id: chain, account } = w.of(family)
    const filter = { chain, address: account(at.index), asset: at.asset }
    const { rows } = await w.custody.balances({ ...ANN, ...filter, page: { limit: 50 } })
    expect(rows.length).toBeLessThanOrEqual(1)
    return rows[0]
  }

  /** What must hold of every row. */
  function mustAddUp({ spendable, pending, locked, total }: CustodyBalance): void {
    expect([spendable, pending, locked, total].every((amount) => amount >= 0n)).toBe(true)
    if (spendable > 0n) expect(spendable + pending + locked).toBe(total)
  }

  describe.each(['evm', 'starknet', 'chia'] as const)('%s', (family) => {
    test('a transfer in is pending until it is final, one out falls at once, and a reorg takes either back', async () => {
      const w = await custodyWorld({ families: [family] })
      const chain = w.of(family)
      const [us, them, coin] = [chain.account(1), chain.account(2), chain.token(7)]
      await walletWith(w, family, 1)
      await w.runOnce()
      const row = async () => {
        await w.runOnce()
        const found = await rowOf(w, family, { index: 1, asset: coin })
        if (found !== undefined) mustAddUp(found)
        return found && four(found)
      }
      expect(await row()).toBeUndefined()
      await chain.append('1', '0', [move(coin, 100n, { to: us }), move(coin, 50n, { to: them })])
      expect(await row()).toEqual([0n, 100n, 0n, 100n])
      await chain.finalize('1')
      expect(await row()).toEqual([100n, 0n, 0n, 100n])
      await chain.append('2', '1', [move(coin, 30n, { from: us, to: them })])
      expect(await row()).toEqual([70n, 0n, 0n, 70n])
      await chain.append('3', '2', [move(coin, 50n, { from: them, to: us })])
      expect(await row()).toEqual([70n, 50n, 0n, 120n])
      // The block with the transfer in is replaced by one without.
      await chain.rollback('2')
      await chain.append('3b', '2')
      expect(await row()).toEqual([70n, 0n, 0n, 70n])
      // So is the block with the transfer out, by one with a transfer in.
      await chain.rollback('1')
      await chain.append('2c', '1', [move(coin, 5n, { from: them, to: us })])
      expect(await row()).toEqual([100n, 5n, 0n, 105n])
      await chain.finalize('2c')
      expect(await row()).toEqual([105n, 0n, 0n, 105n])
    })

    test('a hold moves what is spendable to locked, and stays locked if the chain takes the amount away', async () => {
      const w = await custodyWorld({ families: [family] })
      const chain = w.of(family)
      const [us, them, coin] = [chain.account(1), chain.account(2), chain.token(7)]
      const wallet = await walletWith(w, family, 1)
      await w.runOnce()
      await chain.append('1', '0', [move(coin, 100n, { to: us })])
      await chain.finalize('1')
      await chain.append('2', '1', [move(coin, 20n, { to: us })])
      const of = { ...ANN, wallet, chain: chain.id, address: us, asset: coin }
      const place = (amount: bigint, requestId: string) => w.custody.holds.place({ ...of, amount, requestId })
      const row = async () => {
        const found = await rowOf(w, family, { index: 1, asset: coin })
        return found && four(found)
      }
      expect(await row()).toEqual([100n, 20n, 0n, 120n])
      await expect(place(101n, 'r0')).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
      const hold = await place(60n, 'r1')
      expect(await place(60n, 'r1')).toEqual(hold)
      await expect(place(61n, 'r1')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
      await expect(place(41n, 'r2')).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
      expect(await row()).toEqual([40n, 20n, 60n, 120n])
      await chain.append('3', '2', [move(coin, 70n, { from: us, to: them })])
      expect(await row()).toEqual([0n, 0n, 60n, 50n])
      // A repeat gets its hold whatever the chain says by now.
      expect(await place(60n, 'r1')).toEqual(hold)
      await w.custody.holds.release({ ...ANN, wallet, id: hold?.id ?? '' })
      expect(await row()).toEqual([50n, 0n, 0n, 50n])
    })
  })

  test('on the ledger every amount is final at once', async () => {
    const w = await custodyWorld({ families: [], withLedger: true })
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'Custodial', name: 'w' })
    const of = { ...ANN, wallet: uuid }
    await w.custody.addresses.watch({ ...of, family: 'ledger', address: 'desk' })
    await w.runOnce()
    await w.ledger?.submit(
      { kind: 'register_asset', assetId: 'GILT', name: 'Gilt', symbol: 'GLT', reissue: true },
      { kind: 'mint', assetId: 'GILT', to: 'desk', amount: 100n },
    )
    const rows = async () => (await w.custody.balances({ ...ANN, page: { limit: 9 } })).rows
    expect(await rows()).toMatchObject([{ address: 'desk', spendable: 100n, pending: 0n, total: 100n, decimals: 0 }])
    await w.ledger?.submit({ kind: 'transfer', assetId: 'GILT', from: 'desk', to: 'other', amount: 30n })
    expect((await rows()).map(four)).toEqual([[70n, 0n, 0n, 70n]])
    const { rows: transactions } = await w.custody.transactions({ ...ANN, page: { limit: 9 } })
    expect(transactions.map(({ transfer, isConfirmed }) => [transfer.amount, isConfirmed])).toEqual([
      [100n, true],
      [30n, true],
    ])
  })

  test.each(['evm', 'chia'] as const)(
    '%s: native assets are read at the newest and the finalized block',
    async (family) => {
      const w = await custodyWorld({ families: [family] })
      const chain = w.of(family)
      const native = w.chains[0]?.nativeAsset
      if (native === undefined) throw new Error('the chain has a native asset')
      const us = chain.account(1)
      chain.node.holds(us, native, 0n)
      // Watching reads it at once.
      await walletWith(w, family, 1)
      const row = async () => {
        await w.runOnce()
        const found = await rowOf(w, family, { index: 1, asset: native })
        if (found !== undefined) mustAddUp(found)
        return found && four(found)
      }
      expect(await row()).toEqual([0n, 0n, 0n, 0n])
      chain.node.holds(us, native, { amount: 10n, from: 1 })
      await chain.append('1', '0')
      expect(await row()).toEqual([0n, 10n, 0n, 10n])
      await chain.finalize('1')
      chain.node.holds(us, native, { amount: 4n, from: 2 })
      await chain.append('2', '1')
      expect(await row()).toEqual([4n, 0n, 0n, 4n])
      chain.node.holds(us, native, { amount: 40n, from: 3 })
      await chain.append('3', '2')
      expect(await row()).toEqual([4n, 36n, 0n, 40n])
      await chain.rollback('1')
      chain.node.holds(us, native, { amount: 10n, from: 2 })
      await chain.append('2b', '1')
      expect(await row()).toEqual([10n, 0n, 0n, 10n])
    },
  )

  test('unknown decimals, unknown amounts and stopped chains leave rows out and make the list incomplete', async () => {
    const w = await custodyWorld({ families: ['evm', 'starknet'] })
    const [evm, starknet] = [w.of('evm'), w.of('starknet')]
    const native = w.chains[0]?.nativeAsset
    if (native === undefined) throw new Error('the chain has a native asset')
    evm.node.fault = () => {
      throw new Error('the node is dead')
    }
    const [known, odd] = [evm.token(1), evm.token(2)]
    w.decimals.set(`${evm.id}/erc20:${odd.reference}`, undefined)
    await w.tokens.get(evm.id, [known, odd], { read: true })
    await walletWith(w, 'evm', 1)
    await w.runOnce()
    await evm.append('1', '0', [move(known, 5n, { to: evm.account(1) }), move(odd, 6n, { to: evm.account(1) })])
    const page = await w.custody.balances({ ...ANN, page: { limit: 1 } })
    expect(page.rows.map(({ asset, total }) => [asset, total])).toEqual([[known, 5n]])
    expect(page).toMatchObject({ hasEarlier: false, hasLater: false })
    expect(page.asOf).toMatchObject([{ chain: evm.id, asOf: { source: 'events', complete: false } }])
    expect(starknet.id).toBe('starknet:SN_MAIN')
  })

  test('the greatest amounts stay exact', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const most = (1n << 256n) - 1n
    await walletWith(w, 'evm', 1)
    await w.runOnce()
    await evm.append('1', '0', [move(evm.token(1), most, { to: evm.account(1) })])
    const found = await rowOf(w, 'evm', { index: 1, asset: evm.token(1) })
    expect(found && four(found)).toEqual([0n, most, 0n, most])
    await evm.finalize('1')
    const final = await rowOf(w, 'evm', { index: 1, asset: evm.token(1) })
    expect(final && four(final)).toEqual([most, 0n, 0n, most])
  })
})
