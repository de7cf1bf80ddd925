import { expect, test } from 'vitest'
import { nodeLabel, withoutUrls } from './url.ts'

test.each([
  ['http://127.0.0.1:8545', 'http://127.0.0.1:8545'],
  ['http://127.0.0.1:8545/', 'http://127.0.0.1:8545'],
  ['https://mainnet.example.io/v3/KEY', 'https://mainnet.example.io/…'],
  ['https://example.io/?key=KEY', 'https://example.io/…'],
  ['https://user:KEY@example.io', 'https://example.io'],
  ['https://user:KEY@example.io/KEY#KEY', 'https://example.io/…'],
  ['KEY', '(not a URL)'],
])('%s is shown as %s', (url, label) => {
  expect(nodeLabel(url)).toBe(label)
})

test('URLs in the words of others are cut down too', () => {
  expect(withoutUrls('upstream https://u:p@rpc.io/v2/KEY?a=b failed')).toBe('upstream https://rpc.io/… failed')
})
