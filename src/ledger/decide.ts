import { assert } from '../core/assert.ts'
import { type Idempotency, isOperation, type Operation, type RecordedOperation } from '../core/operation.ts'
import type { AssetFacts, Decided, Holding, LedgerFacts, LedgerNeeds } from '../store/seam/ledger-store.ts'
import { Draft, holdingName, type LedgerView, walletsOf } from './draft.ts'
import type { LedgerRequest, Outcome, Receipt, RejectReason } from './ledger.ts'

/** The issuer's rules. `strictWallets`: wallets must be registered before they receive. */
export type LedgerRules = { readonly strictWallets: boolean }

/** Returns the facts needed to decide these requests, so that the journal reads them in bulk. */
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
 * Decides requests in order. Each decision sees the effects of the earlier ones. Pure. An accepted request becomes a
 * block; a rejected one has no effect. `now`: Unix seconds.
 */
export function decideAll(
  requests: readonly LedgerRequest[],
  at: { readonly facts: LedgerFacts; readonly rules: LedgerRules; readonly now: number },
): Decided<readonly Outcome[]> {
  const draft = new Draft(at.facts)
  const outcomes = requests.map((request) => decideOne(draft, request, at))
  return { ...draft.toWrite(), result: outcomes }
}

/** A past request with the time of its acceptance, in Unix seconds. */
export type PastRequest = LedgerRequest & { readonly timestamp: number }

/**
 * Decides accepted requests again, each at its own time. Pure. If all outcomes match, its blocks equal the recorded
 * ones; the caller compares the hashes.
 */
export function decideAgain(requests: readonly PastRequest[], facts: LedgerFacts): Decided<readonly Outcome[]> {
  const draft = new Draft(facts)
  const rules = { strictWallets: false }
  const outcomes = requests.map((request) => decideOne(draft, request, { rules, now: request.timestamp }))
  return { ...draft.toWrite(), result: outcomes }
}

function decideOne(
  draft: Draft,
  { operation, idempotency }: LedgerRequest,
  { rules, now }: { readonly rules: LedgerRules; readonly now: number },
): Outcome {
  assert(isOperation(operation), 'the caller must check ids and amount of an operation')
  const used = idempotency === undefined ? undefined : draft.key(idempotency)
  if (used !== undefined) {
    if (used.fingerprint !== idempotency?.fingerprint) return rejected('key_reused')
    return accepted({ ...used.recorded, created: used.created, replayed: true })
  }
  const decision = decide(draft, operation, rules)
  if (decision === 'accept') {
    return accepted({ ...draft.append({ operation, idempotency }, now), created: true, replayed: false })
  }
  if (typeof decision === 'string') return rejected(decision)
  if (idempotency !== undefined) draft.repeat(idempotency, decision)
  return accepted({ ...decision, created: false, replayed: false })
}

/**
 * Decides an operation by the current state of the record. Returns `accept`, the reason to reject it, or the
 * registration that it repeats. Existence is checked before the balance. For a transfer: the sender, then the receiver,
 * the asset and the balance. For a mint and a burn: the asset, then the wallet.
 */
export function decide(
  view: LedgerView,
  operation: Operation,
  rules: LedgerRules,
): 'accept' | RejectReason | RecordedOperation {
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

function rejected(refusal: RejectReason): Outcome {
  return { accepted: false, reason: refusal }
}
