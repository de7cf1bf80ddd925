import { afterAll, beforeAll, expect, test } from 'vitest'
import { PostgresServer } from '../postgres/server.ts'
import { writeTogether } from './ledger-writers.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.create()
})
afterAll(() => server.stop())

test('two writers of one ledger, killed 20 times, and the server 3 times: 10,000 operations are stored exactly once', async () => {
  const crash = async () => {
    await server.crash()
    await server.start()
  }
  const accepted = await writeTogether({ url: server.url, operations: 10_000, kills: 20, crashes: 3, crash })
  expect(accepted).toBeGreaterThan(2_500)
}, 600_000)
