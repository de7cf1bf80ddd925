import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { FoundKey, KeyScope, KeyStore, StoredKey } from '../store/seam/keys.ts'
import { plainAddress } from './addresses.ts'
import { Rechecked } from './rechecked.ts'
import { grants } from './scopes.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_CHARACTERS = 8
/** 43 characters of base 62 hold 256 bits. */
const SECRET_CHARACTERS = 43
/** Longest key to check. It is longer than any key that we make, and it prevents hashing of a 30 kB header. */
const MAX_KEY_CHARACTERS = 256
/** Longest name of a key, in characters: it fits a line of a list. */
export const MAX_KEY_NAME_CHARACTERS = 100
/** Most keys of one user that are neither revoked nor expired. A user needs a few; without a limit they fill the disk. */
export const MAX_KEYS_PER_USER = 100
const KEY = /^([0-9A-Za-z]{8})\.([0-9A-Za-z]{32,})$/

/** The two parts of a key. The id is public and names the key. The secret proves it. */
export type KeyParts = { readonly id: string; readonly secret: string }

/** Returns the parts of a raw key, `<8 base62>.<32 or more base62>`, or undefined if it has another form. */
export function parseKey(raw: string): KeyParts | undefined {
  if (raw.length > MAX_KEY_CHARACTERS) return undefined
  const match = KEY.exec(raw)
  const [, id, secret] = match ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** The properties of a new key. Times are Unix seconds. */
export type KeyRequest = {
  readonly name: string
  readonly principal?: string
  /** The user who makes the key in a session. The key ends when this user is disabled. */
  readonly userId?: string
  readonly scopes?: readonly KeyScope[]
  readonly origins?: readonly string[]
  /** Addresses, or ranges such as `10.0.0.0/8`. */
  readonly ips?: readonly string[]
  readonly expiresAt?: number
  readonly createdAt: number
}

/**
 * Returns a new key with 256 random bits. `raw` is shown once and never stored. `stored` holds the SHA-256 of the
 * secret.
 */
export function createKey(request: KeyRequest): { readonly raw: string; readonly stored: StoredKey } {
  const id = randomText(ID_CHARACTERS)
  const secret = randomText(SECRET_CHARACTERS)
  const stored: StoredKey = {
    id,
    secretHash: hashSecret(secret),
    name: request.name,
    principal: request.principal ?? 'default',
    userId: request.userId,
    scopes: request.scopes ?? ['read'],
    origins: request.origins ?? [],
    ips: request.ips ?? [],
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    revokedAt: undefined,
  }
  return { raw: `${id}.${secret}`, stored }
}

/** Makes a key and stores it. Resolves to its text, which cannot be read again. @throws STORE_UNAVAILABLE */
export async function issueKey(store: Pick<KeyStore, 'put'>, request: KeyRequest): Promise<string> {
  const { raw, stored } = createKey(request)
  await store.put(stored)
  return raw
}

/** The properties of a new key of a user. */
export type UserKeyRequest = KeyRequest & { readonly userId: string }

/**
 * Makes a key of a user and stores it. Resolves to its text, which cannot be read again; undefined if the user has
 * `MAX_KEYS_PER_USER` keys already. @throws STORE_UNAVAILABLE
 */
export async function issueUserKey(
  store: Pick<KeyStore, 'putOfUser'>,
  request: UserKeyRequest,
): Promise<string | undefined> {
  const { raw, stored } = createKey(request)
  const isStored = await store.putOfUser({ ...stored, userId: request.userId }, MAX_KEYS_PER_USER)
  return isStored ? raw : undefined
}

/** Returns uniformly random base-62 characters. Bytes from 248 up are discarded, since 256 is not a multiple of 62. */
function randomText(characters: number): string {
  let text = ''
  while (text.length < characters) {
    for (const byte of randomBytes(characters)) {
      if (byte < 248 && text.length < characters) text += BASE62.charAt(byte % 62)
    }
  }
  return text
}

function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** The caller that a key identifies. */
export type Caller = { readonly keyId: string; readonly principal: string; readonly scopes: readonly KeyScope[] }

/** The reason why a key is rejected. For logs and metrics; callers see less. */
export type KeyRejectReason =
  | 'malformed'
  | 'unknown'
  | 'revoked'
  | 'expired'
  | 'user_disabled'
  | 'origin'
  | 'address'
  | 'scope'

/** The result of checking a key: the caller, or why the key is rejected. */
export type KeyCheck =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly reason: KeyRejectReason }

/**
 * A key and where it is used from. `origin`: the `Origin` header, else `X-Origin`; `address`: the caller's IP address.
 */
export type KeyUse = {
  readonly raw: string
  readonly origin: string | undefined
  readonly address: string
  readonly scope: KeyScope
}

/** A stored key with values derived from it once. */
type Entry = { readonly key: FoundKey; readonly caller: Caller; readonly ips: BlockList | undefined }

/** A key's text that had the right secret for an entry. */
type Proof = { readonly raw: string; readonly entry: Entry }

/**
 * Checks keys against the store. It reads each key from the store at most once a second, and then hashes its secret at the
 * next use. A check in between costs one constant-time comparison with the text that was right, without a promise. So a
 * key that is revoked, or whose user is disabled, works at most that long. Memory is bounded: one text for each stored key,
 * kept until `saveUses`.
 */
