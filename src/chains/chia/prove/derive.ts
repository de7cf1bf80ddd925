/**
 * The puzzle hashes of CATs, worked out again for proofs: by hashing the whole curried puzzle as a tree, with the hashes of its
 * parts in it. It shares nothing with the adapter's derivation.
 */
import { createHash } from 'node:crypto'

const CAT = '37bef360ee858133b69d595a906dc45d01af50379dad515eb9518abb7c1d2a7a'
const REVOCATION = '00848115554ea674131f89f311707a959ad3f4647482648f3fe91ba289131f51'

/** A tree of atoms (hex), whose puzzles are only known by their hashes. */
type Tree = string | readonly [Tree, Tree] | { readonly known: string }

/** The puzzle hash of an owner's coins, of a CAT that its issuer can revoke with a hidden puzzle, or of one that it cannot. */
export function puzzleHashFor(tail: string, hidden: string | undefined, owner: string): string {
  const inner = hidden === undefined ? owner : hashOf(curried(REVOCATION, [REVOCATION, hidden, owner]))
  return hashOf(curried(CAT, [CAT, tail, { known: inner }]))
}

function curried(mod: string, args: readonly Tree[]): Tree {
  const environment = args.reduceRight<Tree>((rest, arg) => list('04', ['01', arg], rest), '01')
  return list('02', ['01', { known: mod }], environment)
}

function list(...items: readonly Tree[]): Tree {
  return items.reduceRight<Tree>((rest, item) => [item, rest], '')
}

function hashOf(tree: Tree): string {
  if (typeof tree === 'string') return sha256(`01${tree}`)
  if ('known' in tree) return tree.known
  return sha256(`02${hashOf(tree[0])}${hashOf(tree[1])}`)
}

function sha256(hex: string): string {
  return createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')
}
