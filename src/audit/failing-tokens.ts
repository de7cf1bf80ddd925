import { assetKey } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import type { ServiceError } from '../core/errors.ts'
import { CoolDowns } from './cool-downs.ts'
import { inParts } from './read-in-parts.ts'

/** Does work for balances, except those of tokens that recently made a node fail. */
export class FailingTokens {
  readonly #coolDowns = new CoolDowns()
  readonly #unchecked: (count: number) => void

  /** `unchecked`: called with the number of balances that were skipped or failed. */
  constructor(unchecked: (count: number) => void) {
    this.#unchecked = unchecked
  }

  nextRound(): void {
    this.#coolDowns.nextRound()
  }

  /** Returns the error if none of the work succeeded. @throws any error that is not a node's failure */
  async run(
    keys: readonly BalanceKey[],
    work: (keys: readonly BalanceKey[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ServiceError | undefined> {
    const open = keys.filter(({ asset }) => !this.#coolDowns.isCoolingDown(asset))
    const { error, failed, culprits } = await inParts({ keys: open, work }, signal)
    this.#unchecked(keys.length - open.length + failed.length)
    const spoilt = new Set(failed.map(({ asset }) => assetKey(asset)))
    for (const { asset } of open) if (!spoilt.has(assetKey(asset))) this.#coolDowns.forget(asset)
    for (const asset of culprits) this.#coolDowns.start(asset)
    return error
  }
}
