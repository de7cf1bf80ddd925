import { isServiceError } from '../../../core/errors.ts'
import type { Hex } from '../words/hex.ts'
import { bytes32Of, parseClvm, type Value } from './clvm.ts'
import { hashCurried, hashQuoted, hashWithArg, NO_ARGS, uncurry } from './curry.ts'
import { type Lead, leadText } from './lead.ts'
import { type Digest, digestOf, hashAtom32, hexOf, treeHash } from './tree-hash.ts'

/** The tree hash of the puzzle of CAT2, `cat_v2`. Source: https://chialisp.com/cats */
export const CAT_MOD: Hex = '37bef360ee858133b69d595a906dc45d01af50379dad515eb9518abb7c1d2a7a'
/**
 * The tree hash of the puzzle with which an issuer can revoke, `revocation_layer`: it is the inner puzzle of a revocable CAT,
 * and has the owner's in it. Source: https://github.com/Chia-Network/chips (CHIP-0038)
 */
export const REVOCATION_MOD: Hex = '00848115554ea674131f89f311707a959ad3f4647482648f3fe91ba289131f51'

/** A puzzle whose first argument is its own hash: the hashes of both, quoted. */
type Layer = { readonly quotedMod: Digest; readonly quotedModArg: Digest }

const CAT = layerOf(CAT_MOD)
const REVOCATION = layerOf(REVOCATION_MOD)

function layerOf(mod: Hex): Layer {
  return { quotedMod: hashQuoted(digestOf(mod)), quotedModArg: hashQuotedHex(mod) }
}

/** The tree hash of a quoted atom of 32 bytes. */
function hashQuotedHex(bytes32: Hex): Digest {
  return hashQuoted(hashAtom32(digestOf(bytes32)))
}

/** The hashes of a lead's own arguments, quoted. */
type LeadParts = { readonly tail: Digest; readonly hidden: Digest | undefined }

/** Most leads whose parts are kept: more than there are CATs, in about 3 MB. */
const MAX_LEADS = 10_000
const partsByLead = new Map<string, LeadParts>()

function partsOf(lead: Lead): LeadParts {
  const name = leadText(lead)
  const known = partsByLead.get(name)
  if (known !== undefined) return known
  if (partsByLead.size >= MAX_LEADS) partsByLead.clear()
  const parts = { tail: hashQuotedHex(lead.tail), hidden: lead.hidden && hashQuotedHex(lead.hidden) }
  partsByLead.set(name, parts)
  return parts
}

/** Returns the puzzle hash of an owner's coins of a CAT. It is faster if the last call was for the same owner. */
export function catPuzzleHash(lead: Lead, owner: Hex): Hex {
  const { tail, hidden } = partsOf(lead)
  const args = hidden === undefined ? ownerArgs(owner) : revocableArgs(hidden, owner)
  return hexOf(curryLayer(CAT, hashWithArg(tail, args)))
}

function hashRevocable(quotedHidden: Digest, owner: Hex): Digest {
  const args = hashWithArg(hashQuotedHex(owner), NO_ARGS)
  return curryLayer(REVOCATION, hashWithArg(quotedHidden, args))
}

function curryLayer({ quotedMod, quotedModArg }: Layer, args: Digest): Digest {
  return hashCurried(quotedMod, hashWithArg(quotedModArg, args))
}

/** The last argument of a CAT's puzzle for the last owner: one owner is usually asked for with many leads. */
let last: { readonly owner: Hex; readonly args: Digest } | undefined

function ownerArgs(owner: Hex): Digest {
  if (last?.owner !== owner) last = { owner, args: hashWithArg(hashQuoted(digestOf(owner)), NO_ARGS) }
  return last.args
}

function revocableArgs(quotedHidden: Digest, owner: Hex): Digest {
  return hashWithArg(hashQuoted(hashRevocable(quotedHidden, owner)), NO_ARGS)
}

/** Whose coin of which CAT: with revocation, the owner is whose puzzle the revocation layer has in it. */
export type CatCoin = { readonly lead: Lead; readonly owner: Hex }

/** A CAT's puzzle, taken apart. `inner`: the puzzle inside, the revocation layer included. */
export type CatPuzzle = CatCoin & { readonly inner: Value }

/** Takes a puzzle apart; undefined if it is no CAT2. */
export function catOf(puzzle: Value): CatPuzzle | undefined {
  const [tail, inner] = argsOf(puzzle, CAT_MOD)
  const tailHash = bytes32Of(tail)
  if (tailHash === undefined || inner === undefined) return undefined
  const [hidden, owner] = argsOf(inner, REVOCATION_MOD).map(bytes32Of)
  if (hidden !== undefined && owner !== undefined) return { lead: { tail: tailHash, hidden }, owner, inner }
  return { lead: { tail: tailHash, hidden: undefined }, owner: hexOf(treeHash(inner)), inner }
}

/** The two arguments of a layer after the one that is its own hash; none if the puzzle is another one. */
function argsOf(puzzle: Value, mod: Hex): readonly Value[] {
  const curried = uncurry(puzzle)
  if (curried?.args.length !== 3) return []
  const [own, ...args] = curried.args
  return bytes32Of(own) === mod && hexOf(treeHash(curried.mod)) === mod ? args : []
}

/**
 * The lead and the owner of a coin with this puzzle reveal. Undefined if it is no CAT2. The coin is a genuine one if it was
 * spent: consensus checks a CAT's parents when its puzzle runs.
 */
export function leadOfReveal(reveal: Uint8Array): CatCoin | undefined {
  try {
    const cat = catOf(parseClvm(reveal))
    return cat && { lead: cat.lead, owner: cat.owner }
  } catch (error) {
    if (isServiceError(error, 'NODE_GARBAGE')) return undefined
    throw error
  }
}
