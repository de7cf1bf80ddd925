import type { FetchScope } from '../adapter.ts'

/**
 * True if a scope includes no transfer: a chain that follows accounts may have none at first. Nodes must not be asked then,
 * since an empty list in a filter means any value.
 */
export function isEmptyScope(scope: FetchScope): boolean {
  return scope.type === 'accounts' && scope.accounts.length === 0
}
