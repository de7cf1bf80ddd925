import { createHash } from 'node:crypto'
import type { Header } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import { fieldsOf, type Idempotency, type Operation } from '../core/operation.ts'

/**
 * The format of what is hashed. Every hash is SHA-256 over UTF-8 of one JSON array, written as RFC 8785 writes it: no
 * spaces, no escapes but those that JSON asks for. docs/decisions has the format for whoever checks a record by hand.
 */
const FORMAT = 'steelyard-ledger-1'

/** The block that a record begins with: number 0, no operation. It binds all later hashes to this ledger. */
export function genesisOf(chain: ChainId, timestamp: number): Header {
  return { number: 0, hash: hashOf([FORMAT, chain, timestamp]), parentHash: '', timestamp }
}

/** An operation in its place, not yet sealed. `timestamp`: Unix seconds. */
export type Unsealed = {
  readonly number: number
  readonly parentHash: string
  readonly timestamp: number
  readonly serial: number
  readonly operation: Operation
  /** The digest of its caller's key. */
  readonly keyDigest: string | undefined
}

/** The hash of an operation's block: over all that it says, the digest of its caller's key, and its parent's hash. */
export function sealOf(block: Unsealed): string {
  const { number, parentHash, timestamp, serial, operation, keyDigest } = block
  const { kind, assetId, from, to, amount, name, symbol, reissue } = fieldsOf(operation)
  const parts = [assetId, from, to, amount?.toString(), name, symbol, reissue].map((part) => part ?? null)
  return hashOf([FORMAT, number, parentHash, timestamp, serial, kind, ...parts, keyDigest ?? null])
}

/** What of a caller's key is sealed: a digest, so that a record can be shown without the keys. */
export function keyDigestOf({ scope, key, fingerprint }: Idempotency): string {
  return hashOf([FORMAT, scope, key, fingerprint])
}

function hashOf(content: readonly (string | number | boolean | null)[]): string {
  return `0x${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`
}
