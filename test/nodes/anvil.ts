/**
 * Real EVM nodes for tests, and helpers that use them. Each test starts and stops its own:
 * `const anvil = await startAnvil()`, `await anvil.stop()`.
 */
import { type Address, decodeFunctionResult, getAddress, type Hex, isHex } from 'viem'
import { assert } from '../../src/core/assert.ts'
import { isRecord } from '../../src/core/is-record.ts'
import type { Anvil } from '../../src/demo/anvil.ts'
import { type Arguments, type ContractName, callData, contract, deployData } from '../../src/demo/contracts.ts'

export { type Anvil, type AnvilOptions, startAnvil } from '../../src/demo/anvil.ts'

/** Anvil's first unlocked account, lower-case: the default sender. */
export const DEPLOYER: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

/** The address of Multicall3 on public chains (https://www.multicall3.com), lower-case. */
export const MULTICALL3: Address = '0xca11bde05977b3631167028862be2a173976ca11'

/** Enough gas for any call of our contracts, and below the 2^24 that EIP-7825 allows a transaction. */
const GAS = '0xf42400'
/** Anvil mines shortly after it answers. This is the longest wait for a receipt. */
const MINED_TIMEOUT_MS = 60_000
const MINED_POLL_MS = 5

export type Sending = {
  readonly name: ContractName
  readonly address: Address
  readonly functionName: string
  readonly args?: Arguments
  readonly from?: Address
  /** Native units to send along, in wei. */
  readonly value?: bigint
}

/** Deploys a contract from `DEPLOYER` and returns its address, lower-case. The block is mined on return. */
export async function deploy(anvil: Anvil, name: ContractName, args: Arguments = []): Promise<Address> {
  const receipt = await transact(anvil, { from: DEPLOYER, data: deployData(name, args) })
  return lower(textOf(receipt, 'contractAddress'))
}

/** Sends a call as a transaction and waits for its receipt, which must be a success. Returns the receipt. */
export async function send(anvil: Anvil, sending: Sending): Promise<Readonly<Record<string, unknown>>> {
  const data = callData(sending.name, sending.functionName, sending.args)
  const value = `0x${(sending.value ?? 0n).toString(16)}`
  return transact(anvil, { from: sending.from ?? DEPLOYER, to: sending.address, data, value })
}

/** Sends several calls into one new block. All must succeed. */
export async function mineTogether(anvil: Anvil, sendings: readonly Sending[]): Promise<void> {
  await anvil.rpc('evm_setAutomine', [false])
  const hashes: unknown[] = []
  for (const { name, address, functionName, args, from } of sendings) {
    const transaction = { from: from ?? DEPLOYER, to: address, data: callData(name, functionName, args), gas: GAS }
    hashes.push(await anvil.rpc('eth_sendTransaction', [transaction]))
  }
  await anvil.rpc('evm_mine')
  await anvil.rpc('evm_setAutomine', [true])
  for (const hash of hashes) {
    const receipt = await mined(anvil, hash)
    assert(receipt.status === '0x1', `the transaction ${String(hash)} reverted`)
  }
}

/** The result of a view function at a block ('latest' or a number as hex). */
export async function view(anvil: Anvil, call: Sending & { readonly block?: string }): Promise<unknown> {
  const data = callData(call.name, call.functionName, call.args)
  const result = await anvil.rpc('eth_call', [{ to: call.address, data }, call.block ?? 'latest'])
  assert(isHex(result), 'eth_call returns hex')
  return decodeFunctionResult({ abi: contract(call.name).abi, functionName: call.functionName, data: result })
}

/** Puts Multicall3 at its usual address. */
export async function placeMulticall3(anvil: Anvil): Promise<void> {
  await anvil.rpc('anvil_setCode', [MULTICALL3, contract('Multicall3').runtime])
}

/** Mines this many empty blocks. */
export async function mine(anvil: Anvil, blocks = 1): Promise<void> {
  await anvil.rpc('anvil_mine', [`0x${blocks.toString(16)}`])
}

/** The newest block's number. */
export async function blockNumber(anvil: Anvil): Promise<number> {
  return Number(await anvil.rpc('eth_blockNumber'))
}

async function transact(
  anvil: Anvil,
  transaction: { from: Address; data: Hex; to?: Address; value?: string },
): Promise<Readonly<Record<string, unknown>>> {
  const hash = await anvil.rpc('eth_sendTransaction', [{ ...transaction, gas: GAS }])
  const receipt = await mined(anvil, hash)
  assert(receipt.status === '0x1', `the transaction ${String(hash)} reverted`)
  return receipt
}

async function mined(anvil: Anvil, hash: unknown): Promise<Readonly<Record<string, unknown>>> {
  const deadline = Date.now() + MINED_TIMEOUT_MS
  for (;;) {
    const receipt = await anvil.rpc('eth_getTransactionReceipt', [hash])
    if (isRecord(receipt)) return receipt
    assert(Date.now() < deadline, `the transaction ${String(hash)} is not mined: automine has to be on`)
    await new Promise((resolve) => setTimeout(resolve, MINED_POLL_MS))
  }
}

function lower(address: string): Address {
  const text = getAddress(address).toLowerCase()
  assert(isHex(text), 'an address is hex')
  return text
}

function textOf(record: Readonly<Record<string, unknown>>, key: string): string {
  const value = record[key]
  assert(typeof value === 'string', `${key} is text`)
  return value
}
