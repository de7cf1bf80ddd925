import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ENGINES, type StorePlace } from './engines.ts'

const OTHER = parseChainId('eip155:2') as ChainId

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let place: StorePlace
  beforeEach(async () => {
    place = await makePlace()
  })
  afterEach(() => place.end())

  test('requests are kept once, up to a limit, for each chain, and seen by other processes', async () => {
    const { followRequests } = await place.open()
    const other = (await place.open()).followRequests
    expect(await followRequests.list(CHAIN)).toEqual([])
    expect(await followRequests.add({ chain: CHAIN, accounts: ['carol', 'alice'], max: 2, at: 100 })).toBe(2)
    expect(await followRequests.add({ chain: CHAIN, accounts: ['alice', 'bob'], max: 2, at: 200 })).toBe(1)
    const stored = [
      { account: 'carol', at: 100 },
      { account: 'alice', at: 100 },
    ]
    expect(await followRequests.list(CHAIN)).toEqual(stored)
    expect(await other.list(CHAIN)).toEqual(stored)
    expect(await other.add({ chain: OTHER, accounts: ['alice', 'alice', 'dan'], max: 1, at: 300 })).toBe(2)
    expect(await followRequests.list(OTHER)).toEqual([{ account: 'alice', at: 300 }])
    expect(await followRequests.remove(CHAIN, ['carol', 'bob'])).toBe(1)
    expect(await other.list(CHAIN)).toEqual([stored[1]])
  })

  test('requests of several processes at the same time stay below the limit', async () => {
    const stores = await Promise.all([place.open(), place.open()])
    const added = await Promise.all(
      stores.flatMap(({ followRequests }, index) =>
        [0, 1, 2, 3].map((number) =>
          followRequests.add({ chain: CHAIN, accounts: [`${index}/${number}`], max: 5, at: number }),
        ),
      ),
    )
    expect(added.reduce((sum, one) => sum + one, 0)).toBe(5)
    expect(await stores[0]?.followRequests.list(CHAIN)).toHaveLength(5)
  })
})
