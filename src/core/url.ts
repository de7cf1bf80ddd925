/**
 * The part of a node's URL that is safe to show: scheme and host, and `/…` if a path or query was cut. Vendors put API
 * keys in the user, password, path and query, so none of these is returned.
 */
export function nodeLabel(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const { protocol, host, pathname, search } = new URL(url)
  return `${protocol}//${host}${pathname.length > 1 || search !== '' ? '/…' : ''}`
}

/** A scheme with its slashes: plain, escaped as in JSON, or percent-encoded. */
const SCHEME = '[a-z][a-z0-9+.-]{1,20}(?::(?:\\\\{0,2}/){2}|%3a%2f%2f)'
/** User and password. Any characters except blanks and unescaped double quotes, which end a JSON string. */
const USER = '(?:(?:[^\\s"\\\\/@]|\\\\["\\\\])*@)?'
/** Everything up to a blank, a quote or an angle bracket, including escaped slashes. */
const REST = '(?:[^\\s"\'`<>\\\\]|\\\\{1,2}/)*'
const URL_IN_TEXT = new RegExp(`${SCHEME}${USER}${REST}`, 'gi')
/** A scheme alone, as in "expected an http:// or https:// URL". */
const BARE_SCHEME = new RegExp(`^${SCHEME}$`, 'i')

/** Characters that end a URL in a sentence, in brackets or in a list. They are rarely part of the URL. */
const CLOSING = /[)\]}.,;:!?]$/
/** A longer run of these characters than a sentence has counts as part of the URL. */
const MAX_CLOSING = 20
const OPENED: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** Foreign text, such as a node's error message, with each URL cut by `nodeLabel`. */
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

/**
 * Cuts a value that begins as a URL as a whole, whatever its password contains. Other text goes through `withoutUrls`.
 */
export function withoutUrl(value: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? nodeLabel(value) : withoutUrls(value)
}

/** True if the text also opens the bracket that ends it, as in `http://[::1]`. */
function isOpenedIn(text: string): boolean {
  const close = text.slice(-1)
  const open = OPENED[close]
  return open !== undefined && text.split(open).length >= text.split(close).length
}

/** Shorter path segments are words such as `v3` or `mainnet`; keys are longer. */
const MIN_SEGMENT_CHARACTERS = 8
/** Cutting a shorter query value, user or password would damage other words and numbers. */
const MIN_VALUE_CHARACTERS = 4

/** Parts of a URL that may be secrets, both as written and decoded, longest first. */
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

/** Text with each of these texts cut out, in any case. */
export function withoutTexts(text: string, cut: readonly string[]): string {
  if (cut.length === 0) return text
  const pattern = cut.map((one) => one.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|')
  return text.replace(new RegExp(pattern, 'gi'), '…')
}

/** Percent-decoded text of a URL. Sequences that are not UTF-8 stay as they are. */
export function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}
