import { readFileSync, statSync } from 'node:fs'
import { MAX_DECIMALS } from '../core/amount.ts'
import { type AssetRef, assetText } from '../core/asset.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { isRecord } from '../core/is-record.ts'
import type { Standard } from '../core/standards.ts'
import { cleanText, MAX_NAME_CHARACTERS, MAX_SYMBOL_CHARACTERS } from '../core/token.ts'

/** Largest list file, in bytes, and largest number of tokens in it: ten times the largest published lists. */
const MAX_LIST_BYTES = 64_000_000
const MAX_LIST_TOKENS = 200_000
/** Longest URL of a logo or of a token's page, in characters. */
const MAX_URL_CHARACTERS = 2_048
/** Largest number of pages of one token. */
const MAX_URLS = 16
/** Longest description to keep, in characters: a paragraph. */
const MAX_DESCRIPTION_CHARACTERS = 1_000
/** Largest number of tags of one token. */
const MAX_TAGS = 16

/** A token's entry in a token list: cleaned and checked, but not confirmed by the chain. */
export type ListedToken = {
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly decimals: number | undefined
  readonly description: string | undefined
  readonly tags: readonly string[]
  /** http, https or ipfs. */
  readonly logo: string | undefined
  readonly urls: readonly { readonly name: string; readonly url: string }[]
}

/**
 * Returns the canonical reference of a token of text in any usual form. Undefined if it is none or the chain's kind is
 * unknown.
 */
export type ParseToken = (chain: ChainId, text: string) => string | undefined

/**
 * How token lists name chains and tokens. `listedChain`: the chain with a list's number (`chainId`); `listedStandard`: the
 * standard of a chain's listed tokens.
 */
export type ListNames = {
  readonly parseToken: ParseToken
  readonly listedChain: (number: number) => ChainId | undefined
  readonly listedStandard: (chain: ChainId) => Standard
}

/** Tokens by CAIP-19 text, over all lists and chains. If two lists have a token, the first list wins. */
export class TokenLists {
  readonly #tokens = new Map<string, ListedToken>()
  readonly #byChain = new Map<ChainId, { readonly assets: AssetRef[]; readonly words: (readonly string[])[] }>()
  readonly #names: ListNames
  #skipped = 0

  constructor(names: ListNames) {
    this.#names = names
  }

  /** The number of known tokens. */
  get size(): number {
    return this.#tokens.size
  }

  /** The number of skipped entries: they are malformed or of an unsupported kind of chain. */
  get skipped(): number {
    return this.#skipped
  }

  /** Returns the standard of a chain's tokens in lists. */
  standardOf(chain: ChainId): Standard {
    return this.#names.listedStandard(chain)
  }

  /** Returns the lists' entry of an asset. */
  find(chain: ChainId, asset: AssetRef): ListedToken | undefined {
    return this.#tokens.get(assetText(chain, asset))
  }

  /**
   * Returns the chain's tokens in the order of the lists: all, that of a contract, or those with a text in their
   * symbol or name, in any case. Without `match`, it is the same array each time.
   */
  search(
    chain: ChainId,
    match: { readonly reference: string } | { readonly text: string } | undefined,
  ): readonly AssetRef[] {
    const { assets, words } = this.#byChain.get(chain) ?? NO_TOKENS
    if (match === undefined) return assets
    if ('reference' in match) return assets.filter(({ reference }) => reference === match.reference)
    const part = match.text.toLowerCase()
    return assets.filter((_, at) => words[at]?.some((word) => word.includes(part)))
  }

  /**
   * Adds the tokens of a parsed list: of Uniswap's format (https://uniswap.org/tokenlist.schema.json), where each token
   * names its chain by a number; or of one chain, which the list names by its CAIP-2 id (`chain`).
   * @throws CONFIG_INVALID it is not a list
   */
  add(list: unknown, name: string): void {
    const tokens = isRecord(list) ? list.tokens : undefined
    if (!Array.isArray(tokens) || tokens.length > MAX_LIST_TOKENS) {
      throw new ServiceError(
        'CONFIG_INVALID',
        `tokens.lists: ${name} is not a token list of at most ${MAX_LIST_TOKENS} tokens`,
      )
    }
    const chain = isRecord(list) ? chainOf(list, name) : undefined
    for (const entry of tokens) this.#addToken(entry, chain)
  }

