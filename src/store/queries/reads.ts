import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'
import type { Soon } from '../../core/soon.ts'
import { decodeAmountHex } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import type { ReadEngine, ReadEngines } from '../engine/read-engine.ts'
import { bytes, int, nullable, text } from '../rows/columns.ts'
import { FOLLOWED_COLUMNS, readFollowed } from '../rows/followed-row.ts'
import type { AuditReads } from '../seam/audits.ts'
import type { ChainClock, HeldBlock } from '../seam/chain-clock.ts'
import type { FeedReads } from '../seam/feed.ts'
import type { FollowedAccount } from '../seam/followed.ts'
import type { HistoryReads } from '../seam/history.ts'
import type { LearnedTexts } from '../seam/learned-texts.ts'
import type { BlockStatus, HoldingReads, ObservationStore } from '../seam/observations.ts'
import type { PairReads, ReadTrail } from '../seam/pairs.ts'
import type { PositionPage, PositionQuery } from '../seam/positions.ts'
import type {
  AccountPage,
  AccountQuery,
  ChainReads,
  HolderPage,
  StoredAsset,
  StoredBalance,
  TransferPage,
  TransferQuery,
} from '../seam/store.ts'
import type { TokenStore } from '../seam/tokens.ts'
import { accountPage } from './account-lists.ts'
import { transfersPage } from './asset-transfers.ts'
import { classedTokens, countClasses, newestFindings } from './audit-reads.ts'
import type { ReadContext } from './context.ts'
import { feedAfter } from './feed.ts'
import { blockAtTime, changesPage, filteredTransfers } from './history.ts'
import { Holdings } from './holdings.ts'
import { StoredLearnedTexts } from './node-reads/learned-texts.ts'
import { StoredObservations } from './node-reads/observations.ts'
import { StoredTokens } from './node-reads/tokens.ts'
import { StoredTrail } from './node-reads/trail.ts'
import { pairsMet, pairsSince, pairTransfers } from './pairs.ts'
import { walkPage } from './position-walk.ts'
import {
  AMOUNT,
  assetOf,
  balanceOf,
  heldAt,
  isAnyRefuted,
  isZero,
  mayBeRefuted,
  pairOf,
  presentOf,
} from './positions.ts'
import { type Query, rowOf, rowsOf } from './query.ts'
import { sideBySide } from './side-by-side.ts'

const HASH_AT = rowOf('SELECT hash FROM blocks WHERE number = ?')
/** The child block itself, or the last earlier block whose hash is stored. */
const CHILD_AT = rowOf('SELECT timestamp FROM blocks WHERE number <= ? ORDER BY number DESC LIMIT 1')
const ALL_FOLLOWED = rowsOf(`SELECT ${FOLLOWED_COLUMNS} FROM followed ORDER BY account`)
const HOLDER_COUNT = rowOf('SELECT holders FROM assets WHERE id = ?')
const HOLDERS = rowsOf(
  `SELECT account, hex(amount) FROM balances WHERE asset = ? AND item = x'' AND amount > x'80'
   ORDER BY amount DESC, account LIMIT ? + 0 OFFSET ? + 0`,
)

/** The read side of one chain, on any engine. */
export class StoredReads implements ChainReads {
  readonly observations: ObservationStore
  readonly holdings: HoldingReads
  readonly tokens: TokenStore
  readonly learned: LearnedTexts
  readonly audits: AuditReads
  readonly history: HistoryReads
  readonly feed: FeedReads
  readonly pairs: PairReads
  readonly trail: ReadTrail
  readonly #engine: ReadEngine

  constructor({ engine, fixed, codec, noted }: ReadEngines) {
    this.#engine = engine
    this.observations = new StoredObservations(noted, codec)
    this.tokens = new StoredTokens(noted, engine)
    this.learned = new StoredLearnedTexts(noted)
    this.trail = new StoredTrail(noted, codec)
    const holdings = new Holdings(codec)
    this.holdings = {
      page: async (query) => engine.read((context) => holdings.page(context, query)),
      accounts: async (asset, limit) => engine.read((context) => holdings.accounts(context, asset, limit)),
    }
    this.audits = {
      tokens: async (query) => engine.read((context) => classedTokens({ ...context, fixed }, query)),
      findings: async (limit) => engine.read((context) => newestFindings({ ...context, fixed }, limit)),
      classes: async () => engine.read(countClasses),
    }
    this.history = {
      changes: async (query) => engine.read((context) => changesPage(context, query)),
      transfers: async (filter) => engine.read((context) => filteredTransfers(context, filter)),
      blockAt: async (timestamp) => engine.read((context) => blockAtTime(context, timestamp)),
    }
    this.feed = { after: async (seq, limit) => engine.read(() => feedAfter(seq, limit)) }
    this.pairs = {
      since: async (keys, block) => engine.read((context) => pairsSince(context, keys, block)),
      met: async (query) => engine.read((context) => pairsMet(context, query)),
      transfers: async (query) => engine.read((context) => pairTransfers(context, query)),
    }
  }

  async clock(): Promise<ChainClock> {
    return this.#engine.read(clockOf)
  }

  async asset(asset: AssetRef): Promise<StoredAsset | undefined> {
    return this.#engine.read(({ assets }) => assets.find(asset))
  }

