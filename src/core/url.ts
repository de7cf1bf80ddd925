/**
 * What may be shown of a node's URL: scheme and host, and `/…` where a path or query was cut. User, password, path and
 * query are all places where vendors put API keys, so none of them is ever returned.
 */
export function nodeLabel(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const { protocol, host, pathname, search } = new URL(url)
  return `${protocol}//${host}${pathname.length > 1 || search !== '' ? '/…' : ''}`
}

const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{1,20}):\/\/[^\s"'`<>\\]+/gi

/** Text of others (a node's error message) with each URL in it cut down as by `nodeLabel`. */
export function withoutUrls(text: string): string {
  return text.replace(URL_IN_TEXT, (url) => nodeLabel(url))
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
