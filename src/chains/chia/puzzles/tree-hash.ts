import { hash } from 'node:crypto'
import { assert } from '../../../core/assert.ts'
import type { Hex } from '../words/hex.ts'
import { isAtom, type Pair, type Value } from './clvm.ts'

/** 32 bytes of a hash as Latin-1 characters: Node.js makes and copies these twice as fast as buffers. */
export type Digest = string

/** The bytes of a digest that is written as hex. */
export function digestOf(hex: Hex): Digest {
  return Buffer.from(hex, 'hex').toString('latin1')
}

/** A digest as hex. */
export function hexOf(digest: Digest): Hex {
  return Buffer.from(digest, 'latin1').toString('hex')
}

const sha256 = (bytes: Uint8Array): Digest => hash('sha256', bytes, 'binary')

const ATOM_MARK = 1
const PAIR_MARK = 2

/** The bytes that a pair's hash is made of; only `hashPair` uses them, and never after it returned. */
const PAIR = Buffer.alloc(65, PAIR_MARK)

/** The tree hash of a pair, from the hashes of its parts. */
export function hashPair(first: Digest, rest: Digest): Digest {
  PAIR.write(first, 1, 'latin1')
  PAIR.write(rest, 33, 'latin1')
  return sha256(PAIR)
}

/** The same bytes for an atom of 32 bytes. */
const ATOM_32 = Buffer.alloc(33, ATOM_MARK)

/** The tree hash of an atom of 32 bytes. */
export function hashAtom32(atom: Digest): Digest {
  ATOM_32.write(atom, 1, 'latin1')
  return sha256(ATOM_32)
}

/** The tree hash of an atom. */
export function hashAtom(atom: Uint8Array): Digest {
  const known = atom.length === 1 ? SINGLE_BYTES[atom[0] ?? 0] : undefined
  return known ?? (atom.length === 0 ? NIL : hashBytes(atom))
}

function hashBytes(atom: Uint8Array): Digest {
  const bytes = Buffer.allocUnsafe(atom.length + 1)
  bytes[0] = ATOM_MARK
  bytes.set(atom, 1)
  return sha256(bytes)
}

/** The tree hash of the empty atom. */
export const NIL: Digest = hashBytes(new Uint8Array())
/** Half of a puzzle's values are operators and paths of one byte. */
const SINGLE_BYTES: readonly Digest[] = Array.from({ length: 256 }, (_, byte) => hashBytes(Uint8Array.of(byte)))

/**
 * The tree hash of a value, which is the puzzle hash if the value is a puzzle. Each pair keeps its hash, so that the hash
 * of a part costs nothing after that of the whole. Source: https://chialisp.com/clvm
 */
export function treeHash(value: Value): Digest {
  const hashes: Digest[] = []
  // A deep value must not overflow the call stack.
  const steps: (Value | 'join')[] = [value]
  const open: Pair[] = []
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step === 'join') {
      const [pair, rest, first] = [open.pop(), hashes.pop(), hashes.pop()]
      assert(pair !== undefined && rest !== undefined && first !== undefined, 'a pair is joined after its parts')
      pair.hash = hashPair(first, rest)
      hashes.push(pair.hash)
    } else if (isAtom(step)) hashes.push(hashAtom(step))
    else if (step.hash !== undefined) hashes.push(step.hash)
    else {
      open.push(step)
      steps.push('join', step.rest, step.first)
    }
  }
  const [root] = hashes
  assert(root !== undefined, 'a value has a hash')
  return root
}
