import { expect, test } from 'vitest'
import { runAudit } from '../../src/audit/run-audit.ts'
import { assetKey } from '../../src/core/asset.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { makeRig } from './harness.ts'

const [alice = '', bob = ''] = ACCOUNTS
const [coin] = ASSETS

test.each([
  ['a bug', new TypeError('of undefined'), 'error'],
  ['a lost lease', new ServiceError('LEASE_LOST', 'taken over'), 'warn'],
  ['a node', new ServiceError('NODE_TIMEOUT', 'hangs'), 'warn'],
  ['a store', new ServiceError('STORE_UNAVAILABLE', 'locked'), 'warn'],
])(
  '%s that fails a round does not end the audit: it continues, counts the failure and logs it once',
  async (_, error, level) => {
    const stopping = new AbortController()
    const [told, ended]: [unknown[], unknown[]] = [[], []]
    let rounds = 0
    const auditor = {
      due: async () => undefined,
      round: async () => {
        rounds++
        if (rounds === 8) stopping.abort()
        if (rounds <= 3 || rounds === 6) throw error
      },
      ended: (how: unknown) => void ended.push(how),
    }
    const log = (as: string, message: string) => void told.push([as, message])
    await runAudit({ auditor, log, pauseMs: 0 }, stopping.signal)
    expect(ended).toEqual([error, error, error, undefined, undefined, error, undefined, undefined])
    expect(told.map((line) => (line as string[])[0])).toEqual([level, level])
  },
)

test('the next heartbeat reports the result of the last round, and a successful round clears it', async () => {
  const rig = await makeRig(new StatefulChain().add('0', undefined).show('0'))
  await rig.settle()
  rig.auditor.ended(new TypeError('of undefined'))
  rig.auditor.ended(new ServiceError('NODE_TIMEOUT', 'hangs'))
  await rig.settle()
  const failing = await rig.reads.clock()
  expect(failing.auditError).toBe('hangs')
  expect(failing.counts).toMatchObject({ audit_failures: 2, audit_errors: 2, audit_round_at: 1_000_000 })
  rig.auditor.ended(undefined)
  await rig.settle()
  const well = await rig.reads.clock()
  expect([well.auditError, well.counts.audit_failures, well.counts.audit_errors]).toEqual([undefined, 0, 2])
  await rig.close()
})

test('a new chain is in doubt until all balances were read once', async () => {
  const chain = new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [{ asset: coin, from: undefined, to: alice, amount: 5n, item: 0 }])
    .show('1')
  const rig = await makeRig(chain)
  await rig.journal.doubts.refute('all')
  await rig.settle()
  expect(await rig.reads.clock()).toMatchObject({ wasReady: true, inDoubt: true })
  await rig.audit()
  expect((await rig.reads.clock()).inDoubt).toBe(false)
  await rig.close()
})

test('a bug in one part of a round does not stop the other parts', async () => {
  const chain = new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [{ asset: coin, from: undefined, to: alice, amount: 5n, item: 0 }])
    .silently('1', [{ asset: coin, from: undefined, to: bob, amount: 1n, item: 0 }])
    .show('1')
  const rig = await makeRig(chain)
  await rig.settle()
  rig.journal.audits.next = async () => {
    throw new TypeError('of undefined')
  }
  await rig.auditor.refuted({ asset: coin, account: bob, item: '' })
  for (let round = 0; round < 3; round++) await expect(rig.round()).rejects.toThrow('of undefined')
  const turned = await rig.reads.audits.tokens({ accounting: 'reads', after: 0, limit: 9 })
  expect(turned.map(({ asset }) => assetKey(asset))).toEqual([assetKey(coin)])
  await rig.close()
})
