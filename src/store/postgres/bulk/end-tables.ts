import { decodeHash } from '../../../journal/hash-codec.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { reclassifyAt } from '../../../journal/rules/reclassify.ts'
import { planned } from '../../queries/query.ts'
import type { WriterMemory } from '../../queries/writer.ts'
import { bytes, int, nullable, text } from '../../rows/columns.ts'
import { headerValues } from '../../rows/header-rows.ts'
import { bindToChain } from '../chain/bind-chain.ts'
import type { JournalOf } from '../chain/journal-of.ts'
import { runWork } from '../chain/run-query.ts'
import type { Queries } from '../database.ts'
import type { BuiltRows } from './copy-sink.ts'

/** Rows that are read at once. */
const ROWS_AT_ONCE = 1_000

/** The tables that are ended: whose they are, what their writer remembers of them, and what their build knows. */
export type EndedTables = {
  readonly of: JournalOf & { readonly fence: number }
  readonly memory: WriterMemory
  readonly built: BuiltRows
}

/**
 * Writes to filled tables what no file has: the chain's row, the clock, the headers, and the classes of tokens with transfers
 * that could not be decoded.
 */
export async function endTables(queries: Queries, { of, memory, built }: EndedTables): Promise<void> {
  const { through, finalized, tail, transfers } = built
  await bindToChain(queries, of)
  // Those with transfers are there already.
  for (const header of [finalized, ...tail]) await queries.run(INSERT_BLOCK, ...headerValues(header))
  const [number, hash] = headerValues(finalized)
  await queries.run(SET_CLOCK, ...headerValues(through), number, hash, transfers)
  await reclassifyShown(queries, { of, memory })
}

const INSERT_BLOCK = `INSERT INTO blocks (number, hash, parent, timestamp, kept) VALUES (?, ?, ?, ?, 0)
  ON CONFLICT DO NOTHING`
const SET_CLOCK = `UPDATE clock SET number = ?, hash = ?, parent = ?, timestamp = ?, finalized_number = ?,
  finalized_hash = ?, transfers = ?`

async function reclassifyShown(queries: Queries, { of, memory }: Omit<EndedTables, 'built'>): Promise<void> {
  const at = Math.floor(Date.now() / 1000)
  for (let after = 0; ; ) {
    const rows = await queries.all(SHOWN, after, ROWS_AT_ONCE)
    for (const [asset, block, hash, account, standard, reference] of rows) {
      const whose = nullable(account, (stored) => of.codec.decode(bytes(stored)))
      const evidence = { account: whose, item: '', journal: undefined, chain: undefined }
      const token = { standard: parseStandard(standard), reference: text(reference) }
      const ref = { number: int(block), hash: decodeHash(bytes(hash)) }
      const reclassification = { asset: token, block: ref, reason: 'undecodable', evidence } as const
      await runWork(queries, { memory }, planned(reclassifyAt(reclassification, at, memory.rules)))
      after = int(asset)
    }
    if (rows.length < ROWS_AT_ONCE) return
  }
}

const SHOWN = `SELECT s.asset, s.block, s.hash, s.account, a.standard, a.reference FROM shown s
  JOIN assets a ON a.id = s.asset WHERE s.asset > ? ORDER BY s.asset LIMIT ?`
