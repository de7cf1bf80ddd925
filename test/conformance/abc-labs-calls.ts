import { expect } from 'vitest'
import { type Answered, errorBody, type LedgerServer } from './abc-labs-server.ts'

// Good bodies. They need A registered and minted to `holder`, and UNMINTED registered.
export const MINT = { asset_id: 'UNMINTED', amount: 1, recipient_wallet_address: 'w' }
export const TRANSFER = { asset_id: 'A', amount: 1, from_wallet: 'holder', to_wallet: 'w' }
export const BURN = { asset_id: 'A', amount: 1, holder_wallet_address: 'holder' }
export const ASSET = { asset_id: 'NEW' }
const WALLET = { wallet_address: 'new' }
/** All POST paths with a good body. */
export const POSTS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['/api/tokens/mint', MINT],
  ['/api/tokens/transfer', TRANSFER],
  ['/api/tokens/burn', BURN],
  ['/api/assets', ASSET],
  ['/api/wallets', WALLET],
]
/** The vendor's message for a body that does not fit, with the wrong field. */
export function invalid(field: string, problem: 'missing' | 'malformed' | 'out of range'): object {
  const code = 'INVALID_INPUT'
  const flat = errorBody(400, code, 'One or more required fields are missing')
  return { ...flat, error: { code, message: `${field} is ${problem}`, field } }
}
export const NOT_JSON = errorBody(400, 'INVALID_INPUT', 'Body is not valid JSON')

/** Checks the vendor's error and the headers of every answer. */
export function expectError(answer: Answered, body: object): void {
  expect(answer.json).toEqual(body)
  expect(body).toMatchObject({ status_code: answer.status })
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/)
  expect(answer.headers.get('balance-as-of')).toBeNull()
}

/** Runs requests that must be rejected, and checks that nothing was written. */
export async function writesNothing(server: LedgerServer, work: () => Promise<void>): Promise<void> {
  const record = async () => (await server.get('/api/tokens/transactions?limit=1000')).text
  const before = await record()
  await work()
  expect(await record()).toBe(before)
}

/** Registers A and UNMINTED, and mints 10 of A to `holder`. */
export async function prepare(server: LedgerServer): Promise<void> {
  await server.post('/api/assets', { asset_id: 'A' })
  await server.post('/api/assets', { asset_id: 'UNMINTED' })
  await server.post('/api/tokens/mint', { asset_id: 'A', amount: 10, recipient_wallet_address: 'holder' })
}
