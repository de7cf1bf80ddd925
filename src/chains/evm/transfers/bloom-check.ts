import { isRecord } from '../../../net/json-rpc.ts'
import type { FetchScope } from '../../adapter.ts'
import { addressWord } from '../words/hex.ts'
import { Bloom, type BloomBits, loadBitsOf } from './bloom.ts'
import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from './decode-log.ts'

/** Alarms that chance alone raises in more than one block of so many are no reason to ask again each time. */
const STRONG_CHANCE = 0.01
/** Where chance alone raises one in every other block, an alarm tells nothing. */
const WEAK_CHANCE = 0.5

/** The bits of the three events, so that a chain without listed tokens or accounts never needs a hash. */
export const SIGNATURES: readonly Sought[] = [
  { key: TRANSFER, bits: [1443, 481, 1060] },
  { key: TRANSFER_SINGLE, bits: [43, 1549, 339] },
  { key: TRANSFER_BATCH, bits: [25, 370, 1115] },
]

/** Something that stands in a log of a transfer. `key` as in `seenIn`. */
export type Sought = { readonly key: string; readonly bits: BloomBits }

/** What stands in the logs of a scope's transfers, and where in a log. */
export type ScopeTest = { readonly place: 'signature' | 'address' | 'account'; readonly sought: readonly Sought[] }

/** Tells blocks that surely have no event of a transfer. */
export const ANY_EVENT: ScopeTest = { place: 'signature', sought: SIGNATURES }

/** How a scope's logs can be told from a bloom; undefined for parts of a token, which it cannot tell apart. */
export async function scopeTest(scope: FetchScope): Promise<ScopeTest | undefined> {
  if (scope.type === 'pair' || scope.type === 'mints') return undefined
  if (scope.type === 'all') return ANY_EVENT
  const bitsOf = await loadBitsOf()
  if (scope.type === 'tokens') {
    return { place: 'address', sought: scope.tokens.map((key) => ({ key, bits: bitsOf(key) })) }
  }
  const sought = scope.accounts.map((key) => ({ key, bits: bitsOf(`0x${addressWord(key)}`) }))
  return { place: 'account', sought }
}

/** Of what a test seeks, that which stands in these logs, well-formed or not. */
export function seenIn(answers: readonly unknown[], { place }: ScopeTest): ReadonlySet<string> {
  const seen = new Set<string>()
  for (const answer of answers) {
    if (!Array.isArray(answer)) continue
    for (const log of answer) {
      if (!isRecord(log) || !Array.isArray(log.topics)) continue
      if (place === 'signature') seen.add(String(log.topics[0]))
      else if (place === 'address') seen.add(String(log.address).toLowerCase())
      else for (const topic of log.topics.slice(1)) seen.add(`0x${String(topic).slice(26).toLowerCase()}`)
    }
  }
  return seen
}

/**
 * What a block's bloom says of an answer: `fine`: nothing is missing that it affirms. `strong`, `weak`: something is,
 * and how telling that is. `unusable`: the bloom is no bloom (some chains fill it with ones or zeros, or leave it out).
 */
export type Suspicion = 'fine' | 'weak' | 'strong' | 'unusable'

/** Compares an answer with its block's bloom (hex, or undefined where the node sends none). Asks nobody. */
export function suspicion(hex: string | undefined, test: ScopeTest, seen: ReadonlySet<string>): Suspicion {
  if (hex === undefined) return 'unusable'
  const bloom = new Bloom(hex)
  const present = test.sought.filter(({ key }) => seen.has(key))
  if (bloom.fill === 1 || present.some(({ bits }) => !bloom.mayHold(bits))) return 'unusable'
  if (!SIGNATURES.some(({ bits }) => bloom.mayHold(bits))) return 'fine'
  if (!test.sought.some(({ key, bits }) => !seen.has(key) && bloom.mayHold(bits))) return 'fine'
  const nothingAtAll = test.place === 'signature' && present.length === 0
  // That a value's three bits are all set by others.
  const chance = (test.sought.length - present.length) * bloom.fill ** 3
  if (nothingAtAll || chance <= STRONG_CHANCE) return 'strong'
  return chance <= WEAK_CHANCE ? 'weak' : 'fine'
}

const NO_BITS = /^0x0*$/

/**
 * True where a bloom (hex, or undefined where the node sends none) denies every log that a test seeks. A bloom without bits
 * denies nothing: nodes that keep no blooms send it too.
 */
export function rulesOut(hex: string | undefined, test: ScopeTest): boolean {
  if (hex === undefined || NO_BITS.test(hex)) return false
  const bloom = new Bloom(hex)
  if (!SIGNATURES.some(({ bits }) => bloom.mayHold(bits))) return true
  return !test.sought.some(({ bits }) => bloom.mayHold(bits))
}
