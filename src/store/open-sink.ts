import type { AccountCodec } from '../core/account.ts'
import type { Expected } from './seam/bulk-check.ts'
import type { BuildTarget } from './seam/bulk-load.ts'
import type { BulkSink } from './seam/bulk-sink.ts'
import { findFault } from './sqlite/bulk/check-built.ts'
import { PageSink } from './sqlite/bulk/page-sink.ts'
import { SqlSink } from './sqlite/bulk/sql-sink.ts'

/** Opens the sink of a build. `by`: the fast way of the engine, or plain SQL. */
export function openBulkSink(target: BuildTarget, codec: AccountCodec, by: 'pages' | 'sql'): BulkSink {
  const { chain, coverage, fixed, place } = target
  const whose = { chain, coverage, codec, fixed: new Map(fixed) }
  return by === 'pages' ? new PageSink(place, whose) : new SqlSink(place, whose)
}

/** Returns what the engine finds wrong in what was built; undefined if nothing. */
export function findBuildFault(target: BuildTarget, codec: AccountCodec, expected: Expected): string | undefined {
  return findFault(target.place, codec, expected)
}
