import { afterAll, beforeAll, expect, test } from 'vitest'
import { PostgresServer } from '../postgres/server.ts'
import { writeTogether } from './ledger-writers.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.create()
})
afterAll(() => server.stop())

test('two writers of one ledger, killed 3 times, and the server once: 600 operations are stored exactly once', async () => {
  const crash = async () => {
    await server.crash()
    await server.start()
  }
  const accepted = await writeTogether({ url: server.url, operations: 600, kills: 3, crashes: 1, crash })
  expect(accepted).toBeGreaterThan(150)
}, 120_000)
