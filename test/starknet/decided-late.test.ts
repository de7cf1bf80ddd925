import { expect, test } from 'vitest'
import { createStarknetAdapter } from '../../src/chains/starknet/adapter.ts'
import { STARKNET } from '../../src/chains/starknet/definition.ts'
import { assetKey } from '../../src/core/asset.ts'
import { PLAIN_DEEDS, startStarknetUnderTest } from '../chains/starknet-under-test.ts'
import type { Move } from '../chains/under-test.ts'
import { makeRig, type RigOptions } from '../indexer/harness.ts'

test('a collection whose first items are burnt is a coin of unknown amounts, until another item shows it', async () => {
  const world = await startStarknetUnderTest('0.10.2')
  const [alice, bob] = world.accounts
  const moved = (item: string, from: string | undefined, to: string | undefined): Move => {
    return { asset: PLAIN_DEEDS, item, amount: 1n, from, to }
  }
  const rows: Move[] = [moved('500', undefined, alice), moved('500', alice, bob), moved('500', bob, undefined)]
  for (const row of rows) await world.mine(row)
  const { url } = await world.node()
  /** A process that starts without knowing any contract. */
  const started = (options: RigOptions = {}) => {
    const { chain } = world
    const { adapter } = createStarknetAdapter({ chain, rpc: [url], finality: 'l1_accepted', warn: () => undefined })
    return makeRig(adapter, undefined, { codec: STARKNET.accountCodec, ...options })
  }
  const coin = { standard: 'erc20', reference: PLAIN_DEEDS.reference } as const
  try {
    const before = await started()
    await before.audit()
    const accounting = async (rig: typeof before) => [
      (await rig.reads.asset(coin))?.accounting,
      (await rig.reads.asset(PLAIN_DEEDS))?.accounting,
    ]
    expect(await accounting(before)).toEqual(['reads', 'reads'])
    expect((await before.dump()).filter((line) => line.startsWith('transfers '))).toHaveLength(3)
    const place = await before.stop()

    rows.push(moved('501', undefined, bob))
    await world.mine(...rows.slice(-1))
    const after = await started({ place })
    await after.audit()
    expect((await after.reads.asset(coin))?.firstBlock).toBeUndefined()
    expect(await after.reads.asset(PLAIN_DEEDS)).toMatchObject({ firstBlock: 1, accounting: 'reads' })
    const stored = (await after.dump()).filter((line) => line.startsWith('transfers '))
    expect(stored).toHaveLength(4)
    expect(stored.every((line) => line.includes(`asset=${assetKey(PLAIN_DEEDS)} `))).toBe(true)
    const sums = (await after.dump()).filter((line) => line.startsWith('balances ') && line.includes(' item= '))
    expect(sums.map((line) => / sum=(\d+)/.exec(line)?.[1]).sort()).toEqual(['0', '1'])
    await after.close()
  } finally {
    await world.stop()
  }
})
