import { describe, expect, test } from 'vitest'
import { assetKey } from '../../src/core/asset.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig, undisturbed } from './harness.ts'

const [alice = '', bob = '', carol = '', , stranger = ''] = ACCOUNTS
const [coin, second] = ASSETS

function move(from: string | undefined, to: string | undefined, amount: bigint): Movement {
  return { asset: coin, from, to, amount, item: 0 }
}

function trunk(): StatefulChain {
  return new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [move(undefined, alice, 100n), { ...move(undefined, alice, 7n), asset: second }])
    .add('2', '1', [move(alice, bob, 10n)])
    .add('3', '2', [move(bob, carol, 1n), { ...move(alice, bob, 2n), asset: second }])
    .show('3')
}

/** Adds empty blocks up to this number, and shows the last. */
function grow(chain: StatefulChain, to: number, finalized?: number): StatefulChain {
  const head = chain.canonical().at(-1)?.number ?? 0
  for (let number = head + 1; number <= to; number++) chain.add(`${number}`, `${number - 1}`)
  return chain.show(`${to}`, finalized)
}

async function classOf(rig: Rig): Promise<string | undefined> {
  return (await rig.reads.asset(coin))?.accounting
}

async function findingsOf(rig: Rig): Promise<string[]> {
  return (await rig.reads.audits.findings(99)).map(({ what }) => what)
}

describe('a lost mint of a token with very many transfers', () => {
  /** After 20,001 payments, one block mints to an account that has no other transfer, beside a payment. */
  const busy = (): StatefulChain => {
    const payments = Array.from({ length: 20_001 }, () => move(alice, bob, 0n))
    const chain = trunk()
      .add('4', '3', payments)
      .add('5', '4', [move(alice, bob, 1n), move(undefined, stranger, 5n)])
    return grow(chain.show('5'), 40)
  }

  test('is found by bisecting on the supply, even if the node’s logs never contain it', async () => {
    const rig = await makeRig(busy().hide('5', [1]))
    expect(await rig.audit()).toMatchObject({ audit_repaired: 1, audit_turned: 0 })
    expect(await rig.dump()).toEqual(await undisturbed(busy()))
    await rig.close()
  }, 180_000)

  test('is found by its mints and burns if the node no longer has the old state', async () => {
    const chain = busy().hide('5', [1], false)
    chain.stateBlocks = 8
    const rig = await makeRig(chain)
    expect(await rig.audit()).toMatchObject({ audit_repaired: 1, audit_turned: 0 })
    expect(await rig.dump()).toEqual(await undisturbed(busy()))
    await rig.close()
  }, 180_000)
})

test('a token is reclassified for its supply only after all its mints and burns were compared, in several investigations', async () => {
  const chain = grow(trunk().silently('2', [move(undefined, stranger, 5n)]), 3_000, 3_000)
  chain.stateBlocks = 8
  const rig = await makeRig(chain, undefined, { ranges: 6 })
  expect(await rig.audit()).toMatchObject({ audit_turned: 0 })
  expect(await findingsOf(rig)).toEqual(['different'])
  for (let head = 3_001; head < 3_040; head++) {
    grow(chain, head, head)
    await rig.audit()
  }
  expect((await findingsOf(rig))[0]).toBe('turned')
  await rig.close()
}, 180_000)

test('a lost payment in an old block is found over several investigations, while other tokens are investigated too', async () => {
  const lost = (): StatefulChain => {
    const chain = grow(trunk(), 2_899).add('2900', '2899', [move(alice, bob, 3n), move(bob, carol, 1n)])
    return grow(chain.show('2900'), 3_000, 3_000)
  }
  const chain = lost()
    .hide('2900', [0], false)
    .silently('2', [{ ...move(undefined, alice, 1n), asset: second }])
  chain.stateBlocks = 8
  // The first fetch, by ranges, does not return it. Later fetches do.
  const whole = chain.transfers.bind(chain)
  let isLost = true
  chain.transfers = async (range) => {
    const blocks = await whole(range)
    if (!isLost) return blocks
    return blocks.map((block) =>
      block.number === 2_900 ? { ...block, transfers: block.transfers.filter(({ event }) => event > 0) } : block,
    )
  }
  const rig = await makeRig(chain, undefined, { ranges: 6 })
  await rig.settle()
  isLost = false
  await rig.audit()
  expect(await rig.reads.asset(coin)).toMatchObject({ accounting: 'events' })
  for (let head = 3_001; head < 3_040; head++) {
    grow(chain, head, head)
    await rig.audit()
  }
  const findings = await findingsOf(rig)
  expect(findings).toContain('different')
  expect(findings.filter((what) => what !== 'different').sort()).toEqual(['repaired', 'turned'])
  expect(await classOf(rig)).toBe('events')
  const key = { account: bob, asset: coin, item: '' }
  expect((await rig.reads.balances([key])).rows[0]?.amount).toBe(11n)
  await rig.close()
}, 180_000)