  #addToken(entry: unknown, ofList: ChainId | undefined): void {
    const key = isRecord(entry) ? this.#keyOf(entry, ofList) : undefined
    if (key === undefined || !isRecord(entry)) {
      this.#skipped++
      return
    }
    const { chain, asset } = key
    const name = assetText(chain, asset)
    if (this.#tokens.has(name)) return
    const token = listedToken(entry)
    this.#tokens.set(name, token)
    const ofChain = this.#byChain.get(chain) ?? { assets: [], words: [] }
    ofChain.assets.push(asset)
    ofChain.words.push([token.symbol, token.name].flatMap((word) => word?.toLowerCase() ?? []))
    this.#byChain.set(chain, ofChain)
  }

  #keyOf(
    entry: Record<string, unknown>,
    ofList: ChainId | undefined,
  ): { readonly chain: ChainId; readonly asset: AssetRef } | undefined {
    const { address, asset_id: text = address } = entry
    const chain = ofList ?? this.#numbered(entry.chainId)
    if (chain === undefined || typeof text !== 'string') return undefined
    const reference = this.#names.parseToken(chain, text)
    return reference === undefined ? undefined : { chain, asset: { standard: this.standardOf(chain), reference } }
  }

  #numbered(chainId: unknown): ChainId | undefined {
    const isNumber = typeof chainId === 'number' && Number.isSafeInteger(chainId) && chainId >= 0
    return isNumber ? this.#names.listedChain(chainId) : undefined
  }
}

/** The chain that all tokens of a list are of; undefined if each names its own. @throws CONFIG_INVALID */
function chainOf({ chain }: Record<string, unknown>, name: string): ChainId | undefined {
  if (chain === undefined) return undefined
  const parsed = typeof chain === 'string' ? parseChainId(chain) : undefined
  if (parsed !== undefined) return parsed
  throw new ServiceError('CONFIG_INVALID', `tokens.lists: ${name} names a chain that is no CAIP-2 id`)
}

const NO_TOKENS = { assets: [], words: [] }

/**
 * Returns the lists in these files, most trusted first.
 * @throws CONFIG_INVALID naming a file that cannot be read or is not a list
 */
export function readTokenLists(files: readonly string[], names: ListNames): TokenLists {
  const lists = new TokenLists(names)
  for (const file of files) lists.add(readJson(file), file)
  return lists
}

function readJson(file: string): unknown {
  try {
    if (statSync(file).size > MAX_LIST_BYTES) throw new RangeError(`over ${MAX_LIST_BYTES} bytes`)
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : 'unreadable'
    throw new ServiceError('CONFIG_INVALID', `tokens.lists: ${file} cannot be read: ${reason}`, { cause })
  }
}

function listedToken(entry: Record<string, unknown>): ListedToken {
  const { name, symbol, decimals, logo, logoURI = logo, extensions } = entry
  const { description = isRecord(extensions) ? extensions.description : undefined } = entry
  const isScale =
    typeof decimals === 'number' && Number.isInteger(decimals) && decimals >= 0 && decimals <= MAX_DECIMALS
  return {
    name: typeof name === 'string' ? cleanText(name, MAX_NAME_CHARACTERS) : undefined,
    symbol: typeof symbol === 'string' ? cleanText(symbol, MAX_SYMBOL_CHARACTERS) : undefined,
    decimals: isScale ? decimals : undefined,
    description: typeof description === 'string' ? cleanText(description, MAX_DESCRIPTION_CHARACTERS) : undefined,
    tags: tagsOf(entry.tags),
    logo: checkedUrl(logoURI, LOGO_SCHEMES),
    urls: pages(extensions),
  }
}

function tagsOf(tags: unknown): readonly string[] {
  if (!Array.isArray(tags)) return []
  return tags.slice(0, MAX_TAGS).flatMap((tag) => {
    const text = typeof tag === 'string' ? cleanText(tag, MAX_SYMBOL_CHARACTERS) : undefined
    return text === undefined ? [] : [text]
  })
}

const LOGO_SCHEMES = new Set(['http:', 'https:', 'ipfs:'])
const PAGE_SCHEMES = new Set(['http:', 'https:'])

// Lists have a token's website and other pages in their free-form extensions.
function pages(extensions: unknown): ListedToken['urls'] {
  if (!isRecord(extensions)) return []
  return Object.entries(extensions)
    .slice(0, MAX_URLS)
    .flatMap(([key, value]) => {
      const name = cleanText(key, MAX_SYMBOL_CHARACTERS)
      const url = checkedUrl(value, PAGE_SCHEMES)
      return name === undefined || url === undefined ? [] : [{ name, url }]
    })
}

function checkedUrl(value: unknown, schemes: ReadonlySet<string>): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_URL_CHARACTERS || !/^[\x21-\x7e]+$/.test(value)) return undefined
  return URL.canParse(value) && schemes.has(new URL(value).protocol) ? value : undefined
}
