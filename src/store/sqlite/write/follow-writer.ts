import { assert } from '../../../core/assert.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import { decodeItem } from '../../../journal/amount-codec.ts'
import type { AccountHistory, AskedCoins, FollowedAccount, HistoryStored } from '../../seam/followed.ts'
import { int, nullable, type SqliteDatabase, type Statement } from '../database.ts'
import type { FollowedAccounts } from './followed-accounts.ts'
import type { RepairDeps } from './repair-writer.ts'
import { logPosition, TouchedPairs, type TransferRow, without } from './transfer-writer.ts'

/** Balances that are named to the caller: enough to compare a new account, some 100 kB. */
const MAX_NAMED = 1_000

/** The dependencies of a `FollowWriter`. */
export type FollowDeps = Omit<RepairDeps, 'accountsOf'> & {
  readonly followed: FollowedAccounts
  readonly encode: (account: string) => Buffer
}

/**
 * Adds the history of accounts below the last written block. Runs inside the journal's transaction. Cost: the given
 * blocks, and the changes of the affected pairs from those blocks on.
 */
export class FollowWriter {
  readonly #deps: FollowDeps
  readonly #firstMet: Statement

  constructor(db: SqliteDatabase, deps: FollowDeps) {
    this.#deps = deps
    this.#firstMet = db.prepare("SELECT min(met_block) FROM balances WHERE account = ? AND item = x''").pluck()
  }

