/** Accounts with more rows than are read as a whole have the same lists as others. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AssetRef } from '../../src/core/asset.ts'
import { TOKEN_STANDARDS } from '../../src/core/standards.ts'
import { MAX_WHOLE } from '../../src/store/queries/account-lists.ts'
import type { ChainReads, Journal } from '../../src/store/seam/store.ts'
import { ACCOUNTS, ASSETS, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const [alice = ''] = ACCOUNTS
  const [, , deed] = ASSETS

  let place: StorePlace
  let journal: Journal
  let reads: ChainReads

  beforeEach(async () => {
    place = await makePlace()
    ;({ journal, reads } = await place.openChain())
  })
  afterEach(() => place.end())

  /** Contracts whose order by address is not the one in which the account meets them. */
  const coin = (nth: number): AssetRef => ({
    standard: 'erc20',
    reference: `0x${((nth * 7_919) % 65_536).toString(16).padStart(40, '0')}`,
  })

  async function append(movements: readonly Movement[]): Promise<void> {
    const header = { number: 0, hash: hashOf(0, 0), parentHash: '0x', timestamp: 0 }
    await journal.append({ first: 0, through: header, blocks: [makeBlock(movements, header)], headers: [header] })
  }

  function minted(asset: AssetRef, { item = 0, amount = 1n }): Movement {
    return { asset, from: undefined, to: alice, amount, item }
  }

  /** The list of the account, from pages of this many rows: the contract and the amount of each row. */
  async function listed(limit: number) {
    const found: (readonly [string, bigint | undefined])[] = []
    for (let offset = 0; ; offset += limit) {
      const query = {
        account: alice,
        standards: TOKEN_STANDARDS,
        receivedOnly: false,
        asOf: undefined,
        assets: undefined,
      }
      const { rows, count } = await reads.account({ ...query, offset, limit })
      found.push(...rows.map(({ asset, amount }) => [asset.asset.reference, amount] as const))
      if (offset + limit >= count) return found
    }
  }

  test.each([1, MAX_WHOLE - 1, MAX_WHOLE, MAX_WHOLE + 1, 3 * MAX_WHOLE])('%i tokens', async (count) => {
    const coins = Array.from({ length: count }, (_, nth) => coin(nth))
    await append(coins.map((asset, nth) => minted(asset, { amount: BigInt(nth) ** 9n + 1n })))
    const expected = coins.map(({ reference }, nth) => [reference, BigInt(nth) ** 9n + 1n])
    expect(await listed(2 * count)).toEqual(expected)
    expect(await listed(7)).toEqual(expected)
  })

  test.each([1, MAX_WHOLE - 3, MAX_WHOLE - 2, MAX_WHOLE, 3 * MAX_WHOLE])('two tokens and %i items', async (items) => {
    const deeds = Array.from({ length: items }, (_, item) => minted(deed, { item }))
    await append([minted(coin(9), { amount: 5n }), ...deeds, minted(coin(1), { amount: 6n })])
    const expected = [
      [coin(9).reference, 5n],
      [deed.reference, BigInt(items)],
      [coin(1).reference, 6n],
    ]
    expect(await listed(9)).toEqual(expected)
    expect(await listed(2)).toEqual(expected)
  })
})
