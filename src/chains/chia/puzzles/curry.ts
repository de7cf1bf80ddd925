import { isAtom, itemsOf, type Value } from './clvm.ts'
import { type Digest, hashAtom, hashPair, NIL } from './tree-hash.ts'

const QUOTE = 1
const APPLY = 2
const CONS = 4
/** The path of the whole environment. */
const ENVIRONMENT = 1

/** A puzzle and the arguments that were curried into it. */
export type Curried = { readonly mod: Value; readonly args: readonly Value[] }

/** Most arguments that a puzzle of interest has; an NFT's layers have 5. */
const MAX_ARGS = 8

/**
 * Takes a curried puzzle apart: (a (q . mod) (c (q . arg) … 1)). Undefined if the puzzle has another form.
 * Source: https://chialisp.com/currying
 */
export function uncurry(value: Value): Curried | undefined {
  const [apply, quotedMod, list] = listOf3(value)
  const mod = unquoted(quotedMod)
  if (!isByte(apply, APPLY) || mod === undefined) return undefined
  const args: Value[] = []
  let at = list
  while (at !== undefined && !isAtom(at)) {
    const [cons, quotedArg, rest] = listOf3(at)
    const arg = unquoted(quotedArg)
    if (!isByte(cons, CONS) || arg === undefined || args.length === MAX_ARGS) return undefined
    args.push(arg)
    at = rest
  }
  return isByte(at, ENVIRONMENT) ? { mod, args } : undefined
}

/** The items of a list of exactly three; none of another value. */
function listOf3(value: Value): readonly Value[] {
  const items = itemsOf(value, 4)
  return items.length === 3 ? items : []
}

function unquoted(value: Value | undefined): Value | undefined {
  return value !== undefined && !isAtom(value) && isByte(value.first, QUOTE) ? value.rest : undefined
}

function isByte(value: Value | undefined, byte: number): boolean {
  return value !== undefined && isAtom(value) && value.length === 1 && value[0] === byte
}

const QUOTE_HASH = hashAtom(Uint8Array.of(QUOTE))
const APPLY_HASH = hashAtom(Uint8Array.of(APPLY))
const CONS_HASH = hashAtom(Uint8Array.of(CONS))

/** The tree hash of a list of arguments without arguments: the path of the environment. */
export const NO_ARGS: Digest = hashAtom(Uint8Array.of(ENVIRONMENT))

/** The tree hash of a quoted value, from the value's hash. */
export function hashQuoted(value: Digest): Digest {
  return hashPair(QUOTE_HASH, value)
}

/** The tree hash of a list of arguments with one more in front. The last argument is added first. */
export function hashWithArg(quotedArg: Digest, args: Digest): Digest {
  return hashPair(CONS_HASH, hashPair(quotedArg, hashPair(args, NIL)))
}

/** The tree hash of a puzzle with arguments curried in. */
export function hashCurried(quotedMod: Digest, args: Digest): Digest {
  return hashPair(APPLY_HASH, hashPair(quotedMod, hashPair(args, NIL)))
}
