/** TokenKit's lists before the chain has its first block, and while the store cannot be read. */
import { expect, test } from 'vitest'
import { balanceHistory } from '../../src/api/dialects/tokenkit/history.ts'
import { progress } from '../../src/api/dialects/tokenkit/progress.ts'
import { transfers } from '../../src/api/dialects/tokenkit/transfers.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { ALICE, GOLD } from '../balances/world.ts'
import { calls, HOUR, held, iso, past } from './tokenkit-world.ts'

const NOTHING = '"eip155:1";complete=?0'
const REQUEST = { url: '/api/transfers' }

test('lists of a chain without a block are empty and not complete', async () => {
  const { deps } = await calls({ indexed: false })
  const query = { account_address: ALICE, token_address: GOLD.reference, start_time: iso(0) }
  const history = await balanceHistory(deps, query)
  expect([history.body.data, history.asOf]).toEqual([[], NOTHING])
  const list = await transfers(deps, { account: ALICE, page: 1, limit: 25 }, REQUEST)
  expect(list).toMatchObject({ body: { results: [], count: 0 }, asOf: NOTHING })
  for (const time of [undefined, 13]) {
    const now = await held(deps, time)
    expect([now.body.data.holdings, now.asOf]).toEqual([[], NOTHING])
  }
  const values = await past(deps, { from: 0, to: HOUR })
  expect([values.body.data.map(({ total_usd }) => total_usd), values.asOf]).toEqual([['0'], NOTHING])
})

test('before the first block of an indexed chain, nothing is missing', async () => {
  const { deps } = await calls()
  const early = { ...deps, history: { ...deps.history, blockAt: async () => undefined } }
  const now = await held(early, 13)
  expect([now.body.data.holdings, now.asOf]).toEqual([[], undefined])
  const values = await past(early, { from: 0, to: 13 })
  expect([values.body.count, values.asOf]).toEqual([1, undefined])
})

test('progress fails while the store cannot be read, though the clock keeps its last state', async () => {
  const { deps } = await calls()
  await expect(progress(deps)).resolves.toMatchObject({ body: { totals: { latest_block_overall: 4 } } })
  const blockAt = () => Promise.reject(new ServiceError('STORE_UNAVAILABLE', 'the file cannot be opened'))
  const failed = { ...deps, history: { ...deps.history, blockAt } }
  await expect(progress(failed)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})
