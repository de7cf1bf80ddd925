import type { AccountCodec } from '../../core/account.ts'
import type { Scope } from '../../core/coverage.ts'

/**
 * Returns a function of a scope that gives its accounts, encoded, in hex; undefined if it is not of accounts. The last scope is
 * remembered: an audit passes the same one many times.
 */
export function accountsOf({ encode }: AccountCodec): (scope: Scope | undefined) => ReadonlySet<string> | undefined {
  let last: { readonly scope: Scope; readonly accounts: ReadonlySet<string> } | undefined
  return (scope) => {
    if (scope?.type !== 'accounts') return undefined
    if (last?.scope !== scope) {
      last = { scope, accounts: new Set(scope.accounts.map((account) => encode(account).toString('hex'))) }
    }
    return last.accounts
  }
}
