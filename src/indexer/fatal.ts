import { type ErrorCode, isServiceError } from '../core/errors.ts'

const FATAL: ReadonlySet<ErrorCode> = new Set([
  'CHAIN_MISMATCH',
  'REORG_TOO_DEEP',
  'STORE_MISMATCH',
  'STORE_DAMAGED',
  'STORE_REPLACED',
  'LEASE_LOST',
  'CONFIG_INVALID',
])

/** True for errors after which the chain must stop: retrying would not help, or would do harm. */
export function isFatal(error: unknown): boolean {
  if (!isServiceError(error)) return true
  return FATAL.has(error.code)
}
