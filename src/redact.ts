// A URL's user, password, path, query and fragment: all places where vendors put API keys.
const URL_TEXT = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s"'`<>\\/?#]*@)?([^\s"'`<>\\/?#@]*)([/?#][^\s"'`<>\\]*)?/gi
const KEPT_SCHEMES = /^(?:file|data|node):\/\//i

/**
 * Text with every URL cut to scheme, host and port: what follows is `/…`, user and password are dropped. Node URLs and
 * store URLs may hold secrets in any of those places.
 */
export function redactUrls(text: string): string {
  return text.replace(URL_TEXT, (whole, scheme: string, host: string, rest: string | undefined) => {
    if (KEPT_SCHEMES.test(scheme)) return whole
    return `${scheme}${host}${rest === undefined || rest === '/' ? '' : '/…'}`
  })
}

/** As `redactUrls`, for text that should be a URL but may be mistyped: what does not look like one is hidden whole. */
export function redactUrl(text: string): string {
  const cut = redactUrls(text)
  if (cut.includes('://')) return cut
  const host = /^[a-z0-9.:-]+/i.exec(text)?.[0] ?? ''
  return text.includes('@') || host === '' ? '(hidden)' : `${host}${host === text ? '' : '…'}`
}