  assetsOf(reference: string): Soon<readonly StoredAsset[]> {
    const { contracts } = this.#engine
    const known = contracts?.get(reference)
    if (known !== undefined) return known
    return this.#engine.read(function* ({ assets }): Query<readonly StoredAsset[]> {
      const found = yield* assets.of(reference)
      contracts?.put(reference, found)
      return found
    })
  }

  async locate(blocks: readonly BlockRef[]): Promise<readonly BlockStatus[]> {
    return this.#engine.read(() => locate(blocks))
  }

  balances(keys: readonly BalanceKey[], asOf?: number): ReturnType<ChainReads['balances']> {
    return this.#engine.read((context) => balances(context, keys, asOf))
  }

  async followed(): Promise<readonly FollowedAccount[]> {
    return this.#engine.read(function* ({ codec }): Query<readonly FollowedAccount[]> {
      return (yield [ALL_FOLLOWED]).map((row) => readFollowed(row, codec))
    })
  }

  account(query: AccountQuery): Soon<AccountPage> {
    return this.#engine.read((context) => accountPage(context, query))
  }

  async holders(query: Parameters<ChainReads['holders']>[0]): Promise<HolderPage> {
    return this.#engine.read((context) => holdersPage(context, query))
  }

  async transfers(query: TransferQuery): Promise<TransferPage> {
    return this.#engine.read((context) => transfers(context, query))
  }

  async walk(query: PositionQuery): Promise<PositionPage> {
    return this.#engine.read((context) => walkPage(context, query))
  }
}

// biome-ignore lint/correctness/useYield: the clock is in the context, and nothing more is asked.
function* clockOf({ clock }: ReadContext): Query<ChainClock> {
  return clock
}

function* locate(blocks: readonly BlockRef[]): Query<readonly BlockStatus[]> {
  return yield* sideBySide(blocks.map(statusOf))
}

function* statusOf({ number, hash }: BlockRef): Query<BlockStatus> {
  const [ours] = yield [HASH_AT, number]
  const [child] = yield [CHILD_AT, number + 1]
  const childAt = nullable(child?.[0], int)
  const branch = ours === undefined ? 'unnamed' : decodeHash(bytes(ours[0])) === hash ? 'ours' : 'other'
  return { branch, childAt }
}

type Balances = {
  readonly clock: ChainClock
  readonly block: HeldBlock | undefined
  readonly rows: readonly (StoredBalance | undefined)[]
  readonly assets: readonly (StoredAsset | undefined)[]
}

/** A key that is looked up together with others, and its place among all. */
type LookedUp = { readonly at: number; readonly key: BalanceKey; readonly asset: StoredAsset }

function* balances(context: ReadContext, keys: readonly BalanceKey[], asOf: number | undefined): Query<Balances> {
  let assets: readonly (StoredAsset | undefined)[] = keys.map(({ asset }) => context.assets.knownAs(asset))
  if (assets.includes(undefined)) assets = yield* sideBySide(keys.map(({ asset }) => assetOf(context, asset)))
  const rows: (StoredBalance | undefined)[] = []
  const together: LookedUp[] = []
  for (const [at, key] of keys.entries()) {
    const asset = assets[at]
    rows.push(undefined)
    // The native asset has no rows.
    if (asset === undefined || isZero(context, key)) continue
    if (keys.length > 1 || asOf !== undefined || mayBeRefuted(context, asset)) together.push({ at, key, asset })
    else {
      // What most requests ask, without a generator of its own.
      const pair = pairOf(context, key, asset)
      const [row] = yield [AMOUNT, pair.account, pair.asset, pair.item]
      rows[at] = row && presentOf(context, { key, asset }, row)
    }
  }
  if (together.length > 0) {
    const found = yield* sideBySide(together.map((one) => balanceOf(context, one, asOf)))
    for (const [index, { at }] of together.entries()) rows[at] = found[index]
  }
  const block = asOf === undefined ? context.clock.published : yield* heldAt(context, asOf)
  return { clock: context.clock, block, rows, assets }
}

function* holdersPage(context: ReadContext, query: Parameters<ChainReads['holders']>[0]): Query<HolderPage> {
  const { assets, clock, codec } = context
  const asset = yield* assets.find(query.asset)
  if (asset === undefined) return { clock, count: 0, rows: [], inDoubt: clock.inDoubt }
  const inDoubt = yield* isAnyRefuted(context, asset)
  const [counted] = yield [HOLDER_COUNT, asset.id]
  const count = int(counted?.[0])
  if (query.offset >= count) return { clock, count, rows: [], inDoubt }
  const rows = yield [HOLDERS, asset.id, query.limit, query.offset]
  const holders = rows.map((row) => ({ account: codec.decode(bytes(row[0])), amount: decodeAmountHex(text(row[1])) }))
  return { clock, count, rows: holders, inDoubt }
}

function* transfers(context: ReadContext, query: TransferQuery): Query<TransferPage> {
  const { assets, clock, codec } = context
  const asset = yield* assets.find(query.asset)
  if (asset === undefined) return { clock, count: 0, rows: [], inDoubt: clock.inDoubt }
  const page = yield* transfersPage(codec, asset, query)
  return { clock, ...page, inDoubt: yield* isAnyRefuted(context, asset) }
}
