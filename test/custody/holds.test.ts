import { describe, expect, test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { custodyWorlds, four, move } from './world.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const custodyWorld = custodyWorlds(makePlace)

  const ANN = { principal: 'ann' }

  async function funded() {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(1) })
    await w.runOnce()
    await evm.append('1', '0', [move(evm.token(1), 1_000n, { to: evm.account(1) })])
    await evm.finalize('1')
    await w.runOnce()
    const of = { ...ANN, wallet: uuid, chain: evm.id, address: evm.account(1), asset: evm.token(1) }
    return {
      w,
      evm,
      of,
      place: (amount: bigint, requestId: string) => w.custody.holds.place({ ...of, amount, requestId }),
    }
  }

  test('50 concurrent holds never exceed what can be spent', async () => {
    const { w, place } = await funded()
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, at) => place(30n, `r${at}`)))
    const placed = results.filter(({ status }) => status === 'fulfilled')
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(placed).toHaveLength(33)
    for (const reason of refused) expect(reason).toMatchObject({ code: 'PARAMETER_INVALID', fields: { left: '10' } })
    const { rows } = await w.custody.balances({ ...ANN, page: { limit: 9 } })
    expect(rows.map(four)).toEqual([[10n, 0n, 990n, 1_000n]])
  })

  test('50 concurrent requests with one id place one hold', async () => {
    const { w, place } = await funded()
    const holds = await Promise.all(Array.from({ length: 50 }, () => place(30n, 'same')))
    expect(new Set(holds.map((hold) => hold?.id)).size).toBe(1)
    expect((await w.custody.balances({ ...ANN, page: { limit: 9 } })).rows.map(four)).toEqual([[970n, 0n, 30n, 1_000n]])
  })

  test('a hold on what is not there is not found, and one of a wrong amount is refused', async () => {
    const { w, evm, of, place } = await funded()
    const { uuid: other } = await w.custody.wallets.create({ principal: 'bob', type: 'MPC', name: 'w' })
    const wrong = [
      { ...of, principal: 'bob' },
      { ...of, principal: 'bob', wallet: other },
      { ...of, wallet: 'no wallet' },
      { ...of, address: evm.account(2) },
      { ...of, address: 'no address' },
      { ...of, asset: evm.token(2) },
      { ...of, chain: w.chains[0]?.id ?? of.chain, asset: { standard: 'erc20', reference: 'x' } as const },
    ]
    for (const request of wrong) {
      expect(await w.custody.holds.place({ ...request, amount: 1n, requestId: 'r' })).toBeUndefined()
    }
    for (const amount of [0n, -1n, 1_001n, 1n << 256n]) {
      await expect(place(amount, 'r')).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    }
    for (const requestId of ['', ' ', 'x'.repeat(129), 'a\u0000']) {
      await expect(place(1n, requestId)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    }
    // None of these attempts used up the id.
    const hold = await place(1_000n, 'r')
    expect(hold).toMatchObject({ amount: 1_000n, status: 'active', requestId: 'r', address: evm.account(1) })
    const id = hold?.id ?? ''
    expect(await w.custody.holds.release({ principal: 'bob', wallet: of.wallet, id })).toBeUndefined()
    expect(await w.custody.holds.get({ ...of, id })).toEqual(hold)
    // Two principals may use the same id of a request.
    await w.custody.addresses.watch({ principal: 'bob', wallet: other, family: 'evm', address: evm.account(1) })
    const theirs = await w.custody.holds.place({
      ...of,
      principal: 'bob',
      wallet: other,
      amount: 1_000n,
      requestId: 'r',
    })
    expect(theirs).toMatchObject({ amount: 1_000n, wallet: other })
  })

  test('a hold on a balance that is not known is refused for now', async () => {
    const { w, evm, of } = await funded()
    const native = w.chains[0]?.nativeAsset
    if (native === undefined) throw new Error('the chain has a native asset')
    const hold = w.custody.holds.place({ ...of, asset: native, amount: 1n, requestId: 'n' })
    await expect(hold).rejects.toMatchObject({ code: 'BALANCE_UNKNOWN' })
    evm.node.holds(evm.account(1), native, 5n)
    await evm.append('2', '1')
    await w.runOnce()
    expect(await w.custody.holds.place({ ...of, asset: native, amount: 5n, requestId: 'n' })).toMatchObject({
      amount: 5n,
    })
  })

  test('the decimals of a hold are known without its balance, and only to the wallet that has it', async () => {
    const { w, evm, of, place } = await funded()
    const hold = await place(5n, 'r')
    const { rows } = await w.custody.balances({ ...ANN, page: { limit: 9 } })
    evm.node.fault = () => {
      throw new Error('the node is dead')
    }
    const native = w.chains[0]?.nativeAsset
    if (native === undefined) throw new Error('the chain has a native asset')
    expect(rows.map(({ asset }) => asset)).toEqual([of.asset])
    await w.tokens.get(evm.id, [native], { read: true })
    expect(await w.custody.holds.decimals(of)).toBe(rows[0]?.decimals)
    expect(await w.custody.holds.decimals({ ...of, asset: native })).toBe(2)
    const { uuid: other } = await w.custody.wallets.create({ principal: 'bob', type: 'MPC', name: 'w' })
    for (const wrong of [
      { ...of, principal: 'bob' },
      { ...of, principal: 'bob', wallet: other },
      { ...of, address: evm.account(2), asset: native },
      { ...of, address: 'no address' },
      { ...of, asset: evm.token(2) },
    ])
      expect(await w.custody.holds.decimals(wrong)).toBeUndefined()
    w.decimals.set(`${evm.id}/erc20:${evm.token(3).reference}`, undefined)
    await evm.append('2', '1', [move(evm.token(3), 1n, { to: evm.account(1) })])
    await w.runOnce()
    await expect(w.custody.holds.decimals({ ...of, asset: evm.token(3) })).rejects.toMatchObject({
      code: 'BALANCE_UNKNOWN',
    })
    expect(await place(5n, 'r')).toEqual(hold)
  })
})
