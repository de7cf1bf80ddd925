import { createHash } from 'node:crypto'
import type { Header } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import { fieldsOf, type Idempotency, type Operation } from '../core/operation.ts'

/**
 * The version of the hash format. Every hash is SHA-256 over UTF-8 of one JSON array in the form of RFC 8785: no
 * spaces, and only the escapes that JSON requires. docs/decisions describes the format, so that a record can be checked
 * by hand.
 */
const FORMAT = 'steelyard-ledger-1'

/** Returns the first block of a record: number 0, no operation. It binds all later hashes to this ledger. */
export function genesisOf(chain: ChainId, timestamp: number): Header {
  return { number: 0, hash: hashOf([FORMAT, chain, timestamp]), parentHash: '', timestamp }
}

/** An operation with its position, not hashed yet. `timestamp`: Unix seconds. */
export type Unsealed = {
  readonly number: number
  readonly parentHash: string
  readonly timestamp: number
  readonly serial: number
  readonly operation: Operation
  /** The digest of the caller's idempotency key. */
  readonly keyDigest: string | undefined
}

/**
 * Returns the hash of an operation's block. It covers the block's content, the digest of the caller's key, and the
 * parent's hash.
 */
export function sealOf(block: Unsealed): string {
  const { number, parentHash, timestamp, serial, operation, keyDigest } = block
  const { kind, assetId, from, to, amount, name, symbol, reissue } = fieldsOf(operation)
  const parts = [assetId, from, to, amount?.toString(), name, symbol, reissue].map((part) => part ?? null)
  return hashOf([FORMAT, number, parentHash, timestamp, serial, kind, ...parts, keyDigest ?? null])
}

/**
 * Returns the digest of a caller's key. Hashes cover only the digest, so that a record can be shown without the keys.
 */
export function keyDigestOf({ scope, key, fingerprint }: Idempotency): string {
  return hashOf([FORMAT, scope, key, fingerprint])
}

function hashOf(content: readonly (string | number | boolean | null)[]): string {
  return `0x${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`
}
