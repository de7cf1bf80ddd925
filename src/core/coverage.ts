import type { AssetRef } from './asset.ts'

/** What of a chain is looked at. Tokens and accounts are canonical addresses. */
export type Scope =
  | { readonly type: 'all' }
  | { readonly type: 'tokens'; readonly tokens: readonly string[] }
  | { readonly type: 'accounts'; readonly accounts: readonly string[] }

/** What we have looked at: a scope, from a block on. An absent row is zero only inside coverage. */
export type Coverage = { readonly scope: Scope; readonly from: number }

/** A coverage made fast to ask. */
export type CoverageTest = {
  /** True where every movement of this account in this asset since `from` is in the journal; never of nobody. */
  readonly covers: (account: string, asset: AssetRef) => boolean
  /** True where this account's changes are kept at all: not of nobody, nor, in scope `accounts`, of those not listed. */
  readonly keeps: (account: string) => boolean
  /** True where every account's movements of this asset since `from` are in the journal. */
  readonly coversAll: (asset: AssetRef) => boolean
}

/**
 * Compiles a coverage to tests that cost one look-up. `nobody`: the account that stands for nobody, where the chain has
 * one: transfers from and to it are one-sided, and may leave out what a contract credits it with.
 */
export function coverageTest(coverage: Coverage, zeroAddress: string | undefined): CoverageTest {
  const { scope } = coverage
  const somebody = (account: string): boolean => account !== zeroAddress
  if (scope.type === 'all') {
    const coversAll = (asset: AssetRef): boolean => asset.standard !== 'native'
    return { covers: (account, asset) => somebody(account) && coversAll(asset), keeps: somebody, coversAll }
  }
  if (scope.type === 'tokens') {
    const tokens = new Set(scope.tokens)
    const coversAll = (asset: AssetRef): boolean => asset.standard !== 'native' && tokens.has(asset.reference)
    return { covers: (account, asset) => somebody(account) && coversAll(asset), keeps: somebody, coversAll }
  }
  const accounts = new Set(scope.accounts.filter(somebody))
  return {
    covers: (account, asset) => asset.standard !== 'native' && accounts.has(account),
    keeps: (account) => accounts.has(account),
    coversAll: () => false,
  }
}

/** True where both look at the same, in whatever order their addresses are listed. */
export function sameCoverage(a: Coverage, b: Coverage): boolean {
  const { added, missing } = compared(a.scope, b.scope)
  return a.from === b.from && a.scope.type === b.scope.type && added + missing === 0
}

/** What was looked at and what is to be, in a few words however many addresses they list. */
export function coverageChange(before: Coverage, now: Coverage): string {
  const { added, missing } = compared(before.scope, now.scope)
  const changes = before.scope.type === now.scope.type && added + missing > 0
  return `${inWords(before)}, now ${inWords(now)}${changes ? ` (${added} added, ${missing} missing)` : ''}`
}

function addressesOf(scope: Scope): readonly string[] {
  return scope.type === 'all' ? [] : scope.type === 'tokens' ? scope.tokens : scope.accounts
}

function compared(before: Scope, now: Scope): { readonly added: number; readonly missing: number } {
  const [old, fresh] = [new Set(addressesOf(before)), new Set(addressesOf(now))]
  const without = (some: ReadonlySet<string>, others: ReadonlySet<string>): number =>
    [...some].filter((address) => !others.has(address)).length
  return { added: without(fresh, old), missing: without(old, fresh) }
}

function inWords({ scope, from }: Coverage): string {
  const count = new Set(addressesOf(scope)).size
  const what = scope.type === 'all' ? 'all' : `${count} ${count === 1 ? scope.type.slice(0, -1) : scope.type}`
  return `${what} from block ${from}`
}
