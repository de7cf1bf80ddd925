import type { BlockRef } from '../../../core/block.ts'
import type { CoinReads, HeldCoin } from '../../account-reader.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { stillThere } from '../heads/still-there.ts'
import { CHIA_NATIVE } from '../native-asset.ts'
import { puzzleHashOf } from '../words/address.ts'
import type { CoinRecord } from '../words/records.ts'
import { atNewest, isOfBlock } from './at-newest.ts'
import { type CoinFinder, isHeldAt } from './finder.ts'
import { coinsByPuzzleHashes, UNSPENT_COINS } from './look-up.ts'

/** Asks for the node's newest block. */
type HeadOf = () => Promise<BlockRef>

/**
 * Reads the unspent coins of an account's tokens at the node's newest block. If the head moves all the time, at a block below
 * it, from all coins that there ever were.
 * @throws BLOCK_CONFLICT that block was replaced meanwhile; NODE_*
 */
export async function readTokenCoins(
  session: RpcSession,
  { account, headOf, finder }: { readonly account: string; readonly headOf: HeadOf; readonly finder: CoinFinder },
): Promise<Omit<CoinReads, 'observedAt'>> {
  const held = await finder.findHeld(session, account, headOf)
  const { block, coins, isCut } = held ?? (await tokenCoinsAt(session, { account, block: await headOf(), finder }))
  return { block, isCut, coins: coins.map((coin) => heldCoin(coin, { standard: 'cat', reference: coin.tail })) }
}

async function tokenCoinsAt(
  session: RpcSession,
  { account, block, finder }: { readonly account: string; readonly block: BlockRef; readonly finder: CoinFinder },
) {
  const wanted = { accounts: [account], last: block.number }
  const { coins, isCut } = await finder.findAll(session, wanted, stillThere(session, block))
  return { block, isCut, coins: coins.filter((coin) => isHeldAt(block.number, coin)) }
}

/** As `readTokenCoins`, of the native asset. */
export async function readNativeCoins(
  session: RpcSession,
  { account, headOf }: { readonly account: string; readonly headOf: HeadOf },
): Promise<Omit<CoinReads, 'observedAt'>> {
  const hashes = [puzzleHashOf(account)]
  const found = await atNewest(headOf, {
    read: () => coinsByPuzzleHashes(session, hashes, UNSPENT_COINS),
    judge: async (coins, at) => (isOfBlock(coins, at) ? coins : undefined),
  })
  const block = found?.at ?? (await headOf())
  const coins = found?.value ?? (await coinsAt(session, hashes, block))
  return { block, isCut: false, coins: coins.map((coin) => heldCoin(coin, CHIA_NATIVE)) }
}

async function coinsAt(session: RpcSession, hashes: readonly string[], block: BlockRef) {
  const coins = await coinsByPuzzleHashes(session, hashes, { first: 0, last: block.number })
  await stillThere(session, block)()
  return coins.filter((coin) => isHeldAt(block.number, coin))
}

function heldCoin({ coin, confirmed, timestamp }: CoinRecord, asset: HeldCoin['asset']): HeldCoin {
  return { asset, amount: coin.amount, confirmed, timestamp }
}
