import { createHash } from 'node:crypto'
import { decodeFunctionData, encodeFunctionResult, type Hex, isHex, parseAbi } from 'viem'
import { MULTICALL3 } from '../../../src/chains/evm/state/multicall.ts'
import { assert } from '../../../src/core/assert.ts'
import { Fault } from '../../nodes/scripted-node.ts'
import { word } from './program.ts'
import type { Contract, State } from './state.ts'

const AGGREGATE3 = '0x82ad56cb'
const MULTICALL = parseAbi([
  'struct Call3 { address target; bool allowFailure; bytes callData; }',
  'struct Result { bool success; bytes returnData; }',
  'function aggregate3(Call3[] calls) payable returns (Result[] returnData)',
])

/** The same code for every contract. */
const SOME_CODE = `0x${'60806040'.repeat(32)}`
const DECIMALS = 18n
/**
 * Contracts that are part of the chain itself: they answer calls, and have no code. SHA-256, RIPEMD-160 and identity.
 */
export const PRECOMPILES = [2, 3, 4].map((number) => `0x${number.toString(16).padStart(40, '0')}`)

/** The code at an address. */
export function codeOf(state: State, address: string): string {
  return address === MULTICALL3 || state.contracts.has(address) ? SOME_CODE : '0x'
}

/** Returns the result of a contract call, as hex. @throws Fault if the call reverts */
export function callContract(state: State, to: string, data: string): string {
  if (to === MULTICALL3) return data.startsWith(AGGREGATE3) ? aggregate(state, data) : ethBalance(state, data)
  const precompiled = precompile(to, data)
  if (precompiled !== undefined) return precompiled
  const contract = state.contracts.get(to)
  if (contract === undefined) return '0x'
  const answer = answerOf(contract, data)
  if (answer === undefined) throw new Fault(3, 'execution reverted')
  return answer
}

function aggregate(state: State, data: string): string {
  assert(isHex(data), 'call data is hex')
  const [calls] = decodeFunctionData({ abi: MULTICALL, data }).args
  const result = calls.map(({ target, callData }) => {
    try {
      return { success: true, returnData: hexOf(callContract(state, target.toLowerCase(), callData)) }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { success: false, returnData: '0x' as const }
    }
  })
  return encodeFunctionResult({ abi: MULTICALL, functionName: 'aggregate3', result })
}

function hexOf(text: string): Hex {
  assert(isHex(text), 'a call returns hex')
  return text
}

/** `getEthBalance(address)`. */
function ethBalance(state: State, data: string): string {
  if (!data.startsWith('0x4d2301cc')) throw new Fault(3, 'execution reverted')
  return `0x${word(state.native.get(addressAt(data, 0)) ?? 0n)}`
}

function precompile(to: string, data: string): string | undefined {
  const bytes = Buffer.from(data.slice(2), 'hex')
  switch (PRECOMPILES.indexOf(to)) {
    case 0:
      return `0x${createHash('sha256').update(bytes).digest('hex')}`
    case 1:
      return `0x${createHash('ripemd160').update(bytes).digest('hex').padStart(64, '0')}`
    case 2:
      return data
    default:
      return undefined
  }
}

function answerOf({ program, storage }: Contract, data: string): string | undefined {
  if (program.call !== undefined) return program.call(storage, data)
  const erc20 = program.standard === 'erc20'
  switch (data.slice(0, 10)) {
    case '0x70a08231':
      return wordOf(program.balanceOf(storage, addressAt(data, 0)))
    case '0x18160ddd':
      return wordOf(program.totalSupply(storage))
    case '0x06fdde03':
      return textOf(program.name)
    case '0x95d89b41':
      return textOf(program.name.slice(0, 4).toUpperCase())
    case '0x313ce567':
      return erc20 ? `0x${word(DECIMALS)}` : undefined
    case '0x6352211e':
      return wordOf(storage.get(`owner ${BigInt(`0x${data.slice(10, 74)}`)}`))
    default:
      return undefined
  }
}

function wordOf(value: bigint | undefined): string | undefined {
  return value === undefined ? undefined : `0x${word(value)}`
}

function textOf(text: string): string {
  return `0x${word(32n)}${word(BigInt(text.length))}${Buffer.from(text).toString('hex').padEnd(64, '0')}`
}

/** The address at this index of the parameters in call data. */
function addressAt(data: string, place: number): string {
  return `0x${data.slice(10 + place * 64 + 24, 10 + (place + 1) * 64).toLowerCase()}`
}
