import type { AccountCodec } from '../../core/account.ts'
import { type AssetRef, assetKey, NO_ITEM } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { Coverage } from '../../core/coverage.ts'
import type { Transfer } from '../../core/transfer.ts'
import { decodeAmount, decodeItem, encodeItem } from '../../journal/amount-codec.ts'
import { expectedAt, noteCursor, noteFinding } from '../../journal/rules/audit-notes.ts'
import { noteReadability } from '../../journal/rules/lives.ts'
import { decodeSupplyDelta } from '../../journal/supply.ts'
import type { WriterEngine } from '../engine/writer-engine.ts'
import { bytes, int, nullable, type Row, text } from '../rows/columns.ts'
import { readOptionalRef } from '../rows/header-rows.ts'
import type {
  AuditStore,
  DecidedLate,
  Expected,
  Finding,
  Readability,
  Walk,
  WalkLimits,
  WalkPage,
} from '../seam/audits.ts'
import { planned, type Query, rowOf, rowsOf } from './query.ts'
import { walkOn } from './walks.ts'
import type { WriterMemory } from './writer.ts'

/** Stored transfers that one query scans: some 30 ms of the writer's time. */
const MAX_COMPARED = 20_000
/** More rows than a block can have. */
const ALL = 2 ** 31 - 1

/** Contracts of one page. */
const MAX_DECIDED_LATE = 32

const TRANSFER = 't.block, t.log, t.sub, t.sender, t.receiver, t.item, t.amount'
const CURSOR = rowOf('SELECT place FROM places WHERE name = ?')
const WRITTEN = rowOf('SELECT number, hash FROM clock')
const SUPPLY = rowOf('SELECT supply FROM assets WHERE id = ?')
const DOUBT = rowOf('SELECT 1 FROM doubts WHERE asset = ? AND item = ? LIMIT 1')
const REOPENED = rowOf('SELECT 1 FROM openings WHERE asset = ? AND since > 0 LIMIT 1')
const MOVED_AFTER = rowsOf('SELECT sender, receiver, amount FROM transfers WHERE asset = ? AND block > ? LIMIT ? + 0')
const TRANSFERS_OF = rowsOf(
  `SELECT ${TRANSFER} FROM transfers t WHERE t.asset = ? AND t.block BETWEEN ? AND ?
   ORDER BY t.block, t.log, t.sub LIMIT ? + 0`,
)
const TRANSFERS_OF_PAIR = rowsOf(
  `SELECT ${TRANSFER} FROM changes c JOIN transfers t ON t.block = c.block AND t.log = c.log AND t.sub = c.sub
   WHERE c.account = ? AND c.asset = ? AND c.item = x'' AND c.block BETWEEN ? AND ?
   ORDER BY c.block, c.log, c.sub LIMIT ? + 0`,
)
const DECIDED_LATE = rowsOf(
  `SELECT q.id, q.later, q.decided FROM (
     SELECT old.id AS id, later.id AS later, (SELECT max(block) FROM transfers WHERE asset = later.id) AS decided,
       (SELECT max(block) FROM transfers WHERE asset = old.id) AS newest
     FROM turns t JOIN assets old ON old.id = t.asset
     JOIN assets later ON later.reference = old.reference AND later.id <> old.id
     WHERE t.reason = 'undecodable' AND old.first_block IS NOT NULL AND later.transfers > 0 AND old.id > ?
   ) q WHERE coalesce(q.newest, -1) < q.decided ORDER BY q.id LIMIT ? + 0`,
)
const BLOCKS_OF = rowsOf(
  `SELECT block FROM transfers WHERE asset = @id AND block > @after
   UNION SELECT h.block FROM assets a JOIN hints h ON h.reference = a.reference AND h.standard = a.standard
     WHERE a.id = @id AND h.block > @after
   ORDER BY block LIMIT @limit + 0`,
)

/** What the auditor reads from and writes to a chain's journal, on any engine. */
export class StoredAudits implements AuditStore {
  readonly #engine: WriterEngine

