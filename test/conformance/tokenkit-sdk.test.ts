/**
 * The vendor's own client, npm `starknet-tokenkit`, in a DOM: its list of tokens is filled by this server. The client
 * asks as a page of another origin does, so the answers need CORS headers. It rewrites `http:` in the link to the next
 * page to `https:`, so it reads further pages only behind TLS.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Window } from 'happy-dom'
import type { ReactNode } from 'react'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startTlsProxy, type TlsProxy } from './tls-proxy.ts'
import { serveTokenKit, type TokenKitServer } from './tokenkit-server.ts'

/** More than the client asks for at once (50). */
const LISTED = 60
const FOLDER = mkdtempSync(join(tmpdir(), 'steelyard-sdk-'))
const TOKENS = Array.from({ length: LISTED }, (_, index) => ({
  chainId: 31337,
  address: `0x${(index + 1).toString(16).padStart(40, 'e')}`,
  name: `Listed ${index}`,
  symbol: `LIST${index}`,
  decimals: 6,
}))

let server: TokenKitServer
let proxy: TlsProxy
let page: Window
beforeAll(async () => {
  const file = join(FOLDER, 'list.json')
  writeFileSync(file, JSON.stringify({ name: 'test', tokens: TOKENS }))
  server = await serveTokenKit({ tokens: { lists: [file] }, listen: { port: 0, trust_proxy: ['127.0.0.1'] } })
  proxy = await startTlsProxy(server.url)
  page = openPage()
}, 120_000)
afterAll(async () => {
  await proxy.stop()
  await server.stop()
  rmSync(FOLDER, { recursive: true })
})

/** An element is in view as soon as it is observed, as after scrolling to the end of the list. */
class AlwaysInView {
  readonly #report: (entries: readonly { readonly isIntersecting: true }[]) => void

  constructor(report: (entries: readonly { readonly isIntersecting: true }[]) => void) {
    this.#report = report
  }

  observe(): void {
    setTimeout(() => this.#report([{ isIntersecting: true }]), 0)
  }

  disconnect(): void {}
}

/** A page of another origin. Its globals stay until the test's process ends, since React's scheduler may run later. */
function openPage(): Window {
  const window = new Window({ url: 'http://wallet.example/' })
  window.happyDOM.settings.fetch.disableSameOriginPolicy = false
  window.happyDOM.settings.fetch.disableStrictSSL = true
  const { document, HTMLElement, HTMLIFrameElement, Node, localStorage, navigator } = window
  const globals = { window, document, HTMLElement, HTMLIFrameElement, Node, localStorage, navigator }
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
  vi.stubGlobal('IntersectionObserver', AlwaysInView)
  vi.stubGlobal('fetch', window.fetch.bind(window))
  return window
}

/** Mounts the client. Returns the rows that it shows, and how to remove it. */
async function mount(endpoint: string): Promise<{ rows: () => readonly string[]; unmount: () => void }> {
  const { createElement } = await import('react')
  const { createRoot } = await import('react-dom/client')
  const { SelectTokenContainer, TokenKitWrapper, themes } = await import('starknet-tokenkit')
  const { document } = page
  const place = document.createElement('div')
  document.body.appendChild(place)
  const root = createRoot(place as never)
  const props = {
    network: 'SN_MAIN',
    apiKey: server.key,
    mainnetEndpoint: endpoint,
    sepoliaEndpoint: endpoint,
    themeObject: themes.dark,
    options: { tokensToLoad: 'all' },
  }
  const list = createElement(SelectTokenContainer as never, { modalWidth: '400px', modalHeight: '600px' } as never)
  root.render(createElement(TokenKitWrapper as never, props as never, list as ReactNode))
  return {
    rows: () => [...place.querySelectorAll('[data-token-item]')].map(({ textContent }) => textContent ?? ''),
    unmount: () => root.unmount(),
  }
}

test('the first page comes from the server itself', async () => {
  const { rows, unmount } = await mount(server.url)
  await vi.waitFor(() => expect(rows()).toHaveLength(50), { timeout: 60_000 })
  for (const [index, text] of rows().entries()) expect(text).toContain(`LIST${index}`)
  unmount()
})

test('all pages come from behind a TLS proxy, with listed tokens before those that were indexed', async () => {
  const { json } = await server.get('/api/tokens/?is_erc20=true&limit=1000')
  const { rows, unmount } = await mount(proxy.url)
  await vi.waitFor(() => expect(rows()).toHaveLength(json.results.length), { timeout: 60_000 })
  expect(json.results.length).toBeGreaterThan(LISTED)
  for (const [index, { symbol }] of json.results.slice(0, LISTED).entries()) expect(rows()[index]).toContain(symbol)
  unmount()
})
