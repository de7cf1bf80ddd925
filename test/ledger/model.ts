import type { Operation } from '../../src/core/operation.ts'

/** The outcome of an operation: accepted, with its serial number and whether it is new, or the reason to reject it. */
export type ModelSaid = { readonly accepted: true; readonly serial: number; readonly created: boolean } | string

/** A ledger as a list of accepted operations. Everything else is computed from the list on every read. */
export class LedgerModel {
  readonly accepted: Operation[] = []
  readonly #strict: boolean

  constructor(strict: boolean) {
    this.#strict = strict
  }

  submit(operation: Operation): ModelSaid {
    const refusal = this.#refuses(operation)
    if (refusal !== undefined) return refusal
    const earlier = this.accepted.findIndex((other) => isSameThing(other, operation))
    if (earlier !== -1) {
      return same(this.accepted[earlier], operation)
        ? { accepted: true, serial: this.#serial(earlier), created: false }
        : 'asset_conflict'
    }
    this.accepted.push(operation)
    return { accepted: true, serial: this.#serial(this.accepted.length - 1), created: true }
  }

  /** Returns a wallet's balance after the first `count` accepted operations. */
  balance(wallet: string, assetId: string, count = this.accepted.length): bigint {
    let sum = 0n
    for (const operation of this.accepted.slice(0, count)) {
      if (!('amount' in operation) || operation.assetId !== assetId) continue
      if ('to' in operation && operation.to === wallet) sum += operation.amount
      if ('from' in operation && operation.from === wallet) sum -= operation.amount
    }
    return sum
  }

  supply(assetId: string): bigint {
    let sum = 0n
    for (const operation of this.accepted) {
      if (operation.kind === 'mint' && operation.assetId === assetId) sum += operation.amount
      if (operation.kind === 'burn' && operation.assetId === assetId) sum -= operation.amount
    }
    return sum
  }

  hasWallet(wallet: string): boolean {
    return this.accepted.some((operation) => walletsOf(operation).includes(wallet))
  }

  /** Returns the numbers (from 1) of the operations with this asset and wallet. */
  numbersOf(assetId: string | undefined, wallet: string | undefined): readonly number[] {
    return this.accepted.flatMap((operation, index) => {
      const ofAsset = assetId === undefined || ('assetId' in operation && operation.assetId === assetId)
      const ofWallet = wallet === undefined || walletsOf(operation).includes(wallet)
      return ofAsset && ofWallet ? [index + 1] : []
    })
  }

  #refuses(operation: Operation): string | undefined {
    if (operation.kind === 'register_asset' || operation.kind === 'register_wallet') return undefined
    const asset = this.accepted.find((one) => one.kind === 'register_asset' && one.assetId === operation.assetId)
    const unknown = (wallet: string): boolean => !this.hasWallet(wallet)
    if (operation.kind === 'transfer' && (unknown(operation.from) || (this.#strict && unknown(operation.to)))) {
      return 'wallet_not_found'
    }
    if (asset?.kind !== 'register_asset') return 'asset_not_found'
    if (operation.kind === 'mint') {
      if (this.#strict && unknown(operation.to)) return 'wallet_not_found'
      const minted = this.accepted.some((one) => one.kind === 'mint' && one.assetId === operation.assetId)
      return minted && !asset.reissue ? 'already_minted' : undefined
    }
    if (unknown(operation.from)) return 'wallet_not_found'
    return this.balance(operation.from, operation.assetId) < operation.amount ? 'insufficient_funds' : undefined
  }

  #serial(index: number): number {
    const series = (operation: Operation | undefined) =>
      operation?.kind === 'burn' ? 'transfer' : (operation?.kind ?? '')
    return this.accepted.slice(0, index + 1).filter((one) => series(one) === series(this.accepted[index])).length
  }
}

function walletsOf(operation: Operation): readonly string[] {
  if (operation.kind === 'register_wallet') return [operation.wallet]
  return [...('from' in operation ? [operation.from] : []), ...('to' in operation ? [operation.to] : [])]
}

function isSameThing(one: Operation, other: Operation): boolean {
  if (one.kind === 'register_asset') return other.kind === one.kind && other.assetId === one.assetId
  return one.kind === 'register_wallet' && other.kind === one.kind && other.wallet === one.wallet
}

function same(one: Operation | undefined, other: Operation): boolean {
  if (one?.kind !== 'register_asset' || other.kind !== 'register_asset') return true
  return one.name === other.name && one.symbol === other.symbol && one.reissue === other.reissue
}
