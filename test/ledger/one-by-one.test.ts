/** Operations of one client, each sent after the answer to the one before. */
import { expect, test } from 'vitest'
import { serveLedger } from '../conformance/abc-labs-server.ts'
import { ENGINES } from '../store/engines.ts'

const OPERATIONS = 15

test.each(ENGINES)('$name: an operation does not wait for the next look at an idle ledger', async ({ makePlace }) => {
  const place = await makePlace()
  const server = await serveLedger(place)
  const began = performance.now()
  for (let nth = 0; nth < OPERATIONS; nth++) {
    expect((await server.post('/api/wallets', { wallet_address: `wallet-${nth}` })).status).toBe(201)
  }
  // Such looks are a second apart.
  expect(performance.now() - began).toBeLessThan(500 * OPERATIONS)
  await server.stop()
  await place.end()
})
