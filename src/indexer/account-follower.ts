import type { CoinReads } from '../chains/account-reader.ts'
import type { ChainAdapter } from '../chains/adapter.ts'
import type { BalanceKey } from '../core/balance.ts'
import { codeOf, type ErrorCode, isServiceError } from '../core/errors.ts'
import type { AskedCoins, FollowedAccount, HistoryStored } from '../store/seam/followed.ts'
import type { ObservationStore } from '../store/seam/observations.ts'
import type { Journal } from '../store/seam/store.ts'
import { HistoryFetcher, type Reached } from './fetch-history.ts'
import type { HeldBlocks } from './held-chain.ts'
import type { IndexerOptions } from './indexer-options.ts'

/** Accounts whose history is fetched at once: their addresses fit one filter, and their coins a few calls. */
const MAX_GROUP = 50
/** Coins of so many accounts are read at the same time. */
const PARALLEL_READS = 4
/** Blocks that one step reads whole for accounts of which nodes cut the list of coins. */
const WHOLE_BLOCKS = 64
/** How long one step deletes rows of accounts that are no longer followed, in milliseconds. */
const DELETING_MS = 200
/** Pauses after failures double from the first to the last, in milliseconds. */
const PAUSE_MS = { first: 1_000, last: 60_000 }

/** Failures of nodes, or of a chain that moved: the chain is still followed, and the histories are fetched later. */
function isPassing(code: ErrorCode): boolean {
  return (
    code.startsWith('NODE_') || code === 'RANGE_TOO_LARGE' || code === 'BLOCK_TOO_LARGE' || code === 'BLOCK_CONFLICT'
  )
}

/** What an `AccountFollower` needs. */
export type FollowerOptions = {
  readonly adapter: ChainAdapter
  readonly journal: Journal
  readonly observations: ObservationStore
  /** The accounts that are to be followed, all of them. */
  readonly wanted: () => Promise<readonly string[]>
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** As for the indexer. */
  readonly wholeRanges?: boolean | undefined
  readonly log: IndexerOptions['log']
  /** Called with balances of accounts that are followed now, or whose history has grown. */
  readonly onTouched: (touched: readonly BalanceKey[]) => void
}

/** The last written block, our header chain above the finalized head, and the number of that head. */
type State = HeldBlocks

/**
 * Keeps the followed accounts of a chain equal to the wanted ones. Each step does a bounded part of the work, between the
 * steps of the indexer, so that no block is fetched for accounts that change meanwhile.
 */
