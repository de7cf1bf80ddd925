/** Accounts that are answered from their coins, while no node answers. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { coinWorld, COIN_LIST as LIST } from '../../test/balances/coin-world.ts'
import { at, BOB, CAROL, GOLD, SILVER } from '../../test/balances/world.ts'
import { hash } from '../../test/chains/mock-chain.ts'
import { LIMITS } from '../api/http/limits.ts'
import { ServiceError } from '../core/errors.ts'

describe('while no node answers', () => {
  const down = () => {
    throw new ServiceError('NODE_UNREACHABLE', 'down')
  }

  test('what was read before is answered, marked as incomplete; an account that was never read is an error', async () => {
    const first = await coinWorld()
    await first.balances.account({ ...LIST, account: BOB })
    first.coins.has(BOB, [GOLD, 30n, 3])
    first.chain.add('5', '4').show('5')
    await first.balances.account({ ...LIST, account: BOB, freshness: { mode: 'force' } })
    first.chain.fault = down
    // In memory of this process:
    expect(await first.balances.account({ ...LIST, account: BOB, freshness: { mode: 'force' } })).toMatchObject({
      rows: [{ asset: GOLD, balance: { amount: 30n, block: { number: 5 } } }],
      count: 1,
    })
    await expect(first.balances.coins({ account: CAROL, of: 'tokens' })).rejects.toMatchObject({
      code: 'BALANCE_UNKNOWN',
    })
    await expect(async () => first.balances.account({ ...LIST, account: CAROL })).rejects.toMatchObject({
      code: 'BALANCE_UNKNOWN',
    })
  })

  test('a node that hangs is given up before the request is, and what was read before is answered', async () => {
    const { balances, coins } = await coinWorld()
    await balances.account({ ...LIST, account: BOB })
    coins.hangs = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let answered: unknown
    void Promise.resolve(balances.account({ ...LIST, account: BOB, freshness: { mode: 'force' } })).then((page) => {
      answered = page
    })
    for (let n = 0; n < 20; n++) await nextTick()
    expect(coins.asked).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(LIMITS.answerMs - 1_000)
    for (let n = 0; n < 20; n++) await nextTick()
    expect(answered).toMatchObject({ count: 2, asOf: { block: at(4) } })
  })

  test('what is stored is answered after a restart', async () => {
    const { balances, chain, reads } = await coinWorld()
    const block = { number: 3, hash: hash('3') }
    const read = { account: BOB, item: '', block, observedAt: 40 }
    await reads.observations.put([
      { ...read, asset: GOLD, amount: 30n },
      { ...read, asset: SILVER, amount: 0n },
    ])
    chain.fault = down
    expect(await balances.account({ ...LIST, account: BOB })).toMatchObject({
      rows: [{ asset: GOLD, balance: { amount: 30n, block, knownAt: 40 } }],
      count: 1,
      asOf: { block, complete: false },
    })
  })
})
