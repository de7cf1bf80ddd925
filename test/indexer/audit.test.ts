import { describe, expect, test } from 'vitest'
import { assetKey } from '../../src/core/asset.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig, undisturbed } from './harness.ts'

const [alice = '', bob = '', carol = ''] = ACCOUNTS
const [coin, second] = ASSETS

function move(from: string | undefined, to: string | undefined, amount: bigint): Movement {
  return { asset: coin, from, to, amount, item: 0 }
}

/** 0 ─ 1 ─ 2 ─ 3, with two tokens. All their transfers have logs. */
function trunk(): StatefulChain {
  return new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [move(undefined, alice, 100n), { ...move(undefined, alice, 7n), asset: second }])
    .add('2', '1', [move(alice, bob, 10n)])
    .add('3', '2', [move(bob, carol, 1n), { ...move(alice, bob, 2n), asset: second }])
    .show('3')
}

async function classesOf(rig: Rig): Promise<(string | undefined)[]> {
  return Promise.all([coin, second].map(async (asset) => (await rig.reads.asset(asset))?.accounting))
}

async function turnOf(rig: Rig) {
  return (await rig.reads.audits.tokens({ accounting: 'reads', after: 0, limit: 9 })).map(
    ({ asset, reclassification: turn }) => ({
      asset,
      reason: turn?.reason,
      block: turn?.block.number,
      evidence: turn?.evidence,
    }),
  )
}

test('a chain with complete logs is found equal, head by head', async () => {
  const chain = trunk().show('2')
  const rig = await makeRig(chain)
  expect(await rig.audit()).toMatchObject({ audited_block: 2, audit_different: 0, audit_turned: 0 })
  chain.show('3')
  const counts = await rig.audit()
  expect(counts).toMatchObject({ audited_block: 3, audit_different: 0, audit_unchecked: 0 })
  expect(counts.audit_equal).toBe(counts.audit_checked)
  // The last head alone has five balances and two supplies.
  expect(counts.audit_checked).toBeGreaterThanOrEqual(7)
  expect(await rig.reads.audits.findings(9)).toEqual([])
  await rig.close()
})

describe('a node that left a log out', () => {
  test.each([
    { name: 'of its head', hidden: '3', logs: [0] },
    { name: 'of its head, the only one of an account', hidden: '3', logs: [0, 1] },
    { name: 'of a block before', hidden: '2', logs: [0] },
    { name: 'a mint, which the supply shows too', hidden: '1', logs: [0, 1] },
  ])('$name: it is repaired, and no token is reclassified', async ({ hidden, logs }) => {
    const chain = trunk().hide(hidden, logs)
    const rig = await makeRig(chain)
    expect((await rig.audit()).audit_repaired).toBeGreaterThan(0)
    await rig.audit()
    expect(await rig.dump()).toEqual(await undisturbed(trunk()))
    expect(await classesOf(rig)).toEqual(['events', 'events'])
    expect((await rig.reads.audits.findings(9)).map(({ what }) => what)).toContain('repaired')
    await rig.close()
  })

  test('and keeps no old state: the logs of the pair show it', async () => {
    const chain = trunk().hide('2', [0], false)
    for (let number = 4; number <= 40; number++) chain.add(`${number}`, `${number - 1}`)
    chain.stateBlocks = 8
    chain.show('40')
    const rig = await makeRig(chain)
    expect(await rig.audit()).toMatchObject({ audit_turned: 0, audit_repaired: 1 })
    expect(await classesOf(rig)).toEqual(['events', 'events'])
    const key = { account: bob, asset: coin, item: '' }
    expect((await rig.reads.balances([key])).rows[0]?.amount).toBe(9n)
    await rig.close()
  })
})

