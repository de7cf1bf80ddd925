import { expect, test } from 'vitest'
import { nodeLabel, percentDecoded, secretsOf, withoutTexts, withoutUrls } from './url.ts'

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

test('parts of a URL that may be keys are known, and cut from the words of others', () => {
  const secrets = secretsOf('https://user1:pa%24%24word@example.io/v3/mainnet/0123ABCDEF?key=K%2Bey1&v=2#top')
  expect([...secrets].sort()).toEqual(['0123ABCDEF', 'K%2Bey1', 'K+ey1', 'pa$$word', 'pa%24%24word', 'user1'])
  expect(withoutTexts('project 0123abcdef of USER1 (pa$$word, K+ey1), v3 on mainnet', secrets)).toBe(
    'project … of … (…, …), v3 on mainnet',
  )
  expect(withoutTexts('nothing to hide', secretsOf('http://127.0.0.1:8545'))).toBe('nothing to hide')
})

test.each([
  ['100%', '100%'],
  ['100%25', '100%'],
  ['%zz%41', '%zzA'],
  ['%ff', '%ff'],
  ['%C3%A9', 'é'],
])('%s is meant as %s', (text, decoded) => {
  expect(percentDecoded(text)).toBe(decoded)
})
