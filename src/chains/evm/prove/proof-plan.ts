import type { Hex } from 'viem'
import { decodeFunctionResult, encodeFunctionData, hexToBigInt, isHex, parseAbi } from 'viem/utils'
import { isAmount } from '../../../core/amount.ts'
import { assert } from '../../../core/assert.ts'
import { type AssetRef, NO_ITEM } from '../../../core/asset.ts'
import type { BalanceKey } from '../../../core/balance.ts'
import type { Question } from '../../adapter.ts'
import { ZERO_ADDRESS } from '../words/hex.ts'

const UNITS = parseAbi([
  'function balanceOf(address) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
])
const ITEMS = parseAbi(['function ownerOf(uint256) view returns (address)'])
const UNITS_OF_ITEMS = parseAbi(['function balanceOf(address, uint256) view returns (uint256)'])

/** A call without its block, and how to decode its answer. */
export type PlainCall = {
  readonly method: 'eth_call' | 'eth_getBalance'
  readonly subject: unknown
  readonly read: Read
}
type Read = (answer: Hex) => bigint | undefined

/**
 * How to answer a question. `main`: the call to make. `zeroAddress`: reads the zero address's share of the supply.
 * `liveness`: shows whether a contract that reverts works at all.
 */
export type Plan = {
  readonly contract: string
  readonly main: PlainCall
  readonly zeroAddress?: PlainCall
  readonly liveness?: PlainCall
}

/** Plans the calls for a question; undefined if the chain has no such call. */
export function planOf(question: Question): Plan | undefined {
  return question.what === 'supply' ? supplyPlan(question.asset) : balancePlan(question.key)
}

function balancePlan({ account, asset, item }: BalanceKey): Plan | undefined {
  const contract = asset.reference
  if (asset.standard === 'native') {
    return { contract: '', main: { method: 'eth_getBalance', subject: account, read: quantityOf } }
  }
  if (item === NO_ITEM) {
    return asset.standard === 'erc20' || asset.standard === 'erc721'
      ? { contract, main: unitsOf(contract, account) }
      : undefined
  }
  const id = BigInt(item)
  if (!isAmount(id)) return undefined
  if (asset.standard === 'erc1155') {
    const args = [hex(account), id] as const
    const data = encodeFunctionData({ abi: UNITS_OF_ITEMS, functionName: 'balanceOf', args })
    const read = reader((answer) => decodeFunctionResult({ abi: UNITS_OF_ITEMS, data: answer }))
    return { contract, main: { method: 'eth_call', subject: { to: contract, data }, read } }
  }
  if (asset.standard !== 'erc721') return undefined
  const data = encodeFunctionData({ abi: ITEMS, args: [id] })
  const read = reader((answer) => {
    const owner = decodeFunctionResult({ abi: ITEMS, data: answer })
    return owner.toLowerCase() === account ? 1n : 0n
  })
  return {
    contract,
    main: { method: 'eth_call', subject: { to: contract, data }, read },
    liveness: unitsOf(contract, account),
  }
}

/** A burn to the zero address lowers what accounts hold, but not every contract's `totalSupply`. */
function supplyPlan({ standard, reference }: AssetRef): Plan | undefined {
  if (standard !== 'erc20' && standard !== 'erc721') return undefined
  const data = encodeFunctionData({ abi: UNITS, functionName: 'totalSupply' })
  const read = reader((answer) => decodeFunctionResult({ abi: UNITS, functionName: 'totalSupply', data: answer }))
  const main: PlainCall = { method: 'eth_call', subject: { to: reference, data }, read }
  return standard === 'erc20'
    ? { contract: reference, main, zeroAddress: unitsOf(reference, ZERO_ADDRESS) }
    : { contract: reference, main }
}

function unitsOf(contract: string, account: string): PlainCall {
  const data = encodeFunctionData({ abi: UNITS, functionName: 'balanceOf', args: [hex(account)] })
  const read = reader((answer) => decodeFunctionResult({ abi: UNITS, functionName: 'balanceOf', data: answer }))
  return { method: 'eth_call', subject: { to: contract, data }, read }
}

/** Wraps a decoder so that it returns undefined for an invalid answer: too short, empty, not ABI. */
function reader(decode: (answer: Hex) => bigint): Read {
  return (answer) => {
    try {
      return decode(answer)
    } catch (error) {
      if (isOfViem(error)) return undefined
      throw error
    }
  }
}

/** Its class is only in the whole of viem, which would take a fifth of the program's start to load. */
function isOfViem(error: unknown): boolean {
  return error instanceof Error && 'shortMessage' in error
}

function quantityOf(answer: Hex): bigint | undefined {
  return answer.length > 2 && answer.length <= 2 + 64 ? hexToBigInt(answer) : undefined
}

function hex(text: string): Hex {
  assert(isHex(text), 'an account of an EVM chain is hex')
  return text
}
