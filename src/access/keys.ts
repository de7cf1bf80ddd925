import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { KeyScope, KeyStore, StoredKey } from '../store/seam/keys.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_CHARACTERS = 8
/** 43 characters of base 62 hold 256 bits. */
const SECRET_CHARACTERS = 43
/** Longest key to check. It is longer than any key that we make, and it prevents hashing of a 30 kB header. */
const MAX_KEY_CHARACTERS = 256
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
    scopes: request.scopes ?? ['read'],
    origins: request.origins ?? [],
    ips: request.ips ?? [],
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    revokedAt: undefined,
  }
  return { raw: `${id}.${secret}`, stored }
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
export type KeyRejectReason = 'malformed' | 'unknown' | 'revoked' | 'expired' | 'origin' | 'address' | 'scope'

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

/** A stored key with values derived from it once. `key` undefined: no such key. `checkedAt`: Unix seconds. */
type Entry = {
  readonly key: StoredKey | undefined
  readonly caller: Caller | undefined
  readonly ips: BlockList | undefined
  readonly checkedAt: number
}

/** An entry older than this is read again, so a revoked key works at most this long. */
const RECHECK_SECONDS = 1
/** Keys kept in memory, about 1 kB each. */
const MAX_ENTRIES = 10_000
/** Unknown ids kept in memory, separate from the keys, so that guessing does not evict real keys. */
const MAX_UNKNOWN = 1_000

/**
 * Checks keys against the store. It reads each key from the store at most once a second. A check in between costs one
 * SHA-256 and one constant-time comparison, without a promise. Memory is bounded.
 */
export class KeyVerifier {
  readonly #store: KeyStore
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #unknown = new Map<string, Entry>()
  readonly #pending = new Map<string, Promise<Entry>>()
  #uses = new Map<string, number>()

  /** `now` returns Unix seconds. */
  constructor(store: KeyStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Returns the caller of a key, or the reason to reject it. @throws STORE_UNAVAILABLE */
  verify(use: KeyUse): KeyCheck | Promise<KeyCheck> {
    const parts = parseKey(use.raw)
    if (parts === undefined) return { ok: false, reason: 'malformed' }
    const entry = this.#entries.get(parts.id) ?? this.#unknown.get(parts.id)
    const asked = { ...use, secret: parts.secret }
    if (entry !== undefined && this.#isFresh(entry)) return this.#check(entry, asked)
    return this.#load(parts.id).then((loaded) => this.#check(loaded, asked))
  }

  /** Saves when keys were last used since the previous call. @throws STORE_UNAVAILABLE: those uses are lost */
  async saveUses(): Promise<void> {
    const uses = this.#uses
    this.#uses = new Map()
    await this.#store.noteUses(uses)
  }

  #check(entry: Entry, asked: KeyUse & { readonly secret: string }): KeyCheck {
    const now = this.#now()
    const check = checkEntry(entry, { ...asked, now })
    // At most one entry per stored key, cleared every few seconds.
    if (check.ok) this.#uses.set(check.caller.keyId, now)
    return check
  }

  #isFresh(entry: Entry): boolean {
    const age = this.#now() - entry.checkedAt
    return age >= 0 && age < RECHECK_SECONDS
  }

  #load(id: string): Promise<Entry> {
    const pending = this.#pending.get(id)
    if (pending !== undefined) return pending
    // The time before the read: a key that is revoked during the read is read again a second later.
    const checkedAt = this.#now()
    const loading = this.#store
      .get(id)
      .then((key) => this.#remember(id, makeEntry(key, checkedAt)))
      .finally(() => this.#pending.delete(id))
    this.#pending.set(id, loading)
    return loading
  }

  #remember(id: string, entry: Entry): Entry {
    this.#entries.delete(id)
    this.#unknown.delete(id)
    if (entry.key === undefined) put(this.#unknown, { id, entry, max: MAX_UNKNOWN })
    else put(this.#entries, { id, entry, max: MAX_ENTRIES })
    return entry
  }
}

/** Adds an entry at the end of the map. Above the maximum, the entry that was read longest ago is removed. */
function put(
  map: Map<string, Entry>,
  item: { readonly id: string; readonly entry: Entry; readonly max: number },
): void {
  map.set(item.id, item.entry)
  if (map.size <= item.max) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}

function makeEntry(key: StoredKey | undefined, checkedAt: number): Entry {
  if (key === undefined) return { key, caller: undefined, ips: undefined, checkedAt }
  return {
    key,
    caller: { keyId: key.id, principal: key.principal, scopes: key.scopes },
    ips: key.ips.length === 0 ? undefined : blockList(key.ips),
    checkedAt,
  }
}

/** Compared with the given hash if there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = Buffer.alloc(32)

function checkEntry(entry: Entry, use: KeyUse & { readonly secret: string; readonly now: number }): KeyCheck {
  const given = hashSecret(use.secret)
  const { key, caller } = entry
  const expected = key?.secretHash.length === given.length ? key.secretHash : NO_HASH
  const matches = timingSafeEqual(given, expected)
  if (key === undefined || caller === undefined || !matches) return { ok: false, reason: 'unknown' }
  if (key.revokedAt !== undefined) return { ok: false, reason: 'revoked' }
  if (key.expiresAt !== undefined && use.now >= key.expiresAt) return { ok: false, reason: 'expired' }
  if (key.origins.length > 0 && !allowsOrigin(key.origins, use.origin)) return { ok: false, reason: 'origin' }
  if (entry.ips !== undefined && !allowsAddress(entry.ips, use.address)) return { ok: false, reason: 'address' }
  if (!key.scopes.includes(use.scope)) return { ok: false, reason: 'scope' }
  return { ok: true, caller }
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

/** Converts an IPv4 address from an IPv6 socket to its IPv4 form. */
function plainAddress(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
