/** That a long portfolio history neither blocks the server nor works on after its deadline. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { TokenKitDeps } from '../../src/api/dialects/tokenkit/deps.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { ALICE, GOLD, move } from '../balances/world.ts'
import { countTicks } from '../tokens/count-ticks.ts'
import { calls, extend, HOUR, past } from './tokenkit-world.ts'

test('too many assets × buckets is 400 with the remedy, before anything is read', async () => {
  const { deps, it } = await calls()
  it.now.at = 900 * HOUR
  let reads = 0
  const { account } = deps.balances
  const balances: TokenKitDeps['balances'] = {
    ...deps.balances,
    account: async (request) => {
      reads += 1
      return { ...(await account(request)), count: 400 }
    },
  }
  const refused = { code: 'PARAMETER_INVALID', message: 'interval: Take a longer interval.' }
  await expect(past({ ...deps, balances }, { from: 0 })).rejects.toMatchObject(refused)
  await expect(past(deps, { from: 0, to: 900 * HOUR, interval: '1 day' })).resolves.toBeDefined()
  expect(reads).toBe(1)
  it.now.at = 1_001 * HOUR
  await expect(past(deps, { from: 0 })).rejects.toMatchObject(refused)
})

/** Blocks one hour apart, the first of which has these many tokens of one account. */
async function busy(tokens: number, blocks: number) {
  const { deps, it } = await calls()
  const assets = Array.from({ length: tokens }, (_, index): AssetRef => {
    return { standard: 'erc20', reference: `0x${(index + 4_096).toString(16).padStart(40, '0')}` }
  })
  const added = Array.from({ length: blocks }, (_, index) => {
    const moved = index === 0 ? assets : assets.slice(0, 1)
    return [5 + index, (1 + index) * HOUR, moved.map((asset) => ({ ...move(GOLD, 5n, { to: ALICE }), asset }))] as const
  })
  for (let at = 0; at < added.length; at += 100) await extend(it, added.slice(at, at + 100))
  it.now.at = blocks * HOUR
  return { deps, it }
}

test('a long history leaves room for other requests, and reads old blocks ten at once', async () => {
  const { deps } = await busy(20, 300)
  const ticks = countTicks()
  const { body } = await past(deps, { from: HOUR })
  expect([body.count, body.data.at(-1)?.holdings_count]).toEqual([300, 22])
  // 300 buckets are placed and added up, 10 in a tick.
  expect(ticks.stop()).toBeGreaterThan(60)
  let [most, open] = [0, 0]
  const { account } = deps.balances
  const balances: TokenKitDeps['balances'] = {
    ...deps.balances,
    account: async (request) => {
      open += 1
      most = Math.max(most, open)
      await pause(20)
      open -= 1
      return account(request)
    },
  }
  await past({ ...deps, balances }, { from: 250 * HOUR })
  expect(most).toBe(10)
}, 180_000)

test('a history that takes too long ends within the deadline of a request, and reads no further blocks', async () => {
  const { deps } = await busy(2, 200)
  let reads = 0
  const balances: TokenKitDeps['balances'] = {
    ...deps.balances,
    account: async (request) => {
      reads += 1
      if (request.asOf !== undefined) await pause(1_000)
      return deps.balances.account(request)
    },
  }
  await expect(past({ ...deps, balances }, { from: HOUR })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  // Each look takes a second, and ten are under way at once: all 200 would take twenty.
  expect(reads).toBeLessThan(150)
  const then = reads
  await pause(1_500)
  expect(reads).toBe(then)
}, 120_000)
