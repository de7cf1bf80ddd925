import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { ACCOUNTS, hashOf, makeBlock } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  /** More tokens than one step of a walk examines. */
  const TURNED = 1_200
  const [alice, bob] = ACCOUNTS
  const header = { number: 0, hash: hashOf(0, 0), parentHash: '0x', timestamp: 0 }
  const tokens = Array.from({ length: TURNED + 1 }, (_, index): AssetRef => {
    return { standard: 'erc20', reference: `0x${(index + 1).toString(16).padStart(40, '0')}` }
  })
  const LIMITS = { keys: 50, perToken: 5 }

  let place: StorePlace
  let journal: Journal

  /** An account spends what it never had of every token. All tokens except the last are reclassified. */
  beforeEach(async () => {
    place = await makePlace()
    ;({ journal } = await place.openChain())
    const movements = tokens.map((asset) => ({ asset, from: alice, to: bob, amount: 1n, item: 0 }))
    await journal.append({ first: 0, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
    const evidence = { account: alice, item: '', journal: undefined, chain: 0n }
    for (const asset of tokens.slice(0, TURNED))
      await journal.reclassify({ asset, block: header, reason: 'range', evidence })
  })
  afterEach(() => place.end())

  /** The tokens that `count` steps of a walk return, step by step. */
  async function steps(walk: 'doubts' | 'rereads', count: number): Promise<string[][]> {
    const brought: string[][] = []
    for (let step = 0; step < count; step++) {
      const { keys, cursor } = await journal.audits.next(walk, LIMITS)
      await journal.audits.reached(walk, cursor)
      brought.push([...new Set(keys.map(({ asset }) => assetKey(asset)))])
    }
    return brought
  }

  test('a step over doubts examines a bounded number of reclassified tokens, and the next step continues after them', async () => {
    const brought = await steps('doubts', 8)
    const last = assetKey(tokens.at(-1) ?? { standard: 'erc20', reference: '' })
    expect(brought[0]).toEqual([])
    expect(brought[1]).toEqual([])
    // The walk wraps around: 2.4 steps per round.
    expect(brought.flat()).toEqual([last, last, last])
  })

  test('the walk over `reads` tokens reaches every reclassified token, however many there are', async () => {
    const seen = new Set((await steps('rereads', TURNED / 25 + 1)).flat())
    expect(seen.size).toBe(TURNED)
  })
})