  /** Stores a part of a history. `written`: the last written block. */
  add(history: AccountHistory, written: number | undefined): HistoryStored & { readonly removed: number } {
    const { accounts, blocks, through } = history
    const before = new Map(accounts.map((account) => [account, this.#begin(account, history)]))
    const firstMet = new Map(this.#cutOf(accounts).map((account) => [account, this.#firstMetOf(account)]))
    const touched = new TouchedPairs()
    const { inserted, removed, wereMet } = this.#insert(blocks, touched)
    // A removed transfer may have been the first of its asset, which is cached.
    if (removed > 0) this.#deps.assets.forget()
    this.#noteHints(blocks, new Set(accounts))
    for (const { key, from } of touched.all()) this.#deps.history.rewrite(key, from)
    this.#remeet(wereMet)
    for (const [account, one] of before) {
      this.#advance(one, { history, written: through === undefined ? undefined : written })
      this.#readAgain(account, firstMet.get(account))
    }
    const { keeps } = this.#deps.followed.test
    const kept = touched.accounts().map(this.#deps.decode).filter(keeps)
    const named = touched.all().map(({ key }) => this.#keyOf(key))
    return {
      inserted,
      removed,
      touched: named.filter((key) => keeps(key.account)).slice(0, MAX_NAMED),
      accounts: kept,
    }
  }

  #begin(account: string, { first, leads, asked }: AccountHistory): FollowedAccount {
    const { followed } = this.#deps
    const start = followed.coverage.from - 1
    const state = { isFollowed: false, isLeaving: false, through: start, isCut: false, knownThrough: undefined }
    const known: FollowedAccount = followed.get(account) ?? { account, leads, ...state }
    assert(!known.isLeaving, 'an account whose rows are being deleted is not followed before they are gone')
    assert(known.isFollowed || first <= (known.through ?? start) + 1, 'the parts of a history follow each other')
    const begun = asked === undefined ? known : { ...known, ...knownAfter(known, { asked, start }) }
    followed.put(account, begun)
    return begun
  }

  #insert(
    blocks: readonly BlockTransfers[],
    touched: TouchedPairs,
  ): { inserted: number; removed: number; wereMet: ReadonlyMap<number, boolean> } {
    const { doubts, transfers } = this.#deps
    const wereMet = new Map<number, boolean>()
    let [inserted, removed] = [0, 0]
    for (const block of blocks) {
      const place = { block: block.number, touched }
      const stored = transfers.at(block.number)
      const wanted = block.transfers.map((transfer) => transfers.encode(transfer))
      const missing = without(wanted, stored)
      const replaced = replacedBy(missing, stored)
      for (const [, , asset] of [...missing, ...replaced]) {
        if (!wereMet.has(asset)) wereMet.set(asset, transfers.isMet(asset))
      }
      for (const row of replaced) transfers.remove(row, place)
      if (missing.length > 0) transfers.keepBlock(block)
      for (const row of missing) transfers.insert(row, place)
      // Another account's transfer was stored before, without the changes of these accounts.
      for (const row of wanted) transfers.addChanges(row, place)
      // Two answers of nodes differ in what an event says: one of them was wrong.
      const positions = new Set(replaced.map(logPosition))
      const wrong = missing.filter((row) => positions.has(logPosition(row)))
      doubts.lack(new Set([...replaced, ...wrong].map(([, , asset]) => asset)), block)
      inserted += missing.length
      removed += replaced.length
    }
    return { inserted, removed, wereMet }
  }

  /** Stores the hints of these accounts. Those of other accounts were stored with their blocks. */
  #noteHints(blocks: readonly BlockTransfers[], accounts: ReadonlySet<string>): void {
    const hinted = blocks.flatMap(({ hints = [], ...block }) => {
      const own = hints.filter(({ account }) => accounts.has(account))
      return own.length === 0 ? [] : [{ ...block, hints: own }]
    })
    this.#deps.hints.note(hinted)
  }

  #remeet(wereMet: ReadonlyMap<number, boolean>): void {
    const { hints, transfers } = this.#deps
    for (const [asset, wasMet] of wereMet) {
      const isMet = transfers.isMet(asset)
      if (isMet && !wasMet) hints.met(asset)
      else if (wasMet && !isMet) hints.remeet(asset)
    }
  }

  #advance(
    one: FollowedAccount,
    { history, written }: { readonly history: AccountHistory; readonly written: number | undefined },
  ): void {
    const { followed } = this.#deps
    const { account, ...state } = one
    const { through, leads, isWhole } = history
    const reached = through?.number
    const isFollowed = state.isFollowed || reached === written
    const pending = isFollowed ? undefined : Math.max(state.through ?? -1, reached ?? -1)
    const isRead = isWhole === true && reached !== undefined
    const knownThrough = isRead ? Math.max(state.knownThrough ?? -1, reached) : state.knownThrough
    const change = { ...state, isFollowed, through: pending, leads, knownThrough }
    const begins = isFollowed && state.isCut && knownThrough === followed.coverage.from - 1
    const first = begins ? this.#firstMetOf(account) : undefined
    followed.put(account, first === undefined ? change : { ...change, knownThrough: first - 1 })
  }

  /** An earlier first transfer of an account with a cut list was found: whole blocks are read again from there. */
  #readAgain(account: string, firstMet: number | undefined): void {
    const { followed } = this.#deps
    const now = followed.get(account)
    const first = this.#firstMetOf(account)
    if (now?.knownThrough === undefined || firstMet === undefined || first === undefined || first >= firstMet) return
    followed.put(account, { ...now, knownThrough: Math.min(now.knownThrough, first - 1) })
  }

  #cutOf(accounts: readonly string[]): readonly string[] {
    return accounts.filter((account) => this.#deps.followed.get(account)?.isCut === true)
  }

  #firstMetOf(account: string): number | undefined {
    return nullable(this.#firstMet.get(this.#deps.encode(account)), int)
  }

  #keyOf({ account, asset, item }: { account: Buffer; asset: number; item: Buffer }): BalanceKey {
    const { assets, decode } = this.#deps
    return { account: decode(account), asset: assets.byId(asset).asset, item: decodeItem(item) }
  }
}

/** How far the transfers of an account are known after its coins were asked for. `start`: the block before the first one. */
function knownAfter(
  known: FollowedAccount,
  { asked, start }: { readonly asked: AskedCoins; readonly start: number },
): Pick<FollowedAccount, 'isCut' | 'knownThrough'> {
  const before = known.knownThrough ?? start
  const isCut = known.isCut || asked.cut.includes(known.account)
  return { isCut, knownThrough: isCut ? before : Math.max(before, asked.through) }
}

/** The stored rows at the positions of new ones. */
function replacedBy(missing: readonly TransferRow[], stored: readonly TransferRow[]): readonly TransferRow[] {
  if (missing.length === 0) return []
  const positions = new Set(missing.map(logPosition))
  return stored.filter((row) => positions.has(logPosition(row)))
}
