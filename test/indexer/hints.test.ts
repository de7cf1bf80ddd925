import { expect, test } from 'vitest'
import type { AssetRef } from '../../src/core/asset.ts'
import type { Hint } from '../../src/core/transfer.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig } from './harness.ts'

const [alice = '', bob = '', carol = ''] = ACCOUNTS
const [coin] = ASSETS
const move = (from: string | undefined, to: string | undefined, amount: bigint): Movement => ({
  asset: coin,
  from,
  to,
  amount,
  item: 0,
})
const hint = (account: string, reason: Hint['reason'] = 'moved'): Hint => ({ asset: coin, account, reason })

async function accountingOf(rig: Rig, asset: AssetRef = coin): Promise<string | undefined> {
  return (await rig.reads.asset(asset))?.accounting
}

async function observedOf(rig: Rig, account: string): Promise<bigint | undefined> {
  const [read] = await rig.reads.observations.get([{ account, asset: coin, item: '' }])
  return read?.amount
}

/** Deposits mint 7 for bob and 2 for carol without a transfer, bob's before any transfer of the coin. */
function wrapped(): StatefulChain {
  return new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [hint(bob)])
    .add('2', '1', [move(undefined, alice, 100n)])
    .add('3', '2', [hint(carol)])
    .silently('1', [move(undefined, bob, 7n)])
    .silently('3', [move(undefined, carol, 2n)])
}

test.each([
  ['followed head by head', ['0', '1', '2', '3']],
  ['fetched as a range', ['3']],
])('a token that mints on deposits is accounted by reads, %s', async (_, heads) => {
  const chain = wrapped()
  const rig = await makeRig(chain.show(heads[0] ?? '3', heads.length === 1 ? 3 : 0))
  for (const head of heads) {
    chain.show(head)
    await rig.audit()
  }
  expect(await accountingOf(rig)).toBe('reads')
  chain.add('4', '3').show('4')
  await rig.audit()
  for (const [account, amount] of [
    [alice, 100n],
    [bob, 7n],
    [carol, 2n],
  ] as const) {
    expect(await observedOf(rig, account)).toBe(amount)
    const query = { account, standards: ['erc20'], receivedOnly: true, assets: undefined, offset: 0, limit: 9 } as const
    expect((await rig.reads.account(query)).rows.map(({ asset }) => asset.asset)).toEqual([coin])
  }
  await rig.close()
})

test('deposits that change no balance leave the token’s accounting as it is, and nothing in doubt', async () => {
  const chain = new StatefulChain()
    .add('0', undefined, [move(undefined, alice, 100n)])
    .add('1', '0', [hint(alice), hint(bob)])
    .show('1')
  const rig = await makeRig(chain)
  expect(await rig.audit()).toMatchObject({ audit_different: 0, audit_turned: 0 })
  expect(await accountingOf(rig)).toBe('events')
  expect(await rig.journal.doubts.state()).toMatchObject({ pairs: 0, tokens: 0, chain: false })
  await rig.close()
})

test('a balance of a token with accounting by reads is read again at the head with a hint about it', async () => {
  const chain = new StatefulChain()
    .add('0', undefined, [move(undefined, alice, 100n), hint(carol, 'undecodable')])
    .add('1', '0', [hint(bob)])
    .silently('1', [move(undefined, bob, 3n)])
    .show('0')
  const rig = await makeRig(chain)
  await rig.audit()
  expect(await accountingOf(rig)).toBe('reads')
  chain.show('1')
  await rig.audit()
  expect(await observedOf(rig, bob)).toBe(3n)
  await rig.close()
})

test('hints of a lost branch leave no account behind, and those of the new branch do', async () => {
  const chain = new StatefulChain()
    .add('0', undefined, [move(undefined, alice, 100n)])
    .add('1a', '0', [hint(bob)])
    .add('1b', '0', [hint(carol)])
    .add('2b', '1b')
    .show('1a')
  const rig = await makeRig(chain)
  await rig.audit()
  chain.show('2b')
  await rig.audit()
  const rows = (await rig.dump()).filter((line) => line.startsWith('balances ') || line.startsWith('hints '))
  expect(rows.filter((line) => line.includes(bob.slice(2)))).toEqual([])
  expect(rows.filter((line) => line.includes(carol.slice(2)))).toHaveLength(2)
  await rig.close()
})
