import { afterAll, expect, test } from 'vitest'
import { newPlace } from '../store/engines.ts'
import { errorBody, serveLedger } from './abc-labs-server.ts'

const place = await newPlace()
afterAll(() => place.end())

const READS = ['/api/tokens/balance?asset_id=A&wallet_address=w', '/api/tokens/transactions', '/api/assets']
const WRITES = ['/api/tokens/mint', '/api/tokens/transfer', '/api/tokens/burn', '/api/assets', '/api/wallets']

test('without a ledger every call is 503 and the log has the reason; unknown paths and methods answer as usual', async () => {
  const server = await serveLedger(place, {}, { chains: [] })
  const unavailable = errorBody(503, 'SERVICE_UNAVAILABLE', 'No ledger is configured')
  for (const path of READS) {
    const answer = await server.get(path)
    expect([answer.status, answer.json]).toEqual([503, unavailable])
  }
  for (const path of WRITES) {
    expect((await server.post(path, 'x', { 'content-type': 'y' })).json).toEqual(unavailable)
  }
  expect((await server.get('/api/wallets/x')).json).toEqual(errorBody(404, 'NOT_FOUND', 'Not found'))
  expect((await server.get('/api/wallets')).json).toEqual(errorBody(405, 'METHOD_NOT_ALLOWED', 'Method not allowed'))
  await server.stop()
  expect(server.log.join('')).toMatch(/"msg":"ledger:main is not configured[^"]*503/)
})
