import type { AccountCodec } from '../../core/account.ts'
import { followedOf } from '../../journal/rules/followed-rows.ts'
import type { FollowedAccount } from '../seam/followed.ts'
import { bytes, int, nullable, type Row } from './columns.ts'

/** The columns of the table `followed` that `readFollowed` takes, in its order. */
export const FOLLOWED_COLUMNS = 'account, through, leads, leaving, known_through, cut'

/** The account of a row of FOLLOWED_COLUMNS. */
export function readFollowed(row: Row, codec: AccountCodec): FollowedAccount {
  const [through, knownThrough] = [nullable(row[1], int), nullable(row[4], int)]
  const marks = { leaving: row[3] === 1, cut: row[5] === 1 }
  return followedOf({ account: bytes(row[0]), through, leads: int(row[2]), knownThrough, ...marks }, codec)
}
