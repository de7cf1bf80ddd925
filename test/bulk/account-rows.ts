/** Rows of the table of accounts, for tests of trees. */
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { BulkEnd } from '../../src/store/seam/bulk-sink.ts'
import type { BuiltChain } from '../../src/store/sqlite/bulk/small-rows.ts'
import { CHAIN } from '../indexer/harness.ts'

/** Whose files they are. */
export const WHOSE: BuiltChain = {
  chain: CHAIN,
  codec: HEX_ACCOUNTS,
  coverage: { scope: { type: 'all' }, from: 0 },
  fixed: new Map(),
}
const THROUGH = { number: 9, hash: `0x${'9'.repeat(64)}`, parentHash: '', timestamp: 9 }
/** Their end: of a chain without transfers. */
export const END: BulkEnd = { through: THROUGH, finalized: THROUGH, tail: [], transfers: 0, undecodable: [] }
/** The account of a number. They are in the order of numbers. */
export const account = (index: number): Buffer => Buffer.from(index.toString(16).padStart(40, '0'), 'hex')
