import { readFileSync } from 'node:fs'
import type { Abi, Hex } from 'viem'
import { encodeDeployData, encodeFunctionData, isHex } from 'viem/utils'
import { assert } from '../core/assert.ts'
// Only the type: it gives the contracts' names, and makes the build copy the file beside the compiled code.
import type artifacts from './contracts.json'

/** The name of a compiled contract. */
export type ContractName = keyof typeof artifacts

/** A compiled contract: its creation code, its runtime code, and its ABI. */
export type Contract = { readonly abi: Abi; readonly bytecode: Hex; readonly runtime: Hex }

/** Arguments of a call, as viem takes them. */
export type Arguments = readonly unknown[]

const parsed: unknown = JSON.parse(readFileSync(new URL('./contracts.json', import.meta.url), 'utf8'))

/** A compiled contract of contracts/*.sol. */
export function contract(name: ContractName): Contract {
  const entry = field(parsed, name)
  const abi = field(entry, 'abi')
  const bytecode = field(entry, 'bytecode')
  const runtime = field(entry, 'runtime')
  assert(isAbi(abi) && isHex(bytecode) && isHex(runtime), `contracts.json has no contract ${name}`)
  return { abi, bytecode, runtime }
}

/** Call data for a function of a contract. */
export function callData(name: ContractName, functionName: string, args: Arguments = []): Hex {
  return encodeFunctionData({ abi: contract(name).abi, functionName, args })
}

/** Creation code with the constructor's arguments: the data of a deploying transaction. */
export function deployData(name: ContractName, args: Arguments = []): Hex {
  const { abi, bytecode } = contract(name)
  return encodeDeployData({ abi, bytecode, args })
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([name]) => name === key)?.[1]
}

function isAbi(value: unknown): value is Abi {
  return Array.isArray(value) && value.every((item) => typeof field(item, 'type') === 'string')
}
