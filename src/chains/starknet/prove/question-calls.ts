import { keccak256, stringToBytes } from 'viem/utils'
import { isAmount } from '../../../core/amount.ts'
import { NO_ITEM } from '../../../core/asset.ts'
import type { RpcCall } from '../../../net/json-rpc.ts'
import type { Question } from '../../adapter.ts'

/** What the answer of a call means: an amount, or an item's owner, who may be the account of the question. */
export type Meaning = 'amount' | 'owner'

/**
 * The calls that answer a question: the same function in its spellings, the usual one first. `liveness`: shows whether a
 * contract that reverts works at all. `zeroAddress`: reads the zero address's share of a supply.
 */
export type QuestionCalls = {
  readonly meaning: Meaning
  readonly main: readonly RpcCall[]
  readonly liveness?: readonly RpcCall[]
  readonly zeroAddress?: readonly RpcCall[]
}

/** Starknet's own hash of a name: Keccak-256 without its six highest bits. */
function selectorOf(name: string): string {
  const hash = BigInt(keccak256(stringToBytes(name)))
  return hexOf(BigInt.asUintN(250, hash))
}

const SELECTORS = {
  balance: ['balance_of', 'balanceOf'].map(selectorOf),
  owner: ['owner_of', 'ownerOf'].map(selectorOf),
  supply: ['total_supply', 'totalSupply'].map(selectorOf),
}

/** Returns the calls for a question, each at the question's block by hash; undefined if the chain has no such call. */
export function callsFor(question: Question): QuestionCalls | undefined {
  const { hash } = question.block
  const ask = (contract: string, selectors: readonly string[], words: readonly bigint[]): readonly RpcCall[] =>
    selectors.map((entry_point_selector) => {
      const request = { contract_address: hexOf(BigInt(contract)), entry_point_selector, calldata: words.map(hexOf) }
      return { method: 'starknet_call', params: [request, { block_hash: hash }] }
    })
  if (question.what === 'supply') {
    const { standard, reference } = question.asset
    if (standard !== 'erc20' && standard !== 'erc721') return undefined
    const main = ask(reference, SELECTORS.supply, [])
    // A burn to the zero address lowers what accounts hold, but not every contract's supply.
    const zeroAddress = ask(reference, SELECTORS.balance, [0n])
    return standard === 'erc20' ? { meaning: 'amount', main, zeroAddress } : { meaning: 'amount', main }
  }
  const { account, asset, item } = question.key
  const { standard, reference } = asset
  const holder = BigInt(account)
  const balance = ask(reference, SELECTORS.balance, [holder])
  if (item === NO_ITEM) {
    return standard === 'erc20' || standard === 'erc721' ? { meaning: 'amount', main: balance } : undefined
  }
  const id = BigInt(item)
  if (!isAmount(id)) return undefined
  const halves = [BigInt.asUintN(128, id), id >> 128n]
  if (standard === 'erc1155') {
    return { meaning: 'amount', main: ask(reference, SELECTORS.balance, [holder, ...halves]) }
  }
  if (standard !== 'erc721') return undefined
  return { meaning: 'owner', main: ask(reference, SELECTORS.owner, halves), liveness: balance }
}

function hexOf(value: bigint): string {
  return `0x${value.toString(16)}`
}

/** Reads an answer of one word, or of a low and a high half; undefined for any other. */
export function numberOf(result: unknown): bigint | undefined {
  const words: readonly unknown[] = Array.isArray(result) ? result : []
  const [low, high = '0x0', ...more] = words
  if (typeof low !== 'string' || typeof high !== 'string' || more.length > 0) return undefined
  if (![low, high].every((word) => /^0x[0-9a-f]{1,64}$/i.test(word))) return undefined
  const halves = [BigInt(low), BigInt(high)] as const
  if (words.length === 2 && halves.some((half) => half !== BigInt.asUintN(128, half))) return undefined
  return halves[0] | (halves[1] << 128n)
}
