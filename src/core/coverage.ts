import type { AssetRef } from './asset.ts'
import { STANDARD_RULES } from './standards.ts'

/**
 * The part of a chain that is indexed. Tokens and accounts are canonical addresses. Accounts can be added and removed while
 * the chain is indexed; everything else is fixed.
 */
export type Scope =
  | { readonly type: 'all' }
  | { readonly type: 'tokens'; readonly tokens: readonly string[] }
  | { readonly type: 'accounts'; readonly accounts: readonly string[] }

/** The indexed part of a chain: a scope, from a block on. A missing row
 * proves zero only for an account and an asset that coverage has since block 0. */
export type Coverage = { readonly scope: Scope; readonly from: number }

/** A coverage compiled for fast tests. */
export type CoverageTest = {
  /**
   * True if every transfer of this account in this asset since `from` is in the journal. Never true for the zero
   * address.
   */
  readonly covers: (account: string, asset: AssetRef) => boolean
  /**
   * True if this account's changes are kept. False for the zero address and, in scope `accounts`, for accounts not
   * listed.
   */
  readonly keeps: (account: string) => boolean
  /** True if every account's transfers of this asset since `from` are in the journal. */
  readonly coversAll: (asset: AssetRef) => boolean
}

/**
 * Compiles a coverage to tests that cost one look-up. `zeroAddress`: the chain's zero address, if it has one. Transfers
 * from and to it are one-sided, and may omit what a contract credits to it.
 */
export function coverageTest(coverage: Coverage, zeroAddress: string | undefined): CoverageTest {
  const { scope } = coverage
  const somebody = (account: string): boolean => account !== zeroAddress
  if (scope.type === 'all') {
    const coversAll = isKnownByEvents
    return { covers: (account, asset) => somebody(account) && coversAll(asset), keeps: somebody, coversAll }
  }
  if (scope.type === 'tokens') {
    const tokens = new Set(scope.tokens)
    const coversAll = (asset: AssetRef): boolean => isKnownByEvents(asset) && tokens.has(asset.reference)
    return { covers: (account, asset) => somebody(account) && coversAll(asset), keeps: somebody, coversAll }
  }
  return accountsTest(new Set(scope.accounts), zeroAddress)
}

/** The test of a coverage of accounts. The set may change: the test follows it. */
export function accountsTest(accounts: ReadonlySet<string>, zeroAddress: string | undefined): CoverageTest {
  const keeps = (account: string): boolean => account !== zeroAddress && accounts.has(account)
  return { covers: (account, asset) => isKnownByEvents(asset) && keeps(account), keeps, coversAll: () => false }
}

function isKnownByEvents({ standard }: AssetRef): boolean {
  return STANDARD_RULES[standard].knownBy === 'events'
}

/**
 * True if a chain that was indexed under one coverage can be continued under the other: both cover the same, in any order
 * of addresses, or both cover accounts, which can be added and removed.
 */
export function canContinue(a: Coverage, b: Coverage): boolean {
  if (a.from !== b.from || a.scope.type !== b.scope.type) return false
  const { added, missing } = compared(a.scope, b.scope)
  return a.scope.type === 'accounts' || added + missing === 0
}

/** The coverage before and now, in a few words, however many addresses it lists. */
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
