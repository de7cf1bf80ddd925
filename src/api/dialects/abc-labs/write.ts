import type { Static } from 'typebox'
import { assert } from '../../../core/assert.ts'
import type { Operation, Receipt, RejectReason } from '../../../ledger/ledger.ts'
import type { JsonRequest, Reply, VendorError } from '../../http/route.ts'
import type { AbcDeps } from './deps.ts'
import { type AbcCode, vendorError } from './errors.ts'
import { idempotencyOf, type ReadBody } from './idempotency.ts'
import * as render from './render.ts'
import type { AssetBody, BurnBody, MintBody, TransferBody, WalletBody } from './schema.ts'

/** The input of a POST handler: the parsed body and its request. */
export type Write<Body> = { readonly body: Body; readonly request: JsonRequest }

/** Creates tokens of a registered asset in a wallet. @throws BAD_REQUEST, UNAVAILABLE, STORE_UNAVAILABLE */
export function mint(deps: AbcDeps, { body, request }: Write<Static<typeof MintBody>>) {
  const { asset_id: assetId, amount, recipient_wallet_address: to } = body
  const operation = { kind: 'mint', assetId, amount: BigInt(amount), to } as const
  return submit(deps, { operation, request, body, answer: render.minted })
}

/** Moves tokens from one wallet to another. @throws BAD_REQUEST, UNAVAILABLE, STORE_UNAVAILABLE */
export function transfer(deps: AbcDeps, { body, request }: Write<Static<typeof TransferBody>>) {
  const { asset_id: assetId, amount, from_wallet: from, to_wallet: to } = body
  const operation = { kind: 'transfer', assetId, amount: BigInt(amount), from, to } as const
  return submit(deps, { operation, request, body, answer: render.transferred })
}

/** Destroys tokens of a wallet. @throws BAD_REQUEST, UNAVAILABLE, STORE_UNAVAILABLE */
export function burn(deps: AbcDeps, { body, request }: Write<Static<typeof BurnBody>>) {
  const { asset_id: assetId, amount, holder_wallet_address: from } = body
  const operation = { kind: 'burn', assetId, amount: BigInt(amount), from } as const
  return submit(deps, { operation, request, body, answer: render.burned })
}

/** Registers an asset: 201, or 200 if it is registered already. @throws BAD_REQUEST, UNAVAILABLE, STORE_UNAVAILABLE */
export function registerAsset(deps: AbcDeps, { body, request }: Write<Static<typeof AssetBody>>) {
  const { asset_id: assetId, name, symbol, reissue = false } = body
  const operation = { kind: 'register_asset', assetId, name, symbol, reissue } as const
  return submit(deps, { operation, request, body, answer: render.assetRegistered })
}

/** Registers a wallet: 201, or 200 if it is registered already. @throws BAD_REQUEST, UNAVAILABLE, STORE_UNAVAILABLE */
export function registerWallet(deps: AbcDeps, { body, request }: Write<Static<typeof WalletBody>>) {
  const operation = { kind: 'register_wallet', wallet: body.wallet_address } as const
  return submit(deps, { operation, request, body, answer: render.walletRegistered })
}

/** An operation to submit to the ledger, and the function that turns its receipt into an answer. */
type Submission<Op extends Operation, Body> = {
  readonly operation: Op
  readonly request: JsonRequest
  readonly body: ReadBody
  readonly answer: (operation: Op, receipt: Receipt) => Reply<Body>
}

async function submit<Op extends Operation, Body>(
  deps: AbcDeps,
  { operation, request, body, answer }: Submission<Op, Body>,
): Promise<Reply<Body> | VendorError> {
  const outcome = await deps.ledger.submit({ operation, idempotency: idempotencyOf(request, body) })
  return outcome.accepted ? answer(operation, outcome.receipt) : rejection(operation.kind, outcome.reason)
}

type Kind = Operation['kind']

/** The vendor's code for each reason to reject an operation, by kind of operation. */
const REJECT_CODES: Readonly<Record<Kind, Readonly<Partial<Record<RejectReason, AbcCode>>>>> = {
  register_asset: { asset_conflict: 'ASSET_CONFLICT', key_reused: 'ASSET_CONFLICT' },
  register_wallet: { key_reused: 'WALLET_CONFLICT' },
  mint: {
    asset_not_found: 'ASSET_NOT_FOUND',
    wallet_not_found: 'WALLET_NOT_FOUND',
    already_minted: 'DUPLICATE_MINT',
    key_reused: 'MINT_CONFLICT',
  },
  transfer: {
    asset_not_found: 'ASSET_NOT_FOUND',
    wallet_not_found: 'WALLET_NOT_FOUND',
    insufficient_funds: 'INSUFFICIENT_FUNDS',
    key_reused: 'TRANSFER_CONFLICT',
  },
  burn: {
    asset_not_found: 'ASSET_OR_WALLET_NOT_FOUND',
    wallet_not_found: 'ASSET_OR_WALLET_NOT_FOUND',
    insufficient_funds: 'INVALID_BURN_AMOUNT',
    key_reused: 'BURN_CONFLICT',
  },
}

/** The vendor has a separate message for an unknown wallet in a transfer. */
const EITHER_WALLET = 'One or both wallets do not exist'
const KEY_REUSED = 'Idempotency-Key was used with another body'

/** Returns the answer to a rejected operation. */
export function rejection(kind: Kind, reason: RejectReason): VendorError {
  const code = REJECT_CODES[kind][reason]
  assert(code !== undefined, `${kind} is never rejected for ${reason}`)
  if (kind === 'transfer' && reason === 'wallet_not_found') return vendorError(code, EITHER_WALLET)
  if (kind === 'register_asset' && reason === 'key_reused') return vendorError(code, KEY_REUSED)
  return vendorError(code)
}
