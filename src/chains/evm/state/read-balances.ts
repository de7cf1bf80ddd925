import { NO_ITEM } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { BalanceRead } from '../../adapter.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { addressWord, numberWord } from '../words/hex.ts'
import type { CodeAnswers } from './code-check.ts'
import { nativeRead, type ReadOutcome, type StateRead } from './multicall-reads.ts'
import { type Reader, readAtBlock } from './read-at-block.ts'

/** `balanceOf(address)` of ERC-20 and ERC-721. */
const BALANCE_OF = '0x70a08231'
/** `ownerOf(uint256)` of ERC-721. */
const OWNER_OF = '0x6352211e'
/** `balanceOf(address,uint256)` of ERC-1155. */
const BALANCE_OF_ITEM = '0x00fdd58e'
/** Any account but zero: a working ERC-721 returns how many items it holds. */
const ANY_ACCOUNT = `0x${'1'.padStart(40, '0')}`
/** Reads in one multicall: about 10 million gas with ordinary tokens, well under the 25 to 50 million of usual caps. */
export const BALANCES_PER_CALL = 250

type BalanceOutcome = { readonly block: { number: number; hash: string }; readonly reads: readonly BalanceRead[] }

/** How to read a key: the read, and the meaning of its answer. */
type Plan =
  | { readonly way: 'amount'; readonly read: StateRead }
  | { readonly way: 'owner'; readonly read: StateRead; readonly alive: StateRead; readonly account: string }
  | { readonly way: 'none' }

/**
 * Reads balances at one block, in the order of the keys. Sends equal reads once.
 * @throws NODE_BEHIND, NODE_NO_STATE, NODE_*
 */
export async function readBalances(
  session: RpcSession,
  keys: readonly BalanceKey[],
  reader: Reader,
): Promise<BalanceOutcome> {
  const unique = new Map<string, StateRead>()
  const plans = keys.map((key) => planOf(key, unique))
  const { block, value } = await readAtBlock(session, reader, async (read, pin) => {
    const reads = [...unique.values()]
    const outcomes = await read(reads)
    const byRead = new Map(reads.map((one, index) => [one, outcomes[index]]))
    const code = await reader.codeCheck.check(session, byRead, pin)
    return plans.map((plan) => readOf(plan, byRead, code))
  })
  return { block, reads: value }
}

function planOf({ account, asset, item }: BalanceKey, unique: Map<string, StateRead>): Plan {
  const contract = asset.reference
  const call = (data: string): StateRead => once({ target: contract, data }, unique)
  if (item === NO_ITEM) {
    const { standard } = asset
    if (standard === 'native') return { way: 'amount', read: once(nativeRead(account, addressWord(account)), unique) }
    if (standard !== 'erc20' && standard !== 'erc721') return { way: 'none' }
    return { way: 'amount', read: call(BALANCE_OF + addressWord(account)) }
  }
  const id = itemWord(item)
  if (id === undefined) return { way: 'none' }
  if (asset.standard === 'erc1155') return { way: 'amount', read: call(BALANCE_OF_ITEM + addressWord(account) + id) }
  if (asset.standard !== 'erc721') return { way: 'none' }
  return { way: 'owner', read: call(OWNER_OF + id), alive: call(BALANCE_OF + addressWord(ANY_ACCOUNT)), account }
}

function once(read: StateRead, unique: Map<string, StateRead>): StateRead {
  const key = `${read.target}${read.data}`
  const known = unique.get(key)
  if (known !== undefined) return known
  unique.set(key, read)
  return read
}

/** Encodes an item's id (decimal text) as a word; undefined if it is invalid or over 256 bits. */
function itemWord(item: string): string | undefined {
  if (!/^\d{1,78}$/.test(item)) return undefined
  const word = numberWord(BigInt(item))
  return word.length === 64 ? word : undefined
}

type Outcomes = ReadonlyMap<StateRead, ReadOutcome | undefined>

function readOf(plan: Plan, outcomes: Outcomes, code: CodeAnswers): BalanceRead {
  if (plan.way === 'none') return { ok: false, reason: 'not_supported' }
  // A precompile answers too, but its answer is not a balance.
  const { target } = plan.read
  if (code.without.has(target)) return { ok: false, reason: 'not_a_token' }
  if (code.unknown.has(target)) return { ok: false, reason: 'node_unavailable' }
  const outcome = outcomes.get(plan.read)
  const word = wordOf(outcome)
  if (plan.way === 'amount') {
    return word === undefined ? failed(outcome) : { ok: true, amount: BigInt(word) }
  }
  if (word !== undefined) {
    return word.startsWith(`0x${'0'.repeat(24)}`)
      ? { ok: true, amount: word.slice(26) === plan.account.slice(2) ? 1n : 0n }
      : { ok: false, reason: 'token_does_not_answer' }
  }
  // ERC-721 reverts for an item without an owner. A contract that reverts at everything proves nothing.
  const reverted = outcome?.ok === false && outcome.failure === 'reverted'
  const alive = wordOf(outcomes.get(plan.alive)) !== undefined
  return reverted && alive ? { ok: true, amount: 0n } : failed(outcome)
}

const WORD = /^0x[0-9a-fA-F]{64}$/

/**
 * Returns an answer of exactly 32 bytes, lower-case; undefined for any other: an amount is neither shorter nor longer.
 */
function wordOf(outcome: ReadOutcome | undefined): string | undefined {
  return outcome?.ok === true && WORD.test(outcome.data) ? outcome.data.toLowerCase() : undefined
}

function failed(outcome: ReadOutcome | undefined): BalanceRead {
  const isNode = outcome === undefined || (!outcome.ok && outcome.failure === 'node')
  return { ok: false, reason: isNode ? 'node_unavailable' : 'token_does_not_answer' }
}
