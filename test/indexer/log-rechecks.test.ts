import { expect, test } from 'vitest'
import { ServiceError } from '../../src/core/errors.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig } from './harness.ts'

const [alice = '', bob = '', carol = '', , stranger = ''] = ACCOUNTS
const [coin, second] = ASSETS

function move(from: string | undefined, to: string | undefined, amount: bigint): Movement {
  return { asset: coin, from, to, amount, item: 0 }
}

/** A chain whose coin gives more than its events tell, so that it is known by reads. */
function rebasing(): StatefulChain {
  return new StatefulChain()
    .add('0', undefined)
    .add('1', '0', [move(undefined, alice, 100n), { ...move(undefined, alice, 7n), asset: second }])
    .add('2', '1', [move(alice, bob, 10n)])
    .silently('2', [move(undefined, alice, 9n)])
    .add('3', '2', [move(bob, carol, 1n)])
    .show('3')
}

async function tokensOf(rig: Rig, account: string): Promise<readonly string[]> {
  const query = { account, standards: ['erc20'], receivedOnly: true, assets: undefined, offset: 0, limit: 9 } as const
  return (await rig.reads.account(query)).rows.map(({ asset }) => asset.asset.reference)
}

/** Follows the chain until the coin is known by reads, and then a block with a stranger's only transfer of it. */
async function followed(chain: StatefulChain): Promise<Rig> {
  const rig = await makeRig(chain)
  await rig.audit()
  expect((await rig.reads.asset(coin))?.accounting).toBe('reads')
  chain.add('4', '3', [move(alice, bob, 2n), move(alice, stranger, 3n)]).show('4')
  await rig.audit()
  return rig
}

test('an account has a token known by reads although the node left out its only log, and nothing else', async () => {
  // No other log is missing, so no comparison puts anything in doubt.
  const rig = await followed(rebasing().hide('4', [1], false))
  expect(await tokensOf(rig, stranger)).toEqual([coin.reference])
  expect(rig.auditor.counts()).toMatchObject({ audit_refetched: 1 })
  await rig.close()
})

test('a log that the second fetch lacks too is found by one of the next heads', async () => {
  const chain = rebasing().hide('4', [1])
  const rig = await followed(chain)
  expect(await tokensOf(rig, stranger)).toEqual([])
  chain.hide('4', [])
  chain.add('5', '4').show('5')
  await rig.audit()
  expect(await tokensOf(rig, stranger)).toEqual([coin.reference])
  await rig.close()
})

test('a second fetch that fails is repeated, and delays nothing else', async () => {
  const chain = rebasing().hide('4', [1], false)
  const rig = await makeRig(chain)
  await rig.audit()
  chain.add('4', '3', [move(alice, bob, 2n), move(alice, stranger, 3n)]).show('4')
  await rig.settle()
  const { transfers } = chain
  chain.transfers = async () => {
    throw new ServiceError('NODE_TIMEOUT', 'hangs')
  }
  await expect(rig.round()).rejects.toMatchObject({ code: 'NODE_TIMEOUT' })
  expect(rig.auditor.isDue).toBe(true)
  chain.transfers = transfers
  await rig.audit()
  expect(await tokensOf(rig, stranger)).toEqual([coin.reference])
  await rig.close()
})
