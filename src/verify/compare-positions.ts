import type { ChainProver, Proof } from '../chains/adapter.ts'
import type { BalanceKey, Observation } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import type { Position } from '../store/seam/positions.ts'
import type { ChainReads } from '../store/seam/store.ts'
import { claimOf, isSumOfItems, type Judged, judge, type SkipReason, type StoredClaim, skipped } from './comparison.ts'

/** Both sides of a chain: what is stored, and who asks the chain. */
export type Sides = { readonly reads: ChainReads; readonly prover: ChainProver; readonly signal: AbortSignal }

/** The verdict on a position; `chainSays` where the chain told. Undefined verdict: its items decide, not a call. */
export type JudgedPosition = { readonly judged: Judged | undefined; readonly chainSays: bigint | undefined }

/** Holds positions against the chain at a block. What differs is looked at twice, on both sides. */
export async function judgePositions(
  sides: Sides,
  rows: readonly Position[],
  block: BlockRef,
): Promise<readonly JudgedPosition[]> {
  const claims = rows.map((row) => (isSumOfItems(row) ? undefined : claimOf(row, block)))
  const verdicts = await judgeClaims(sides, claims)
  const differing = [...rows.keys()].filter((place) => verdicts[place]?.judged?.outcome === 'different')
  if (differing.length === 0) return verdicts
  const again = await currentClaims(sides, { rows: differing.flatMap((place) => rows[place] ?? []), block })
  return replaced(verdicts, differing, await judgeClaims(sides, again))
}

/** Holds observations against the chain, each at its own block. What differs is looked at twice, on both sides. */
export async function judgeObservations(
  sides: Sides,
  observations: readonly Observation[],
): Promise<readonly (Judged | undefined)[]> {
  const claims = await Promise.all(observations.map((observation) => observationClaim(sides, observation)))
  const verdicts = await judgeClaims(sides, claims)
  const differing = [...claims.keys()].filter((place) => verdicts[place]?.judged?.outcome === 'different')
  const keys = differing.flatMap((place): BalanceKey[] => observations.slice(place, place + 1))
  const stored = keys.length === 0 ? [] : await sides.reads.observations.get(keys)
  const again = await Promise.all(
    stored.map((observation) => (observation === undefined ? dropped : observationClaim(sides, observation))),
  )
  return replaced(verdicts, differing, await judgeClaims(sides, again)).map(({ judged }) => judged)
}

/** Holds claims against the chain, those that differ again with what the store says of them by then (`again`). */
export async function judgeTwice(
  sides: Sides,
  claims: readonly StoredClaim[],
  again: (differing: readonly StoredClaim[]) => Promise<readonly (StoredClaim | Skip)[]>,
): Promise<readonly (Judged | undefined)[]> {
  const verdicts = await judgeClaims(sides, claims)
  const differing = [...claims.keys()].filter((place) => verdicts[place]?.judged?.outcome === 'different')
  if (differing.length === 0) return verdicts.map(({ judged }) => judged)
  const now = await again(differing.flatMap((place) => claims[place] ?? []))
  return replaced(verdicts, differing, await judgeClaims(sides, now)).map(({ judged }) => judged)
}

/** Why the store claims nothing. */
export type Skip = { readonly skip: SkipReason }
/** An observation that a rollback has dropped since it was looked at. */
const dropped: Skip = { skip: 'block_replaced' }

async function judgeClaims(
  { prover, signal }: Sides,
  claims: readonly (StoredClaim | Skip | undefined)[],
): Promise<readonly JudgedPosition[]> {
  const asked = claims.flatMap((claim) => (claim === undefined || 'skip' in claim ? [] : [claim]))
  const questions = asked.map(({ question }) => question)
  const proofs = questions.length === 0 ? [] : await prover.prove(questions, signal)
  let next = 0
  return claims.map((claim) => {
    if (claim === undefined) return { judged: undefined, chainSays: undefined }
    if ('skip' in claim) return { judged: skipped(claim.skip), chainSays: undefined }
    const proof: Proof | undefined = proofs[next++]
    return { judged: judge(claim, proof), chainSays: proof?.ok === true ? proof.amount : undefined }
  })
}

/** What the store says of positions now: a repair may have moved them, or the audit may have turned their token. */
async function currentClaims(
  { reads }: Sides,
  { rows, block }: { readonly rows: readonly Position[]; readonly block: BlockRef },
): Promise<readonly (StoredClaim | Skip)[]> {
  const [now, assets] = await Promise.all([
    reads.balances(rows, block.number),
    Promise.all(rows.map(({ asset }) => reads.asset(asset))),
  ])
  return rows.map((row, place) => {
    const { amount, inDoubt = row.inDoubt } = now.rows[place] ?? { amount: undefined }
    return claimOf({ ...row, amount, inDoubt, accounting: assets[place]?.accounting ?? row.accounting }, block)
  })
}

async function observationClaim({ reads }: Sides, observation: Observation): Promise<StoredClaim> {
  const { account, asset, item, block, amount } = observation
  const stored = asset.standard === 'native' ? undefined : await reads.asset(asset)
  return {
    subject: 'observation',
    question: { what: 'balance', key: { account, asset, item }, block },
    accounting: stored?.accounting ?? 'reads',
    stored: amount,
  }
}

function replaced<T>(all: readonly T[], places: readonly number[], by: readonly T[]): readonly T[] {
  const changed = [...all]
  for (const [index, place] of places.entries()) {
    const one = by[index]
    if (one !== undefined) changed[place] = one
  }
  return changed
}
