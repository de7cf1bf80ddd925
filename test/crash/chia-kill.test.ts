import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import type { Cat } from '../../src/demo/chia/orders.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { type Simulated, startTestWorld } from '../chia/node/start.ts'
import { killThroughReorgs, reorgsOf } from './through-reorgs.ts'

const CHILD = fileURLToPath(new URL('./chia-child.ts', import.meta.url))
/** More than the indexer follows without a backfill. */
const TRUNK = 240
const TRADERS = 6
const CATS: readonly Cat[] = [{ issuer: 7 }, { issuer: 8 }, { issuer: 9, revoker: 6 }]
const MARKET = { cats: CATS, traders: TRADERS }

describe.skipIf(!hasSimulator())('a Chia chain', () => {
  let world: Simulated
  let url = ''
  let accounts = ''
  beforeAll(async () => {
    world = await startTestWorld({ funded: 9 })
    await world.call('tradeFor', TRUNK, MARKET)
    url = (await world.call('startNode')).url
    const wallets = Array.from({ length: TRADERS }, (_, at) => world.call('wallet', at + 1))
    accounts = (await Promise.all(wallets)).map(({ address }) => address).join(',')
  }, 180_000)
  afterAll(async () => {
    await world.stop()
  })

  test('whose indexer is killed at the steps of a write and at random times, during backfill and reorgs, has the store of an undisturbed run', async () => {
    const chain = parseChainId('chia:simulator0')
    assert(chain !== undefined, 'a CAIP-2 id')
    const reorgs = reorgsOf(25).map(({ depth, blocks }) => async () => {
      await world.call('replaceDrawn', depth, blocks, MARKET)
    })
    await killThroughReorgs({ chain, script: [CHILD, url, accounts], reorgs })
  }, 360_000)
})
