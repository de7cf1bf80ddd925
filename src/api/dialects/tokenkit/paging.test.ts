import { expect, test } from 'vitest'
import { offsetOf, pageLink, pageUrl } from './paging.ts'

test('the first million rows can be listed', () => {
  expect(offsetOf({ page: 1, limit: 25 })).toBe(0)
  expect(offsetOf({ page: 10_000, limit: 100 })).toBe(999_900)
  for (const beyond of [
    { page: 10_001, limit: 100 },
    { page: 1_000_000, limit: 1_000 },
  ]) {
    expect(() => offsetOf(beyond)).toThrow(/^page: Only the first 1000000 rows can be listed\.$/)
  }
})

test.each([
  ['/api/transfers', '?page=3'],
  ['/api/transfers/?token=0x1&page=2&limit=5', '?token=0x1&page=3&limit=5'],
  ['/api/transfers?search=what?&limit=5', '?search=what%3F&limit=5&page=3'],
  ['/api/transfers?search=%26page%3D9', '?search=%26page%3D9&page=3'],
])('%s links to %s', (url, link) => {
  expect(pageLink({ url }, 3)).toBe(link)
})

test('an absolute link has the path of the request and a host that is one', () => {
  const request = { url: '/api/tokens/?limit=2', protocol: 'https', host: 'balances.example' } as const
  expect(pageUrl(request, 2)).toBe('https://balances.example/api/tokens/?limit=2&page=2')
  expect(pageUrl({ ...request, host: 'evil.example/x?' }, 2)).toBe('https://localhost/api/tokens/?limit=2&page=2')
})
