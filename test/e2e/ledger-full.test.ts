/** A file that cannot grow, and its write-ahead log. The disk of a database server is its own. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServe, steelyard } from './steelyard.ts'

let folder = ''
let config = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-ledger-full-'))
  config = join(folder, 'steelyard.yaml')
  file = join(folder, 'data', 'steelyard.db')
  writeFileSync(config, 'listen: { port: 0 }\nstore: sqlite:./data\nchains: [{ id: "ledger:main" }]\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Makes the file far larger than the write-ahead log of some commits. Returns its size in bytes. */
function fill(): number {
  const db = new Database(file)
  db.exec(`CREATE TABLE filler (bytes BLOB); INSERT INTO filler VALUES (zeroblob(${16 * 1024 * 1024}))`)
  db.close()
  return statSync(file).size
}

test('if the file cannot grow, operations are on disk and answered, the log and the metrics report it, and nothing is lost', async () => {
  expect((await steelyard(['ledger', 'register', 'wallet', 'first', '--config', config])).code).toBe(0)
  // No file of the server may grow beyond the ledger file's current size, in units of 512 bytes. Its write-ahead log
  // may grow up to that size.
  const server = await startServe(config, `ulimit -f ${fill() / 512}`)
  for (let at = 1; at <= 60; at++) {
    const response = await fetch(`${server.url}/api/wallets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ wallet_address: `${at}-`.padEnd(256, 'x') }),
    })
    expect(response.status).toBe(201)
  }
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain('steelyard_ledger_commits_total{chain="ledger:main"} 60\n')
  expect(metrics).toContain('steelyard_ledger_checkpoints_total{chain="ledger:main"} 0\n')
  expect(metrics).toContain('steelyard_ledger_failed_checkpoints_total{chain="ledger:main"} 1\n')
  expect(server.log()).toMatch(/"reason":"disk I\/O error".*"msg":"the ledger's write-ahead log was not copied/)
  expect(await server.end('SIGINT')).toBe(0)
  // The verification would report the filler table as a fault.
  const db = new Database(file)
  db.exec('DROP TABLE filler')
  db.close()
  const verified = await steelyard(['ledger', 'verify', '--config', config])
  expect(verified).toMatchObject({ code: 0, err: expect.stringContaining('61 operations: every hash') })
}, 180_000)
