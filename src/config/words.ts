import { isIP } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import { parseOrigin } from '../access/origins.ts'
import type { Decimal } from '../core/amount.ts'
import { parseDecimal } from '../core/amount.ts'
import type { AssetRef } from '../core/asset.ts'
import type { FinalityRule } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import { namespaceOf, parseChainId, referenceOf } from '../core/chain.ts'
import { STANDARD_RULES, standardOf } from '../core/standards.ts'
import { nodeLabel } from '../core/url.ts'
import { EXAMPLE_ASSET, EXAMPLE_CHAIN } from './examples.ts'
import { type Field, refine, text, wrong } from './field.ts'
import { didYouMean, nearest } from './nearest.ts'

/** A family of chains that this build can read, as far as the configuration needs it. */
export type SupportedKind = {
  /** The canonical address for text in any usual form, or undefined. */
  readonly parseAddress: (text: string) => string | undefined
  /** The same for the reference of a token. */
  readonly parseToken: (text: string) => string | undefined
}

/** The kind of a chain, or undefined if this build cannot read it. */
export type KindOf = (chain: ChainId) => SupportedKind | undefined

/** The kinds of chains of this build, and the known namespaces. */
export type ChainKinds = { readonly kindOf: KindOf; readonly namespaces: Namespaces }

/** An asset of a chain: parsed CAIP-19. */
export type ChainAsset = { readonly chain: ChainId; readonly asset: AssetRef }

/** A configured price: the exact number and its text. */
export type Price = Decimal & { readonly text: string }

/** What the configuration must know of the chain ids with one CAIP-2 namespace. */
export type NamespaceRules = {
  /** True if such chains are read from nodes. */
  readonly nodes: boolean
  /** True if their nodes require a client certificate. */
  readonly tls: boolean
  /** True if their scope is always `accounts`. */
  readonly isByAccount: boolean
  /** Tags of a block that their nodes call final, and where the finalized head is by default. */
  readonly finality: { readonly tags: readonly string[]; readonly usual: FinalityRule }
  /** True for a reference in its one canonical form. Undefined: any reference is. */
  readonly isReference?: ((reference: string) => boolean) | undefined
}

/** The known namespaces of chains, those of later versions too. */
export type Namespaces = ReadonlyMap<string, NamespaceRules>

/** A CAIP-2 id with a known namespace. */
export function chainId(namespaces: Namespaces): Field<ChainId> {
  const parse = (given: string): ChainId | undefined => parseKnownChain(given, namespaces)
  return text(`a CAIP-2 chain id such as ${EXAMPLE_CHAIN}`, parse, (given) => {
    const [, namespace, digits = ''] = /^(?:([a-z0-9]+)[:_-])?([a-z0-9_-]+)$/i.exec(given.trim()) ?? []
    const reference = digits.replace(/^0+(?=\d)/, '')
    const meant =
      namespace === undefined ? namespaceFor(reference, namespaces) : nearest(namespace, [...namespaces.keys()])
    const chain = `${meant ?? ''}:${reference}`
    return parse(chain) === undefined ? undefined : didYouMean(chain)
  })
}

/** A CAIP-2 id with one of these namespaces. `expected` names such a chain. */
export function chainIdIn(
  namespaces: Namespaces,
  { among, expected }: { readonly among: readonly string[]; readonly expected: string },
): Field<ChainId> {
  return refine(chainId(namespaces), (chain, at) =>
    among.includes(namespaceOf(chain)) ? chain : wrong(at, chain, expected),
  )
}

function parseKnownChain(given: string, namespaces: Namespaces): ChainId | undefined {
  const chain = parseChainId(given)
  const rules = chain && namespaces.get(namespaceOf(chain))
  if (chain === undefined || rules === undefined) return undefined
  return rules.isReference?.(referenceOf(chain)) === false ? undefined : chain
}

/** The namespace of chains whose references are numbers, if this is one of them. Other references may be of any kind. */
function namespaceFor(reference: string, namespaces: Namespaces): string | undefined {
  if (!/^\d+$/.test(reference)) return undefined
  return [...namespaces].find(([, { isReference }]) => isReference?.(reference) === true)?.[0]
}

/** The rule for a node's URL, in words. */
export const HTTP_URL = 'an http:// or https:// URL'

/** A strict URL: text that `URL` would repair (`http:/a`, spaces, backslashes) is a mistake. */
const STRICT_URL = /^https?:\/\/[^\s/?#\\][^\s\\]*$/i
/** An IPv6 address in brackets, or the characters of a host name. */
const URL_HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?)$/i

/** True for an http or https URL without a fragment. */
export function isHttpUrl(given: string): boolean {
  if (!STRICT_URL.test(given) || !URL.canParse(given)) return false
  const { hostname, hash, port } = new URL(given)
  return URL_HOST.test(hostname) && hash === '' && port !== '0'
}