export class KeyVerifier {
  readonly #store: KeyStore
  readonly #now: () => number
  readonly #entries: Rechecked<Entry>
  #uses = new Map<string, number>()
  /** By the id of the key. A proof counts only for the entry that it was made with: it ends with the next read of the key. */
  #proofs = new Map<string, Proof>()

  /** `now` returns Unix seconds. */
  constructor(store: KeyStore, now: () => number) {
    this.#store = store
    this.#now = now
    this.#entries = new Rechecked(async (id) => makeEntry(await store.get(id)), now)
  }

  /** Returns the caller of a key, or the reason to reject it. @throws STORE_UNAVAILABLE */
  verify(use: KeyUse): KeyCheck | Promise<KeyCheck> {
    const proof = this.#proofs.get(use.raw.slice(0, ID_CHARACTERS))
    if (proof !== undefined && isSameText(proof.raw, use.raw)) {
      const entry = this.#entries.get(proof.entry.key.id)
      if (!(entry instanceof Promise) && entry.value === proof.entry) return this.#checkUse(proof.entry, use)
    }
    const parts = parseKey(use.raw)
    if (parts === undefined) return { ok: false, reason: 'malformed' }
    const entry = this.#entries.get(parts.id)
    return entry instanceof Promise
      ? entry.then(({ value }) => this.#check(value, parts.secret, use))
      : this.#check(entry.value, parts.secret, use)
  }

  /** Saves when keys were last used since the previous call. @throws STORE_UNAVAILABLE: those uses are lost */
  async saveUses(): Promise<void> {
    const uses = this.#uses
    this.#uses = new Map()
    this.#proofs = new Map()
    await this.#store.noteUses(uses)
  }

  #check(entry: Entry | undefined, secret: string, use: KeyUse): KeyCheck {
    if (!hasSecret(entry, secret)) return UNKNOWN
    const check = this.#checkUse(entry, use)
    if (check.ok) this.#proofs.set(check.caller.keyId, { raw: use.raw, entry })
    return check
  }

  /** Checks how a key is used whose secret is right, and notes the use. */
  #checkUse(entry: Entry, use: KeyUse): KeyCheck {
    const now = this.#now()
    const check = checkUse(entry, use, now)
    // At most one entry per stored key, cleared every few seconds.
    if (check.ok) this.#uses.set(check.caller.keyId, now)
    return check
  }
}

function makeEntry(key: FoundKey | undefined): Entry | undefined {
  if (key === undefined) return undefined
  return {
    key,
    caller: { keyId: key.id, principal: key.principal, scopes: key.scopes },
    ips: key.ips.length === 0 ? undefined : blockList(key.ips),
  }
}

/** Compared with the given hash if there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = Buffer.alloc(32)

/** A wrong secret and an unknown id are the same to callers. */
const UNKNOWN: KeyCheck = { ok: false, reason: 'unknown' }

/** True if there is such a key, and this is its secret. */
function hasSecret(entry: Entry | undefined, secret: string): entry is Entry {
  const given = hashSecret(secret)
  const expected = entry?.key.secretHash.length === given.length ? entry.key.secretHash : NO_HASH
  const matches = timingSafeEqual(given, expected)
  return entry !== undefined && matches
}

/** True if both texts are equal. Of texts of one length, it always looks at every character, so its time tells nothing. */
function isSameText(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let index = 0; index < one.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index)
  return difference === 0
}

/** Checks how a key is used whose secret is right. `now`: Unix seconds. */
function checkUse(entry: Entry, use: KeyUse, now: number): KeyCheck {
  const { key, caller } = entry
  if (key.revokedAt !== undefined) return { ok: false, reason: 'revoked' }
  if (isOfDisabled(key)) return { ok: false, reason: 'user_disabled' }
  if (key.expiresAt !== undefined && now >= key.expiresAt) return { ok: false, reason: 'expired' }
  if (key.origins.length > 0 && !allowsOrigin(key.origins, use.origin)) return { ok: false, reason: 'origin' }
  if (entry.ips !== undefined && !allowsAddress(entry.ips, use.address)) return { ok: false, reason: 'address' }
  if (!grants(key.scopes, use.scope)) return { ok: false, reason: 'scope' }
  return { ok: true, caller }
}

/** True if a user made the key and is disabled, or is not in the store any more. */
function isOfDisabled({ userId, user }: FoundKey): boolean {
  return userId !== undefined && (user === undefined || user.disabledAt !== undefined)
}

function allowsOrigin(origins: readonly string[], origin: string | undefined): boolean {
  if (origin === undefined) return false
  const given = originText(origin)
  return origins.some((allowed) => originText(allowed) === given)
}

/** Scheme and host of an origin are case-insensitive (RFC 6454), and configured origins often have a trailing slash. */
function originText(origin: string): string {
  return origin.toLowerCase().replace(/\/$/, '')
}

/** Returns a list of addresses and ranges. An invalid text allows no address. */
function blockList(ips: readonly string[]): BlockList {
  const list = new BlockList()
  for (const ip of ips) {
    const [address = '', bits] = plainAddress(ip).split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    try {
      if (bits === undefined) list.addAddress(address, family)
      else list.addSubnet(address, Number(bits), family)
    } catch {
      // The other entries still apply. The CLI checks the texts when a key is made.
    }
  }
  return list
}

function allowsAddress(list: BlockList, address: string): boolean {
  const plain = plainAddress(address)
  // A proxy may forward a text that is not an address, such as `unknown`.
  return isIP(plain) !== 0 && list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
}
