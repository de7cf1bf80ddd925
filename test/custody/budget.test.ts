import { expect, test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { custodyWorlds } from './world.ts'

const ANN = { principal: 'ann' }

test.each(ENGINES.filter(({ isFull }) => isFull))(
  '$name: no head reads more than its budget, and the walk continues where it ended',
  async ({ makePlace }) => {
    const w = await custodyWorlds(makePlace)()
    const evm = w.of('evm')
    const native = w.chains[0]?.nativeAsset
    if (native === undefined) throw new Error('the chain has a native asset')
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    const count = 2_300
    for (let index = 1; index <= count; index++) {
      evm.node.holds(evm.account(index), native, 1n)
      const added = { ...ANN, wallet: uuid, family: 'evm', address: evm.account(index), at: 1, max: count } as const
      await w.store.custody.addresses.add(added)
    }
    const asked = async (): Promise<number> => {
      evm.node.asked.length = 0
      await w.runOnce()
      return new Set(evm.node.asked.flat()).size
    }
    expect(await asked()).toBe(2_000)
    // The same head is not read again.
    expect(await asked()).toBe(0)
    await evm.append('1', '0')
    expect(await asked()).toBe(300)
    await evm.append('2', '1')
    expect(await asked()).toBe(2_000)
    const { hasLater, rows } = await w.custody.balances({ ...ANN, page: { limit: count } })
    expect([hasLater, rows.length]).toEqual([false, count])
  },
  120_000,
)
