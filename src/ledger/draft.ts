import { assert } from '../core/assert.ts'
import type { Header } from '../core/block.ts'
import { type Idempotency, type Operation, type RecordedOperation, type Series, seriesOf } from '../core/operation.ts'
import type {
  AssetFacts,
  Decided,
  Holding,
  KeyFacts,
  KeyOfRepeat,
  LedgerBlock,
  LedgerFacts,
} from '../store/seam/ledger-store.ts'
import type { LedgerRequest } from './ledger.ts'
import { keyDigestOf, sealOf } from './record.ts'

/** The parts of the record that the rules read. */
export type LedgerView = Pick<LedgerFacts, 'asset' | 'knowsWallet' | 'registeredWallet'> & {
  /** Whole tokens. */
  readonly balance: (holding: Holding) => bigint
}

/** The record with the effects of this batch: the facts that were read, and on top the decisions since. */
export class Draft implements LedgerView {
  readonly #facts: LedgerFacts
  readonly #blocks: LedgerBlock[] = []
  readonly #repeats: KeyOfRepeat[] = []
  readonly #counts: Record<Series, number>
  #parent: Header
  readonly #assets = new Map<string, AssetFacts>()
  readonly #wallets = new Set<string>()
  readonly #registered = new Map<string, RecordedOperation>()
  readonly #balances = new Map<string, Holding & { readonly amount: bigint }>()
  readonly #keys = new Map<string, KeyFacts>()
  readonly #assetsWithNewSupply = new Set<string>()

  constructor(facts: LedgerFacts) {
    this.#facts = facts
    this.#counts = { ...facts.head.counts }
    this.#parent = facts.head.header
  }

  asset(assetId: string): AssetFacts | undefined {
    return this.#assets.get(assetId) ?? this.#facts.asset(assetId)
  }

  knowsWallet(wallet: string): boolean {
    return this.#wallets.has(wallet) || this.#facts.knowsWallet(wallet)
  }

  registeredWallet(wallet: string): RecordedOperation | undefined {
    return this.#registered.get(wallet) ?? this.#facts.registeredWallet(wallet)
  }

  balance(holding: Holding): bigint {
    const amount = this.#balances.get(holdingName(holding))?.amount ?? this.#facts.balance(holding)
    assert(amount !== undefined, 'needsOf must include the balance of every sender')
    return amount
  }

  key(key: Idempotency): KeyFacts | undefined {
    return this.#keys.get(keyName(key)) ?? this.#facts.key(key)
  }

  /** Adds an accepted operation as the record's newest block. Timestamps never decrease along the record. */
  append({ operation, idempotency }: LedgerRequest, now: number): RecordedOperation {
    const { number, hash: parentHash, timestamp: parentTime } = this.#parent
    const series = seriesOf(operation.kind)
    this.#counts[series] += 1
    const keyDigest = idempotency === undefined ? undefined : keyDigestOf(idempotency)
    const unsealed = {
      number: number + 1,
      parentHash,
      timestamp: Math.max(now, parentTime),
      serial: this.#counts[series],
      operation,
      keyDigest,
    }
    const hash = sealOf(unsealed)
    const { timestamp, serial } = unsealed
    const recorded = { block: { number: unsealed.number, hash }, timestamp, serial, operation }
    const key = idempotency === undefined || keyDigest === undefined ? undefined : { ...idempotency, digest: keyDigest }
    this.#blocks.push({ ...recorded, parentHash, idempotency: key })
    this.#parent = { ...recorded.block, parentHash, timestamp }
    if (idempotency !== undefined) {
      this.#keys.set(keyName(idempotency), { fingerprint: idempotency.fingerprint, recorded, created: true })
    }
    this.#apply(operation, recorded)
    return recorded
  }

  /** Stores the idempotency key of a repeated registration. */
  repeat(idempotency: Idempotency, registration: RecordedOperation): void {
    this.#repeats.push({ idempotency, registration })
    const { fingerprint } = idempotency
    this.#keys.set(keyName(idempotency), { fingerprint, recorded: registration, created: false })
  }

  /** Returns the decisions in the form that the journal writes. */
  toWrite(): Omit<Decided<unknown>, 'result'> {
    const supplies = [...this.#assetsWithNewSupply].map((assetId) => ({
      assetId,
      supply: this.asset(assetId)?.supply ?? 0n,
    }))
    const [blocks, repeats] = [this.#blocks, this.#repeats]
    return { blocks, repeats, after: { balances: [...this.#balances.values()], supplies } }
  }

  #apply(operation: Operation, recorded: RecordedOperation): void {
    for (const wallet of walletsOf(operation)) this.#wallets.add(wallet)
    if ('amount' in operation) this.#assetsWithNewSupply.add(operation.assetId)
    switch (operation.kind) {
      case 'register_asset':
        this.#assets.set(operation.assetId, { registration: recorded, minted: false, supply: 0n })
        break
      case 'register_wallet':
        this.#registered.set(operation.wallet, recorded)
        break
      case 'mint':
        this.#changeSupply(operation.assetId, operation.amount)
        this.#changeBalance(operation.to, operation.assetId, operation.amount)
        break
      case 'transfer':
        this.#changeBalance(operation.from, operation.assetId, -operation.amount)
        this.#changeBalance(operation.to, operation.assetId, operation.amount)
        break
      case 'burn':
        this.#changeSupply(operation.assetId, -operation.amount)
        this.#changeBalance(operation.from, operation.assetId, -operation.amount)
        break
    }
  }

  #changeSupply(assetId: string, delta: bigint): void {
    const asset = this.asset(assetId)
    assert(asset !== undefined && asset.supply + delta >= 0n, 'an issued asset must be registered')
    this.#assets.set(assetId, { ...asset, minted: true, supply: asset.supply + delta })
  }

  /**
   * Changes a balance that this batch spends from. Wallets that only receive need no balance check, so their balance
   * was not read.
   */
  #changeBalance(wallet: string, assetId: string, delta: bigint): void {
    const holding = { wallet, assetId }
    const name = holdingName(holding)
    const before = this.#balances.get(name)?.amount ?? this.#facts.balance(holding)
    if (before === undefined) return
    assert(before + delta >= 0n, 'no balance is ever negative')
    this.#balances.set(name, { ...holding, amount: before + delta })
  }
}

/** Returns the wallets that take part in an operation. */
export function walletsOf(operation: Operation): readonly string[] {
  switch (operation.kind) {
    case 'register_asset':
      return []
    case 'register_wallet':
      return [operation.wallet]
    case 'mint':
      return [operation.to]
    case 'transfer':
      return [operation.from, operation.to]
    case 'burn':
      return [operation.from]
  }
}

/** Returns a map key for a holding. Ids hold no control characters, so the separator is safe. */
export function holdingName({ wallet, assetId }: Holding): string {
  return `${wallet}\0${assetId}`
}

/** Returns a map key for a caller's idempotency key. */
function keyName({ scope, key }: Idempotency): string {
  return `${scope}\0${key}`
}
