import { expect, test } from 'vitest'
import { fieldsOf } from '../../src/demo/starknet/json-rpc.ts'
import { startStarknetWorld } from '../faults/starknet/world.ts'

test('a Starknet world grows, reorganizes and answers through its nodes', async () => {
  const world = await startStarknetWorld(3, { l1Below: 40, earlierBlocks: 60 })
  try {
    const { rpc } = Object(world.chain)
    const ask = async (url: string, method: string, params: readonly unknown[] = []) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const response = await fetch(url, { method: 'POST', body })
      return fieldsOf(await response.json()).get('result')
    }
    const heads = (): Promise<readonly unknown[]> =>
      Promise.all(rpc.map((url: string) => ask(url, 'starknet_blockHashAndNumber')))
    world.calm()
    const { number, hash } = world.head()
    expect(await heads()).toEqual(Array(3).fill({ block_hash: hash, block_number: number }))
    await world.grow()
    await world.reorganize(30, 31)
    expect(world.toldAfter({ number, hash, timestamp: 0 })).toBeUndefined()
    world.calm()
    expect(await heads()).toEqual(Array(3).fill({ block_hash: world.head().hash, block_number: 62 }))
    expect(world.toldAfter({ number, hash, timestamp: 0 })).toBeTypeOf('number')
    const { accounts, tokens } = world.subjects()
    expect(accounts.every((account) => /^0x[0-9a-f]{64}$/.test(account))).toBe(true)
    const held = tokens.flatMap((token) => [...world.truth.holders(world.head(), token).values()])
    expect(held.length).toBeGreaterThan(60)
    expect(world.odd().length).toBeGreaterThan(3)
    expect(world.unsettled()).toBe(40)
  } finally {
    await world.stop()
  }
})
