import { expect, test } from 'vitest'
import { parseChainId } from '../../core/chain.ts'
import { warnOfOpenWrites } from './exposure.ts'

const open = { enabled: true, chain: parseChainId('ledger:main'), keys: false, origins: [] }

test.each(['0.0.0.0', '::', '192.0.2.7', '2001:db8::1', 'ledger.example', '::ffff:192.0.2.7', '128.0.0.1'])(
  'writes without a key on %s are told of',
  (host) => {
    expect(warnOfOpenWrites(host, open)).toContain(`whoever reaches ${host} can mint`)
  },
)

test.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost', '::ffff:127.0.0.1'])('%s is this machine', (host) => {
  expect(warnOfOpenWrites(host, open)).toBeUndefined()
})

test('nothing to tell where keys are asked for, no ledger is, or the dialect is off', () => {
  for (const closed of [{ keys: true }, { chain: undefined }, { enabled: false }]) {
    expect(warnOfOpenWrites('0.0.0.0', { ...open, ...closed })).toBeUndefined()
  }
})
