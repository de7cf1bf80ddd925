/**
 * Reads events whose parameters can only be distinguished by type, since any of them may be indexed. The topics hold
 * the indexed parameters in order. The data holds the others in order, perhaps followed by more words than the event
 * declares.
 */

/** The words of a log, without `0x`. A log has at most three topics besides its signature. */
export type LogWords = { readonly topics: readonly string[]; readonly data: readonly string[] }

/** Most words of data to read: more than any event here declares. */
const MAX_DATA_WORDS = 8
const TOPIC = /^0x[0-9a-fA-F]{64}$/
const BYTES = /^0x[0-9a-fA-F]*$/
const PADDING = '0'.repeat(24)

/** Returns the words of a log after its signature, lower-case; undefined if the topics or the data are malformed. */
export function wordsOf(log: { readonly topics: readonly unknown[]; readonly data: string }): LogWords | undefined {
  const topics: string[] = []
  for (const topic of log.topics.slice(1)) {
    if (typeof topic !== 'string' || !TOPIC.test(topic)) return undefined
    topics.push(topic.slice(2).toLowerCase())
  }
  if (topics.length > 3 || !BYTES.test(log.data)) return undefined
  const data: string[] = []
  for (let at = 2; at + 64 <= log.data.length && data.length < MAX_DATA_WORDS; at += 64) {
    data.push(log.data.slice(at, at + 64).toLowerCase())
  }
  return { topics, data }
}

/** Returns the address in a word; undefined if its padding is not zero. */
export function addressIn(word: string | undefined): string | undefined {
  return word?.startsWith(PADDING) === true ? `0x${word.slice(24)}` : undefined
}

/** Addresses below this start with eight zero bytes, which account addresses (hashes) practically never have. */
const LOWEST_ACCOUNT = 2n ** 96n
const END_OF_ACCOUNTS = 2n ** 160n

/** True for an amount that could also be an account's address or the zero address. */
export function mayBeAccount(amount: bigint): boolean {
  return amount === 0n || (amount >= LOWEST_ACCOUNT && amount < END_OF_ACCOUNTS)
}

/** Returns an amount as an address; undefined if it is too large. */
export function accountOf(amount: bigint): string | undefined {
  return amount < END_OF_ACCOUNTS ? `0x${amount.toString(16).padStart(40, '0')}` : undefined
}

/**
 * Returns all possible readings of the words as `count` parameters, the first `addresses` of which are addresses. Each
 * reading lists the parameters' words in order. Only readings with well-formed addresses are returned.
 */
export function readingsOf(
  { topics, data }: LogWords,
  { count, addresses }: { readonly count: number; readonly addresses: number },
): readonly (readonly string[])[] {
  if (topics.length + data.length < count || topics.length > count) return []
  const readings: string[][] = []
  for (const indexed of choices(count, topics.length)) {
    const [nextTopic, nextData] = [topics.values(), data.values()]
    const words: string[] = []
    for (let index = 0; index < count; index++) {
      const next = (indexed.has(index) ? nextTopic : nextData).next()
      if (next.done !== true) words.push(next.value)
    }
    const wellFormed = words.slice(0, addresses).every((word) => addressIn(word) !== undefined)
    if (words.length === count && wellFormed) readings.push(words)
  }
  return readings
}

/**
 * Returns all ways to choose `picked` positions among `count`. The first positions come first, as in the standards.
 */
function choices(count: number, picked: number): readonly ReadonlySet<number>[] {
  const all: Set<number>[] = []
  const pick = (chosen: readonly number[], from: number): void => {
    if (chosen.length === picked) {
      all.push(new Set(chosen))
      return
    }
    for (let index = from; index < count; index++) pick([...chosen, index], index + 1)
  }
  pick([], 0)
  return all
}
