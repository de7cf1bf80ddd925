import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import { bytes, nullable, type Row, text } from '../../rows/columns.ts'
import { HEADER_COLUMNS, readHeader } from '../../rows/header-rows.ts'
import { RECORD_COLUMNS, readRecorded } from '../../rows/ledger-rows.ts'
import type { AuditedBlock, LedgerAudit, LedgerFault } from '../../seam/ledger-store.ts'
import { isSameRow, mergeRows } from '../merge-rows.ts'
import { rowsOf } from '../query.ts'
import { quotedNames, type RecordSnapshot, type TableShape } from '../record-snapshot.ts'
import { Faults } from './faults.ts'
import { unreadable, wrongSums } from './ledger-sums.ts'
import { blockOf, describeRow } from './row-words.ts'

/**
 * Tables that operations do not determine: other parts of the store, repeated calls, the chain audit's tables, and the feed,
 * which depends on which operations were committed together.
 */
const NOT_OF_THE_RECORD = new Set([
  ...['keys', 'users', 'sessions', 'price_history', 'follow_requests', 'parts', 'accepted_clocks'],
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

/** What an engine knows of its own tables. */
export type AuditedStore = {
  readonly snapshot: RecordSnapshot
  /** How the tables differ from those of this version. If they do, nothing else is read. */
  readonly schemaFaults: readonly string[]
  /** Faults that the engine finds in its own files. */
  readonly damage: () => readonly string[]
}

/** Reads all rows of a ledger in one snapshot. The same for all engines, so ledgers of two engines can be compared. */
export class StoredLedgerAudit implements LedgerAudit {
  readonly #store: AuditedStore

  private constructor(store: AuditedStore) {
    this.#store = store
  }

  /** Closes the snapshot if it fails. @throws STORE_MISMATCH the store holds no such ledger */
  static async open(store: AuditedStore, chain: ChainId): Promise<StoredLedgerAudit> {
    try {
      if (store.schemaFaults.length === 0) await mustHold(store.snapshot, chain)
      return new StoredLedgerAudit(store)
    } catch (error) {
      await store.snapshot.close()
      throw error
    }
  }

  async damage(): Promise<readonly LedgerFault[]> {
    const { damage, schemaFaults } = this.#store
    return [...damage(), ...schemaFaults].map((says) => ({ block: undefined, says }))
  }

  async *blocks(): AsyncIterable<AuditedBlock | LedgerFault> {
    for await (const page of this.#store.snapshot.pages(BLOCKS)) for (const row of page) yield readBlock(row)
  }

  async sums(limit: number): Promise<readonly LedgerFault[]> {
    const faults = new Faults(limit)
    await wrongSums(this.#store.snapshot, faults)
    return faults.found
  }

  async differences(other: StoredLedgerAudit, limit: number): Promise<readonly LedgerFault[]> {
    const faults = new Faults(limit)
    for (const table of await other.#store.snapshot.tables()) {
      if (NOT_OF_THE_RECORD.has(table.name) || faults.areEnough) continue
      await compareTable(table, { stored: this.#store.snapshot, replica: other.#store.snapshot, faults })
    }
    return faults.found
  }

  close(): Promise<void> {
    return this.#store.snapshot.close()
  }
}

async function mustHold(snapshot: RecordSnapshot, chain: ChainId): Promise<void> {
  const whose: unknown[] = []
  for await (const page of snapshot.pages(CHAIN)) whose.push(...page.map(([id]) => id))
  if (whose[0] === chain) return
  const message =
    whose.length === 0 ? `the store holds no ${chain}` : `the store holds ${String(whose[0])}, not ${chain}`
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
type Comparison = { readonly stored: RecordSnapshot; readonly replica: RecordSnapshot; readonly faults: Faults }

/** Finds the rows of a table that only one of two ledgers has. */
async function compareTable(
  { name, columns: all, key }: TableShape,
  { stored, replica, faults }: Comparison,
): Promise<void> {
  const facts = all.filter((column) => !key.includes(column) && !NOT_FACTS.has(`${name}.${column}`))
  const columns = [...key, ...facts]
  const rows = rowsOf(`SELECT ${quotedNames(columns)} FROM ${name} ORDER BY ${quotedNames(key)}`)
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
