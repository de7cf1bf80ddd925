import { isRecord } from '../../../core/is-record.ts'
import type { FetchScope } from '../../adapter.ts'
import { addressWord } from '../words/hex.ts'
import { Bloom, type BloomBits, loadBitsOf } from './bloom.ts'
import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from './decode-log.ts'

/** A mismatch is strong if chance alone explains it in at most this share of the blocks. */
const STRONG_CHANCE = 0.01
/** A mismatch is ignored if chance alone explains it in more than this share of the blocks. */
const WEAK_CHANCE = 0.5

/** The precomputed bits of the three events, so that a chain without listed tokens or accounts never needs a hash. */
export const EVENT_SIGNATURES: readonly BloomValue[] = [
  { key: TRANSFER, bits: [1443, 481, 1060] },
  { key: TRANSFER_SINGLE, bits: [43, 1549, 339] },
  { key: TRANSFER_BATCH, bits: [25, 370, 1115] },
]

/** A value that occurs in a transfer's log. `key` as in `valuesIn`. */
export type BloomValue = { readonly key: string; readonly bits: BloomBits }

/** The values that the logs of a scope's transfers contain, and the field of the log that holds them. */
export type BloomTest = { readonly field: 'signature' | 'address' | 'account'; readonly values: readonly BloomValue[] }

/** Matches any block that may have a transfer event. */
export const ANY_EVENT: BloomTest = { field: 'signature', values: EVENT_SIGNATURES }

/**
 * Returns how to check a scope's logs against a bloom. Undefined for a part of a token, which a bloom cannot
 * distinguish.
 */
export async function bloomTestOf(scope: FetchScope): Promise<BloomTest | undefined> {
  if (scope.type === 'pair' || scope.type === 'mints') return undefined
  if (scope.type === 'all') return ANY_EVENT
  const bitsOf = await loadBitsOf()
  if (scope.type === 'tokens') {
    return { field: 'address', values: scope.tokens.map((key) => ({ key, bits: bitsOf(key) })) }
  }
  const values = scope.accounts.map((key) => ({ key, bits: bitsOf(`0x${addressWord(key)}`) }))
  return { field: 'account', values }
}

/** Returns the values of the test's field that occur in these logs. The logs may be malformed. */
export function valuesIn(answers: readonly unknown[], { field }: BloomTest): ReadonlySet<string> {
  const seen = new Set<string>()
  for (const answer of answers) {
    if (!Array.isArray(answer)) continue
    for (const log of answer) {
      if (!isRecord(log) || !Array.isArray(log.topics)) continue
      if (field === 'signature') seen.add(String(log.topics[0]))
      else if (field === 'address') seen.add(String(log.address).toLowerCase())
      else for (const topic of log.topics.slice(1)) seen.add(`0x${String(topic).slice(26).toLowerCase()}`)
    }
  }
  return seen
}

/**
 * The result of comparing an answer with its block's bloom. `fine`: the bloom affirms nothing that is missing.
 * `strong`, `weak`: it affirms something that is missing, with this confidence. `unusable`: it is not a real bloom.
 * Some chains fill it with ones or zeros, or leave it out.
 */
export type BloomResult = 'fine' | 'weak' | 'strong' | 'unusable'

/** Compares an answer with its block's bloom (hex, or undefined if the node sends none). Asks no node. */
export function checkBloom(hex: string | undefined, bloomTest: BloomTest, seen: ReadonlySet<string>): BloomResult {
  if (hex === undefined) return 'unusable'
  const bloom = new Bloom(hex)
  const present = bloomTest.values.filter(({ key }) => seen.has(key))
  if (bloom.fill === 1 || present.some(({ bits }) => !bloom.mayHold(bits))) return 'unusable'
  if (!EVENT_SIGNATURES.some(({ bits }) => bloom.mayHold(bits))) return 'fine'
  if (!bloomTest.values.some(({ key, bits }) => !seen.has(key) && bloom.mayHold(bits))) return 'fine'
  const nothingAtAll = bloomTest.field === 'signature' && present.length === 0
  // The chance that other values set all three bits of a value.
  const chance = (bloomTest.values.length - present.length) * bloom.fill ** 3
  if (nothingAtAll || chance <= STRONG_CHANCE) return 'strong'
  return chance <= WEAK_CHANCE ? 'weak' : 'fine'
}

const NO_BITS = /^0x0*$/

/**
 * True if the bloom (hex, or undefined if the node sends none) rules out every log that the test looks for. An empty
 * bloom rules out nothing: nodes that keep no blooms send it too.
 */
export function rulesOut(hex: string | undefined, bloomTest: BloomTest): boolean {
  if (hex === undefined || NO_BITS.test(hex)) return false
  const bloom = new Bloom(hex)
  if (!EVENT_SIGNATURES.some(({ bits }) => bloom.mayHold(bits))) return true
  return !bloomTest.values.some(({ bits }) => bloom.mayHold(bits))
}
