import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { mustContinue, scopeOf } from '../../rows/chain-binding.ts'
import { parseCoverage } from '../../rows/clock-json.ts'
import { nullable, text } from '../../rows/columns.ts'
import type { Queries } from '../database.ts'

/** A chain that a writer claims, as the writer of this number. */
type Claimed = {
  readonly chain: ChainId
  readonly coverage: Coverage
  readonly codec: AccountCodec
  readonly fence: number
}

/** More than any journal counts. */
const COUNTS_OF_ONE_JOURNAL = 2 ** 32

/**
 * Claims a chain's tables for a writer: checks their coverage. Returns true if they have no blocks.
 * @throws STORE_MISMATCH the chain was indexed under another coverage
 */
export async function bindToChain(queries: Queries, { chain, coverage, codec, fence }: Claimed): Promise<boolean> {
  // What other processes remember of a journal that was deleted must not be taken for this one's.
  const counted = (fence - 1) * COUNTS_OF_ONE_JOURNAL
  const newChain = 'INSERT INTO chain (one, chain, fence, followings) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING'
  await queries.run(newChain, chain, counted)
  await queries.run('INSERT INTO clock (one, transfers, classes) VALUES (1, 0, ?) ON CONFLICT DO NOTHING', counted)
  const row = await queries.get('SELECT coverage FROM chain')
  const before = nullable(row?.[0], (value) => parseCoverage(text(value)))
  mustContinue(chain, before, coverage)
  const isNew = (await queries.get('SELECT number FROM clock'))?.[0] === null
  const { stored, listed } = scopeOf(before, coverage, isNew)
  for (const account of listed) {
    if (account === codec.zeroAddress) continue
    const values = codec.encode(account)
    await queries.run('INSERT INTO followed (account, leads) VALUES (?, 0) ON CONFLICT DO NOTHING', values)
  }
  const more = listed.length > 0 ? 1 : 0
  await queries.run('UPDATE chain SET coverage = ?, followings = followings + ?::bigint', JSON.stringify(stored), more)
  return isNew
}
