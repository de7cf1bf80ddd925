import { int, nullable } from '../../rows/columns.ts'
import type { StoredExtent } from '../../seam/stored-chain.ts'
import { type Query, rowOf } from '../query.ts'

/** Newest transfers whose density is taken for that of a gap. */
const NEWEST = 100_000
/** Openings that are counted: more cost too much in any case. */
const MAX_OPENINGS = 1_000_000

/** How much the tables of a chain hold; undefined if nothing. */
export function* storedExtent(): Query<Omit<StoredExtent, 'isPinned'> | undefined> {
  const [last, stored] = (yield [CLOCK])[0] ?? [null]
  if (last === null) return undefined
  const transfers = int(stored)
  const older = transfers > NEWEST ? (yield [OLDER, NEWEST])[0]?.[0] : undefined
  const first = nullable((yield [FIRST])[0]?.[0] ?? null, int) ?? 0
  const [count, since] = older === undefined ? [transfers, first] : [NEWEST, int(older)]
  const openings = int((yield [OPENINGS, MAX_OPENINGS])[0]?.[0])
  return { transfers, perBlock: count / (int(last) - since + 1), openings }
}

const CLOCK = rowOf('SELECT number, transfers FROM clock')
const OLDER = rowOf('SELECT block FROM transfers ORDER BY block DESC, log DESC, sub DESC LIMIT 1 OFFSET ?')
const FIRST = rowOf('SELECT min(number) FROM blocks')
const OPENINGS = rowOf('SELECT count(*) FROM (SELECT 1 FROM openings LIMIT ?) AS counted')