export class AccountFollower {
  readonly #options: FollowerOptions
  readonly #histories: HistoryFetcher
  readonly #start: number
  #failures = 0
  /** After a failure other accounts and other work are tried first: one account must not hold up all others. */
  #turn = 0
  #retryAt = Number.NEGATIVE_INFINITY
  #waiting = 0

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#histories = new HistoryFetcher(options)
    this.#start = options.journal.coverage.from - 1
  }

  /** True if there is work that may be done now. */
  async isDue(): Promise<boolean> {
    return this.#options.now() >= this.#retryAt && (await this.#compare()).isDifferent
  }

  /**
   * Does the next part of the work. True if there is more to do at once.
   * @throws ServiceError the store failed; ABORTED. Failures of nodes are logged, and tried again later
   */
  async step(state: State, signal: AbortSignal): Promise<boolean> {
    const { now, log } = this.#options
    if (now() < this.#retryAt) return false
    try {
      const done = await this.#next(state, signal)
      if (done === 'nothing') {
        if (this.#failures > 0) this.#turn++
        return false
      }
      if (this.#failures > 0) log('info', 'accounts are followed again', { failures: this.#failures })
      this.#failures = 0
      this.#turn = 0
      return done === 'more'
    } catch (error) {
      if (!isServiceError(error) || !isPassing(error.code)) throw error
      this.#failures++
      this.#turn++
      this.#retryAt = now() + Math.min(PAUSE_MS.last, PAUSE_MS.first * 2 ** Math.min(this.#failures - 1, 16))
      if (this.#failures === 1 || this.#failures % 10 === 0) {
        const fields = { code: codeOf(error), error: error.message, failures: this.#failures }
        log('warn', 'cannot fetch the history of accounts, will try again', fields)
      }
      return false
    }
  }

  /** Counters for metrics. */
  counts(): Readonly<Record<string, number>> {
    const { scope } = this.#options.journal.coverage
    if (scope.type !== 'accounts') return {}
    return {
      accounts_followed: scope.accounts.length,
      accounts_waiting: this.#waiting,
      accounts_failures: this.#failures,
    }
  }

  async #compare(): Promise<{ fresh: string[]; pending: FollowedAccount[]; unwanted: string[]; isDifferent: boolean }> {
    const { journal, wanted } = this.#options
    const wants = new Set(await wanted())
    const listed = journal.followed.list()
    const known = new Set(listed.map(({ account }) => account))
    const fresh = [...wants].filter((account) => !known.has(account))
    const unwanted = listed.filter(({ account, isLeaving }) => isLeaving || !wants.has(account))
    const pending = listed.filter(({ account, isFollowed, isLeaving }) => {
      return !isFollowed && !isLeaving && wants.has(account)
    })
    this.#waiting = fresh.length + pending.length
    const isDifferent = fresh.length + pending.length + unwanted.length > 0
    return { fresh, pending, unwanted: unwanted.map(({ account }) => account), isDifferent }
  }

  async #next(state: State, signal: AbortSignal): Promise<Done> {
    const { fresh, pending, unwanted } = await this.#compare()
    if (unwanted.length > 0) return this.#unfollow(unwanted)
    const { written } = state
    if (written === undefined) return this.#followNew(fresh)
    const reached = { ...state, written }
    const groups = groupsOf(pending, fresh, { size: this.#groupSize, start: this.#start })
    const group = this.#pick([...groups, undefined])
    if (group !== undefined) {
      await this.#fetch(group, reached, signal)
      return 'more'
    }
    const asked = await this.#askAgain(reached, signal)
    return asked === 'nothing' ? this.#readWhole(reached, signal) : asked
  }

  get #groupSize(): number {
    return Math.ceil(MAX_GROUP / 2 ** this.#turn)
  }

  #pick<T>(choices: readonly T[]): T | undefined {
    return choices[this.#turn % Math.max(1, choices.length)]
  }

  /** Deletes some rows of accounts that are no longer followed. */
  async #unfollow(accounts: readonly string[]): Promise<'more'> {
    const { journal, log, now } = this.#options
    const ends = now() + DELETING_MS
    for (const account of accounts) {
      while (!(await journal.followed.unfollow(account))) if (now() >= ends) return 'more'
      log('info', 'an account is no longer followed', { account })
      if (now() >= ends) break
    }
    return 'more'
  }

  /** Before the first block there is no history. */
  async #followNew(accounts: readonly string[]): Promise<Done> {
    if (accounts.length === 0) return 'nothing'
    const { journal } = this.#options
    const { from } = journal.coverage
    await journal.followed.follow({ accounts, first: from, through: undefined, blocks: [], leads: 0 })
    return 'idle'
  }

  /** Asks nodes for the coins of accounts: this reveals leads before the history is searched by them. */
  async #ask(accounts: readonly string[], { written }: Reached, signal: AbortSignal): Promise<AskedCoins | undefined> {
    const reader = this.#options.adapter.accounts
    if (reader === undefined) return undefined
    const reads: CoinReads[] = []
    for (let at = 0; at < accounts.length; at += PARALLEL_READS) {
      const some = accounts.slice(at, at + PARALLEL_READS)
      reads.push(...(await Promise.all(some.map((account) => reader.readCoins(account, 'tokens', signal)))))
    }
    const through = Math.min(written.number, ...reads.map(({ block }) => block.number))
    return { through, cut: accounts.filter((_, index) => reads[index]?.isCut) }
  }

  async #fetch({ accounts, through, leads }: Group, state: Reached, signal: AbortSignal): Promise<void> {
    const { adapter, observations, log } = this.#options
    const asked = leads === undefined ? await this.#ask(accounts, state, signal) : undefined
    const searched = leads ?? (await adapter.accounts?.leads()) ?? 0
    const fetch = { accounts, first: through + 1, leads: searched, asked, isNew: true }
    const done = await this.#histories.fetch(fetch, state, signal)
    await this.#changed(done)
    if (!done.isComplete) return
    // The journal has its own amounts now, also where this history has no transfers.
    await observations.compareAgain(accounts)
    const [account] = accounts
    log('info', 'accounts are followed', accounts.length === 1 ? { account } : { accounts: accounts.length })
  }

  /**
   * Asks for the coins of followed accounts again if blocks were written since that were not read whole, and searches their
   * history by the leads that became known since.
   */
  async #askAgain(state: Reached, signal: AbortSignal): Promise<Done> {
    const { adapter, journal } = this.#options
    const { accounts: reader } = adapter
    if (reader === undefined) return 'nothing'
    const listed = journal.followed.list().filter(({ isFollowed }) => isFollowed)
    const old = listed.filter((one) => !one.isCut && (one.knownThrough ?? -1) < state.written.number)
    const asks = Math.floor(this.#turn / 2) % 2 === 0
    const some = asks ? (this.#pick(inParts(old, this.#groupSize)) ?? []) : []
    const asked = await this.#ask(
      some.map(({ account }) => account),
      state,
      signal,
    )
    const leads = await reader.leads()
    // If there are fewer leads than before, the adapter's memory was lost: its numbers mean other leads.
    const searched = (one: FollowedAccount): number => (one.leads > leads ? 0 : one.leads)
    const behind = some.length > 0 ? some : listed.filter((one) => one.leads !== leads)
    if (behind.length === 0) return 'nothing'
    const leadsAbove = Math.min(...behind.map(searched))
    const accounts = behind
      .filter((one) => some.length > 0 || searched(one) === leadsAbove)
      .map(({ account }) => account)
    const fetch = { accounts, first: journal.coverage.from, leads, leadsAbove, isNew: false }
    const done = await this.#histories.fetch(some.length > 0 ? { ...fetch, asked } : fetch, state, signal)
    await this.#changed(done)
    // A node that lags behind our blocks is asked again at the next poll.
    return asked === undefined || asked.through >= state.written.number ? 'more' : 'idle'
  }

  /**
   * Reads some whole blocks for accounts of which nodes cut the list of coins, until all their transfers are known. One
   * part for each poll, since it may be a long way.
   */
  async #readWhole({ written }: Reached, signal: AbortSignal): Promise<Done> {
    const { adapter, journal } = this.#options
    const cut = journal.followed.list().filter((one) => one.isFollowed && one.isCut)
    const known = Math.min(...cut.map((one) => one.knownThrough ?? Number.POSITIVE_INFINITY))
    if (known >= written.number) return 'nothing'
    const group = cut.filter((one) => one.knownThrough === known)
    const accounts = group.map(({ account }) => account)
    const first = known + 1
    const range = { first, last: Math.min(known + WHOLE_BLOCKS, written.number) }
    const headers = await adapter.headers(range, signal)
    const through = headers.at(-1)
    const blocks = await adapter.transfersOf({ headers, scope: { type: 'accounts', accounts } }, signal)
    const leads = Math.min(...group.map((one) => one.leads))
    const history = { accounts, first, through, blocks, leads, isWhole: true } as const
    await this.#changed(await journal.followed.follow(history))
    return 'idle'
  }

  /** Amounts of past blocks changed: what was read of their accounts, and was equal, is compared with the journal again. */
  async #changed({ accounts, touched }: Omit<HistoryStored, 'inserted'>): Promise<void> {
    await this.#options.observations.compareAgain(accounts)
    this.#options.onTouched(touched)
  }
}

