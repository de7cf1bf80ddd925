import { describe, expect, test } from 'vitest'
import type { Operation, RejectReason } from '../../../ledger/ledger.ts'
import { CODES, renderError } from './errors.ts'
import { rejection } from './write.ts'

/** `kind reason`, and the expected answer. */
const REFUSED: readonly (readonly [Operation['kind'], RejectReason, number, string, string])[] = [
  ['mint', 'asset_not_found', 404, 'ASSET_NOT_FOUND', 'Asset ID does not exist'],
  ['mint', 'wallet_not_found', 404, 'WALLET_NOT_FOUND', 'Wallet address does not exist'],
  ['mint', 'already_minted', 409, 'DUPLICATE_MINT', 'Token for this asset already exists'],
  ['mint', 'key_reused', 409, 'MINT_CONFLICT', 'Conflict during mint operation'],
  ['transfer', 'asset_not_found', 404, 'ASSET_NOT_FOUND', 'Asset ID does not exist'],
  ['transfer', 'wallet_not_found', 404, 'WALLET_NOT_FOUND', 'One or both wallets do not exist'],
  ['transfer', 'insufficient_funds', 400, 'INSUFFICIENT_FUNDS', "Not enough tokens in sender's wallet"],
  ['transfer', 'key_reused', 409, 'TRANSFER_CONFLICT', 'Conflict occurred (e.g., simultaneous transfers)'],
  ['burn', 'asset_not_found', 404, 'ASSET_OR_WALLET_NOT_FOUND', 'Asset or wallet does not exist'],
  ['burn', 'wallet_not_found', 404, 'ASSET_OR_WALLET_NOT_FOUND', 'Asset or wallet does not exist'],
  ['burn', 'insufficient_funds', 400, 'INVALID_BURN_AMOUNT', 'Amount exceeds token holdings'],
  ['burn', 'key_reused', 409, 'BURN_CONFLICT', 'Conflict during burn operation'],
  ['register_asset', 'asset_conflict', 409, 'ASSET_CONFLICT', 'Asset is already registered with other content'],
  ['register_asset', 'key_reused', 409, 'ASSET_CONFLICT', 'Idempotency-Key was used with another body'],
  ['register_wallet', 'key_reused', 409, 'WALLET_CONFLICT', 'Conflict during wallet registration'],
]

describe('operations that the ledger rejects', () => {
  test.each(REFUSED)('%s %s is %i %s', (kind, reason, status, code, message) => {
    expect(rejection(kind, reason).answer).toEqual({
      status,
      body: { status: 'error', status_code: status, error_code: code, message, error: { code, message } },
    })
  })

  test('a reason that the operation cannot have is a bug', () => {
    expect(() => rejection('mint', 'insufficient_funds')).toThrow('mint is never rejected for insufficient_funds')
  })
})

describe('failures of any call', () => {
  test('a bug gets the vendor’s message, and an unknown balance is 503', () => {
    expect(renderError({ code: 'INTERNAL', message: 'Internal server error' })).toEqual({
      status: 500,
      body: {
        status: 'error',
        status_code: 500,
        error_code: 'INTERNAL_ERROR',
        message: 'Unexpected server error',
        error: { code: 'INTERNAL_ERROR', message: 'Unexpected server error' },
      },
    })
    expect(renderError({ code: 'BALANCE_UNKNOWN', message: 'Balance is not known' })).toMatchObject({
      status: 503,
      body: { error_code: 'SERVICE_UNAVAILABLE', message: 'Balance is not known' },
    })
  })

  test('every code has the usual status of its name', () => {
    for (const [code, { status }] of Object.entries(CODES)) {
      if (code.endsWith('_NOT_FOUND')) expect(status, code).toBe(404)
      if (code.endsWith('_CONFLICT')) expect(status, code).toBe(409)
    }
  })
})
