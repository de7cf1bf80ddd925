import fc from 'fast-check'
import type { AssetRef } from '../../src/core/asset.ts'
import type { Hint } from '../../src/core/transfer.ts'
import { ACCOUNTS, ASSETS } from './chains.ts'

/** A contract that only has deposits, beside those that also have transfers. */
export const ONLY_HINTED: AssetRef = { standard: 'erc20', reference: `0x${'e'.repeat(40)}` }

/** Hints of accounts, one of `decodable + 1` of them undecodable. */
export function hintsOf(accounts: readonly string[] = ACCOUNTS, decodable = 9): fc.Arbitrary<Hint> {
  const fields = fc.record({
    asset: fc.constantFrom<AssetRef>(...ASSETS, ONLY_HINTED),
    account: fc.constantFrom(...accounts),
    undecodable: fc.nat(decodable),
    item: fc.nat(1),
  })
  return fields.map(({ asset, account, undecodable, item }): Hint => {
    const reason = undecodable === 0 ? 'undecodable' : 'moved'
    return asset.standard === 'erc1155' ? { asset, account, reason, item: String(item) } : { asset, account, reason }
  })
}
