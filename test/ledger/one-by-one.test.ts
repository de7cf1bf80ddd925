/** Operations of one client, each sent after the answer to the one before. */
import { expect, test } from 'vitest'
import { serveLedger } from '../conformance/abc-labs-server.ts'
import { ENGINES } from '../store/engines.ts'

const OPERATIONS = 40

test.each(ENGINES)('$name: an operation does not wait for the next look at an idle ledger', async ({ makePlace }) => {
  const place = await makePlace()
  const server = await serveLedger(place)
  const tookMs: number[] = []
  for (let nth = 0; nth < OPERATIONS; nth++) {
    const began = performance.now()
    expect((await server.post('/api/wallets', { wallet_address: `wallet-${nth}` })).status).toBe(201)
    tookMs.push(performance.now() - began)
  }
  // Such looks are a second apart. A request that came during one waited for the next: a fifth of all or more. A few may wait for a
  // busy machine.
  expect(tookMs.filter((ms) => ms > 900).length).toBeLessThan(OPERATIONS / 8)
  await server.stop()
  await place.end()
})
