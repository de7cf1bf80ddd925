import type { BalanceKey } from '../../../core/balance.ts'
import { type BlockRef, sameBlock } from '../../../core/block.ts'
import { isServiceError } from '../../../core/errors.ts'
import type { BalanceRead } from '../../adapter.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { atNewest, isOfBlock } from '../coins/at-newest.ts'
import { type CoinFinder, isHeldAt } from '../coins/finder.ts'
import type { LeadBook } from '../coins/lead-book.ts'
import { coinsByPuzzleHashes, UNSPENT_COINS, type Which } from '../coins/look-up.ts'
import { stillThere } from '../heads/still-there.ts'
import { puzzleHashOf } from '../words/address.ts'
import { hasAnother } from '../words/faults.ts'
import type { CoinRecord } from '../words/records.ts'

/** How balances are read. `headOf`: asks for the node's newest block. `byNumber`: from all coins that there ever were. */
export type Reading = {
  readonly at: BlockRef | 'latest'
  readonly finder: CoinFinder
  readonly book: LeadBook
  readonly headOf: () => Promise<BlockRef>
  readonly byNumber: boolean
}

/** Amounts by `nameOf`. */
type Amounts = ReadonlyMap<string, bigint>

/**
 * Reads balances at a block. At the newest, from the coins that are unspent now; at another, from all coins that were created
 * up to it and not spent up to it: a node keeps every coin, so any block of its chain will do.
 * @throws NODE_BEHIND the node does not have the block, or another one; BLOCK_CONFLICT it was replaced meanwhile; NODE_*
 */
export async function readBalances(
  session: RpcSession,
  keys: readonly BalanceKey[],
  reading: Reading,
): Promise<{ readonly block: BlockRef; readonly reads: readonly BalanceRead[] }> {
  const { at, headOf, byNumber } = reading
  const head = await headOf()
  if (!byNumber && (at === 'latest' || sameBlock(at, head))) {
    const found = await readAtNewest(session, keys, { ...reading, head })
    if (found !== undefined && (at === 'latest' || sameBlock(at, found.at))) {
      return { block: found.at, reads: readsOf(keys, found.value) }
    }
  }
  const { number, hash } = at === 'latest' ? await headOf() : at
  const block = { number, hash }
  return { block, reads: readsOf(keys, await readAtBlock(session, keys, { ...reading, block })) }
}

function readAtNewest(session: RpcSession, keys: readonly BalanceKey[], how: Reading & { readonly head: BlockRef }) {
  return atNewest(how.headOf, {
    start: how.head,
    read: () => amountsOf(session, keys, { ...how, which: UNSPENT_COINS }),
    judge: async ({ amounts, coins }, at) => (isOfBlock(coins, at) ? amounts : undefined),
  })
}

async function readAtBlock(
  session: RpcSession,
  keys: readonly BalanceKey[],
  how: Reading & { readonly block: BlockRef },
): Promise<Amounts> {
  const check = stillThere(session, how.block)
  await check().catch((error: unknown) => {
    if (!isServiceError(error, 'BLOCK_CONFLICT')) throw error
    throw hasAnother(how.block.number)
  })
  const { amounts } = await amountsOf(session, keys, { ...how, which: { first: 0, last: how.block.number } })
  await check()
  return amounts
}

async function amountsOf(
  session: RpcSession,
  keys: readonly BalanceKey[],
  { finder, book, which }: Reading & { readonly which: Which },
): Promise<{ readonly amounts: Amounts; readonly coins: readonly CoinRecord[] }> {
  const owners = new Map(accountsIn(keys, 'native').map((account) => [puzzleHashOf(account), account]))
  const accounts = accountsIn(keys, 'cat')
  const tails = new Set(keys.flatMap(({ asset }) => (asset.standard === 'cat' ? [asset.reference] : [])))
  const leads = (await Promise.all([...tails].map((tail) => book.of(tail)))).flat()
  const [native, tokens] = await Promise.all([
    coinsByPuzzleHashes(session, [...owners.keys()], which),
    finder.findUnder(session, { accounts, leads, which }),
  ])
  const amounts = new Map<string, bigint>()
  const add = (name: string, coin: CoinRecord): void => {
    if (isHeldAt(which.last, coin)) amounts.set(name, (amounts.get(name) ?? 0n) + coin.coin.amount)
  }
  for (const coin of native) add(nameOf(owners.get(coin.coin.puzzleHash) ?? '', ''), coin)
  for (const coin of tokens) add(nameOf(coin.account, coin.tail), coin)
  return { amounts, coins: [...native, ...tokens] }
}

/** The name of an account and a TAIL, or of an account alone for the native asset. */
function nameOf(account: string, tail: string): string {
  return `${account} ${tail}`
}

function accountsIn(keys: readonly BalanceKey[], standard: 'native' | 'cat'): readonly string[] {
  return [...new Set(keys.flatMap(({ account, asset }) => (asset.standard === standard ? [account] : [])))]
}

function readsOf(keys: readonly BalanceKey[], amounts: Amounts): readonly BalanceRead[] {
  return keys.map(({ account, asset }): BalanceRead => {
    if (asset.standard === 'native') return { ok: true, amount: amounts.get(nameOf(account, '')) ?? 0n }
    if (asset.standard !== 'cat') return { ok: false, reason: 'not_supported' }
    return { ok: true, amount: amounts.get(nameOf(account, asset.reference)) ?? 0n }
  })
}
