import { describe, expect, test } from 'vitest'
import type { BlockTransfers, Transfer } from '../../src/core/transfer.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, hashOf, makeBlock } from './chains.ts'
import { ENGINES } from './engines.ts'

/** A contract as a coin and as a collection, and another coin. */
const [coin, other, , , items] = ASSETS
const [alice = '', bob = '', carol = ''] = ACCOUNTS
const HEADER = { number: 0, hash: hashOf(0, 0), parentHash: '0x', timestamp: 12 }
const UNBOUNDED = { fromBlock: undefined, toBlock: undefined, fromTimestamp: undefined, toTimestamp: undefined }

describe.each(ENGINES)('$name', ({ makePlace }) => {
  test('a repair of what is lacking adds no log that is stored with another index, or read in another way', async () => {
    const place = await makePlace()
    const { journal, reads } = await place.openChain()
    const paid = { asset: coin, item: 0 }
    const whole = makeBlock(
      [
        { ...paid, from: undefined, to: alice, amount: 5n },
        { ...paid, from: alice, to: bob, amount: 2n },
        { ...paid, from: alice, to: bob, amount: 2n },
        { ...paid, from: bob, to: carol, amount: 1n },
        { ...paid, asset: other, from: undefined, to: carol, amount: 9n },
      ],
      HEADER,
    )
    const of = (transfers: readonly Transfer[]): BlockTransfers => ({ ...HEADER, transfers })
    const [mint, first, second, last, otherMint] = whole.transfers
    if (!mint || !first || !second || !last || !otherMint) throw new Error('five transfers')
    const stored = of([mint, first, last])
    await journal.append({ first: 0, through: HEADER, headers: [HEADER], blocks: [stored] })
    const before = await place.dumpChain(CHAIN)
    const moved = (transfer: Transfer, event: number): Transfer => ({ ...transfer, event })
    const again = of([
      moved(mint, 20),
      moved(first, 21),
      { ...last, asset: items, item: '1', amount: 1n },
      moved(otherMint, last.event),
    ])
    expect(await journal.repair([again], 'lacking')).toMatchObject({ inserted: 0, removed: 0, changed: [] })
    expect(await place.dumpChain(CHAIN)).toEqual(before)

    expect(await journal.repair([of([second, otherMint, first])], 'lacking')).toMatchObject({ inserted: 2, removed: 0 })
    const query = { asset: coin, account: undefined, offset: 0, limit: 9, ...UNBOUNDED }
    expect((await reads.transfers(query)).count).toBe(4)
    await place.end()
  })
})
