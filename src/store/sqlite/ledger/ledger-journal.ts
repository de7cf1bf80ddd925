import { TEXT_ACCOUNTS } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { Header } from '../../../core/block.ts'
import type { ChainId } from '../../../core/chain.ts'
import { type Series, seriesOf } from '../../../core/operation.ts'
import type { Batch } from '../../../core/transfer.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { advanceClock, appendRows } from '../../../journal/rules/append.ts'
import { batchOf, LEDGER_COVERAGE } from '../../rows/ledger-batch.ts'
import { recordedValues } from '../../rows/ledger-rows.ts'
import type {
  AcceptedClock,
  Decided,
  LedgerFacts,
  LedgerHead,
  LedgerJournal,
  LedgerNeeds,
  LedgerWrites,
} from '../../seam/ledger-store.ts'
import { guarded, type SqliteDatabase, type Statement } from '../database.ts'
import { FileIdentity } from '../file-identity.ts'
import { hasRoom, noRoom } from '../reserve.ts'
import { bindToChain } from '../write/bind-chain.ts'
import { JournalFile } from '../write/journal-file.ts'
import { readAcceptedClock } from './accepted-clock.ts'
import { LedgerLookups } from './ledger-lookups.ts'
import { LedgerMarker } from './ledger-marker.ts'

/** Points in a commit where a test kills the process, to prove that nothing is lost or duplicated there. */
export const LEDGER_STEPS = ['ledger:read', 'append:rows', 'append:clock', 'ledger:rows', 'ledger:done'] as const
/** A named point of a ledger's write, for tests that kill the process there. */
export type LedgerStep = (typeof LEDGER_STEPS)[number]

/**
 * Commits between two checkpoints of the write-ahead log: about 10 MB, so a checkpoint takes about as long as a commit.
 */
const CHECKPOINT_COMMITS = 50

/**
 * How long a commit waits for another process that is writing the file. Each write takes milliseconds, but many may
 * queue.
 */
const BUSY_TIMEOUT_MS = 30_000

/** `PRAGMA synchronous` reports FULL as this number: every commit waits for the disk. */
const FULL = 2

type Writes = { -readonly [Part in keyof LedgerWrites]: LedgerWrites[Part] }

/** What a ledger's journal needs. */
export type LedgerJournalOptions = {
  /** A durable connection to the authoritative file, used only by this journal. */
  readonly db: SqliteDatabase
  readonly folder: string
  readonly chain: ChainId
  /** The first block of a new ledger. */
  readonly genesis: Header
  readonly onStep: ((step: LedgerStep) => void) | undefined
}