describe('a token with changes that its logs do not explain is reclassified', () => {
  test('a rebase', async () => {
    const chain = trunk().silently('3', [move(undefined, alice, 9n), move(undefined, bob, 1n)])
    const rig = await makeRig(chain)
    expect(await rig.audit()).toMatchObject({ audit_turned: 1, audit_repaired: 0 })
    expect(await classesOf(rig)).toEqual(['reads', 'events'])
    await rig.close()
  })

  test('a fee without a log', async () => {
    const chain = trunk().silently('3', [move(carol, undefined, 1n)])
    const rig = await makeRig(chain)
    await rig.audit()
    expect(await turnOf(rig)).toEqual([
      {
        asset: coin,
        reason: 'balance',
        block: 3,
        evidence: { account: carol, item: '', journal: 1n, chain: 0n },
      },
    ])
    expect(await rig.reads.audits.findings(9)).toMatchObject([
      { what: 'turned', account: carol, journal: 1n, chain: 0n },
    ])
    await rig.close()
  })

  test('a mint without a log, to an unknown account', async () => {
    const chain = trunk().silently('2', [move(undefined, ACCOUNTS[4], 5n)])
    const rig = await makeRig(chain)
    await rig.audit()
    expect(await turnOf(rig)).toMatchObject([
      { asset: coin, reason: 'supply', evidence: { account: undefined, journal: 100n, chain: 105n } },
    ])
    await rig.close()
  })

  test('a sum that goes out of range, because the spent amount was received without a log', async () => {
    const chain = trunk()
      .silently('2', [move(alice, ACCOUNTS[4], 5n)])
      .add('4', '3', [move(ACCOUNTS[4], bob, 5n)])
      .show('4')
    const rig = await makeRig(chain)
    await rig.audit()
    expect(await classesOf(rig)).toEqual(['reads', 'events'])
    await rig.close()
  })

  test('on a lost branch: the class stays, since it belongs to the contract', async () => {
    const chain = trunk()
      .add('4a', '3')
      .silently('4a', [move(undefined, alice, 1n)])
      .add('4b', '3')
      .add('5b', '4b')
      .show('4a')
    const rig = await makeRig(chain)
    await rig.audit()
    expect(await classesOf(rig)).toEqual(['reads', 'events'])
    chain.show('5b')
    await rig.audit()
    expect(await classesOf(rig)).toEqual(['reads', 'events'])
    expect((await rig.dump()).filter((line) => !line.startsWith('turns'))).toEqual(await undisturbed(chain))
    await rig.close()
  })

  test.each([
    { name: 'stays if the contract existed before the branch', created: 2, classes: ['reads', 'events'] },
    { name: 'is reset if the contract was created on that branch', created: 4, classes: ['events', 'events'] },
  ])('on a lost branch with the token’s first transfer: the class $name', async ({ created, classes }) => {
    const mint = { asset: coin, from: undefined, to: alice, amount: 5n, item: 0 }
    const chain = new StatefulChain()
      .add('0', undefined)
      .add('1', '0', [{ ...mint, asset: second }])
      .add('2', '1')
      .add('3', '2')
      .add('4a', '3', [mint])
      .silently('4a', [{ ...mint, amount: 1n }])
      .add('4b', '3')
      .add('5b', '4b', [mint])
      .add('6b', '5b')
      .show('4a')
    chain.isAbsent = (asset, block) => assetKey(asset) === assetKey(coin) && block < created
    const rig = await makeRig(chain)
    await rig.audit()
    expect(await classesOf(rig)).toEqual(['reads', 'events'])
    chain.show('5b')
    await rig.settle()
    // It counts as read until the audit checks it again.
    expect(await classesOf(rig)).toEqual(['reads', 'events'])
    await rig.audit()
    expect(await classesOf(rig)).toEqual(classes)
    await rig.close()
  })

  test('but not if the configuration sets its class', async () => {
    const chain = trunk().silently('3', [move(undefined, alice, 9n)])
    const rig = await makeRig(chain, undefined, { classes: new Map([[assetKey(coin), 'events']]) })
    await rig.audit()
    expect(await classesOf(rig)).toEqual(['events', 'events'])
    expect(await rig.reads.audits.findings(9)).toMatchObject([{ what: 'different', chain: 99n }])
    await rig.close()
  })
})

