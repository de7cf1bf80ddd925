import { assert } from '../../core/assert.ts'
import { type Felt, feltDigest, feltOf, ZERO } from './felt.ts'
import type { Effect, Move, Program } from './program.ts'
import type { Contract, StarknetBlock, StarknetEvent, State, Transaction, TransactionKind } from './state.ts'
import { EMPTY } from './state.ts'

/** A call of a planned transaction: it uses a contract, or it deploys one. */
export type PlannedCall =
  | { readonly address: Felt; readonly run: (storage: Map<string, bigint>, program: Program) => Effect }
  | { readonly address: Felt; readonly deploy: Program }

/** A transaction that is not executed yet. `fee` is in base units of the fee token. */
export type Planned = {
  readonly kind: TransactionKind
  readonly sender: Felt
  readonly fee: bigint
  readonly calls: readonly PlannedCall[]
  /** It reverts with this reason: the calls have no effect. */
  readonly revertReason?: string
}

/** The sequencer's account, and the tokens that fees are paid in. */
export type Fees = { readonly sequencer: Felt; readonly strk: Felt; readonly eth: Felt }

/** A new block, and the tokens that became odd in it. */
export type Made = { readonly block: StarknetBlock; readonly odd: readonly Felt[] }

/** The parent of a block, its time in Unix seconds, and a number that no other block of the chain has. */
export type Place = {
  readonly parent: StarknetBlock | undefined
  readonly timestamp: number
  readonly serial: number
}

/** Executes transactions on a parent's state. Blocks with different serials have different hashes. */
export function execute(planned: readonly Planned[], { parent, timestamp, serial }: Place, fees: Fees): Made {
  const number = (parent?.number ?? -1) + 1
  const work = new Work(parent?.state ?? EMPTY, fees)
  const transactions = planned.map((one) => work.transact(one, serial))
  const contents = transactions.map(({ hash, events }) => [hash, events.map(({ keys, data }) => [keys, data])])
  const hash = feltDigest(JSON.stringify([number, parent?.hash, timestamp, serial, contents]))
  const { sequencer } = fees
  return {
    block: { number, hash, parent, timestamp, sequencer, transactions, state: work.state() },
    odd: [...work.odd],
  }
}

/** The state while a block is executed. */
class Work {
  readonly odd = new Set<Felt>()
  readonly #contracts: Map<Felt, Contract>
  readonly #fees: Fees
  /** Storages that belong to this block already. */
  readonly #own = new Map<Felt, Map<string, bigint>>()
  #serial: number

  constructor(state: State, fees: Fees) {
    this.#contracts = new Map(state.contracts)
    this.#serial = state.serial
    this.#fees = fees
  }

  transact(planned: Planned, serial: number): Transaction {
    const { kind, sender, fee, revertReason } = planned
    const nonce = feltOf(this.#serial)
    this.#serial += 1
    const calldata = [feltOf(planned.calls.length), ...planned.calls.map(({ address }) => address), feltOf(serial)]
    const hash = feltDigest(JSON.stringify([kind, sender, nonce, calldata, fee.toString()]))
    const events = revertReason === undefined ? planned.calls.flatMap((call) => this.#call(call)) : []
    if (kind !== 'L1_HANDLER') events.push(...this.#pay(planned))
    return { kind, hash, sender, nonce, calldata, fee, revertReason, events }
  }

  state(): State {
    return { contracts: this.#contracts, serial: this.#serial }
  }

  #call(call: PlannedCall): StarknetEvent[] {
    const { address } = call
    if ('deploy' in call) {
      this.#contracts.set(address, { program: call.deploy, storage: new Map() })
      return []
    }
    const { program } = this.#contract(address)
    return this.#emit(address, call.run(this.#storage(address), program))
  }

  #pay({ kind, sender, fee }: Planned): StarknetEvent[] {
    const token = kind === 'INVOKE 1' ? this.#fees.eth : this.#fees.strk
    const { transfer } = this.#contract(token).program
    assert(transfer !== undefined, 'a fee token moves balances')
    return this.#emit(token, transfer(this.#storage(token), { from: sender, to: this.#fees.sequencer, amount: fee }))
  }

  #emit(address: Felt, { events, odd }: Effect): StarknetEvent[] {
    if (odd === true) this.odd.add(address)
    return events.map((emission) => ({ address, ...emission }))
  }

  #contract(address: Felt): Contract {
    const contract = this.#contracts.get(address)
    assert(contract !== undefined, 'planned calls are of contracts that exist')
    return contract
  }

  /** The storage of a contract, which this block may change. */
  #storage(address: Felt): Map<string, bigint> {
    const known = this.#own.get(address)
    if (known !== undefined) return known
    const { program, storage } = this.#contract(address)
    const own = new Map(storage)
    this.#own.set(address, own)
    this.#contracts.set(address, { program, storage: own })
    return own
  }
}

/** A call that moves a fungible token. */
export function sending(token: Felt, move: Move): PlannedCall {
  return {
    address: token,
    run: (storage, { transfer }) => {
      assert(transfer !== undefined, 'only fungible tokens are sent')
      return transfer(storage, move)
    },
  }
}

/** A transaction of a message from L1 that mints a token to accounts. */
export function bridged(token: Felt, accounts: readonly Felt[], amount: bigint): Planned {
  const calls = accounts.map((to) => sending(token, { from: ZERO, to, amount }))
  return { kind: 'L1_HANDLER', sender: token, fee: 0n, calls }
}
