import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { coinTransfer, inOrder } from '../blocks/transfers.ts'
import { blockCall, readBlock } from '../heads/headers.ts'
import { stillThere } from '../heads/still-there.ts'
import { garbage } from '../words/faults.ts'
import { fieldIn, parseBlock } from '../words/records.ts'
import type { CoinFinder, OwnedCoin } from './finder.ts'
import type { LeadBook } from './lead-book.ts'

/**
 * Whose transfers are wanted, in which blocks. `above`: only those of coins under leads above this number. `token`: only those
 * of this TAIL.
 */
export type HistoryWanted = {
  readonly accounts: readonly string[]
  readonly first: number
  readonly last: number
  readonly above?: number
  readonly token?: string
}

/**
 * Reads the transfers of accounts in a range, from their coins: it costs the same for any range.
 * @throws BLOCK_CONFLICT the range was replaced meanwhile; NODE_*
 */
export async function readHistory(
  session: RpcSession,
  wanted: HistoryWanted,
  { finder, book }: { readonly finder: CoinFinder; readonly book: LeadBook },
): Promise<readonly BlockTransfers[]> {
  const { accounts, first, last, above, token } = wanted
  if (accounts.length === 0) return []
  const check = stillThere(session, await readBlock(session, last))
  const coins =
    above === undefined
      ? (await finder.findAll(session, { accounts, last }, check)).coins
      : await finder.findUnder(session, { accounts, leads: await book.since(above), which: { first: 0, last } })
  const of = token === undefined ? coins : coins.filter(({ tail }) => tail === token)
  const blocks = await transfersOfCoins(session, of, { first, last })
  await check()
  return blocks
}

/** The transfers of coins in a range of blocks: each block that has some, in order. @throws NODE_* */
async function transfersOfCoins(
  session: RpcSession,
  coins: readonly OwnedCoin[],
  { first, last }: { readonly first: number; readonly last: number },
): Promise<readonly BlockTransfers[]> {
  const byBlock = new Map<number, Transfer[]>()
  const add = (number: number | undefined, transfer: () => Transfer): void => {
    if (number === undefined || number < first || number > last) return
    const block = byBlock.get(number)
    if (block === undefined) byBlock.set(number, [transfer()])
    else block.push(transfer())
  }
  for (const coin of coins) {
    const { account, tail } = coin
    add(coin.confirmed, () => coinTransfer(coin, { account, tail, what: 'created' }))
    add(coin.spent, () => coinTransfer(coin, { account, tail, what: 'spent' }))
  }
  const numbers = [...byBlock.keys()].sort((a, b) => a - b)
  const outcomes = await session.batch(numbers.map(blockCall))
  return numbers.map((number, index) => {
    const outcome = outcomes[index]
    if (outcome === undefined) throw garbage('too little')
    if (!outcome.ok) throw outcome.error
    const block = parseBlock(fieldIn(outcome.result, 'block_record'))
    if (block.number !== number || block.timestamp === undefined) throw garbage('coins of a block without transactions')
    const { hash, parentHash, timestamp } = block
    return { number, hash, parentHash, timestamp, transfers: inOrder(byBlock.get(number) ?? []) }
  })
}
