import { leadOfReveal } from '../puzzles/cat.ts'
import { type Coin, coinId } from '../puzzles/coin.ts'
import type { Lead } from '../puzzles/lead.ts'
import { type CoinSpend, type Created, type ReadSpend, readSpend } from '../puzzles/spend.ts'
import type { Hex } from '../words/hex.ts'
import type { AccountIndex } from './account-index.ts'
import type { FetchedBlock } from './fetch-blocks.ts'

/** An account's coin of a CAT. */
export type ReadCoin = { readonly coin: Coin; readonly account: string; readonly tail: Hex }

/** A coin that was spent. `isProven`: its parent was a coin of the CAT too. */
export type SpentCoin = ReadCoin & { readonly isProven: boolean }

/** What a block's spends say. `unread`: how many could not be evaluated. */
export type ReadSpends = {
  readonly created: readonly ReadCoin[]
  readonly spent: readonly SpentCoin[]
  readonly leads: readonly Lead[]
  readonly unread: number
}

/** Whose coins are wanted. `revocable`: the known leads with a hidden puzzle, by their TAILs. */
export type Wanted = { readonly accounts: AccountIndex; readonly revocable: ReadonlyMap<Hex, readonly Lead[]> }

/**
 * Reads which coins of accounts a block's spends created and spent. What a spend created is what its evaluation says, if the
 * block added just these coins. Otherwise an account's coins are known by their puzzle hashes, under the spent coin's lead
 * and under the known ones.
 */
export function readCoinsOf({ spends, additions }: FetchedBlock, wanted: Wanted): ReadSpends {
  const added = byParent(additions)
  const created: ReadCoin[] = []
  const spent: SpentCoin[] = []
  const leads: Lead[] = []
  let unread = 0
  for (const spend of spends) {
    const children = added.get(coinId(spend.coin)) ?? []
    const read = evaluated(spend, children)
    if (read === undefined) unread++
    const { spent: cat, created: coins } = read ?? unevaluated(spend, children)
    if (cat === undefined) continue
    const { lead, owner, isProven } = cat
    const account = wanted.accounts.accountOf(owner)
    if (account !== undefined) spent.push({ coin: spend.coin, account, tail: lead.tail, isProven })
    leads.push(lead, ...coins.flatMap((child) => child.cat?.lead ?? []))
    created.push(...coins.flatMap((child) => ownedBy(child, lead, wanted) ?? []))
  }
  return { created, spent, leads, unread }
}

function byParent(coins: readonly Coin[]): ReadonlyMap<Hex, readonly Coin[]> {
  const children = new Map<Hex, Coin[]>()
  for (const coin of coins) {
    const others = children.get(coin.parent)
    if (others === undefined) children.set(coin.parent, [coin])
    else others.push(coin)
  }
  return children
}

/** What a spend says; undefined if it cannot be evaluated, or created other coins than the block added. */
function evaluated(spend: CoinSpend, added: readonly Coin[]): ReadSpend | undefined {
  const read = readSpend(spend)
  if (read === undefined || read.created.length !== added.length) return undefined
  const ids = new Set(added.map(coinId))
  return read.created.every(({ coin }) => ids.has(coinId(coin))) ? read : undefined
}

/** What is known of a spend without its conditions. */
function unevaluated({ reveal }: CoinSpend, added: readonly Coin[]): ReadSpend {
  const cat = leadOfReveal(reveal)
  const spent = cat && { lead: cat.lead, owner: cat.owner, isProven: false }
  return { ...(spent === undefined ? {} : { spent }), created: added.map((coin) => ({ coin, hint: undefined })) }
}

/**
 * Whose coin a child of a CAT is. The issuer of a revocable CAT may create a coin in the layer of revocation itself, and then
 * the spend does not show its owner.
 */
function ownedBy({ coin, cat }: Created, parent: Lead, { accounts, revocable }: Wanted): ReadCoin | undefined {
  const { tail } = parent
  const account = cat === undefined ? undefined : accounts.accountOf(cat.owner)
  if (account !== undefined) return { coin, account, tail }
  const plain: Lead = { tail, hidden: undefined }
  const leads = [...(cat === undefined ? [plain] : []), parent, ...(revocable.get(tail) ?? [])]
  for (const lead of leads) {
    if (cat !== undefined && lead.hidden === undefined) continue
    const owner = accounts.ownerUnder(lead, coin.puzzleHash)
    if (owner !== undefined) return { coin, account: accounts.accountOf(owner) ?? '', tail }
  }
  return undefined
}
