import type { BalanceRead, ChainReader } from '../chains/adapter.ts'
import { assert } from '../core/assert.ts'
import { ServiceError } from '../core/errors.ts'
import type { TokenFacts } from '../core/token.ts'
import type { LedgerReads } from '../store/seam/ledger-store.ts'
import type { ChainReads } from '../store/seam/store.ts'

/** Issued tokens have no fractions. */
const DECIMALS = 0

/**
 * Returns a reader of a ledger as a chain. The ledger's record is the chain itself, so it reads the store, at its
 * newest block by default.
 */
export function createOwnReader({ ledger, chain }: { ledger: LedgerReads; chain: ChainReads }): ChainReader {
  return {
    // No other node writes this chain, so it has no blocks above our own.
    replacedAt: () => undefined,
    noteHead: () => undefined,
    transactionBlock: async () => {
      throw new ServiceError('UNAVAILABLE', 'a ledger does not find operations by hash: name their block')
    },
    headers: async ({ first, last }) => {
      const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at)
      const headers = await Promise.all(numbers.map((number) => ledger.header(number)))
      return headers.filter((header) => header !== undefined)
    },
    readBalances: async ({ keys, at }) => {
      const { clock, rows } = await chain.balances(keys, at === 'latest' ? undefined : at.number)
      assert(clock.published !== undefined, 'a ledger must begin with a block')
      const reads = keys.map(({ asset }, index): BalanceRead => {
        if (asset.standard !== 'ledger') return { ok: false, reason: 'not_a_token' }
        const row = rows[index]
        if (row === undefined) return { ok: true, amount: 0n }
        return row.amount === undefined ? { ok: false, reason: 'outside_coverage' } : { ok: true, amount: row.amount }
      })
      return { block: at === 'latest' ? clock.published : at, observedAt: clock.caughtUpAt ?? 0, reads }
    },
    readTokens: async (assets) => {
      const { published } = await chain.clock()
      assert(published !== undefined, 'a ledger must begin with a block')
      const facts = assets.map(async (asset): Promise<TokenFacts> => {
        const known = asset.standard === 'ledger' ? await ledger.asset(asset.reference) : undefined
        const operation = known?.registration.operation
        if (operation?.kind !== 'register_asset') {
          return { asset, name: undefined, symbol: undefined, decimals: undefined, totalSupply: undefined }
        }
        return {
          asset,
          name: operation.name,
          symbol: operation.symbol,
          decimals: DECIMALS,
          totalSupply: known?.supply,
        }
      })
      return { block: published, facts: await Promise.all(facts) }
    },
  }
}
