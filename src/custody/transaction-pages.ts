import type { PageRequest, TransactionKey } from '../core/custody.ts'
import { ServiceError } from '../core/errors.ts'
import { STANDARD_RULES } from '../core/standards.ts'
import type { Member, MemberFilter, MemberStore } from '../store/seam/custody.ts'
import type { TransferPlace } from '../store/seam/pairs.ts'
import { type BalancePageDeps, chainsOf, isReady, memberFilter } from './balance-pages.ts'
import { type CustodyChain, ifOpen } from './chains.ts'
import type { Custody, CustodyTransaction, TransactionPage } from './custody.ts'
import { Guarantees } from './rows.ts'

/** Most addresses and assets that one page looks at: more without a transfer in sequence end a page early. */
const MAX_LOOKED_AT = 2_000
/** Rows of the index that are read at once. */
const MEMBERS_AT_ONCE = 50

type Found = { readonly key: TransactionKey; readonly row: CustodyTransaction }

/** A walk over the transfers of members in one direction. */
type Walk = {
  readonly direction: 'later' | 'earlier'
  readonly from: TransactionKey | undefined
  /** Most transfers to find. */
  readonly limit: number
}

/** Transfers in the direction of the walk. `last`: the key that the walk came to. `isCut`: it ended before all were looked at. */
type Walked = { readonly found: readonly Found[]; readonly last: TransactionKey | undefined; readonly isCut: boolean }

/** Pages of transactions, as `Custody.transactions`. */
export function createTransactionPages(deps: BalancePageDeps): Custody['transactions'] {
  return async ({ page, ...request }) => {
    if (page.offset !== undefined) throw new ServiceError('BAD_REQUEST', 'transactions have cursors, and no offset')
    const filter = memberFilter(request, deps.chains)
    const guarantees = new Guarantees()
    for (const chain of chainsOf(filter, deps.chains)) {
      await deps.membership.lookAtNew(chain)
      if (!(await isReady(chain))) guarantees.add(chain.id, [], false)
    }
    const walker = new TransactionWalker(deps, filter, guarantees)
    return { ...(await pageOf(walker, page)), asOf: guarantees.all() }
  }
}

async function pageOf(
  walker: TransactionWalker,
  page: PageRequest<TransactionKey>,
): Promise<Omit<TransactionPage, 'asOf'>> {
  const direction = page.before === undefined ? 'later' : 'earlier'
  const from = page.before ?? page.after
  const { found, last, isCut } = await walker.walk({ direction, from, limit: page.limit + 1 })
  const hasMore = found.length > page.limit || isCut
  const rows = found.slice(0, page.limit)
  const far = found.length > page.limit ? rows.at(-1)?.key : (last ?? rows.at(-1)?.key)
  const near = rows[0]?.key ?? far
  const isBehind = from !== undefined && (await walker.hasBehind(near ?? from, direction))
  const isLater = direction === 'later'
  return {
    rows: (isLater ? rows : [...rows].reverse()).map(({ row }) => row),
    first: isLater ? near : far,
    last: isLater ? far : near,
    hasEarlier: isLater ? isBehind : hasMore,
    hasLater: isLater ? hasMore : isBehind,
    total: undefined,
  }
}

/** Walks over members in the order of their rows, and over the transfers of each in the order of the chain. */
class TransactionWalker {
  readonly #deps: BalancePageDeps
  readonly #filter: MemberFilter
  readonly #guarantees: Guarantees

  constructor(deps: BalancePageDeps, filter: MemberFilter, guarantees: Guarantees) {
    this.#deps = deps
    this.#filter = filter
    this.#guarantees = guarantees
  }

  /** True if transfers lie behind a place, against the direction of a walk. */
  async hasBehind(from: TransactionKey, direction: Walk['direction']): Promise<boolean> {
    const { found, isCut } = await this.walk({ direction: direction === 'later' ? 'earlier' : 'later', from, limit: 1 })
    return found.length > 0 || isCut
  }

  async walk({ direction, from, limit }: Walk): Promise<Walked> {
    const found: Found[] = []
    const isLater = direction === 'later'
    let last: TransactionKey | undefined
    let row = from?.row ?? 0
    let isFrom = from !== undefined
    // A database that is asked for several at once answers as soon as for one. No more are read in vain than were needed before.
    let atOnce = 1
    for (let looked = 0; looked < MAX_LOOKED_AT; ) {
      const bounds = isLater ? { after: isFrom ? row - 1 : row } : { before: isFrom ? row + 1 : row }
      const members = await this.#deps.members.rows(this.#filter, {
        ...bounds,
        limit: MEMBERS_AT_ONCE,
      } satisfies Bounds)
      for (let next = 0; next < members.length; ) {
        const some = members.slice(next, next + atOnce)
        next += some.length
        atOnce *= 2
        const most = limit - found.length
        const read = await Promise.all(
          some.map((member) =>
            this.#transfersOf(member, { direction, place: member.row === from?.row ? from : undefined, limit: most }),
          ),
        )
        for (const [index, transfers] of read.entries()) {
          const member = some[index]
          // Those behind the last one of the page say nothing about it.
          if (found.length >= limit || member === undefined) break
          if (transfers === undefined) this.#guarantees.add(member.chain, [], false)
          else found.push(...transfers.slice(0, limit - found.length))
        }
        if (found.length >= limit) return { found, last: found.at(-1)?.key, isCut: false }
        last = { row: some.at(-1)?.row ?? row, ...(isLater ? END : BEGINNING) }
      }
      if (members.length < MEMBERS_AT_ONCE) return { found, last, isCut: false }
      looked += members.length
      row = members.at(-1)?.row ?? row
      isFrom = false
    }
    return { found, last, isCut: true }
  }

  /** Undefined if they are not known now. */
  async #transfersOf(
    member: Member,
    { direction, place, limit }: { direction: Walk['direction']; place: TransferPlace | undefined; limit: number },
  ): Promise<readonly Found[] | undefined> {
    if (!STANDARD_RULES[member.asset.standard].isToken) return []
    const chain = this.#deps.chains.get(member.chain)
    return chain && (await ifOpen(chain, () => this.#read(chain, member, { direction, place, limit })))
  }

  async #read(
    chain: CustodyChain,
    { address, asset, wallet, row }: Member,
    { direction, place, limit }: { direction: Walk['direction']; place: TransferPlace | undefined; limit: number },
  ): Promise<readonly Found[] | undefined> {
    const { reads } = chain.use()
    const [decimals] = await this.#deps.rows.decimalsOf(chain, [asset])
    if (decimals === undefined) return undefined
    const pair = { account: address, asset, limit }
    const transfers = await reads.pairs.transfers(
      direction === 'later' ? { ...pair, after: place } : { ...pair, before: place },
    )
    const finalized = (await reads.clock()).finalized?.number ?? -1
    return transfers.map((transfer) => ({
      key: { row, block: transfer.block.number, event: transfer.event, part: transfer.part },
      row: { wallet, chain: chain.id, address, decimals, transfer, isConfirmed: transfer.block.number <= finalized },
    }))
  }
}

type Bounds = Parameters<MemberStore['rows']>[1]

/** Behind all transfers of a pair, and before them. */
const END: TransferPlace = { block: Number.MAX_SAFE_INTEGER, event: 0, part: 0 }
const BEGINNING: TransferPlace = { block: -1, event: 0, part: 0 }
