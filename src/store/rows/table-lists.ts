/** Which tables of a store are copied, saved and dumped, and in which order they are filled: the same for all engines. */
type Named = { readonly name: string }

/** What an engine notes for itself, and what running processes tell each other. */
const OF_ENGINES = [
  ...['parts', 'migrations', 'leases', 'accepted_clocks', 'read_of'],
  ...['reports', 'comparisons', 'calls'],
]
/** Besides, what is filled again by itself. */
const NOT_COPIED = new Set([...OF_ENGINES, 'queued', 'repaired'])
/** Besides, when keys were used, and sessions, which would come to life again after they ended. */
const NOT_SAVED = new Set([...NOT_COPIED, 'uses', 'sessions'])
/** What tells how a store was used, and is no fact. */
const NO_RECORDS = new Set([...OF_ENGINES, 'chain', 'heartbeat', 'places', 'findings', 'feed'])

/** True if the rows of a table belong into a copy of the store. A new table is copied unless someone decides otherwise. */
export function isCopied({ name }: Named): boolean {
  return !NOT_COPIED.has(name)
}

/** True if the rows of a table of the store itself belong into a backup. */
export function isSaved({ name }: Named): boolean {
  return !NOT_SAVED.has(name)
}

/** True if the rows of a table of the store itself are the same in all stores in which the same was done. */
export function isRecord({ name }: Named): boolean {
  return !NO_RECORDS.has(name)
}

/** Tables that rows of others refer to, in the order in which they must be filled. */
const REFERRED_TO = ['users', 'custody_principals', 'custody_chains', 'custody_wallets', 'custody_accounts']

/** Compares tables by the order in which they can be filled. */
export function inOrderOfReferences({ name: a }: Named, { name: b }: Named): number {
  const rank = (name: string): number => (REFERRED_TO.includes(name) ? REFERRED_TO.indexOf(name) : REFERRED_TO.length)
  return rank(a) - rank(b) || (a < b ? -1 : 1)
}
