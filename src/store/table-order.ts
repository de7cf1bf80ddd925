/** Tables that rows of others refer to, in the order in which they must be filled. */
const REFERRED_TO = ['users', 'custody_principals', 'custody_chains', 'custody_wallets', 'custody_accounts']

/** Compares tables by the order in which they can be filled. */
export function inOrderOfReferences(
  { name: a }: { readonly name: string },
  { name: b }: { readonly name: string },
): number {
  const rank = (name: string): number => (REFERRED_TO.includes(name) ? REFERRED_TO.indexOf(name) : REFERRED_TO.length)
  return rank(a) - rank(b) || (a < b ? -1 : 1)
}
