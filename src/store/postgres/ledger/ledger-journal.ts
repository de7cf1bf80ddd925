import { hostname } from 'node:os'
import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { type Series, seriesOf } from '../../../core/operation.ts'
import type { Batch } from '../../../core/transfer.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { advanceClock, appendRows } from '../../../journal/rules/append.ts'
import { claimChain } from '../../queries/claim-chain.ts'
import { WriterMemory } from '../../queries/writer.ts'

import { batchOf, LEDGER_COVERAGE } from '../../rows/ledger-batch.ts'
import { recordedValues } from '../../rows/ledger-rows.ts'
import type {
  AcceptedClock,
  Decided,
  KeyOfRepeat,
  LedgerBlock,
  LedgerFacts,
  LedgerHead,
  LedgerJournal,
  LedgerNeeds,
  LedgerWrites,
} from '../../seam/ledger-store.ts'
import { runQuery } from '../chain/run-query.ts'
import type { PostgresDatabase, Queries, Value } from '../database.ts'
import { runPlan } from '../journal/run-plan.ts'
import { holdingName, readAssets, readFacts, readHead, readHoldings } from './ledger-lookups.ts'

const { rules: RULES } = new WriterMemory({ codec: TEXT_ACCOUNTS, coverage: LEDGER_COVERAGE, fixed: new Map() })

/** Writes an issuer's ledger: its operations, and their transfers and balances through the rules of a chain's journal. */
export class PostgresLedgerJournal implements LedgerJournal {
  readonly #db: PostgresDatabase
  #commits = 0
  #operations = 0
  #acceptedClock: AcceptedClock | undefined

  private constructor(db: PostgresDatabase) {
    this.#db = db
  }

  /** Opens a ledger. Begins it with `genesis` if it is new. @throws STORE_MISMATCH the schema holds another ledger */
  static async open(db: PostgresDatabase, chain: ChainId, genesis: Header): Promise<PostgresLedgerJournal> {
    await db.write(async (queries) => {
      const mustOwn = (owner: string): void => {
        if (owner === chain) return
        const says = `schema ${db.target.schema} of ${db.target.place} holds ${owner}: use another schema for ${chain}`
        throw new ServiceError('STORE_MISMATCH', says, { fields: { chain } })
      }
      const claimed = { chain, coverage: LEDGER_COVERAGE, codec: TEXT_ACCOUNTS, counted: 0, mustOwn }
      await runQuery(queries, claimChain(claimed))
      const begun = await queries.run('INSERT INTO ledger VALUES (1, 0, 0, 0, 0) ON CONFLICT (one) DO NOTHING')
      if (begun === 0) return
      await append(queries, { first: genesis.number, through: genesis, blocks: [], headers: [genesis] })
    })
    const journal = new PostgresLedgerJournal(db)
    await journal.probe({ write: false })
    return journal
  }

  get writes(): LedgerWrites {
    const none = { checkpoints: 0, checkpointsFailed: 0, checkpointError: undefined }
    return { commits: this.#commits, operations: this.#operations, ...none }
  }

  async commit<T>(needs: LedgerNeeds, decide: (facts: LedgerFacts) => Decided<T>): Promise<T> {
    const { blocks, repeats, result } = await this.#db.write(async (queries) => {
      // Other writers wait here. A statement after this one sees what the writer before committed.
      await queries.get('SELECT 1 FROM ledger FOR UPDATE')
      const facts = await readFacts(queries, needs)
      const decided = decide(facts)
      if (decided.blocks.length > 0) await write(queries, facts.head, decided)
      if (decided.repeats.length > 0) await writeRepeats(queries, decided.repeats)
      return decided
    })
    if (blocks.length > 0 || repeats.length > 0) this.#commits += 1
    this.#operations += blocks.length
    return result
  }

  async probe({ write: writes }: { readonly write: boolean }): Promise<void> {
    this.#acceptedClock = await readAcceptedClock(this.#db)
    if (writes) await this.#db.run('UPDATE ledger SET assets = assets')
  }

  async lastTime(): Promise<number> {
    this.#acceptedClock = await readAcceptedClock(this.#db)
    return this.#db.guarded(async () => (await readHead(this.#db)).header.timestamp)
  }

  /** As of the last `probe` or `lastTime`. */
  acceptedClock(): AcceptedClock | undefined {
    return this.#acceptedClock
  }

  /** The connections belong to the store. */
  async close(): Promise<void> {}
}

