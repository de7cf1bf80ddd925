import { type AssetRef, assetKey } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import { isServiceError, type ServiceError } from '../core/errors.ts'
import { isFatal } from '../indexer/fatal.ts'

/**
 * Most failures of one piece of work: enough to find one token among a thousand, and each may cost a node's whole
 * timeout.
 */
const MAX_FAILURES = 12

/**
 * The result of work in parts. `error`: set if no part succeeded. `culprits`: tokens that failed alone while others
 * succeeded.
 */
export type Parted = {
  readonly error: ServiceError | undefined
  readonly failed: readonly BalanceKey[]
  readonly culprits: readonly AssetRef[]
}

/**
 * Does work for all keys at once. If that fails, it repeats the work in halves, down to single tokens. So a token that
 * makes the node fail is found, and the others still succeed. `failed`: the keys for which nothing was done.
 * @throws any error that is not a node's failure
 */
export async function inParts(
  {
    keys,
    work,
  }: { readonly keys: readonly BalanceKey[]; readonly work: (keys: readonly BalanceKey[]) => Promise<void> },
  signal: AbortSignal,
): Promise<Parted> {
  const left = [[...byToken(keys).values()]]
  const alone: BalanceKey[][] = []
  const errors: ServiceError[] = []
  let worked = false
  while (errors.length < MAX_FAILURES) {
    const part = left.pop()
    if (part === undefined) break
    const error = await attempt(work, part.flat(), signal)
    if (error === undefined) {
      worked = true
      continue
    }
    errors.push(error)
    const half = Math.ceil(part.length / 2)
    if (part.length > 1) left.push(part.slice(half), part.slice(0, half))
    else alone.push(part.flat())
  }
  const failed = [...alone.flat(), ...left.flat(2)]
  if (!worked) return { error: errors[0], failed, culprits: [] }
  return { error: undefined, failed, culprits: alone.flatMap(([key]) => (key === undefined ? [] : [key.asset])) }
}

async function attempt(
  work: (keys: readonly BalanceKey[]) => Promise<void>,
  keys: readonly BalanceKey[],
  signal: AbortSignal,
): Promise<ServiceError | undefined> {
  try {
    await work(keys)
    return undefined
  } catch (error) {
    if (!isServiceError(error) || isFatal(error) || signal.aborted) throw error
    return error
  }
}

/** Groups the keys by token, without duplicates. */
function byToken(keys: readonly BalanceKey[]): Map<string, BalanceKey[]> {
  const tokens = new Map<string, Map<string, BalanceKey>>()
  for (const key of keys) {
    const token = assetKey(key.asset)
    const own = tokens.get(token) ?? new Map<string, BalanceKey>()
    own.set(`${key.account}/${key.item}`, key)
    tokens.set(token, own)
  }
  return new Map([...tokens].map(([token, own]) => [token, [...own.values()]]))
}
