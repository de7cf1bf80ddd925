import { amountOf, type Generator, MINT } from './generator.ts'

/** Longest chain whose balances are answered: its index takes 16 bytes a transfer and about a second for a million. */
export const MAX_TRANSFERS = 4_000_000

/** The balances of a generated chain at every block, from an index of its movements by token and account. */
export type BalanceIndex = {
  /** Base units at the end of a block; undefined if no account has this address. */
  readonly balanceAt: (token: number, address: string, block: number) => bigint | undefined
}

/** All accounts of a generated chain by number, and how they are named. */
export type IndexedAccounts = { readonly accounts: number; readonly accountAddress: (account: number) => string }

/** Makes the index; undefined if the chain is too long for one. */
export function createBalanceIndex(
  generator: Generator,
  { accounts, accountAddress }: IndexedAccounts,
): BalanceIndex | undefined {
  const { transfers } = generator.shape
  if (transfers > MAX_TRANSFERS) return undefined
  // Each entry is `pair × transfers + movement`, so sorted entries of a pair are together and in the chain's order.
  const entries = new Float64Array(2 * transfers)
  let count = 0
  for (let index = 0; index < transfers; index++) {
    const { token, from, to } = generator.movement(index)
    entries[count++] = (token * accounts + to) * transfers + index
    if (from !== MINT && from !== to) entries[count++] = (token * accounts + from) * transfers + index
  }
  const sorted = entries.subarray(0, count).sort()
  const numbers = new Map(Array.from({ length: accounts }, (_, number) => [accountAddress(number), number]))
  // Where the last question about a pair ended: an account may have very many movements, and is asked about often.
  const ends = new Map<number, { readonly at: number; readonly sum: bigint }>()
  return {
    balanceAt: (token, address, block) => {
      const account = numbers.get(address)
      if (account === undefined) return undefined
      const base = (token * accounts + account) * transfers
      const end = base + generator.span(block).end
      const last = ends.get(base)
      const isLater = last !== undefined && (sorted[last.at - 1] ?? 0) < end
      let sum = isLater ? last.sum : 0n
      let at = isLater ? last.at : lowerBound(sorted, base)
      for (; at < sorted.length; at++) {
        const entry = sorted[at] ?? end
        if (entry >= end) break
        const movement = generator.movement(entry - base)
        if (movement.to === account) sum += amountOf(movement)
        if (movement.from === account) sum -= amountOf(movement)
      }
      if (at > lowerBound(sorted, base)) ends.set(base, { at, sum })
      return sum
    },
  }
}

/** The position of the first entry that is not below a value. */
function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? value) < value) low = middle + 1
    else high = middle
  }
  return low
}
