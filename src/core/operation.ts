import { assert } from './assert.ts'
import type { BlockRef } from './block.ts'
import { hasAtMost, isLabel } from './label.ts'

/** Greatest amount of one operation, in whole tokens: the greatest number that every JSON client sends exactly. */
export const MAX_OPERATION_AMOUNT = 2n ** 53n - 1n
/** Longest id of a ledger's asset or wallet, in characters (code points). */
export const MAX_LEDGER_ID_CHARACTERS = 256
/** Longest name of a ledger's asset, in characters (code points). */
export const MAX_ASSET_NAME_CHARACTERS = 128
/** Longest symbol of a ledger's asset, in characters (code points). */
export const MAX_ASSET_SYMBOL_CHARACTERS = 64

/**
 * An issuer's operation. Amounts are whole tokens, 1 to 2^53-1. Ids are opaque text of 1 to 256 characters that
 * `isLabel` accepts, without Unicode normalization. Names are 1 to 128 such characters, symbols 1 to 64.
 */
export type Operation =
  | {
      readonly kind: 'register_asset'
      readonly assetId: string
      readonly name: string | undefined
      readonly symbol: string | undefined
      /** True if the asset may be minted more than once. */
      readonly reissue: boolean
    }
  | { readonly kind: 'register_wallet'; readonly wallet: string }
  | { readonly kind: 'mint'; readonly assetId: string; readonly amount: bigint; readonly to: string }
  | {
      readonly kind: 'transfer'
      readonly assetId: string
      readonly amount: bigint
      readonly from: string
      readonly to: string
    }
  | { readonly kind: 'burn'; readonly assetId: string; readonly amount: bigint; readonly from: string }

/** The kinds of operations, in no order. */
export const OPERATION_KINDS = ['register_asset', 'register_wallet', 'mint', 'transfer', 'burn'] as const
/** What an operation of a ledger does. */
export type OperationKind = Operation['kind']

/**
 * Makes a retried call safe. `scope`: caller and path. `fingerprint`: lower-case hex of a hash of the body as parsed
 * JSON, so the order of its keys does not matter.
 */
export type Idempotency = { readonly scope: string; readonly key: string; readonly fingerprint: string }

/** An operation with its block of the record. `timestamp`: Unix seconds. */
export type RecordedOperation = {
  /** The number is the operation's position in the record. The hash seals the content and the parent. */
  readonly block: BlockRef
  readonly timestamp: number
  /** The operation's number within its series, from 1. */
  readonly serial: number
  readonly operation: Operation
}

/** The series, each with its own count: assets, wallets, mints, and transfers together with burns. */
export const SERIES = ['assets', 'wallets', 'mints', 'moves'] as const
/** A series of numbers that receipts get. */
export type Series = (typeof SERIES)[number]

const SERIES_OF: Readonly<Record<OperationKind, Series>> = {
  register_asset: 'assets',
  register_wallet: 'wallets',
  mint: 'mints',
  transfer: 'moves',
  burn: 'moves',
}

/** The series that counts an operation. */
export function seriesOf(kind: OperationKind): Series {
  return SERIES_OF[kind]
}

/** The fields of any operation, with one set of names. A registered wallet is `to`. */
export type OperationFields = {
  readonly kind: OperationKind
  readonly assetId: string | undefined
  readonly from: string | undefined
  readonly to: string | undefined
  readonly amount: bigint | undefined
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly reissue: boolean | undefined
}

/** The fields of an operation. */
export function fieldsOf(operation: Operation): OperationFields {
  // Written out so that every result has the same shape: this is the ledger's innermost loop.
  switch (operation.kind) {
    case 'register_asset': {
      const { kind, assetId, name, symbol, reissue } = operation
      return { kind, assetId, from: undefined, to: undefined, amount: undefined, name, symbol, reissue }
    }
    case 'register_wallet':
      return { kind: operation.kind, assetId: undefined, from: undefined, to: operation.wallet, ...UNNAMED }
    case 'mint':
      return moved(operation, undefined, operation.to)
    case 'transfer':
      return moved(operation, operation.from, operation.to)
    case 'burn':
      return moved(operation, operation.from, undefined)
  }
}

const UNNAMED = { amount: undefined, name: undefined, symbol: undefined, reissue: undefined }

function moved(
  { kind, assetId, amount }: Operation & { readonly kind: 'mint' | 'transfer' | 'burn' },
  from: string | undefined,
  to: string | undefined,
): OperationFields {
  return { kind, assetId, from, to, amount, name: undefined, symbol: undefined, reissue: undefined }
}

/** The operation with these fields. @throws AssertionError a field is missing: no such operation was ever accepted */
export function operationOf(fields: OperationFields): Operation {
  const { kind } = fields
  const assetId = () => given(fields.assetId)
  const amount = () => given(fields.amount)
  switch (kind) {
    case 'register_asset':
      return { kind, assetId: assetId(), name: fields.name, symbol: fields.symbol, reissue: given(fields.reissue) }
    case 'register_wallet':
      return { kind, wallet: given(fields.to) }
    case 'mint':
      return { kind, assetId: assetId(), amount: amount(), to: given(fields.to) }
    case 'transfer':
      return { kind, assetId: assetId(), amount: amount(), from: given(fields.from), to: given(fields.to) }
    case 'burn':
      return { kind, assetId: assetId(), amount: amount(), from: given(fields.from) }
  }
}

function given<T>(part: T | undefined): T {
  assert(part !== undefined, 'an operation has all its parts')
  return part
}

/** True if the text can be the id of a ledger's asset or wallet. */
export function isLedgerId(text: string): boolean {
  return isLabel(text, MAX_LEDGER_ID_CHARACTERS)
}

/** True if the text can be an asset's name. */
export function isAssetName(text: string): boolean {
  return isLabel(text, MAX_ASSET_NAME_CHARACTERS)
}

/** True if the text can be an asset's symbol. */
export function isAssetSymbol(text: string): boolean {
  return isLabel(text, MAX_ASSET_SYMBOL_CHARACTERS)
}

/**
 * True if a record can hold the operation's ids, names and amount. A record may hold more than the server accepts now:
 * earlier versions accepted ids that are blank or control the writing direction, and their records stay valid.
 */
export function isOperation(operation: Operation): boolean {
  const { assetId, from, to, amount, name, symbol } = fieldsOf(operation)
  const ids = [assetId, from, to].every((id) => id === undefined || canBeRecorded(id, MAX_LEDGER_ID_CHARACTERS))
  const named = name === undefined || canBeRecorded(name, MAX_ASSET_NAME_CHARACTERS)
  const symbolled = symbol === undefined || canBeRecorded(symbol, MAX_ASSET_SYMBOL_CHARACTERS)
  return ids && named && symbolled && (amount === undefined || (amount >= 1n && amount <= MAX_OPERATION_AMOUNT))
}

/**
 * Rejects halves of surrogate pairs: UTF-8 cannot store them, so the text would be read back, and hashed, differently.
 */
function canBeRecorded(text: string, maxCharacters: number): boolean {
  return text.length >= 1 && hasAtMost(text, maxCharacters) && !/[\p{Cc}\p{Cs}]/u.test(text)
}
