import type { BalanceKey } from '../core/balance.ts'
import { andThen, type Soon } from '../core/soon.ts'
import type { Standard } from '../core/standards.ts'
import type { ChainClock, HeldBlock } from '../store/seam/chain-clock.ts'
import type { ChainReads } from '../store/seam/store.ts'
import type { Fact } from './freshness.ts'

/** Stored positions of one snapshot. `block`: the block that they are as of, with our own hash, if we store it. */
export type Look = {
  readonly facts: readonly Fact[]
  readonly clock: ChainClock
  readonly block: HeldBlock | undefined
}

/** Looks positions up in one snapshot, as of the published block or of the block `asOf`. The facts are in the order of the keys. */
export type LookUp = (keys: readonly BalanceKey[], asOf?: number) => Soon<Look>

/** An asset that is not issued yet, on a chain that is written only here. */
const NEVER_ISSUED: Fact['asset'] = { accounting: 'events', unreadable: false, inDoubt: false, eventsUntil: undefined }

/** Creates the look-up of a chain. `issues`: the standard of the assets that are issued on it, if it is written only here. */
export function createLookUp(reads: Pick<ChainReads, 'balances'>, issues: Standard | undefined): LookUp {
  return (keys, asOf) =>
    andThen(reads.balances(keys, asOf), ({ clock, block, rows, assets }) => {
      const facts = keys.map((key, index): Fact => {
        const otherwise = key.asset.standard === issues ? NEVER_ISSUED : undefined
        return { key, row: rows[index], asset: assets[index] ?? otherwise }
      })
      return { clock, block, facts }
    })
}
