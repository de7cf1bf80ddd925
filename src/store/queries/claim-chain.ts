import type { AccountCodec } from '../../core/account.ts'
import type { ChainId } from '../../core/chain.ts'
import type { Coverage } from '../../core/coverage.ts'
import { ServiceError } from '../../core/errors.ts'
import { mustContinue, scopeOf } from '../rows/chain-binding.ts'
import { parseCoverage } from '../rows/clock-json.ts'
import { int, nullable, text } from '../rows/columns.ts'
import { inLockOrder } from './lock-order.ts'
import { each, type Query, rowOf } from './query.ts'

const NEW_CHAIN = rowOf('INSERT INTO chain (one, chain, fence, followings) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING')
const NEW_CLOCK = rowOf('INSERT INTO clock (one, transfers, classes) VALUES (1, 0, ?) ON CONFLICT DO NOTHING')
const CHAIN = rowOf('SELECT chain, coverage FROM chain')
const WRITTEN = rowOf('SELECT number FROM clock')
const FOLLOW = each('INSERT INTO followed (account, leads) VALUES (?, 0) ON CONFLICT DO NOTHING', ['bytes'])
const CLAIM = rowOf('UPDATE chain SET coverage = ?, followings = followings + ?, fence = fence + 1 RETURNING fence')

/** A chain that a writer claims. */
export type Claimed = {
  readonly chain: ChainId
  readonly coverage: Coverage
  readonly codec: AccountCodec
  /** Where the counts of a new journal begin. */
  readonly counted: number
  /** Where the tables are, and what to do if they are those of another chain. */
  readonly place: string
  readonly remedy: string
}

/**
 * Claims a chain's tables for a writer: checks their chain and coverage, and moves the accounts of the coverage to the table
 * `followed`. Returns how often the tables were claimed.
 * @throws STORE_MISMATCH the tables are those of another chain, or the chain was indexed under another coverage
 */
export function* claimChain({ chain, coverage, codec, counted, place, remedy }: Claimed): Query<number> {
  yield [NEW_CHAIN, chain, counted]
  yield [NEW_CLOCK, counted]
  const [row] = yield [CHAIN]
  mustBeOf(chain, text(row?.[0]), { place, remedy })
  const before = nullable(row?.[1], (value) => parseCoverage(text(value)))
  mustContinue(chain, before, coverage)
  const isNew = (yield [WRITTEN])[0]?.[0] === null
  const { stored, listed } = scopeOf(before, coverage, isNew)
  const accounts = listed.filter((account) => account !== codec.zeroAddress)
  yield [FOLLOW, inLockOrder([...new Set(accounts)], (account) => account).map((account) => [codec.encode(account)])]
  const [claimed] = yield [CLAIM, JSON.stringify(stored), listed.length > 0 ? 1 : 0]
  return int(claimed?.[0])
}

/** @throws STORE_MISMATCH tables are those of another chain */
export function mustBeOf(chain: ChainId, owner: string, { place, remedy }: Pick<Claimed, 'place' | 'remedy'>): void {
  if (owner === chain) return
  const message = `the store holds ${owner} in ${place}, where ${chain} belongs: ${remedy}`
  throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
}
