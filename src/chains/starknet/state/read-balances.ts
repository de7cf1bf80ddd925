import { NO_ITEM } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import type { BalanceRead } from '../../adapter.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { feltOf, LIMB_END, minimalFelt, parseItem, u256Felts } from '../words/felt.ts'
import { type Reader, readAtBlock } from './read-at-block.ts'
import { type CallOutcome, callSpelled, type SpelledCall, type Spelling } from './state-calls.ts'

const BALANCE: Spelling = ['balance_of', 'balanceOf']
const OWNER: Spelling = ['owner_of', 'ownerOf']
/** Any account but zero: a working ERC-721 returns how many items it holds. */
const ANY_ACCOUNT = feltOf(1)

/** `oneFelt`: contracts that answered an amount as one felt, where a u256 of two is usual. */
type BalancesOutcome = {
  readonly block: BlockRef
  readonly reads: readonly BalanceRead[]
  readonly oneFelt: readonly string[]
}

/** How to read a key: the index of the call, and the meaning of its answer. */
type Plan =
  | { readonly way: 'amount'; readonly call: number }
  | { readonly way: 'owner'; readonly call: number; readonly alive: number; readonly account: bigint }
  | { readonly way: 'none' }

/**
 * Reads balances at one block, in the order of the keys.
 * @throws NODE_BEHIND, NODE_NO_STATE, NODE_*
 */
export async function readBalances(
  session: RpcSession,
  keys: readonly BalanceKey[],
  reader: Reader,
): Promise<BalancesOutcome> {
  const calls: SpelledCall[] = []
  const plans = keys.map((key) => planOf(key, calls))
  const oneFelt = new Set<string>()
  const { block, value } = await readAtBlock(session, reader, async (call) => {
    const outcomes = await callSpelled(calls, { call, spellings: reader.spellings })
    return plans.map((plan) => {
      if (plan.way === 'amount' && isOneFelt(outcomes[plan.call])) oneFelt.add(calls[plan.call]?.contract ?? '')
      return readOf(plan, outcomes)
    })
  })
  return { block, reads: value, oneFelt: [...oneFelt] }
}

function planOf({ account, asset, item }: BalanceKey, calls: SpelledCall[]): Plan {
  const { standard, reference: contract } = asset
  const holder = minimalFelt(account)
  const add = (spelling: Spelling, calldata: readonly string[]): number =>
    calls.push({ contract, spelling, calldata }) - 1
  if (holder === undefined) return { way: 'none' }
  if (item === NO_ITEM) {
    if (standard !== 'erc20' && standard !== 'erc721') return { way: 'none' }
    return { way: 'amount', call: add(BALANCE, [holder]) }
  }
  const id = parseItem(item)
  if (id === undefined) return { way: 'none' }
  if (standard === 'erc1155') return { way: 'amount', call: add(BALANCE, [holder, ...u256Felts(id)]) }
  if (standard !== 'erc721') return { way: 'none' }
  return {
    way: 'owner',
    call: add(OWNER, u256Felts(id)),
    alive: add(BALANCE, [ANY_ACCOUNT]),
    account: BigInt(holder),
  }
}

function readOf(plan: Plan, outcomes: readonly CallOutcome[]): BalanceRead {
  if (plan.way === 'none') return { ok: false, reason: 'not_supported' }
  const outcome = outcomes[plan.call]
  if (plan.way === 'amount') {
    const amount = amountOf(outcome)
    if (amount !== undefined) return { ok: true, amount }
    return lacksFunction(outcome) ? { ok: false, reason: 'no_balance_function' } : failed(outcome)
  }
  if (outcome?.ok === true) {
    const [owner] = outcome.felts
    return owner === undefined || outcome.felts.length !== 1
      ? failed(outcome)
      : { ok: true, amount: owner === plan.account ? 1n : 0n }
  }
  // ERC-721 reverts for an item without an owner. A contract that reverts at everything proves nothing.
  const isUnowned = outcome?.failure === 'reverted' && amountOf(outcomes[plan.alive]) !== undefined
  return isUnowned ? { ok: true, amount: 0n } : failed(outcome)
}

/** The amount of an answer: a u256 of two felts, or one felt. Undefined for any other answer. */
export function amountOf(outcome: CallOutcome | undefined): bigint | undefined {
  if (outcome?.ok !== true) return undefined
  const [low, high] = outcome.felts
  if (low === undefined || outcome.felts.length > 2) return undefined
  if (high === undefined) return low
  return low < LIMB_END && high < LIMB_END ? high * LIMB_END + low : undefined
}

function isOneFelt(outcome: CallOutcome | undefined): boolean {
  return outcome?.ok === true && outcome.felts.length === 1
}

/** True if the contract has the function in neither spelling: it is no token, whatever its events are called. */
function lacksFunction(outcome: CallOutcome | undefined): boolean {
  return outcome?.ok === false && outcome.failure === 'no_function'
}

function failed(outcome: CallOutcome | undefined): BalanceRead {
  if (outcome === undefined || (!outcome.ok && outcome.failure === 'node')) {
    return { ok: false, reason: 'node_unavailable' }
  }
  const isAbsent = !outcome.ok && outcome.failure === 'not_deployed'
  return { ok: false, reason: isAbsent ? 'not_a_token' : 'token_does_not_answer' }
}