test('another supply from another node keeps a token from being reclassified', async () => {
  const chain = trunk().silently('2', [move(undefined, stranger, 5n)])
  chain.supplyLie = (ask, supply) => (ask === 'another_node' ? supply - 5n : supply)
  const rig = await makeRig(chain)
  expect(await rig.audit()).toMatchObject({ audit_turned: 0, audit_unsteady: 1 })
  await rig.close()
})

test('a difference that could not be investigated is investigated at a later head, and repaired', async () => {
  const chain = trunk().hide('1', [0])
  const rig = await makeRig(chain)
  await rig.settle()
  chain.fault = (call) => {
    if (call === 'transfersOf') throw new ServiceError('NODE_TIMEOUT', 'no receipts just now')
  }
  expect(await rig.audit()).toMatchObject({ audit_adopted: 1, audit_failed: 1, audit_turned: 0 })
  chain.fault = () => undefined
  for (let head = 8; head < 14; head++) {
    grow(chain, head)
    await rig.audit()
  }
  expect(await classOf(rig)).toBe('events')
  expect(await rig.dump()).toEqual(await undisturbed(grow(trunk(), 13)))
  await rig.close()
})

test('a block of another branch proves nothing: the investigation is stopped for now', async () => {
  const chain = trunk()
    .add('4a', '3', [move(alice, bob, 3n), move(bob, carol, 1n)])
    .hide('4a', [0])
    .add('4b', '3')
    .add('5b', '4b')
    .show('4a')
  const rig = await makeRig(chain)
  await rig.settle()
  // The node leaves our branch after the first differing block is found, and before its header is requested.
  const headers = chain.headers.bind(chain)
  chain.headers = async (range) => {
    if (range.first === 4) chain.show('4b')
    return headers(range)
  }
  // The investigation ends without a result. The next read of the position fails, because its block no longer exists.
  await expect(rig.audit()).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  expect(await classOf(rig)).toBe('events')
  chain.headers = headers
  chain.show('5b')
  expect(await rig.audit()).toMatchObject({ audit_turned: 0, audit_failed: 1 })
  expect(await rig.dump()).toEqual(await undisturbed(chain))
  await rig.close()
})

test('a second node without old state does not count: the balance is repaired', async () => {
  const chain = trunk().hide('2', [0])
  chain.refuses = (ask) => (ask === 'another_node' ? 'no_archive' : undefined)
  const rig = await makeRig(chain)
  expect((await rig.audit()).audit_repaired).toBeGreaterThan(0)
  expect(await rig.audit()).toMatchObject({ audit_unsteady: 0, audit_turned: 0 })
  expect(await rig.dump()).toEqual(await undisturbed(trunk()))
  await rig.close()
})

test('an investigation rewrites the pairs of all its blocks in one write', async () => {
  const blocks = (chain: StatefulChain): StatefulChain => {
    for (let number = 4; number <= 20; number++) {
      chain.add(`${number}`, `${number - 1}`, [move(alice, bob, 1n), move(bob, carol, 0n)])
    }
    return grow(chain.show('20'), 60)
  }
  const chain = blocks(trunk())
  for (let number = 4; number <= 20; number++) chain.hide(`${number}`, [0], false)
  chain.stateBlocks = 8
  const rig = await makeRig(chain)
  const repair = rig.journal.repair.bind(rig.journal)
  let repairs = 0
  rig.journal.repair = async (some, how) => {
    const repaired = await repair(some, how)
    // After the investigation, all blocks are fetched again. That changes nothing more.
    if (repaired.inserted + repaired.removed > 0) repairs++
    return repaired
  }
  expect(await rig.audit()).toMatchObject({ audit_repaired: 1, audit_turned: 0 })
  expect(repairs).toBe(1)
  expect(await rig.dump()).toEqual(await undisturbed(blocks(trunk())))
  await rig.close()
})

test('a token that makes the node fail does not stop the other tokens or the next rounds', async () => {
  const chain = trunk().silently('3', [move(undefined, alice, 9n)])
  chain.poison.add(assetKey(second))
  const rig = await makeRig(chain)
  expect(await rig.audit()).toMatchObject({ audited_block: 3, audit_turned: 1 })
  expect(await classOf(rig)).toBe('reads')
  chain.poison.clear()
  const before = (await rig.audit()).audit_checked ?? 0
  for (let head = 4; head < 9; head++) {
    grow(chain, head)
    await rig.audit()
  }
  expect((await rig.audit()).audit_checked).toBeGreaterThan(before)
  await rig.close()
})
