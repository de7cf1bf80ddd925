/**
 * What may be shown of a node's URL: scheme and host, and `/…` where a path or query was cut. User, password, path and
 * query are all places where vendors put API keys, so none of them is ever returned.
 */
export function nodeLabel(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const { protocol, host, pathname, search } = new URL(url)
  return `${protocol}//${host}${pathname.length > 1 || search !== '' ? '/…' : ''}`
}

/** A scheme with its slashes: plain, escaped as in JSON, or percent-encoded. */
const SCHEME = '[a-z][a-z0-9+.-]{1,20}(?::(?:\\\\{0,2}/){2}|%3a%2f%2f)'
/** User and password, of any characters but blanks and double quotes: those end a text of JSON, unless they are escaped. */
const USER = '(?:(?:[^\\s"\\\\/@]|\\\\["\\\\])*@)?'
/** Everything up to a blank, a quote or an angle bracket; an escaped slash belongs to it. */
const REST = '(?:[^\\s"\'`<>\\\\]|\\\\{1,2}/)*'
const URL_IN_TEXT = new RegExp(`${SCHEME}${USER}${REST}`, 'gi')
/** A scheme that is named, as in "expected an http:// or https:// URL". */
const BARE_SCHEME = new RegExp(`^${SCHEME}$`, 'i')

/** What ends a URL in a sentence, in brackets or in a list, and is mostly no part of it. */
const CLOSING = /[)\]}.,;:!?]$/
/** More of these in a row than a sentence has are taken for a part of the URL. */
const MAX_CLOSING = 20
const OPENED: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** Text of others (a node's error message) with each URL in it cut down as by `nodeLabel`. */
export function withoutUrls(text: string): string {
  return text.replace(URL_IN_TEXT, (found) => {
    if (BARE_SCHEME.test(found)) return found
    let end = found.length
    while (found.length - end < MAX_CLOSING && CLOSING.test(found.slice(0, end)) && !isOpenedIn(found.slice(0, end)))
      end -= 1
    const url = found.slice(0, end).replaceAll('\\', '')
    return nodeLabel(url.includes('://') ? url : percentDecoded(url)) + found.slice(end)
  })
}

/** A value that begins as a URL is cut down as a whole, whatever its password holds; other text as by `withoutUrls`. */
export function withoutUrl(value: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? nodeLabel(value) : withoutUrls(value)
}

/** True where the bracket that ends a text was opened in it, as in `http://[::1]`. */
function isOpenedIn(text: string): boolean {
  const close = text.slice(-1)
  const open = OPENED[close]
  return open !== undefined && text.split(open).length >= text.split(close).length
}

/** Shorter path segments than this are words such as `v3` or `mainnet`; keys are longer. */
const MIN_SEGMENT_CHARACTERS = 8
/** A query value, user or password shorter than this would be cut out of words and numbers that say something else. */
const MIN_VALUE_CHARACTERS = 4

/** Parts of a URL that may be secrets, as they stand there and decoded, longest first. */
export function secretsOf(url: string): readonly string[] {
  if (!URL.canParse(url)) return []
  const { pathname, searchParams, search, username, password } = new URL(url)
  const segments = pathname.split('/').filter((text) => text.length >= MIN_SEGMENT_CHARACTERS)
  const raw = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
  const values = [...raw, ...searchParams.values(), username, password]
  const all = [...segments, ...values.filter((text) => text.length >= MIN_VALUE_CHARACTERS)]
  return [...new Set(all.flatMap((text) => [text, percentDecoded(text)]))].sort((a, b) => b.length - a.length)
}

/** Text with each of these, however written in capitals, cut out. */
export function withoutTexts(text: string, cut: readonly string[]): string {
  if (cut.length === 0) return text
  const pattern = cut.map((one) => one.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|')
  return text.replace(new RegExp(pattern, 'gi'), '…')
}

/** Text of a URL as it was meant. What is no UTF-8 behind a `%`, or no two digits, stays as it stands. */
export function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}
