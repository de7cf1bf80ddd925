import { hostname } from 'node:os'
import type { AcceptedClock } from '../../seam/ledger-store.ts'
import { type Query, rowOf } from '../query.ts'

const ACCEPT = rowOf(`INSERT INTO accepted_clocks (host, wall, steady, through) VALUES (?, ?, ?, ?)
  ON CONFLICT (host) DO UPDATE SET wall = excluded.wall, steady = excluded.steady, through = excluded.through`)
const ACCEPTED = rowOf('SELECT wall, steady, through FROM accepted_clocks WHERE host = ?')

/** Records the clocks of this machine that the operator confirmed: each machine has clocks of its own. */
export function* acceptClock({ wall, steady, through }: AcceptedClock): Query<void> {
  yield [ACCEPT, hostname(), wall, steady, through]
}

/** The clocks of this machine that the operator confirmed; undefined if there are none. */
export function* readAcceptedClock(): Query<AcceptedClock | undefined> {
  const [row] = yield [ACCEPTED, hostname()]
  return row && { wall: Number(row[0]), steady: Number(row[1]), through: Number(row[2]) }
}