describe('a node with changing answers proves nothing', () => {
  test.each(['by_number', 'another_node', undefined])('when asked %s', async (liar) => {
    const chain = trunk()
    let asked = 0
    chain.lie = ({ key, ask, amount }) => {
      if (key.account !== bob || assetKey(key.asset) !== assetKey(coin)) return amount
      // Wrong at first. Only a repeated read shows it.
      return liar === undefined ? amount + BigInt(++asked) : ask === liar ? amount : amount + 1n
    }
    const rig = await makeRig(chain)
    expect(await rig.audit()).toMatchObject({ audit_unsteady: 1, audit_turned: 0, audit_repaired: 0 })
    expect(await classesOf(rig)).toEqual(['events', 'events'])
    expect((await rig.reads.audits.findings(9)).map(({ what }) => what)).toEqual(['unsteady'])
    await rig.close()
  })
})

test('a token that never answers gets no result, and does not delay other tokens', async () => {
  const chain = trunk().silently('3', [{ ...move(undefined, alice, 1n), asset: second }])
  chain.mute.add(assetKey(coin))
  const rig = await makeRig(chain)
  expect(await rig.audit()).toMatchObject({ audited_block: 3, audit_turned: 1 })
  expect((await rig.audit()).audit_unchecked).toBeGreaterThan(0)
  expect(await classesOf(rig)).toEqual(['events', 'reads'])
  await rig.close()
})

test('unreadable tokens are known from the last read of the audit, and a reorg undoes what its branch changed', async () => {
  const chain = trunk()
  const silent = async (rig: Rig) =>
    Promise.all([coin, second].map(async (asset) => (await rig.reads.asset(asset))?.unreadable))
  chain.mute.add(assetKey(coin))
  const rig = await makeRig(chain)
  await rig.audit()
  expect(await silent(rig)).toEqual([true, false])
  chain.add('4', '3').show('4')
  chain.mute.clear()
  await rig.audit()
  expect(await silent(rig)).toEqual([false, false])
  chain.add('4b', '3').add('5b', '4b').show('5b')
  chain.fault = (call) => {
    if (call === 'readBalances') throw new ServiceError('NODE_UNREACHABLE', 'gone')
  }
  await rig.settle()
  expect(await silent(rig)).toEqual([true, false])
  await rig.close()
})

test('balances from before the index starts are read beside the indexing, until all are known with their history', async () => {
  const chain = trunk()
  for (let number = 4; number <= 9; number++) {
    chain.add(`${number}`, `${number - 1}`, [move(alice, ACCOUNTS[number % 5], 1n)])
  }
  chain.show('9')
  const rig = await makeRig(chain, { scope: { type: 'all' }, from: 3 })
  await rig.audit()
  for (const account of [alice, bob, carol]) {
    const key = { account, asset: coin, item: '' }
    for (const block of chain.canonical().filter(({ number }) => number >= 2)) {
      expect((await rig.reads.balances([key], block.number)).rows[0]?.amount).toBe(chain.balanceOf(key, block))
    }
  }
  await rig.close()
})

test('balances of a token with accounting by reads are read at every head, and the journal keeps them', async () => {
  const chain = trunk()
    .silently('3', [move(undefined, alice, 9n)])
    .add('4', '3')
    .add('5', '4')
    .show('3')
  const rig = await makeRig(chain)
  await rig.audit()
  chain.show('5')
  await rig.audit()
  const keys = [alice, bob, carol].map((account) => ({ account, asset: coin, item: '' }))
  const observed = await rig.reads.observations.get(keys)
  expect(observed.map((read) => [read?.block.number, read?.amount])).toEqual([
    [5, 99n],
    [5, 9n],
    [5, 1n],
  ])
  await rig.close()
})
