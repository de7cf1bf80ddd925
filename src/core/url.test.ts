import { expect, test } from 'vitest'
import { nodeLabel, percentDecoded, secretsOf, withoutTexts, withoutUrl, withoutUrls } from './url.ts'

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

test('URLs in foreign text are cut too', () => {
  expect(withoutUrls('expected an http:// or https:// URL')).toBe('expected an http:// or https:// URL')
  expect(withoutUrls('upstream https://u:p@rpc.io/v2/KEY?a=b failed')).toBe('upstream https://rpc.io/… failed')
})

test.each([
  // Brackets and punctuation around and inside it.
  ['at [https://h.io/KEY]', 'at [https://h.io/…]'],
  ['{url:https://h.io/KEY}', '{url:https://h.io/…}'],
  ['(see https://u:KEY@h.io).', '(see https://h.io).'],
  ['[https://u:KEY@h.io]', '[https://h.io]'],
  ['{"url":"https://u:KEY@h.io/KEY"}', '{"url":"https://h.io/…"}'],
  ['{a:{b:https://h.io/KEY}}, next', '{a:{b:https://h.io/…}}, next'],
  ['https://h.io/?a={KEY}&b=[KEY] end', 'https://h.io/… end'],
  ['https://h.io/KEY, https://b.io/KEY; end', 'https://h.io/…, https://b.io/…; end'],
  ['[https://[::1]:8545/KEY]', '[https://[::1]:8545/…]'],
  ['https://u:KEY@[::1]', 'https://[::1]'],
  // Passwords with unusual characters.
  ['at http://user:p]KEY@h.io/KEY failed', 'at http://h.io/… failed'],
  ['at http://user:p}KEY@h.io failed', 'at http://h.io failed'],
  ["at http://user:p'KEY@h.io/KEY failed", 'at http://h.io/… failed'],
  ['at http://user:p`<KEY>@h.io/KEY failed', 'at http://h.io/… failed'],
  ['{"at":"http://user:p\\"KEY@h.io/KEY","b":1}', '{"at":"http://h.io/…","b":1}'],
  // Other spellings of the scheme.
  ['"https:\\/\\/u:KEY@h.io\\/KEY"', '"https://h.io/…"'],
  ['to=https%3A%2F%2Fh.io%2FKEY end', 'to=https://h.io/… end'],
  ['url_https://u:KEY@h.io/KEY', 'url_https://h.io/…'],
  ['1wss://u:KEY@h.io/KEY', '1wss://h.io/…'],
  // Text that is not a URL.
  ['https://u:KEY@', '(not a URL)'],
  ['x: // y', 'x: // y'],
])('%s is shown as %s', (text, said) => {
  expect(withoutUrls(text)).toBe(said)
  expect(withoutUrls(text)).not.toContain('KEY')
})

test.each([
  ['https://u:p"KEY@h.io/KEY', 'https://h.io/…'],
  ['https://u:p KEY@h.io/KEY', 'https://h.io/…'],
  ['https://u:p\\KEY', '(not a URL)'],
  ['words of https://u:KEY@h.io/KEY', 'words of https://h.io/…'],
  ['mainnet', 'mainnet'],
])('the value %s is shown as %s', (value, shown) => {
  expect(withoutUrl(value)).toBe(shown)
})

test('parts of a URL that may be keys are cut from foreign text', () => {
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
])('%s is decoded as %s', (text, decoded) => {
  expect(percentDecoded(text)).toBe(decoded)
})