/** What was done: a part, with more to do at once or at the next poll; or nothing, because nothing is to be done. */
type Done = 'more' | 'idle' | 'nothing'

/** Accounts whose history is fetched together: equally far, by equally many leads; `leads` undefined: not begun yet. */
type Group = { readonly accounts: readonly string[]; readonly through: number; readonly leads: number | undefined }

/**
 * Groups of up to `size` accounts: first those that are farthest, so that what was begun is completed. `start`: the block
 * before the first one.
 */
function groupsOf(
  pending: readonly FollowedAccount[],
  fresh: readonly string[],
  { size, start }: { readonly size: number; readonly start: number },
): readonly Group[] {
  const byState = new Map<string, FollowedAccount[]>()
  for (const one of [...pending].sort((a, b) => (b.through ?? start) - (a.through ?? start))) {
    const state = `${one.through}/${one.leads}`
    byState.set(state, [...(byState.get(state) ?? []), one])
  }
  const begun = [...byState.values()].flatMap((same) =>
    inParts(same, size).map((part): Group => {
      const { through = start, leads } = part[0] ?? {}
      return { accounts: part.map(({ account }) => account), through, leads }
    }),
  )
  return [...begun, ...inParts(fresh, size).map((accounts) => ({ accounts, through: start, leads: undefined }))]
}

function inParts<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: T[][] = []
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size))
  return parts
}
