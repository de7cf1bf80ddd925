import { expect, test } from 'vitest'
import { parseChainId } from '../../core/chain.ts'
import { warnOfOpenWrites } from './exposure.ts'

const open = { enabled: true, chain: parseChainId('ledger:main'), keys: false, origins: [] }

test.each(['0.0.0.0', '::', '192.0.2.7', '2001:db8::1', 'ledger.example', '::ffff:192.0.2.7', '128.0.0.1'])(
  'a server on %s is reported if writes need no key',
  (host) => {
    expect(warnOfOpenWrites(host, open)).toContain(`anyone who can connect to ${host} can mint`)
  },
)

test.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost', '::ffff:127.0.0.1'])('%s is the local machine', (host) => {
  expect(warnOfOpenWrites(host, open)).toBeUndefined()
})

test('there is no warning with keys, without a ledger, or with the dialect disabled', () => {
  for (const closed of [{ keys: true }, { chain: undefined }, { enabled: false }]) {
    expect(warnOfOpenWrites('0.0.0.0', { ...open, ...closed })).toBeUndefined()
  }
})