  constructor(engine: WriterEngine) {
    this.#engine = engine
  }

  async next(walk: Walk, limits: WalkLimits): Promise<WalkPage> {
    const { codec, coverage, fixed } = this.#engine
    return this.#engine.transact(function* ({ assets, rules }): Query<WalkPage> {
      const [row] = yield [CURSOR, walk]
      const deps = { assets, codec, coverage, fixed, keeps: rules.test.keeps }
      return yield* walkOn(deps, { walk, cursor: nullable(row?.[0], text) }, limits)
    })
  }

  async reached(walk: Walk, cursor: string): Promise<void> {
    await this.#engine.transact(() => planned(noteCursor(walk, cursor)))
  }

  async supplies(assets: readonly AssetRef[], at?: number): ReturnType<AuditStore['supplies']> {
    const { coverage } = this.#engine
    return this.#engine.transact((memory) => suppliesOf({ memory, coverage }, assets, at))
  }

  async expected(key: BalanceKey, block: number): Promise<Expected> {
    return this.#engine.transact(({ rules }) => planned(expectedAt(key, block, rules)))
  }

  async decidedLate(after: number): Promise<readonly DecidedLate[]> {
    return this.#engine.transact(function* ({ assets }): Query<readonly DecidedLate[]> {
      const found: DecidedLate[] = []
      for (const row of yield [DECIDED_LATE, after, MAX_DECIDED_LATE]) {
        const asset = yield* assets.byId(int(row[0]))
        const decided = yield* assets.byId(int(row[1]))
        found.push({ id: asset.id, asset: asset.asset, decided: decided.asset, decidedAt: int(row[2]) })
      }
      return found
    })
  }

  async blocksOf(asset: AssetRef, after: number, limit: number): Promise<readonly number[]> {
    return this.#engine.transact(function* ({ assets }): Query<readonly number[]> {
      const id = (yield* assets.find(asset))?.id ?? 0
      return (yield [BLOCKS_OF, { id, after, limit }]).map(([block]) => int(block))
    })
  }

  async differing(query: Parameters<AuditStore['differing']>[0]): ReturnType<AuditStore['differing']> {
    return this.#engine.transact((memory) => differing(memory, query))
  }

  async note(finding: Finding): Promise<void> {
    const at = Math.floor(Date.now() / 1000)
    await this.#engine.transact(({ rules }) => planned(noteFinding(finding, at, rules)))
  }

  async noteReadability(readability: Readability): Promise<void> {
    await this.#engine.transact(({ rules }) => planned(noteReadability(readability, rules)))
  }
}

type Supplies = Awaited<ReturnType<AuditStore['supplies']>>
type Whose = { readonly memory: WriterMemory; readonly coverage: Coverage }

function* suppliesOf(whose: Whose, assets: readonly AssetRef[], at: number | undefined): Query<Supplies> {
  const { coverage } = whose
  const whole = coverage.from === 0 && coverage.scope.type !== 'accounts'
  const [row] = yield [WRITTEN]
  const block = row === undefined ? undefined : readOptionalRef(row[0], row[1])
  const supplies: (bigint | undefined)[] = []
  for (const asset of assets) {
    supplies.push(whole && block !== undefined ? yield* supplyOf(whose, asset, at) : undefined)
  }
  return { block: block ?? { number: -1, hash: '' }, supplies }
}

function* supplyOf({ memory, coverage }: Whose, asset: AssetRef, at: number | undefined): Query<bigint | undefined> {
  const { assets } = memory
  if (yield* assets.hasItemsOnly(asset)) return undefined
  const stored = yield* assets.find(asset)
  const { scope } = coverage
  // The scope names this token and it was never seen, so by its events its supply is 0.
  if (stored === undefined) return scope.type === 'tokens' && scope.tokens.includes(asset.reference) ? 0n : undefined
  if (stored.accounting !== 'events') return undefined
  if ((yield [DOUBT, stored.id, encodeItem(NO_ITEM)]).length > 0) return undefined
  const [row] = yield [SUPPLY, stored.id]
  const supply = nullable(row?.[0], (value) => decodeAmount(bytes(value)))
  const since = at === undefined ? 0n : yield* madeAfter(stored.id, at)
  return supply === undefined || since === undefined ? undefined : supply - since
}