/** Writes an issuer's ledger: its operations, and their transfers and balances through the rules of a chain's journal. */
export class SqliteLedgerJournal implements LedgerJournal {
  readonly #db: SqliteDatabase
  readonly #store: { readonly folder: string; readonly chain: ChainId }
  readonly #marker: LedgerMarker
  readonly #identity: FileIdentity
  readonly #lookups: LedgerLookups
  readonly #file: JournalFile
  readonly #s: ReturnType<typeof prepare>
  readonly #step: (step: LedgerStep) => void
  readonly #writes: Writes = {
    commits: 0,
    operations: 0,
    checkpoints: 0,
    checkpointsFailed: 0,
    checkpointError: undefined,
  }

  constructor({ db, folder, chain, genesis, onStep }: LedgerJournalOptions) {
    this.#store = { folder, chain }
    this.#marker = new LedgerMarker(folder, chain)
    this.#db = db
    this.#step = onStep ?? (() => undefined)
    this.#file = new JournalFile(db, { codec: TEXT_ACCOUNTS, coverage: LEDGER_COVERAGE, fixed: new Map() })
    this.#lookups = new LedgerLookups(db, this.#file.assets)
    this.#s = prepare(db)
    guarded(db, () => {
      assert(db.pragma('synchronous', { simple: true }) === FULL, 'a ledger commit is on disk')
      db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
      this.#marker.check({
        begun: this.#s.begun.get() !== undefined,
        hashAt: (number) => this.#lookups.header(number)?.hash,
      })
      bindToChain({ db, chain, coverage: LEDGER_COVERAGE, codec: TEXT_ACCOUNTS })
      this.#begin(genesis)
      this.#marker.write(this.#lookups.head().header)
    })
    this.#identity = new FileIdentity(db.name)
  }

  get writes(): LedgerWrites {
    return { ...this.#writes }
  }

  async commit<T>(needs: LedgerNeeds, decide: (facts: LedgerFacts) => Decided<T>): Promise<T> {
    const run = this.#db.transaction(() => {
      const facts = this.#facts(needs)
      this.#step('ledger:read')
      const decided = decide(facts)
      if (decided.blocks.length > 0) this.#write(facts.head, decided)
      for (const { idempotency, registration } of decided.repeats) {
        const { scope, key, fingerprint } = idempotency
        this.#s.repeat.run(scope, key, fingerprint, registration.block.number)
      }
      return decided
    })
    this.#identity.check()
    const { blocks, repeats, result } = this.#undoable(() => run.immediate())
    // If the file was removed meanwhile, the commit is lost and must not be reported as done.
    this.#identity.check()
    const last = blocks.at(-1)
    if (last !== undefined) this.#marker.write(last.block)
    if (blocks.length > 0 || repeats.length > 0) this.#committed(blocks.length)
    return result
  }

  async probe({ write }: { readonly write: boolean }): Promise<void> {
    this.#identity.check()
    if (!write) return
    if (!hasRoom(this.#store.folder)) throw noRoom(this.#store.folder)
    this.#undoable(() => this.#s.touch.run())
  }

  async lastTime(): Promise<number> {
    return this.#undoable(() => this.#lookups.head().header.timestamp)
  }

  acceptedClock(): AcceptedClock | undefined {
    return readAcceptedClock(this.#store.folder, this.#store.chain)
  }

  async close(): Promise<void> {
    guarded(this.#db, () => {
      // A TRUNCATE checkpoint holds the write lock while it waits for readers, so do not wait. Frames that stay in the
      // log are still read from it, and the next writer copies them.
      this.#db.pragma('busy_timeout = 0')
      this.#checkpoint('TRUNCATE')
      this.#db.close()
    })
  }

  #committed(operations: number): void {
    this.#step('ledger:done')
    this.#writes.commits += 1
    this.#writes.operations += operations
    if (this.#writes.commits % CHECKPOINT_COMMITS !== 0) return
    this.#checkpoint('PASSIVE')
  }

  /** Copies the log into the file. The log itself is on disk: a failure loses nothing, but the log grows. */
  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    try {
      // 1 if another connection is running a checkpoint.
      const busy = this.#db.pragma(`wal_checkpoint(${mode})`, { simple: true })
      if (busy === 0) this.#writes.checkpoints += 1
    } catch (error) {
      this.#writes.checkpointsFailed += 1
      this.#writes.checkpointError = error instanceof Error ? error.message : String(error)
    }
  }

  #undoable<T>(work: () => T): T {
    try {
      return guarded(this.#db, work)
    } catch (error) {
      this.#file.forget()
      this.#lookups.forget()
      throw error
    }
  }

  #begin(genesis: Header): void {
    const run = this.#db.transaction(() => {
      if (this.#s.begun.get() !== undefined) return
      this.#s.begin.run()
      this.#append({ first: genesis.number, through: genesis, blocks: [], headers: [genesis] })
    })
    run.immediate()
  }

  #facts(needs: LedgerNeeds): LedgerFacts {
    const lookups = this.#lookups
    const assets = found(needs.assets, (assetId) => lookups.asset(assetId))
    const wallets = new Set(needs.wallets.filter((wallet) => lookups.hasWallet(wallet)))
    const registered = found(needs.registeredWallets, (wallet) => lookups.registeredWallet(wallet))
    // Ids and keys contain no control characters, so these names are unique.
    const holdings = new Map(
      needs.holdings.map((holding) => [`${holding.wallet}\0${holding.assetId}`, lookups.balance(holding)]),
    )
    const keys = new Map(needs.keys.map((key) => [`${key.scope}\0${key.key}`, lookups.key(key)]))
    return {
      head: lookups.head(),
      asset: (assetId) => assets.get(assetId),
      knowsWallet: (wallet) => wallets.has(wallet),
      registeredWallet: (wallet) => registered.get(wallet),
      balance: ({ wallet, assetId }) => holdings.get(`${wallet}\0${assetId}`),
      key: ({ scope, key }) => keys.get(`${scope}\0${key}`),
    }
  }

  #write(head: LedgerHead, { blocks, after }: Decided<unknown>): void {
    const counts: Record<Series, number> = { ...head.counts }
    for (const block of blocks) {
      counts[seriesOf(block.operation.kind)] += 1
      const { idempotency } = block
      this.#s.operation.run(...recordedValues(block), idempotency === undefined ? null : encodeHash(idempotency.digest))
      if (idempotency === undefined) continue
      this.#s.key.run(idempotency.scope, idempotency.key, idempotency.fingerprint, block.block.number)
    }
    this.#s.counts.run(counts.assets, counts.wallets, counts.mints, counts.moves)
    this.#append(batchOf(blocks))
    this.#mustHold(after)
    this.#step('ledger:rows')
  }

  #append(batch: Batch): void {
    const appended = this.#file.run(appendRows(batch, this.#file.rules))
    this.#step('append:rows')
    this.#file.run(advanceClock(batch, appended))
    this.#step('append:clock')
  }

  /** Asserts that the tables now hold the amounts that the caller expects. */
  #mustHold({ balances, supplies }: Decided<unknown>['after']): void {
    for (const { amount, ...holding } of balances) {
      assert(this.#lookups.balance(holding) === amount, 'a stored balance matches the operations')
    }
    for (const { assetId, supply } of supplies) {
      assert(this.#lookups.asset(assetId)?.supply === supply, 'a stored supply is the sum of the balances')
    }
  }
}

function found<T>(names: readonly string[], find: (name: string) => T | undefined): ReadonlyMap<string, T> {
  const map = new Map<string, T>()
  for (const name of names) {
    const fact = find(name)
    if (fact !== undefined) map.set(name, fact)
  }
  return map
}

function prepare(db: SqliteDatabase) {
  const sql = (statement: string): Statement => db.prepare(statement)
  return {
    begun: sql('SELECT 1 FROM ledger').pluck(),
    begin: sql('INSERT INTO ledger VALUES (1, 0, 0, 0, 0)'),
    operation: sql('INSERT INTO ledger_operations VALUES (?,?,?,?,?,?,?,?,?,?,?)'),
    key: sql('INSERT INTO ledger_keys VALUES (?, ?, ?, ?)'),
    repeat: sql('INSERT INTO ledger_repeats VALUES (?, ?, ?, ?)'),
    touch: sql('UPDATE ledger SET assets = assets'),
    counts: sql('UPDATE ledger SET assets = ?, wallets = ?, mints = ?, moves = ?'),
  }
}
