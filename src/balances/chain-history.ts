import { type AssetRef, NO_ITEM } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import type { CoverageTest } from '../core/coverage.ts'
import { ServiceError } from '../core/errors.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import type { BalanceChange, FilteredTransfers, TransferFilter } from '../store/seam/history.ts'
import type { ChainReads } from '../store/seam/store.ts'
import { Answers } from './answers.ts'
import type { AsOf } from './as-of.ts'
import type { ChainBalancesDeps } from './chain-balances.ts'
import type { AmountAfter, ChangesRequest, History, TransfersRequest } from './history.ts'
import { ListRules } from './list-rules.ts'
import { createLookUp } from './look.ts'
import type { NodeReader } from './node-reader.ts'
import { readPast } from './read-past.ts'

/** Most snapshots of the store for one answer: blocks may be replaced during a node's reads, but rarely twice. */
const MAX_LOOKS = 3

type MayBePartial = { readonly partial?: boolean }

/** The past of one chain: from the journal, and from a node where the journal does not prove an amount. */
export class ChainHistory {
  readonly #reads: ChainReads
  readonly #node: NodeReader
  readonly #now: () => number
  readonly #answers: Answers
  readonly #rules: ListRules

  constructor({ reads, node, now, issues, servePartial = false }: ChainBalancesDeps) {
    const isOwn = issues !== undefined
    this.#reads = reads
    this.#node = node
    this.#now = now
    this.#answers = new Answers({ reads, lookUp: createLookUp(reads, issues), node, now, isOwn })
    this.#rules = new ListRules({ servePartial, isOwn })
  }

  /** As `History.changes`. */
  async changes({ partial, limit, ...request }: ChangesRequest & MayBePartial): ReturnType<History['changes']> {
    const { account, asset, item = NO_ITEM, fromTimestamp, toTimestamp } = request
    for (let looks = 1; ; looks++) {
      const query = { account, asset, item, fromTimestamp, toTimestamp, limit: limit + 1 }
      const { clock, rows, inDoubt } = await this.#reads.history.changes(query)
      this.#rules.mustCover(clock, (test) => test.covers(account, asset), account)
      this.#rules.mustHaveCaughtUp(clock, partial)
      if (rows.length > limit) {
        throw new ServiceError('BAD_REQUEST', `more than ${limit} changes: narrow the time range`)
      }
      const isWhole = !inDoubt && !(await this.#isKnownByReads(asset))
      const amounts = await this.#amounts(rows, { account, asset, item })
      if (looks < MAX_LOOKS && !(await this.#holds(clock))) continue
      return { rows: amounts, asOf: this.#asOf(clock, isWhole) }
    }
  }

  /** As `History.transfers`. */
  async transfers({ partial, ...request }: TransfersRequest & MayBePartial): ReturnType<History['transfers']> {
    const { account, from, to, asset, block, transactionHash, offset, limit } = request
    const parties = [account, from, to].filter((party) => party !== undefined)
    if (parties.length === 0 && asset === undefined && block === undefined && transactionHash === undefined) {
      throw new ServiceError('BAD_REQUEST', 'transfers need at least one filter')
    }
    const clock = await this.#reads.clock()
    for (const party of parties) {
      // A transfer from or to the zero address is a mint or a burn, of which the journal has no account.
      if (party === clock.zeroAddress) throw new ServiceError('BAD_REQUEST', 'the zero address has no transfers')
    }
    this.#rules.mustCover(clock, (test) => this.#covers(test, clock, { parties, asset }))
    this.#rules.mustHaveCaughtUp(clock, partial)
    const filter = { asset, account, from, to, block, transactionHash, offset, limit }
    const found = await this.#find(filter)
    if (found === undefined) return { rows: [], count: 0, asOf: this.#asOf(clock, false) }
    const isWhole = !found.inDoubt && !(asset !== undefined && (await this.#isKnownByReads(asset)))
    return { rows: found.rows, count: found.count, asOf: this.#asOf(found.clock, isWhole) }
  }

  /** As `History.blockAt`. */
  async blockAt(timestamp: number): ReturnType<History['blockAt']> {
    return this.#reads.history.blockAt(timestamp)
  }

  /**
   * A transaction is looked up in the request's block, else in the block that a node returns. That block must be ours by
   * its hash, else nothing is found, and the list may lack rows. Undefined: no node returns a block, because the
   * transaction does not exist, is pending, or is too old for the node's index.
   */
  async #find(filter: TransferFilter): Promise<FilteredTransfers | undefined> {
    const { transactionHash } = filter
    if (transactionHash === undefined || filter.block !== undefined) return this.#reads.history.transfers(filter)
    const block = await this.#node.transactionBlock(transactionHash)
    if (block === undefined) return undefined
    const found = await this.#reads.history.transfers({ ...filter, block: block.number })
    if (found.block?.hash === block.hash) return found
    // We keep no hash of an old block without transfers: then there is nothing to miss.
    const { published } = found.clock
    const isEmpty = found.block === undefined && published !== undefined && published.number >= block.number
    return { ...found, rows: [], count: 0, inDoubt: found.inDoubt || !isEmpty }
  }

  #covers(
    test: CoverageTest,
    { coverage }: ChainClock,
    { parties, asset }: { readonly parties: readonly string[]; readonly asset: AssetRef | undefined },
  ): boolean {
    if (asset === undefined)
      return parties.length === 0 ? coverage?.scope.type !== 'accounts' : parties.some(test.keeps)
    return parties.length === 0 ? test.coversAll(asset) : parties.some((party) => test.covers(party, asset))
  }

  /** The amount after each change: from events, else read at the end of its block, if nothing changed it after that. */
  async #amounts(changes: readonly BalanceChange[], key: BalanceKey): Promise<readonly AmountAfter[]> {
    const isLast = (at: number): boolean => changes[at + 1]?.block.number !== changes[at]?.block.number
    const wanted = changes.flatMap(({ amount, block }, at) => (amount === undefined && isLast(at) ? [block] : []))
    const read = await readPast(wanted, { key, node: this.#node, now: this.#now })
    return changes.map(({ block, event, amount }, at): AmountAfter => {
      if (amount !== undefined) return { block, event, amount, source: 'events' }
      const known = isLast(at) ? read.get(block.hash) : undefined
      return { block, event, amount: known, source: known === undefined ? undefined : 'reads' }
    })
  }

  #asOf(clock: ChainClock, isWhole: boolean): AsOf | undefined {
    const base = this.#answers.published(clock)
    return base && { ...base, complete: isWhole && this.#rules.isWhole(clock) }
  }

  /** True if balances of the asset may change without events, or did. */
  async #isKnownByReads(asset: AssetRef): Promise<boolean> {
    return (await this.#reads.asset(asset))?.accounting === 'reads'
  }

  /** True if the published block of a snapshot is still one of ours. */
  async #holds({ published }: ChainClock): Promise<boolean> {
    if (published === undefined) return true
    const [at] = await this.#reads.locate([published])
    return at?.branch !== 'other' && ((await this.#reads.clock()).published?.number ?? -1) >= published.number
  }
}
