import { createHash } from 'node:crypto'
import type { Draw } from '../../../src/demo/draw.ts'
import type { TrueTransfer } from '../truth.ts'
import { type Program, type Told, ZERO } from './program.ts'
import { plain, REBASING, SILENT_MINT } from './programs.ts'
import { type Contract, EMPTY, type EvmBlock, type PlacedLog, type State } from './state.ts'

/** Transactions of a block, at most. */
const TRANSACTIONS = 6
/** One block in this many creates a new token, up to a maximum number of tokens. */
const NEW_TOKEN_EVERY = 40
const MAX_TOKENS = 34
/** One block in this many destroys or redeploys the token that comes and goes. */
const COME_AND_GO_EVERY = 120

/** The accounts and contracts of a simulated chain. */
export type Cast = {
  readonly accounts: readonly string[]
  /** Contracts of the first block, by address. */
  readonly programs: ReadonlyMap<string, Program>
  /** The token that is destroyed, and deployed again without balances at the same address. */
  readonly comesAndGoes: string
}

/** A new block, and the tokens that became odd in it or had code created or destroyed. */
export type Made = { readonly block: EvmBlock; readonly odd: readonly string[] }

/** Bytes that look like a hash, the same for the same text. */
export function digest(text: string, bytes: number): string {
  return `0x${createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, bytes * 2)}`
}

/** Makes blocks on any parent. All are different, even on the same parent. */
export class BlockMaker {
  readonly #cast: Cast
  readonly #draw: Draw
  #made = 0

  constructor(cast: Cast, draw: Draw) {
    this.#cast = cast
    this.#draw = draw
  }

  /** Returns the block that follows `parent`. `timestamp` is in Unix seconds. */
  after(parent: EvmBlock | undefined, timestamp: number): Made {
    const number = (parent?.number ?? -1) + 1
    this.#made += 1
    const hash = digest(`block ${number} ${this.#made} ${parent?.hash}`, 32)
    const work = new Work({ number, hash, state: parent?.state ?? EMPTY })
    if (parent === undefined) for (const [address, program] of this.#cast.programs) work.create(address, program)
    this.#lives(work)
    const actions = this.#draw.oneIn(12) ? 0 : this.#draw.between(1, TRANSACTIONS)
    for (let nth = 0; nth < actions; nth++) this.#act(work)
    for (const account of this.#draw.some(this.#cast.accounts, 4)) work.pay(account, BigInt(this.#draw.below(1e9)))
    return { block: { ...work.block(), parent, timestamp }, odd: work.odd }
  }

  #act(work: Work): void {
    const address = this.#draw.of([...work.contracts.keys()])
    const contract = work.contracts.get(address)
    if (contract !== undefined) {
      work.use(address, contract.program.act(contract.storage, { draw: this.#draw, accounts: this.#cast.accounts }))
    }
  }

  #lives(work: Work): void {
    const { comesAndGoes } = this.#cast
    if (this.#draw.oneIn(COME_AND_GO_EVERY)) {
      if (work.contracts.has(comesAndGoes)) work.destroy(comesAndGoes)
      else work.begin(comesAndGoes, plain('ComesAndGoes'))
    }
    if (this.#draw.oneIn(NEW_TOKEN_EVERY) && work.contracts.size < MAX_TOKENS) {
      const address = digest(`new token ${work.serial}`, 20)
      work.create(address, this.#draw.of([plain('New'), plain('New'), REBASING, SILENT_MINT]))
    }
  }
}

/** A block that is being made. */
class Work {
  readonly contracts: Map<string, Contract>
  readonly odd: string[] = []
  serial: number
  readonly #number: number
  readonly #hash: string
  readonly #native: Map<string, bigint>
  readonly #met: Map<string, ReadonlySet<string>>
  readonly #transactions: string[] = []
  readonly #logs: PlacedLog[] = []
  readonly #transfers: TrueTransfer[] = []

  constructor({ number, hash, state }: { number: number; hash: string; state: State }) {
    this.#number = number
    this.#hash = hash
    this.contracts = new Map(state.contracts)
    this.#native = new Map(state.native)
    this.#met = new Map(state.met)
    this.serial = state.serial
  }

  create(address: string, program: Program): void {
    this.contracts.set(address, { program, storage: new Map(), created: this.#hash })
    this.serial += 1
    this.#transact()
  }

  /** Creates a contract, possibly where another one was destroyed. */
  begin(address: string, program: Program): void {
    this.create(address, program)
    this.odd.push(address)
  }

  destroy(address: string): void {
    this.contracts.delete(address)
    // The events of the destroyed contract no longer count.
    for (const [account, tokens] of this.#met) {
      if (tokens.has(address)) this.#met.set(account, new Set([...tokens].filter((token) => token !== address)))
    }
    this.odd.push(address)
    this.#transact()
  }

  pay(account: string, amount: bigint): void {
    this.#native.set(account, (this.#native.get(account) ?? 0n) + amount)
  }

  use(address: string, effect: ReturnType<Program['act']>): void {
    const contract = this.contracts.get(address)
    if (contract === undefined) return
    this.contracts.set(address, { ...contract, storage: effect.storage })
    if (effect.odd === true) this.odd.push(address)
    const transaction = this.#transact()
    for (const { raw, told } of effect.logs) {
      const logIndex = this.#logs.length
      this.#logs.push({ ...raw, address, transaction, logIndex })
      if (told !== undefined && contract.program.standard === 'erc20')
        this.#tell(address, { told, transaction, logIndex })
    }
  }

  #tell(token: string, { told, transaction, logIndex }: { told: Told; transaction: string; logIndex: number }): void {
    const { from, to, amount } = told
    this.#transfers.push({ block: this.#number, transaction, logIndex, token, from, to, amount })
    if (to === ZERO) return
    const known = this.#met.get(to)
    if (known?.has(token) !== true) this.#met.set(to, new Set([...(known ?? []), token]))
  }

  #transact(): string {
    const hash = digest(`transaction ${this.#transactions.length} of ${this.#hash}`, 32)
    this.#transactions.push(hash)
    return hash
  }

  block(): Omit<EvmBlock, 'parent' | 'timestamp'> {
    const state: State = { contracts: this.contracts, native: this.#native, met: this.#met, serial: this.serial }
    return {
      number: this.#number,
      hash: this.#hash,
      transactions: this.#transactions,
      logs: this.#logs,
      transfers: this.#transfers,
      state,
    }
  }
}
