import { addressWord, numberWord } from '../words/hex.ts'

/** The address of Multicall3 on most chains, lower-case (https://www.multicall3.com). */
export const MULTICALL3 = '0xca11bde05977b3631167028862be2a173976ca11'

/** `aggregate3((address,bool,bytes)[])`. */
const AGGREGATE3 = '82ad56cb'

/** A call of a contract: its address, and call data as hex with `0x`. */
export type ContractCall = { readonly target: string; readonly data: string }

/** The result of one call inside a multicall. `data` is hex with `0x`. */
export type MulticallResult = { readonly success: boolean; readonly data: string }

/**
 * Encodes `aggregate3` with each call allowed to fail. Written by hand for speed: it encodes a thousand calls at a
 * time.
 */
export function encodeAggregate3(calls: readonly ContractCall[]): string {
  const tuples = calls.map(({ target, data }) => {
    const bytes = data.slice(2)
    const padded = bytes.padEnd(Math.ceil(bytes.length / 64) * 64, '0')
    return addressWord(target) + numberWord(1) + numberWord(96) + numberWord(bytes.length / 2) + padded
  })
  let offset = calls.length * 32
  const offsets = tuples.map((tuple) => {
    const own = offset
    offset += tuple.length / 2
    return numberWord(own)
  })
  return `0x${AGGREGATE3}${numberWord(32)}${numberWord(calls.length)}${offsets.join('')}${tuples.join('')}`
}

/**
 * Decodes the results of `aggregate3`, one per call, in order. Undefined if the answer is not of that form: another
 * contract may exist at the address.
 */
export function decodeAggregate3(answer: string, count: number): readonly MulticallResult[] | undefined {
  const word = (at: number): number =>
    at + 64 <= answer.length ? Number(`0x${answer.slice(at, at + 64)}`) : Number.NaN
  const list = 2 + word(2) * 2
  if (word(list) !== count) return undefined
  const results: MulticallResult[] = []
  for (let index = 0; index < count; index++) {
    const tuple = list + 64 + word(list + 64 + index * 64) * 2
    const bytes = tuple + word(tuple + 64) * 2
    const characters = word(bytes) * 2
    const start = bytes + 64
    // NaN compares false, so any offset outside the answer ends here.
    if (!(start + characters <= answer.length)) return undefined
    results.push({ success: word(tuple) === 1, data: `0x${answer.slice(start, start + characters)}` })
  }
  return results
}
