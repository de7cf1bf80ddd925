import { isIP } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import type { Decimal } from '../core/amount.ts'
import { parseDecimal } from '../core/amount.ts'
import type { AssetRef, Standard } from '../core/asset.ts'
import { STANDARDS } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { namespaceOf, parseChainId } from '../core/chain.ts'
import { type Field, text } from './field.ts'

/** A family of chains that this build can read: what the configuration needs to know of it. */
export type SupportedKind = {
  /** Canonical address of text in any usual form, or undefined. */
  readonly parseAddress: (text: string) => string | undefined
}

/** The kind of a chain, or undefined where this build cannot read it. */
export type KindOf = (chain: ChainId) => SupportedKind | undefined

/** An asset of some chain: CAIP-19, parsed. */
export type ChainAsset = { readonly chain: ChainId; readonly asset: AssetRef }

/** A price as configured: exact, and its text. */
export type Price = Decimal & { readonly text: string }

/** The namespaces of chains; whether one is read from nodes, and whether these ask for a client's certificate. */
export const NAMESPACES: ReadonlyMap<string, { readonly nodes: boolean; readonly tls: boolean }> = new Map([
  ['eip155', { nodes: true, tls: false }],
  ['starknet', { nodes: true, tls: false }],
  ['chia', { nodes: true, tls: true }],
  ['ledger', { nodes: false, tls: false }],
])

/** A CAIP-2 id of a namespace that we know. */
export function chainId(): Field<ChainId> {
  return text('a CAIP-2 chain id such as eip155:1', (given) => {
    const chain = parseChainId(given)
    if (chain === undefined || !NAMESPACES.has(namespaceOf(chain))) return undefined
    const isCanonical = namespaceOf(chain) !== 'eip155' || /^eip155:(0|[1-9]\d*)$/.test(chain)
    return isCanonical ? chain : undefined
  })
}

/** What a node's URL has to be, in words. */
export const HTTP_URL = 'an http:// or https:// URL'

/** True for an http or https URL without a fragment. */
export function isHttpUrl(given: string): boolean {
  const url = URL.canParse(given) ? new URL(given) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && url.hash === ''
}

/** An http or https URL without a fragment. */
export function httpUrl(): Field<string> {
  return text(HTTP_URL, (given) => (isHttpUrl(given) ? given : undefined))
}

/** A path; a relative one is taken from the configuration's folder. */
export function path(folder: string): Field<string> {
  return text('a path', (given) => (given === '' || given.includes('\0') ? undefined : resolvePath(folder, given)))
}

function resolvePath(folder: string, given: string): string {
  return isAbsolute(given) ? given : resolve(folder, given)
}

/** The store's URL: `sqlite:` with an absolute folder, or a PostgreSQL URL. */
export function storeUrl(folder: string): Field<string> {
  return text('sqlite:<folder> (postgres:// is not supported yet in this version)', (given) => {
    const named = /^sqlite:(.+)$/.exec(given)?.[1]
    return named === undefined || named.includes('\0') ? undefined : `sqlite:${resolvePath(folder, named)}`
  })
}

/** A CAIP-19 asset in any usual form of its address, canonical after reading. */
export function chainAsset(kindOf: KindOf): Field<ChainAsset> {
  return text('a CAIP-19 asset such as eip155:1/erc20:0x… of a chain kind that this version reads', (given) => {
    const [, chainText = '', standardText = '', reference = ''] = /^([^/]+)\/([a-z0-9]+):(.+)$/.exec(given) ?? []
    const chain = parseChainId(chainText)
    const standard = standardOf(standardText)
    if (chain === undefined || standard === undefined) return undefined
    if (standard === 'native') {
      return /^\d{1,10}$/.test(reference) ? { chain, asset: { standard, reference } } : undefined
    }
    const address = kindOf(chain)?.parseAddress(reference)
    return address === undefined ? undefined : { chain, asset: { standard, reference: address } }
  })
}

// CAIP-19 names a native asset by its SLIP-44 coin type.
function standardOf(namespace: string): Standard | undefined {
  if (namespace === 'slip44') return 'native'
  return STANDARDS.find((standard) => standard === namespace && standard !== 'native')
}

/** A decimal number that is not negative, exact. */
export function price(): Field<Price> {
  return text('a decimal number that is not negative, such as "1.0001"', (given) => {
    const decimal = parseDecimal(given)
    return decimal === undefined || decimal.units < 0n ? undefined : { ...decimal, text: given }
  })
}

/** An origin as browsers send it (scheme, host and port), or undefined. */
export function parseOrigin(given: string): string | undefined {
  return URL.canParse(given) && new URL(given).origin === given ? given : undefined
}

/** An origin. */
export function origin(): Field<string> {
  return text('an origin such as https://app.example', parseOrigin)
}

/** An IP address or a CIDR range, or undefined. */
export function parseAddressRange(given: string): string | undefined {
  const [address = '', bits, ...more] = given.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return undefined
  const most = family === 4 ? 32 : 128
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most) ? given : undefined
}
