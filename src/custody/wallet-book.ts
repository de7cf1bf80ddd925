import { randomUUID } from 'node:crypto'
import { MAX_WALLET_NAME_CHARACTERS } from '../core/custody.ts'
import { codeOf, ServiceError } from '../core/errors.ts'
import { isLabel } from '../core/label.ts'
import { type Json, type JsonObject, parseJson } from '../json/exact-json.ts'
import type { WalletStore } from '../store/seam/custody.ts'
import type { Wallets } from './custody.ts'

/** Most wallets of a principal, some 300 bytes each without metadata. Larger custodians have a wallet for each customer. */
const MAX_WALLETS = 1_000_000
/** Longest metadata, in bytes: keys, paths and labels of a wallet, not documents. */
const MAX_METADATA_BYTES = 16_384
/** An extended private key of any network (BIP-32, base 58). */
const PRIVATE_KEY = /[A-Za-z]prv[1-9A-HJ-NP-Za-km-z]{107}/

/** Custody wallets. `now`: Unix seconds. */
export function createWallets(store: WalletStore, now: () => number): Wallets {
  return {
    create: async ({ principal, type, name, metadata = '{}' }) => {
      mustBeName(name)
      mustBeMetadata(metadata)
      const at = now()
      const uuid = randomUUID()
      const wallet = { uuid, principal, type, name, status: 'active', metadata, createdAt: at, updatedAt: at } as const
      if (await store.add(wallet, MAX_WALLETS)) return wallet
      throw new ServiceError('BAD_REQUEST', `there are ${MAX_WALLETS} wallets already, which is the most`)
    },
    get: async (of) => store.get(of),
    list: async (query) => store.page(query),
    update: async ({ principal, wallet, ...changes }) => {
      if (changes.name !== undefined) mustBeName(changes.name)
      if (changes.metadata !== undefined) mustBeMetadata(changes.metadata)
      return store.update({ principal, wallet }, { ...given(changes), updatedAt: now() })
    },
  }
}

/**
 * Parses the metadata of a wallet.
 * @throws BAD_REQUEST it is no JSON object, or too long
 */
export function parseMetadata(text: string): JsonObject {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length > MAX_METADATA_BYTES) {
    throw new ServiceError('BAD_REQUEST', `metadata has more than ${MAX_METADATA_BYTES} bytes`)
  }
  const value = jsonOf(bytes)
  if (value instanceof Map) return value
  throw new ServiceError('BAD_REQUEST', 'metadata is not a JSON object')
}

function jsonOf(bytes: Uint8Array): Json | undefined {
  try {
    return parseJson(bytes)
  } catch (error) {
    if (codeOf(error) === 'BODY_NOT_JSON') return undefined
    throw error
  }
}

/** Private keys are never stored: they would also stand in each answer about the wallet. */
function mustBeMetadata(text: string): void {
  parseMetadata(text)
  if (!PRIVATE_KEY.test(text)) return
  throw new ServiceError('BAD_REQUEST', 'metadata has an extended private key: give the public one, such as xpub…')
}

function mustBeName(name: string): void {
  if (isLabel(name, MAX_WALLET_NAME_CHARACTERS)) return
  throw new ServiceError('BAD_REQUEST', `a name is visible text of at most ${MAX_WALLET_NAME_CHARACTERS} characters`)
}

type Changes = Omit<Parameters<Wallets['update']>[0], 'principal' | 'wallet'>

/** The changes without those that are not given. */
function given({ name, status, metadata }: Changes) {
  return {
    ...(name === undefined ? {} : { name }),
    ...(status === undefined ? {} : { status }),
    ...(metadata === undefined ? {} : { metadata }),
  }
}
