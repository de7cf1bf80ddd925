import type { TableCheck } from './seam/bulk-check.ts'
import type { SinkPart } from './seam/sink-part.ts'
import type { SinkPlace } from './seam/sink-sharing.ts'
import { findUnsound } from './sqlite/bulk/check-built.ts'
import { PageSinkPart } from './sqlite/bulk/page-sink-part.ts'

/** Opens what another thread writes a share of a sink's rows with. Apart from `open.ts`: it loads little. */
export function openSinkPart(place: SinkPlace): SinkPart {
  return new PageSinkPart(place)
}

/** As `CheckTables`, in this thread. */
export function checkBuiltTables(check: TableCheck): string | undefined {
  return findUnsound(check)
}