/** An http or https URL without a fragment. */
export function httpUrl(): Field<string> {
  return text(HTTP_URL, (given) => (isHttpUrl(given) ? given : undefined), hintUrl)
}

/** The URL that was probably meant, cut to its host: the rest may contain a key. */
function hintUrl(given: string): string | undefined {
  const trimmed = given.trim()
  const isSocket = /^wss?:\/\//i.test(trimmed)
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)
  const meant = isSocket ? trimmed.replace(/^ws/i, 'http') : hasScheme ? trimmed : `http://${trimmed}`
  if (/[@\\]/.test(meant) || meant === given || !isHttpUrl(meant)) return undefined
  return isSocket ? `nodes need an HTTP URL: ${didYouMean(nodeLabel(meant))}` : didYouMean(nodeLabel(meant))
}

/** A DNS name of a server. Its last label is not all digits, or it would be an address. */
const HOST_NAME = /^(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!\d+$)(?!-)[a-z0-9_-]{1,63}(?<!-)$/i
const MAX_HOST_CHARACTERS = 253

/** The listen address of a server: an IP address or a host name, without scheme and port. */
export function host(): Field<string> {
  return text('an IP address or a host name, such as 127.0.0.1', parseHost, (given) => {
    const [, inner = ''] =
      /^\[(.+)\](?::\d+)?$/.exec(given) ?? /^(?:[a-z]+:\/\/)?([^/:]+)(?::\d+)?\/?$/i.exec(given) ?? []
    if (given === '*' || given === '0') return didYouMean('0.0.0.0')
    if (inner === given || parseHost(inner) === undefined) return undefined
    return `${didYouMean(inner)} The port is listen.port`
  })
}

function parseHost(given: string): string | undefined {
  if (isIP(given) !== 0) return given
  return given.length <= MAX_HOST_CHARACTERS && HOST_NAME.test(given) ? given : undefined
}

/** A path. A relative path starts at the configuration's folder. */
export function path(folder: string): Field<string> {
  return text('a path', (given) => (isPath(given) ? resolvePath(folder, given) : undefined))
}

/** A space at either end is probably a mistake: folders are not named like that. */
function isPath(given: string): boolean {
  return given !== '' && given.trim() === given && !given.includes('\0')
}

function resolvePath(folder: string, given: string): string {
  return isAbsolute(given) ? resolve(given) : resolve(folder, given)
}

/** The store's URL: `sqlite:` with an absolute folder, or that of a PostgreSQL database, which the store itself checks. */
export function storeUrl(folder: string): Field<string> {
  return text('sqlite:<folder> or postgres://role:password@host/database', parse, (given) => {
    const meant = `sqlite:${given.trim().replace(/^sqlite:?\/*\s*/i, '')}`
    return /[@:]/.test(meant.slice('sqlite:'.length)) || parse(meant) === undefined ? undefined : didYouMean(meant)
  })

  function parse(given: string): string | undefined {
    if (/^postgres(ql)?:\/\//.test(given)) return URL.canParse(given) && isPath(given) ? given : undefined
    const named = /^sqlite:(.+)$/.exec(given)?.[1] ?? ''
    // A URL with a host is not a folder, and `:memory:` would become a folder of that name.
    const isOdd = /^\/\/(?!\/)/.test(named) || named.startsWith(':')
    return isOdd || !isPath(named) ? undefined : `sqlite:${resolvePath(folder, named)}`
  }
}

/** A CAIP-19 asset. Accepts any usual form of its reference, and reads it as canonical. */
export function chainAsset(kindOf: KindOf): Field<ChainAsset> {
  return text(`a CAIP-19 asset such as ${EXAMPLE_ASSET} of a chain kind that this version reads`, (given) => {
    const [, chainText = '', standardText = '', reference = ''] = /^([^/]+)\/([a-z0-9]+):(.+)$/.exec(given) ?? []
    const chain = parseChainId(chainText)
    const standard = standardOf(standardText)
    if (chain === undefined || standard === undefined) return undefined
    if (!STANDARD_RULES[standard].isToken) {
      return /^\d{1,10}$/.test(reference) ? { chain, asset: { standard, reference } } : undefined
    }
    const token = kindOf(chain)?.parseToken(reference)
    return token === undefined ? undefined : { chain, asset: { standard, reference: token } }
  })
}

/** An exact decimal number, 0 or greater. */
export function price(): Field<Price> {
  return text('a decimal number, 0 or greater, such as "1.0001"', (given) => {
    const decimal = parseDecimal(given)
    return decimal === undefined || decimal.units < 0n ? undefined : { ...decimal, text: given }
  })
}

/** An origin. */
export function origin(): Field<string> {
  return text('an origin such as https://app.example', parseOrigin, (given) => {
    const text = given.includes('://') ? given : `https://${given}`
    const meant = URL.canParse(text) ? new URL(text).origin : 'null'
    return meant === 'null' ? undefined : didYouMean(meant)
  })
}
