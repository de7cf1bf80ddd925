import type { Address, Hex } from 'viem'
import { assert } from '../core/assert.ts'
import type { Anvil, RpcCall } from './anvil.ts'

/** A transaction of one of Anvil's own accounts. Without `to` it deploys a contract. */
export type Sending = { readonly from: Address; readonly to?: Address; readonly data: Hex }

/** Below the 2^24 that EIP-7825 allows for a transaction, and enough for our contracts. */
const DEPLOY_GAS = '0x4c4b40'
const CALL_GAS = '0x493e0'

/** Writes blocks on an Anvil that mines on demand: one request sends many transactions, another mines the block. */
export class Writer {
  readonly #anvil: Anvil
  readonly #nonces = new Map<Address, number>()
  readonly #hashes: unknown[] = []

  constructor(anvil: Anvil) {
    this.#anvil = anvil
  }

  /** The nonce of the account's next transaction. */
  nonce(account: Address): number {
    return this.#nonces.get(account) ?? 0
  }

  /** Mines one block with these transactions. `timestamp`: Unix seconds, above the last block's. */
  async block(sendings: readonly Sending[], timestamp: number): Promise<void> {
    const calls = sendings.map((sending) => this.#transaction(sending))
    this.#hashes.push(...(await this.#anvil.rpcBatch(calls)))
    await this.#anvil.rpc('evm_mine', [timestamp])
  }

  /** Asserts that all transactions since the last call are mined and succeeded. */
  async expectSuccess(): Promise<void> {
    const hashes = this.#hashes.splice(0)
    const calls = hashes.map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] }))
    for (const receipt of await this.#anvil.rpcBatch(calls)) {
      const status = typeof receipt === 'object' && receipt !== null ? Reflect.get(receipt, 'status') : undefined
      assert(status === '0x1', `a transaction of the demo failed: ${JSON.stringify(receipt)}`)
    }
  }

  #transaction(sending: Sending): RpcCall {
    const nonce = this.nonce(sending.from)
    this.#nonces.set(sending.from, nonce + 1)
    const gas = sending.to === undefined ? DEPLOY_GAS : CALL_GAS
    return { method: 'eth_sendTransaction', params: [{ ...sending, gas, nonce: `0x${nonce.toString(16)}` }] }
  }
}