/** Records that the operator confirms the clock of this machine. */
export async function acceptClock(db: PostgresDatabase, { wall, steady, through }: AcceptedClock): Promise<void> {
  const accept = `INSERT INTO accepted_clocks (host, wall, steady, through) VALUES (?, ?, ?, ?) ON CONFLICT (host)
    DO UPDATE SET wall = excluded.wall, steady = excluded.steady, through = excluded.through`
  await db.run(accept, hostname(), wall, steady, through)
}

async function readAcceptedClock(db: PostgresDatabase): Promise<AcceptedClock | undefined> {
  const row = await db.get('SELECT wall, steady, through FROM accepted_clocks WHERE host = ?', hostname())
  return row && { wall: Number(row[0]), steady: Number(row[1]), through: Number(row[2]) }
}

async function write(queries: Queries, head: LedgerHead, { blocks, after }: Decided<unknown>): Promise<void> {
  const counts: Record<Series, number> = { ...head.counts }
  for (const { operation } of blocks) counts[seriesOf(operation.kind)] += 1
  await queries.run(INSERT_OPERATIONS, ...transposed(blocks.map(operationRow), OPERATION_COLUMNS))
  const keys = blocks.flatMap(({ idempotency, block }) =>
    idempotency === undefined ? [] : [[idempotency.scope, idempotency.key, idempotency.fingerprint, block.number]],
  )
  if (keys.length > 0) await queries.run(insertKeys('ledger_keys'), ...transposed(keys, 4))
  const { assets, wallets, mints, moves } = counts
  await queries.run('UPDATE ledger SET assets = ?, wallets = ?, mints = ?, moves = ?', assets, wallets, mints, moves)
  await append(queries, batchOf(blocks))
  await mustHold(queries, after)
}

async function append(queries: Queries, batch: Batch): Promise<void> {
  const appended = await runPlan(queries, appendRows(batch, RULES))
  await runPlan(queries, advanceClock(batch, appended))
}

async function writeRepeats(queries: Queries, repeats: readonly KeyOfRepeat[]): Promise<void> {
  const rows = repeats.map(({ idempotency: { scope, key, fingerprint }, registration }) => {
    return [scope, key, fingerprint, registration.block.number]
  })
  await queries.run(insertKeys('ledger_repeats'), ...transposed(rows, 4))
}

/** Asserts that the tables now hold the amounts that the caller expects. */
async function mustHold(queries: Queries, { balances, supplies }: Decided<unknown>['after']): Promise<void> {
  const held = await readHoldings(queries, balances)
  for (const { amount, ...holding } of balances) {
    assert((held.get(holdingName(holding)) ?? 0n) === amount, 'a stored balance matches the operations')
  }
  const assets = await readAssets(
    queries,
    supplies.map(({ assetId }) => assetId),
  )
  for (const { assetId, supply } of supplies) {
    assert(assets.get(assetId)?.supply === supply, 'a stored supply is the sum of the balances')
  }
}

type Cell = string | number | Buffer | null

function operationRow(block: LedgerBlock): readonly Cell[] {
  const { idempotency } = block
  return [...recordedValues(block), idempotency === undefined ? null : encodeHash(idempotency.digest)]
}

const OPERATION_COLUMNS = 11
const INSERT_OPERATIONS = `INSERT INTO ledger_operations
  (number, kind, serial, asset, sender, receiver, amount, name, symbol, reissue, request)
  SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bytea[], ?::bytea[], ?::bytea[], ?::text[],
    ?::text[], ?::smallint[], ?::bytea[])`

function insertKeys(table: string): string {
  return `INSERT INTO ${table} (scope, key, fingerprint, number)
    SELECT * FROM unnest(?::text[], ?::text[], ?::text[], ?::bigint[])`
}

/** Rows as one list for each of their columns. */
function transposed(rows: readonly (readonly Cell[])[], columns: number): readonly Value[] {
  return Array.from({ length: columns }, (_, index) => rows.map((row) => row[index] ?? null))
}
