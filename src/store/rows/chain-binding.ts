import type { ChainId } from '../../core/chain.ts'
import { type Coverage, canContinue, coverageChange } from '../../core/coverage.ts'
import { ServiceError } from '../../core/errors.ts'

/** @throws STORE_MISMATCH a chain was indexed under another coverage than the present one */
export function mustContinue(chain: ChainId, before: Coverage | undefined, coverage: Coverage): void {
  if (before === undefined || canContinue(before, coverage)) return
  const message =
    `the scope of ${chain} was ${coverageChange(before, coverage)}: restore the configuration; or stop the server, ` +
    `run \`steelyard reset ${chain}\`, and start again: it is indexed anew`
  throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
}

/**
 * The coverage to store, without accounts, and the accounts that go to the table `followed`: those that an earlier version
 * stored with the coverage, and before the first block (`isNew`) the configured ones, which need no history then.
 */
export function scopeOf(
  before: Coverage | undefined,
  coverage: Coverage,
  isNew: boolean,
): { readonly stored: Coverage; readonly listed: readonly string[] } {
  if (coverage.scope.type !== 'accounts') return { stored: coverage, listed: [] }
  const listed = [before, isNew ? coverage : undefined].flatMap((one) =>
    one?.scope.type === 'accounts' ? one.scope.accounts : [],
  )
  return { stored: { scope: { type: 'accounts', accounts: [] }, from: coverage.from }, listed }
}
