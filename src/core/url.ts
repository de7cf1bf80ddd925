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
