import { HDKey } from '@scure/bip32'
import { keccak256 } from 'viem/utils'

/** The field of secp256k1 (SEC 2, section 2.4.1). It is 3 modulo 4, so a root is a power. */
const FIELD = 2n ** 256n - 2n ** 32n - 977n
const COMPRESSED_BYTES = 33
/** Hardened children begin here: they need the private key (BIP-32). */
const HARDENED = 2 ** 31
/** The depth of an account's key (BIP-44). Its addresses are below its child 0, those for payments from outside. */
const ACCOUNT_DEPTH = 3

/**
 * Returns the address with an index below an extended public key (BIP-32, base 58 text), in canonical form: of an account's key
 * (BIP-44, depth 3), its path is `0/index`, of any other key `index`. Undefined if the text is no extended public key, if it is a
 * private one, or if there is no such child.
 */
export function deriveAddress(xpub: string, index: number): string | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= HARDENED) return undefined
  const parent = parseKey(xpub)
  if (parent === undefined) return undefined
  const receiving = parent.depth === ACCOUNT_DEPTH ? parent.deriveChild(0) : parent
  const { publicKey } = receiving.deriveChild(index)
  return publicKey === null ? undefined : addressOf(Buffer.from(publicKey))
}

function parseKey(xpub: string): HDKey | undefined {
  try {
    const key = HDKey.fromExtendedKey(xpub)
    // A private key must not be here at all, so it derives nothing.
    return key.privateKey === null ? key : undefined
  } catch {
    return undefined
  }
}

/** The address of a compressed public key: the last 20 bytes of the hash of its point (Ethereum yellow paper, appendix F). */
function addressOf(publicKey: Buffer): string | undefined {
  if (publicKey.length !== COMPRESSED_BYTES) return undefined
  const x = BigInt(`0x${publicKey.toString('hex', 1)}`)
  const root = power((x ** 3n + 7n) % FIELD, (FIELD + 1n) / 4n)
  const isOdd = publicKey[0] === 3
  const y = (root % 2n === 1n) === isOdd ? root : FIELD - root
  const hex = (value: bigint): string => value.toString(16).padStart(64, '0')
  return `0x${keccak256(`0x${hex(x)}${hex(y)}`).slice(-40)}`
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let [square, left] = [base, exponent]; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % FIELD
    square = (square * square) % FIELD
  }
  return result
}
