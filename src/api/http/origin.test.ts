import { expect, test } from 'vitest'
import { originOfServer } from './origin.ts'

test.each([
  ['http', 'balances.example', 'http://balances.example'],
  ['https', '127.0.0.1:8080', 'https://127.0.0.1:8080'],
  ['http', '[::1]:8080', 'http://[::1]:8080'],
  ['http', '', 'http://localhost'],
  ['http', 'evil.example/path', 'http://localhost'],
  ['http', 'user@evil.example', 'http://localhost'],
  ['http', '"><b>x', 'http://localhost'],
  ['http', 'a'.repeat(256), 'http://localhost'],
  ['javascript', 'a.example', 'http://a.example'],
])('%s and %s are %s', (protocol, host, origin) => {
  // The type of Fastify's protocol lists http and https only, but the text comes from a proxy's header.
  expect(originOfServer({ protocol: protocol as 'http', host })).toBe(origin)
})
