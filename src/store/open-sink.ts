import type { AccountCodec } from '../core/account.ts'
import type { CountRows, Expected } from './seam/bulk-check.ts'
import type { BuildTarget } from './seam/bulk-load.ts'
import type { BulkSink } from './seam/bulk-sink.ts'
import { findFault, findMiscount } from './sqlite/bulk/check-built.ts'
import { syncFile } from './sqlite/bulk/fresh-file.ts'
import { PageSink } from './sqlite/bulk/page-sink.ts'
import { SqlSink } from './sqlite/bulk/sql-sink.ts'

/** Opens the sink of a build. `by`: the fast way of the engine, or plain SQL. */
export function openBulkSink(target: BuildTarget, codec: AccountCodec, by: 'pages' | 'sql'): BulkSink {
  const { chain, coverage, fixed, place } = target
  const whose = { chain, coverage, codec, fixed: new Map(fixed) }
  return by === 'pages' ? new PageSink(place, whose) : new SqlSink(place, whose)
}

/**
 * Makes what was built durable, and returns what the engine finds wrong in it; undefined if nothing. `countRows`: counts the rows meanwhile, in
 * another thread; the engine counts them itself if it is not given.
 */
export async function findBuildFault(
  target: BuildTarget,
  { codec, countRows }: { readonly codec: AccountCodec; readonly countRows?: CountRows | undefined },
  expected: Expected,
): Promise<string | undefined> {
  const { place } = target
  const [synced, counted] = [syncFile(place), countRows?.({ place, rows: expected.rows })]
  // They may fail first.
  for (const begun of [synced, counted]) begun?.catch(() => undefined)
  const fault = findFault(place, codec, expected)
  const miscount = counted === undefined ? findMiscount(place, expected.rows) : await counted
  await synced
  return miscount ?? fault
}
