import { expect, test } from 'vitest'
import { NAMESPACES } from '../chains/registry.ts'
import { parseConfig } from './config.ts'
import { dialects, kindOf, mistakes } from './mistakes.fixture.ts'

function httpOf(text: string, env: Record<string, string> = {}) {
  const source = {
    text,
    name: 'steelyard.yaml',
    folder: '/etc/steelyard',
    env,
    kindOf,
    namespaces: NAMESPACES,
    dialects,
  }
  return parseConfig(source).prices.http
}

const ETHEREUM = ['eip155:1', 'ethereum']

test('a source of prices needs a URL and a chain', () => {
  expect(httpOf('prices: { http: { url: "http://p", ids: { "eip155:1": ethereum } } }')).toEqual({
    url: 'http://p',
    intervalSeconds: 60,
    timeoutMs: 5_000,
    ids: [ETHEREUM],
  })
  expect(httpOf('prices: { http: null }')).toBeUndefined()
})

test('variables set a source of prices, as a whole or part by part', () => {
  const whole = { STEELYARD_PRICES_HTTP: '{ url: "http://p", timeout_ms: 300, ids: { "eip155:1": ethereum } }' }
  expect(httpOf('', whole)).toEqual({ url: 'http://p', intervalSeconds: 60, timeoutMs: 300, ids: [ETHEREUM] })
  const parts = {
    STEELYARD_PRICES_HTTP_URL: 'http://p/?key=1',
    STEELYARD_PRICES_HTTP_INTERVAL_SECONDS: '5',
    STEELYARD_PRICES_HTTP_TIMEOUT_MS: '700',
    STEELYARD_PRICES_HTTP_IDS: '{ "eip155:1": ethereum, "eip155:31337": ethereum }',
  }
  expect(httpOf('', parts)).toEqual({
    url: 'http://p/?key=1',
    intervalSeconds: 5,
    timeoutMs: 700,
    ids: [ETHEREUM, ['eip155:31337', 'ethereum']],
  })
})

test.each([
  ['no URL', '{ ids: { "eip155:1": ethereum } }', 'prices.http.url: is missing, expected an http:// or https:// URL'],
  [
    'a URL without a scheme, which may contain a key',
    '{ url: "prices.example/SECRET", ids: { "eip155:1": ethereum } }',
    'prices.http.url: got "prices.example…", expected an http:// or https:// URL; did you mean "http://prices.example/…"?',
  ],
  [
    'no chains',
    '{ url: "http://p" }',
    'prices.http.ids: is missing, expected a mapping such as { "eip155:1": ethereum }',
  ],
  [
    'an empty mapping of chains',
    '{ url: "http://p", ids: {} }',
    'prices.http.ids: got a mapping, expected the name of at least one chain, such as { "eip155:1": ethereum }',
  ],
  [
    'a name of a chain that does not fit into a path',
    '{ url: "http://p", ids: { "eip155:1": "../eth" } }',
    'prices.http.ids.eip155:1: got "../eth", expected the source\'s name of a chain: 1 to 40 letters, digits, - and _, such as ethereum',
  ],
  [
    'something that is no chain',
    '{ url: "http://p", ids: { ethereum: ethereum } }',
    'prices.http.ids.ethereum: got "ethereum", expected a CAIP-2 chain id such as eip155:1',
  ],
  [
    'no pause between two reads',
    '{ url: "http://p", interval_seconds: 0, ids: { "eip155:1": ethereum } }',
    'prices.http.interval_seconds: got "0", expected a whole number from 5 to 86400',
  ],
  [
    'a time-out of a day',
    '{ url: "http://p", timeout_ms: 86400000, ids: { "eip155:1": ethereum } }',
    'prices.http.timeout_ms: got "86400000", expected a whole number from 100 to 60000',
  ],
])('%s is a mistake', (_, http, message) => {
  expect(mistakes(`prices: { http: ${http} }`)).toEqual([message])
})
