import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { ServiceError } from '../core/errors.ts'

/**
 * Longest password, in bytes of UTF-8. It holds any sentence, and it keeps a megabyte of text from reaching the hash.
 */
export const MAX_PASSWORD_BYTES = 1_024

/**
 * The cost of a hash, as OWASP's Password Storage Cheat Sheet recommends for scrypt: N = 2^15, r = 8, p = 3. One hash
 * takes 32 MiB, so several at once fit a small server, and about a quarter of a second. The recommended sets with
 * fewer rounds take up to 128 MiB each.
 */
const COST = { log2N: 15, r: 8, p: 3 } as const
/** The most that a stored hash may ask for, so that later versions may raise the cost. Beyond that it is damage. */
const MAX_COST = { log2N: 17, r: 16, p: 16 } as const
/** 128 random bits make every salt unique. */
const SALT_BYTES = 16
/** 256 bits, the length of the SHA-256 behind scrypt. */
const HASH_BYTES = 32
/** Room for the largest allowed N and r: 128 × N × r bytes, and a little for the blocks of p. */
const MAX_MEMORY_BYTES = 128 * 2 ** MAX_COST.log2N * MAX_COST.r + 1024 * 1024

type Cost = { readonly log2N: number; readonly r: number; readonly p: number }
type ParsedHash = { readonly cost: Cost; readonly salt: Buffer; readonly hash: Buffer }

/** True if the password is short enough to be hashed. */
export function fitsPassword(password: string): boolean {
  // A UTF-16 unit is at least one byte: text that is far too long is not counted.
  return password.length <= MAX_PASSWORD_BYTES && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES
}

/**
 * Returns a salted scrypt hash (RFC 7914) with its parameters, as text: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, both in
 * base64. Runs in Node's thread pool. Equal passwords get different hashes.
 * @throws PARAMETER_INVALID the password is over 1,024 bytes; nothing was hashed
 */
export async function hashPassword(password: string): Promise<string> {
  if (!fitsPassword(password)) {
    throw new ServiceError('PARAMETER_INVALID', `the password is longer than ${MAX_PASSWORD_BYTES} bytes`)
  }
  const salt = randomBytes(SALT_BYTES)
  return hashText({ cost: COST, salt, hash: await derive(password, { cost: COST, salt, bytes: HASH_BYTES }) })
}

/**
 * Resolves to true if the password has this hash. The comparison takes constant time. `stored` undefined: there is no
 * such user; it resolves to false after the same work. A password over 1,024 bytes is false at once.
 * @throws STORE_DAMAGED the stored hash is not one of ours
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  if (!fitsPassword(password)) return false
  const { cost, salt, hash } = stored === undefined ? NO_USER : parseHash(stored)
  const matches = timingSafeEqual(await derive(password, { cost, salt, bytes: hash.length }), hash)
  return matches && stored !== undefined
}

/** Hashed against if there is no such user, so that a wrong name takes as long as a wrong password. */
const NO_USER: ParsedHash = { cost: COST, salt: Buffer.alloc(SALT_BYTES), hash: Buffer.alloc(HASH_BYTES) }

/** Input methods write one character as one or several code points. RFC 8265 compares passwords in form C. */
function derive(
  password: string,
  { cost, salt, bytes }: { readonly cost: Cost; readonly salt: Buffer; readonly bytes: number },
): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** cost.log2N, r: cost.r, p: cost.p, maxmem: MAX_MEMORY_BYTES }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

function hashText({ cost, salt, hash }: ParsedHash): string {
  const parameters = `ln=${cost.log2N},r=${cost.r},p=${cost.p}`
  return `$scrypt$${parameters}$${salt.toString('base64')}$${hash.toString('base64')}`
}

const HASH = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22}==)\$([A-Za-z0-9+/]{43}=)$/

function parseHash(text: string): ParsedHash {
  const [, log2N = '', r = '', p = '', salt = '', hash = ''] = HASH.exec(text) ?? []
  const cost = { log2N: Number(log2N), r: Number(r), p: Number(p) }
  if (!isWithin(cost.log2N, MAX_COST.log2N) || !isWithin(cost.r, MAX_COST.r) || !isWithin(cost.p, MAX_COST.p)) {
    throw new ServiceError('STORE_DAMAGED', 'the stored hash of a password is not one that Steelyard writes')
  }
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
}

function isWithin(value: number, max: number): boolean {
  return value >= 1 && value <= max
}
