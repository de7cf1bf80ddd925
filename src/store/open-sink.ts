import type { AccountCodec } from '../core/account.ts'
import { CopySink } from './postgres/bulk/copy-sink.ts'
import { leaveSample } from './postgres/bulk/sample.ts'
import type { CheckTables, Expected } from './seam/bulk-check.ts'
import type { BuildTarget } from './seam/bulk-load.ts'
import type { BulkSink } from './seam/bulk-sink.ts'
import { findSampleFault, findUnsound } from './sqlite/bulk/check-built.ts'
import { syncFile } from './sqlite/bulk/fresh-file.ts'
import { PageSink } from './sqlite/bulk/page-sink.ts'
import { SqlSink } from './sqlite/bulk/sql-sink.ts'

/** True if another thread can write rows of a build's sink, and look at what was written. */
export function isShared({ engine }: BuildTarget): boolean {
  return engine === 'sqlite'
}

/** Opens the sink of a build. `by`: the fast way of the engine, or plain SQL. */
export function openBulkSink(target: BuildTarget, codec: AccountCodec, by: 'pages' | 'sql'): BulkSink {
  const { engine, chain, coverage, fixed, place } = target
  if (engine === 'postgres') return new CopySink(place)
  const whose = { chain, coverage, codec, fixed: new Map(fixed) }
  return by === 'pages' ? new PageSink(place, whose) : new SqlSink(place, whose)
}

/**
 * Makes what was built durable, and returns what the engine finds wrong in it; undefined if nothing. `checkTables`: looks at
 * whole tables meanwhile, in another thread; the engine does so itself if it is not given.
 */
export async function findBuildFault(
  target: BuildTarget,
  { codec, checkTables }: { readonly codec: AccountCodec; readonly checkTables?: CheckTables | undefined },
  expected: Expected,
): Promise<string | undefined> {
  const { engine, place } = target
  if (engine === 'postgres') return leaveSample(place, codec, expected)
  const { budgetMs, rows, turn } = expected
  const check = { place, rows, budgetMs, turn }
  const [synced, checked] = [syncFile(place), checkTables?.(check)]
  // They may fail first.
  for (const begun of [synced, checked]) begun?.catch(() => undefined)
  const sampleFault = findSampleFault(place, codec, expected)
  const fault = checked === undefined ? findUnsound(check) : await checked
  await synced
  return fault ?? sampleFault
}
