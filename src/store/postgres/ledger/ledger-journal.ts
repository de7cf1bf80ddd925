import { hostname } from 'node:os'
import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import { claimChain } from '../../queries/claim-chain.ts'
import { LedgerLookups } from '../../queries/ledger/ledger-lookups.ts'
import { beginLedger, decideAndWrite, type LedgerWriting, touchLedger } from '../../queries/ledger/ledger-writes.ts'
import type { Work } from '../../queries/query.ts'
import { WriterMemory } from '../../queries/writer.ts'
import { LEDGER_COVERAGE } from '../../rows/ledger-batch.ts'
import type {
  AcceptedClock,
  Decided,
  LedgerFacts,
  LedgerJournal,
  LedgerNeeds,
  LedgerWrites,
} from '../../seam/ledger-store.ts'
import { runQuery, runWork } from '../chain/run-query.ts'
import type { PostgresDatabase, Queries } from '../database.ts'

/** Writes an issuer's ledger: its operations, and their transfers and balances through the rules of a chain's journal. */
export class PostgresLedgerJournal implements LedgerJournal {
  readonly #db: PostgresDatabase
  readonly #memory = new WriterMemory({ codec: TEXT_ACCOUNTS, coverage: LEDGER_COVERAGE, fixed: new Map() })
  readonly #lookups = new LedgerLookups()
  readonly #writing: LedgerWriting = { lookups: this.#lookups, rules: this.#memory.rules, step: () => undefined }
  #commits = 0
  #operations = 0
  #acceptedClock: AcceptedClock | undefined

  private constructor(db: PostgresDatabase) {
    this.#db = db
  }

  /** Opens a ledger. Begins it with `genesis` if it is new. @throws STORE_MISMATCH the schema holds another ledger */
  static async open(db: PostgresDatabase, chain: ChainId, genesis: Header): Promise<PostgresLedgerJournal> {
    const journal = new PostgresLedgerJournal(db)
    await db.write(async (queries) => {
      const mustOwn = (owner: string): void => {
        if (owner === chain) return
        const says = `schema ${db.target.schema} of ${db.target.place} holds ${owner}: use another schema for ${chain}`
        throw new ServiceError('STORE_MISMATCH', says, { fields: { chain } })
      }
      const claimed = { chain, coverage: LEDGER_COVERAGE, codec: TEXT_ACCOUNTS, counted: 0, mustOwn }
      await runQuery(queries, claimChain(claimed))
      await journal.#work(queries, beginLedger(genesis, journal.#writing))
    })
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
      await queries.run('SELECT 1 FROM ledger FOR UPDATE')
      return this.#work(queries, decideAndWrite(this.#writing, needs, decide))
    })
    if (blocks.length > 0 || repeats.length > 0) this.#commits += 1
    this.#operations += blocks.length
    return result
  }

  async probe({ write: writes }: { readonly write: boolean }): Promise<void> {
    this.#acceptedClock = await readAcceptedClock(this.#db)
    if (writes) await this.#db.write((queries) => runQuery(queries, touchLedger()))
  }

  async lastTime(): Promise<number> {
    this.#acceptedClock = await readAcceptedClock(this.#db)
    return this.#db.guarded(async () => (await runQuery(this.#db, this.#lookups.head())).header.timestamp)
  }

  #work<T>(queries: Queries, work: Work<T>): Promise<T> {
    return runWork(queries, { memory: this.#memory }, work)
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
