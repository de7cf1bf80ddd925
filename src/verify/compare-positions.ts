import type { ChainProver, Proof } from '../chains/adapter.ts'
import { type BalanceKey, isReadable, type Observation } from '../core/balance.ts'
import type { BlockRef } from '../core/block.ts'
import type { Position } from '../store/seam/positions.ts'
import type { ChainReads } from '../store/seam/store.ts'
import {
  type Comparison,
  compareWithProof,
  type SkipReason,
  type StoredAmount,
  skipped,
  storedAmount,
} from './comparison.ts'

/** Both sides of a comparison: the store's reads, and the prover that asks the chain. */
export type Sides = { readonly reads: ChainReads; readonly prover: ChainProver; readonly signal: AbortSignal }

/**
 * The comparison of a position. `comparison` undefined: a sum of items, which is compared by its items, not by a call.
 * `chainAmount`: the chain's amount, if it returned one.
 */
export type PositionComparison = {
  readonly comparison: Comparison | undefined
  readonly chainAmount: bigint | undefined
}

/** Compares positions with the chain at a block. What differs is compared once more, with both sides read again. */
export async function comparePositions(
  sides: Sides,
  rows: readonly Position[],
  block: BlockRef,
): Promise<readonly PositionComparison[]> {
  const stored = rows.map((row) => (isReadable(row) ? storedAmount(row, block) : undefined))
  const compared = await compareAll(sides, stored)
  const differing = [...rows.keys()].filter((index) => compared[index]?.comparison?.outcome === 'different')
  if (differing.length === 0) return compared
  const again = await readAgain(sides, { rows: differing.flatMap((index) => rows[index] ?? []), block })
  return replaced(compared, differing, await compareAll(sides, again))
}

/**
 * Compares observations with the chain, each at its own block. What differs is compared once more, with both sides read
 * again.
 */
export async function compareObservations(
  sides: Sides,
  observations: readonly Observation[],
): Promise<readonly (Comparison | undefined)[]> {
  const before = await Promise.all(observations.map((observation) => storedObservation(sides, observation)))
  const compared = await compareAll(sides, before)
  const differing = [...before.keys()].filter((index) => compared[index]?.comparison?.outcome === 'different')
  const keys = differing.flatMap((index): BalanceKey[] => observations.slice(index, index + 1))
  const stored = keys.length === 0 ? [] : await sides.reads.observations.get(keys)
  const again = await Promise.all(
    stored.map((observation) => (observation === undefined ? dropped : storedObservation(sides, observation))),
  )
  return replaced(compared, differing, await compareAll(sides, again)).map(({ comparison }) => comparison)
}

/**
 * Compares stored amounts with the chain. What differs is compared once more, with the amounts that `again` reads from
 * the store.
 */
export async function compareTwice(
  sides: Sides,
  stored: readonly StoredAmount[],
  again: (differing: readonly StoredAmount[]) => Promise<readonly (StoredAmount | Skip)[]>,
): Promise<readonly (Comparison | undefined)[]> {
  const compared = await compareAll(sides, stored)
  const differing = [...stored.keys()].filter((index) => compared[index]?.comparison?.outcome === 'different')
  if (differing.length === 0) return compared.map(({ comparison }) => comparison)
  const now = await again(differing.flatMap((index) => stored[index] ?? []))
  return replaced(compared, differing, await compareAll(sides, now)).map(({ comparison }) => comparison)
}

/** Why there is no stored amount to compare. */
export type Skip = { readonly skip: SkipReason }
/** An observation that a rollback deleted after it was first compared. */
const dropped: Skip = { skip: 'block_replaced' }

async function compareAll(
  { prover, signal }: Sides,
  stored: readonly (StoredAmount | Skip | undefined)[],
): Promise<readonly PositionComparison[]> {
  const asked = stored.flatMap((one) => (one === undefined || 'skip' in one ? [] : [one]))
  const questions = asked.map(({ question }) => question)
  const proofs = questions.length === 0 ? [] : await prover.prove(questions, signal)
  let next = 0
  return stored.map((one) => {
    if (one === undefined) return { comparison: undefined, chainAmount: undefined }
    if ('skip' in one) return { comparison: skipped(one.skip), chainAmount: undefined }
    const proof: Proof | undefined = proofs[next++]
    return { comparison: compareWithProof(one, proof), chainAmount: proof?.ok === true ? proof.amount : undefined }
  })
}

/**
 * Reads the stored amounts of positions again: a repair may have changed them, or the audit may have reclassified their
 * token.
 */
async function readAgain(
  { reads }: Sides,
  { rows, block }: { readonly rows: readonly Position[]; readonly block: BlockRef },
): Promise<readonly (StoredAmount | Skip)[]> {
  const [now, assets] = await Promise.all([
    reads.balances(rows, block.number),
    Promise.all(rows.map(({ asset }) => reads.asset(asset))),
  ])
  return rows.map((row, index) => {
    const { amount, inDoubt = row.inDoubt } = now.rows[index] ?? { amount: undefined }
    return storedAmount({ ...row, amount, inDoubt, accounting: assets[index]?.accounting ?? row.accounting }, block)
  })
}

async function storedObservation({ reads }: Sides, observation: Observation): Promise<StoredAmount> {
  const { account, asset, item, block, amount } = observation
  const stored = asset.standard === 'native' ? undefined : await reads.asset(asset)
  return {
    subject: 'observation',
    question: { what: 'balance', key: { account, asset, item }, block },
    accounting: stored?.accounting ?? 'reads',
    stored: amount,
  }
}

function replaced<T>(all: readonly T[], indexes: readonly number[], by: readonly T[]): readonly T[] {
  const changed = [...all]
  for (const [at, index] of indexes.entries()) {
    const one = by[at]
    if (one !== undefined) changed[index] = one
  }
  return changed
}
