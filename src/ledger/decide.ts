import { assert } from '../core/assert.ts'
import type { Header } from '../core/block.ts'
import {
  type Idempotency,
  isOperation,
  type Operation,
  type RecordedOperation,
  type Series,
  seriesOf,
} from '../core/operation.ts'
import type {
  AssetFacts,
  Decided,
  Holding,
  KeyFacts,
  KeyOfRepeat,
  LedgerBlock,
  LedgerFacts,
  LedgerNeeds,
} from '../store/ledger-store.ts'
import type { LedgerRequest, Outcome, Receipt, Refusal } from './ledger.ts'
import { keyDigestOf, sealOf } from './record.ts'

/** How an issuer wants it. `strictWallets`: wallets are registered before they receive. */
export type LedgerRules = { readonly strictWallets: boolean }

/** What has to be known to decide these requests: no more, so that it is read in bulk. */
export function needsOf(requests: readonly LedgerRequest[]): LedgerNeeds {
  const assets = new Set<string>()
  const wallets = new Set<string>()
  const registeredWallets: string[] = []
  const holdings = new Map<string, Holding>()
  const keys: Idempotency[] = []
  for (const { operation, idempotency } of requests) {
    if (idempotency !== undefined) keys.push(idempotency)
    if ('assetId' in operation) assets.add(operation.assetId)
    if (operation.kind === 'register_wallet') registeredWallets.push(operation.wallet)
    for (const wallet of walletsOf(operation)) wallets.add(wallet)
    if (operation.kind === 'transfer' || operation.kind === 'burn') {
      const holding = { wallet: operation.from, assetId: operation.assetId }
      holdings.set(holdingName(holding), holding)
    }
  }
  return { assets: [...assets], wallets: [...wallets], registeredWallets, holdings: [...holdings.values()], keys }
}

/**
 * Decides requests in their order, each on what those before it did; pure. An accepted one is a block; a refused one
 * leaves nothing behind. `now`: Unix seconds.
 */
export function decideAll(
  requests: readonly LedgerRequest[],
  at: { readonly facts: LedgerFacts; readonly rules: LedgerRules; readonly now: number },
): Decided<readonly Outcome[]> {
  const draft = new Draft(at.facts)
  const outcomes = requests.map((request) => decideOne(draft, request, at))
  return { ...draft.written(), result: outcomes }
}

/** A request of the past, with the time at which it was accepted, in Unix seconds. */
export type PastRequest = LedgerRequest & { readonly timestamp: number }

/**
 * Decides again what was accepted, each at its own time; pure. Its blocks are those of the record as long as the outcomes
 * say so: who replays compares the hashes.
 */
export function decideAgain(requests: readonly PastRequest[], facts: LedgerFacts): Decided<readonly Outcome[]> {
  const draft = new Draft(facts)
  const rules = { strictWallets: false }
  const outcomes = requests.map((request) => decideOne(draft, request, { rules, now: request.timestamp }))
  return { ...draft.written(), result: outcomes }
}

function decideOne(
  draft: Draft,
  { operation, idempotency }: LedgerRequest,
  { rules, now }: { readonly rules: LedgerRules; readonly now: number },
): Outcome {
  assert(isOperation(operation), 'whoever hands an operation in has checked its ids and amount')
  const used = idempotency === undefined ? undefined : draft.key(idempotency)
  if (used !== undefined) {
    if (used.fingerprint !== idempotency?.fingerprint) return refused('key_reused')
    return accepted({ ...used.recorded, created: used.created, replayed: true })
  }
  const decision = decide(draft, operation, rules)
  if (decision === 'accept') {
    return accepted({ ...draft.append({ operation, idempotency }, now), created: true, replayed: false })
  }
  if (typeof decision === 'string') return refused(decision)
  if (idempotency !== undefined) draft.repeat(idempotency, decision)
  return accepted({ ...decision, created: false, replayed: false })
}

/** What the rules ask of the record. */
export type LedgerView = Pick<LedgerFacts, 'asset' | 'knowsWallet' | 'registeredWallet'> & {
  /** Whole tokens. */
  readonly balance: (holding: Holding) => bigint
}

/**
 * Whether an operation may be, as the record stands: `accept`, why not, or the registration that it repeats. Existence
 * comes before what is held: of a transfer first the sender, then the receiver, the asset and the balance; of a mint
 * and a burn first the asset, then the wallet.
 */
