/**
 * The parameters of an event that are told apart by their types alone, whichever of them are indexed. The topics carry the
 * indexed ones in order, the data the others in order, perhaps followed by more than the event declares.
 */

/** Words that a log carries, without `0x`. A log has three topics besides its signature at most. */
export type LogWords = { readonly topics: readonly string[]; readonly data: readonly string[] }

/** Words of data that are looked at where single words matter: more than any event here declares. */
const MAX_DATA_WORDS = 8
const TOPIC = /^0x[0-9a-fA-F]{64}$/
const BYTES = /^0x[0-9a-fA-F]*$/
const PADDING = '0'.repeat(24)

/** The words of a log behind its signature, lower-case; undefined where the node sends no topics or no bytes. */
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

/** The address of a word; undefined where its padding is not zero. */
export function addressIn(word: string | undefined): string | undefined {
  return word?.startsWith(PADDING) === true ? `0x${word.slice(24)}` : undefined
}

/** Addresses below this have eight zero bytes in front, which the hashes that accounts are practically never have. */
const LOWEST_ACCOUNT = 2n ** 96n
const END_OF_ACCOUNTS = 2n ** 160n

/** True of an amount that an account's address, or the zero address, would also be. */
export function mayBeAccount(amount: bigint): boolean {
  return amount === 0n || (amount >= LOWEST_ACCOUNT && amount < END_OF_ACCOUNTS)
}

/** The address that an amount would be; undefined where it is too large. */
export function accountOf(amount: bigint): string | undefined {
  return amount < END_OF_ACCOUNTS ? `0x${amount.toString(16).padStart(40, '0')}` : undefined
}

/**
 * All orders of parameters that the words can have: for `count` parameters, of which the first `addresses` are addresses.
 * Each reading is the parameters' words in order. Only readings whose addresses are well-formed are given.
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

/** All choices of `picked` places among `count`, that of the first places first: it is how the standards lay events out. */
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
