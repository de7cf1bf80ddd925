import { type AssetRef, assetKey } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { TOKEN_STANDARDS } from '../core/standards.ts'
import type { ChainClock, HeldBlock } from '../store/seam/chain-clock.ts'
import type { AsOf } from './as-of.ts'
import type { Balances } from './balances.ts'
import type { History } from './history.ts'

/** One chain and its read side. */
type Sources = { readonly chain: { readonly id: ChainId }; readonly balances: Balances; readonly history: History }

/** Where a time is on the chain: at the published block, at an earlier block, or at one of the ends of what is indexed. */
export type Place = 'newest' | 'before_chain' | 'before_coverage' | HeldBlock

/** An asset of an account with its amount, undefined if it is unknown. It is not known to be 0. */
export type Held = { readonly key: string; readonly asset: AssetRef; readonly amount: bigint | undefined }

/** What an account holds, one entry for each contract. `unseen`: how many more assets it has than were read. */
export type Holdings = {
  readonly held: readonly Held[]
  readonly unseen: number
  readonly count: number
  readonly asOf: AsOf | undefined
}

/** Returns the place of a time in Unix seconds, by the clock of the moment. */
export async function placeOf(
  { chain, history }: Pick<Sources, 'chain' | 'history'>,
  time: number,
  { coverage, published }: ChainClock,
): Promise<Place> {
  const isFromStart = coverage?.from === 0
  if (published === undefined) return isFromStart ? 'newest' : 'before_coverage'
  if (time >= published.timestamp) return 'newest'
  const block = await history.blockAt({ chain: chain.id, timestamp: time })
  return block ?? (isFromStart ? 'before_chain' : 'before_coverage')
}

/**
 * Returns what an account holds at a place, in the order in which it first met the tokens. Of two assets of one contract,
 * only the first is a holding, as in the list of the account's balances.
 * @throws UNAVAILABLE the place is before the indexed blocks, or the scope does not cover the account
 */
export async function holdingsAt(
  { balances, chain }: Pick<Sources, 'balances' | 'chain'>,
  { account, place, limit }: { readonly account: string; readonly place: Place; readonly limit: number },
): Promise<Holdings> {
  if (place === 'before_coverage') throw beforeCoverage()
  // Before the chain began nothing is held, but the rules for lists hold: the account may be outside the scope.
  const isEmpty = place === 'before_chain'
  const { rows, count, asOf } = await balances.account({
    chain: chain.id,
    account,
    standards: TOKEN_STANDARDS,
    receivedOnly: false,
    freshness: { mode: 'stored' },
    ...(typeof place === 'string' ? {} : { asOf: place.number }),
    partial: true,
    unknownRows: true,
    offset: 0,
    limit: isEmpty ? 1 : limit,
  })
  if (isEmpty) return { held: [], unseen: 0, count: 0, asOf: undefined }
  const held = firstOfEachContract(rows).flatMap(({ asset, balance }): readonly Held[] => {
    const amount = balance.known ? balance.amount : undefined
    return amount === 0n ? [] : [{ key: assetKey(asset), asset, amount }]
  })
  const unseen = Math.max(0, count - rows.length)
  return { held, unseen, count, asOf: asOf && { ...asOf, complete: asOf.complete && unseen === 0 } }
}

/** Returns the first row of each contract: it may be indexed as more than one asset. */
export function firstOfEachContract<R extends { readonly asset: AssetRef }>(rows: readonly R[]): readonly R[] {
  const seen = new Set<string>()
  return rows.filter(({ asset: { reference } }) => !seen.has(reference) && seen.add(reference))
}

/** The error for a time before the first indexed block: nothing is known of it. */
export function beforeCoverage(): ServiceError {
  return new ServiceError('UNAVAILABLE', 'This time is before the first block that is indexed here')
}