export function decide(
  view: LedgerView,
  operation: Operation,
  rules: LedgerRules,
): 'accept' | Refusal | RecordedOperation {
  const unknown = (wallet: string): boolean => !view.knowsWallet(wallet)
  switch (operation.kind) {
    case 'register_asset': {
      const known = view.asset(operation.assetId)?.registration
      return known === undefined ? 'accept' : isSameAsset(known.operation, operation) ? known : 'asset_conflict'
    }
    case 'register_wallet':
      return view.registeredWallet(operation.wallet) ?? 'accept'
    case 'mint': {
      const asset = view.asset(operation.assetId)
      if (asset === undefined) return 'asset_not_found'
      if (rules.strictWallets && unknown(operation.to)) return 'wallet_not_found'
      return asset.minted && !allowsReissue(asset) ? 'already_minted' : 'accept'
    }
    case 'transfer': {
      const { assetId, from, to, amount } = operation
      if (unknown(from) || (rules.strictWallets && unknown(to))) return 'wallet_not_found'
      if (view.asset(assetId) === undefined) return 'asset_not_found'
      return view.balance({ wallet: from, assetId }) < amount ? 'insufficient_funds' : 'accept'
    }
    case 'burn': {
      const { assetId, from: wallet, amount } = operation
      if (view.asset(assetId) === undefined) return 'asset_not_found'
      if (unknown(wallet)) return 'wallet_not_found'
      return view.balance({ wallet, assetId }) < amount ? 'insufficient_funds' : 'accept'
    }
  }
}

/** The record as it will be: what was read, and over it what has been decided since. */
class Draft implements LedgerView {
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
  readonly #moved = new Set<string>()

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
    assert(amount !== undefined, 'what is spent from was asked for')
    return amount
  }

  key(key: Idempotency): KeyFacts | undefined {
    return this.#keys.get(keyName(key)) ?? this.#facts.key(key)
  }

  /** Makes an accepted operation the record's newest block. Time never runs back along the record. */
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

  /** Remembers the key of a call that repeats a registration. */
  repeat(idempotency: Idempotency, registration: RecordedOperation): void {
    this.#repeats.push({ idempotency, registration })
    const { fingerprint } = idempotency
    this.#keys.set(keyName(idempotency), { fingerprint, recorded: registration, created: false })
  }

  written(): Omit<Decided<unknown>, 'result'> {
    const supplies = [...this.#moved].map((assetId) => ({ assetId, supply: this.asset(assetId)?.supply ?? 0n }))
    const [blocks, repeats] = [this.#blocks, this.#repeats]
    return { blocks, repeats, after: { balances: [...this.#balances.values()], supplies } }
  }

  #apply(operation: Operation, recorded: RecordedOperation): void {
    for (const wallet of walletsOf(operation)) this.#wallets.add(wallet)
    if ('amount' in operation) this.#moved.add(operation.assetId)
    switch (operation.kind) {
      case 'register_asset':
        this.#assets.set(operation.assetId, { registration: recorded, minted: false, supply: 0n })
        break
      case 'register_wallet':
        this.#registered.set(operation.wallet, recorded)
        break
      case 'mint':
        this.#issue(operation.assetId, operation.amount)
        this.#move(operation.to, operation.assetId, operation.amount)
        break
      case 'transfer':
        this.#move(operation.from, operation.assetId, -operation.amount)
        this.#move(operation.to, operation.assetId, operation.amount)
        break
      case 'burn':
        this.#issue(operation.assetId, -operation.amount)
        this.#move(operation.from, operation.assetId, -operation.amount)
        break
    }
  }

  #issue(assetId: string, delta: bigint): void {
    const asset = this.asset(assetId)
    assert(asset !== undefined && asset.supply + delta >= 0n, 'what is issued is of a registered asset')
    this.#assets.set(assetId, { ...asset, minted: true, supply: asset.supply + delta })
  }

  /** Moves a balance that somebody of this batch spends from; the others only receive, and are nobody's question. */
  #move(wallet: string, assetId: string, delta: bigint): void {
    const holding = { wallet, assetId }
    const name = holdingName(holding)
    const before = this.#balances.get(name)?.amount ?? this.#facts.balance(holding)
    if (before === undefined) return
    assert(before + delta >= 0n, 'no balance is ever negative')
    this.#balances.set(name, { ...holding, amount: before + delta })
  }
}

function walletsOf(operation: Operation): readonly string[] {
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

function isSameAsset(known: Operation, given: Operation): boolean {
  if (known.kind !== 'register_asset' || given.kind !== 'register_asset') return false
  return known.name === given.name && known.symbol === given.symbol && known.reissue === given.reissue
}

function allowsReissue({ registration: { operation } }: AssetFacts): boolean {
  return operation.kind === 'register_asset' && operation.reissue
}

function accepted(receipt: Receipt): Outcome {
  return { accepted: true, receipt }
}

function refused(refusal: Refusal): Outcome {
  return { accepted: false, refusal }
}

/** A holding as a key of maps. Ids hold no control characters. */
export function holdingName({ wallet, assetId }: Holding): string {
  return `${wallet}\0${assetId}`
}

/** A caller's key as a key of maps. */
export function keyName({ scope, key }: Idempotency): string {
  return `${scope}\0${key}`
}
