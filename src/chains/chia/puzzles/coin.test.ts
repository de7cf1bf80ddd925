import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBundles } from '../../../../test/chia/bundles.ts'
import { walletSdk } from '../../../../test/chia/wallet-sdk.ts'
import { coinId } from './coin.ts'

test('a coin made by one spend of a bundle and spent by another has the same id', () => {
  const spends = readBundles().flatMap((bundle) => bundle.spends)
  const ids = new Set(spends.map(({ coin }) => coinId(coin)))
  const parents = new Set(spends.map(({ coin }) => coin.parent))
  expect([...ids].filter((id) => parents.has(id)).length).toBeGreaterThan(0)
})

describe.skipIf(walletSdk === undefined)('the wallet SDK', () => {
  test('gives every coin the same id', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const edges = fc.constantFrom(0n, 1n, 127n, 128n, 255n, 256n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n)
    const amounts = fc.oneof(edges, fc.bigInt(0n, 2n ** 64n - 1n))
    fc.assert(
      fc.property(hash, hash, amounts, (parent, puzzleHash, amount) => {
        const theirs = walletSdk && new walletSdk.Coin(parent, puzzleHash, amount).coinId()
        expect(coinId({ parent: hex(parent), puzzleHash: hex(puzzleHash), amount })).toBe(theirs && hex(theirs))
      }),
    )
  })
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
