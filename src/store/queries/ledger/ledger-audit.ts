import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { HeldTables, TableShape } from '../../engine/held-tables.ts'
import { bytes, nullable, type Row, text } from '../../rows/columns.ts'
import { HEADER_COLUMNS, readHeader } from '../../rows/header-rows.ts'
import { RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AuditedBlock, LedgerAudit, LedgerFault } from '../../seam/ledger-store.ts'
import { isSameRow, mergeRows } from '../merge-rows.ts'
import { rowsOf } from '../query.ts'
import { allRows, firstOf } from '../table-rows.ts'
import { Faults } from './faults.ts'
import { unreadable, wrongSums } from './ledger-sums.ts'
import { blockOf, describeRow } from './row-words.ts'

/**
 * Tables that operations do not determine: other parts of the store, repeated calls, the chain audit's tables, and the feed,
 * which depends on which operations were committed together.
 */
const NOT_OF_THE_RECORD = new Set([
  ...['keys', 'users', 'sessions', 'price_history', 'follow_requests', 'parts', 'accepted_clocks', 'uses'],
  ...['custody_principals', 'custody_wallets', 'custody_accounts', 'custody_addresses', 'custody_chains'],
  ...['custody_assets', 'custody_members', 'custody_holds'],
  ...['heartbeat', 'places', 'findings', 'feed', 'ledger_repeats'],
])
/** Columns that record use of the store: `fence` counts how often it was opened. */
const NOT_FACTS = new Set(['chain.fence'])

const CHAIN = rowsOf('SELECT chain FROM chain')
const HEADER = HEADER_COLUMNS.split(', ').map((column) => `b.${column}`)
const BLOCKS = rowsOf(`SELECT ${RECORD_COLUMNS}, ${HEADER.join(', ')}, o.request, k.scope, k.key, k.fingerprint
  FROM blocks b LEFT JOIN ledger_operations o ON o.number = b.number
  LEFT JOIN ledger_keys k ON k.number = b.number ORDER BY b.number`)

/** Reads all rows of a ledger in one snapshot. The same for all engines, so ledgers of two engines can be compared. */
export class StoredLedgerAudit implements LedgerAudit {
  readonly #held: HeldTables
  readonly #tableFaults: readonly string[]

  private constructor(held: HeldTables, tableFaults: readonly string[]) {
    this.#held = held
    this.#tableFaults = tableFaults
  }

  /** `held`: a snapshot of the store, which is closed if this fails. @throws STORE_MISMATCH the store holds no such ledger */
  static async open(held: HeldTables, chain: ChainId): Promise<StoredLedgerAudit> {
    try {
      // If the tables are others than those of this version, nothing else is read.
      const faults = await held.faults('tables')
      if (faults.length === 0) await mustHold(held, chain)
      return new StoredLedgerAudit(held, faults)
    } catch (error) {
      await held.close()
      throw error
    }
  }

  async damage(): Promise<readonly LedgerFault[]> {
    return [...(await this.#held.faults('files')), ...this.#tableFaults].map((says) => ({ block: undefined, says }))
  }

  async *blocks(): AsyncIterable<AuditedBlock | LedgerFault> {
    for await (const page of this.#held.pages([BLOCKS])) for (const row of page) yield readBlock(row)
  }

  async sums(limit: number): Promise<readonly LedgerFault[]> {
    const faults = new Faults(limit)
    await wrongSums(this.#held, faults)
    return faults.found
  }

  async differences(other: StoredLedgerAudit, limit: number): Promise<readonly LedgerFault[]> {
    const faults = new Faults(limit)
    for (const table of other.#held.tables) {
      if (NOT_OF_THE_RECORD.has(table.name) || faults.areEnough) continue
      await compareTable(table, { stored: this.#held, replica: other.#held, faults })
    }
    return faults.found
  }

  close(): Promise<void> {
    return this.#held.close()
  }
}

async function mustHold(held: HeldTables, chain: ChainId): Promise<void> {
  const row = await firstOf(held.pages([CHAIN]))
  if (row?.[0] === chain) return
  const message = row === undefined ? `the store holds no ${chain}` : `the store holds ${String(row[0])}, not ${chain}`
  throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
}

/** A row that cannot be read yields a fault. */
function readBlock(row: Row): AuditedBlock | LedgerFault {
  try {
    const [scope, key, fingerprint] = row.slice(17)
    const hasKey = scope !== null
    return {
      header: readHeader(row.slice(12, 16)),
      recorded: row[0] === null ? undefined : readRecorded(row),
      idempotency: hasKey ? { scope: text(scope), key: text(key), fingerprint: text(fingerprint) } : undefined,
      keyDigest: nullable(row[16], (value) => decodeHash(bytes(value))),
    }
  } catch (error) {
    return unreadable(row[12], error)
  }
}

/** Two ledgers, of which `replica` was written from the operations of `stored`, and where differences are added. */
type Comparison = { readonly stored: HeldTables; readonly replica: HeldTables; readonly faults: Faults }

/** Finds the rows of a table that only one of two ledgers has. */
async function compareTable(
  { name, columns: all, key }: TableShape,
  { stored, replica, faults }: Comparison,
): Promise<void> {
  const facts = all.filter((column) => !key.includes(column) && !NOT_FACTS.has(`${name}.${column}`))
  const columns = [...key, ...facts]
  const rows = allRows({ name, columns, key })
  const fault = (row: Row, says: string): LedgerFault => ({
    block: blockOf(columns, row),
    says: `table ${name}: ${says}: ${describeRow(columns, row)}`,
  })
  await mergeRows(stored.pages(rows), replica.pages(rows), {
    width: key.length,
    meet: (ours, theirs) => {
      if (ours !== undefined && theirs !== undefined && isSameRow(ours, theirs)) return true
      faults.add(ours && fault(ours, 'the operations do not produce this row'))
      return faults.add(theirs && fault(theirs, 'this row is missing, but the operations produce it'))
    },
  })
}