/**
 * The amount of an asset that was minted after a block, minus what was burnt. Undefined if a balance was reopened, or
 * if there are more transfers than the limit.
 */
function* madeAfter(asset: number, block: number): Query<bigint | undefined> {
  if ((yield [REOPENED, asset]).length > 0) return undefined
  const rows = yield [MOVED_AFTER, asset, block, MAX_COMPARED + 1]
  if (rows.length > MAX_COMPARED) return undefined
  return rows.reduce((made, row) => made + decodeSupplyDelta(row[0], row[1], bytes(row[2])), 0n)
}

type Differing = Awaited<ReturnType<AuditStore['differing']>>

function* differing(
  { assets, rules }: WriterMemory,
  { asset, account, first, last, blocks }: Parameters<AuditStore['differing']>[0],
): Query<Differing> {
  const { codec } = rules
  const theirs = new Map<string, number>()
  for (const { number, transfers } of blocks) {
    if (number < first || number > last) continue
    for (const transfer of transfers) {
      if (assetKey(transfer.asset) !== assetKey(asset) || !concerns(transfer, account)) continue
      theirs.set(nameOf(number, transfer), number)
    }
  }
  const id = (yield* assets.find(asset))?.id ?? 0
  const of = { id, account: account === undefined ? undefined : codec.encode(account) }
  const { rows, through } = yield* comparedRows(of, first, last)
  const numbers = new Set<number>()
  for (const row of rows) {
    const block = int(row[0])
    if (account === undefined && row[3] !== null && row[4] !== null) continue
    if (!theirs.delete(nameOf(block, readTransfer(row, codec)))) numbers.add(block)
  }
  for (const number of theirs.values()) if (number <= through) numbers.add(number)
  return { numbers: [...numbers].sort((a, b) => a - b), through }
}

/** Whose transfers are compared: those of an asset, or of an account's pair with it. */
type Compared = { readonly id: number; readonly account: Buffer | undefined }

/** Stored transfers of whole blocks: as many as one query scans, and all of the last one's block. */
function* comparedRows(
  of: Compared,
  first: number,
  last: number,
): Query<{ readonly rows: readonly Row[]; readonly through: number }> {
  const rows = yield* transfersBetween(of, [first, last], MAX_COMPARED + 1)
  if (rows.length <= MAX_COMPARED) return { rows, through: last }
  const through = int(rows[MAX_COMPARED - 1]?.[0])
  // Never stop in the middle of a block.
  const ofLast = yield* transfersBetween(of, [through, through], ALL)
  return { rows: [...rows.filter((row) => int(row[0]) < through), ...ofLast], through }
}

function* transfersBetween(
  { id, account }: Compared,
  blocks: readonly [first: number, last: number],
  limit: number,
): Query<readonly Row[]> {
  if (account === undefined) return yield [TRANSFERS_OF, id, ...blocks, limit]
  return yield [TRANSFERS_OF_PAIR, account, id, ...blocks, limit]
}

/** True if a transfer is from or to `account`. Without an account: true for mints and burns. */
function concerns({ from, to }: Transfer, account: string | undefined): boolean {
  return account === from || account === to
}

type Named = Pick<Transfer, 'event' | 'part' | 'from' | 'to' | 'item' | 'amount'>

function nameOf(block: number, { event, part, from, to, item, amount }: Named): string {
  return `${block}/${event}/${part}/${from ?? ''}/${to ?? ''}/${item}/${amount}`
}

function readTransfer(row: Row, codec: AccountCodec): Named {
  const side = (value: unknown) => nullable(value, (stored) => codec.decode(bytes(stored)))
  const cursor = { event: int(row[1]), part: int(row[2]), from: side(row[3]), to: side(row[4]) }
  return { ...cursor, item: decodeItem(bytes(row[5])), amount: decodeAmount(bytes(row[6])) }
}
