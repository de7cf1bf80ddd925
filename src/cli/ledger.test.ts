import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-cli-ledger-'))
  file = join(folder, 'steelyard.yaml')
  writeFileSync(file, 'store: sqlite:./data\nchains: [{ id: "ledger:main" }]\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const terminal = {
    out: (text: string) => {
      written.out += text
    },
    err: (text: string) => {
      written.err += text
    },
  }
  const work = async (): Promise<void> => {
    await createProgram(terminal).parseAsync(['node', 'steelyard', 'ledger', ...args])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

function sha256(text: string): string {
  return `0x${createHash('sha256').update(text).digest('hex')}`
}

const HASH = /^0x[0-9a-f]{64}\n$/

test('a record is started, extended, verified and exported, and verify names a falsified block', async () => {
  const asset = ['register', 'asset', 'GILT', '--name', '=cmd|"x",1', '-c', file]
  const first = await run(...asset)
  expect(first).toEqual({ code: 0, out: expect.stringMatching(HASH), err: 'Registered in block 1.\n' })
  expect(await run(...asset)).toEqual({ code: 0, out: first.out, err: 'Already registered, in block 1.\n' })
  const other = await run('register', 'asset', 'GILT', '--reissue', '-c', file)
  expect(other).toMatchObject({ code: 2, err: expect.stringContaining('already registered with another name') })
  expect((await run('register', 'wallet', '0xDEF456...', '-c', file)).err).toBe('Registered in block 2.\n')

  const proof = await run('verify', '-c', file)
  expect(proof.code).toBe(0)
  expect(proof.err).toContain('2 operations: every hash, balance and supply agrees.')
  expect(proof.out).toMatch(/^2:0x[0-9a-f]{64}\n$/)
  expect((await run('verify', '-c', file, '--anchor', proof.out.trim())).code).toBe(0)

  const csv = (await run('export', '-c', file)).out.split('\r\n')
  expect(csv[0]).toBe(
    'number,hash,parent,time,kind,serial,asset_id,from_wallet,to_wallet,amount,name,symbol,reissue,request_digest',
  )
  expect(csv[1]).toMatch(/^0,0x\w{64},,[-\d]{10}T[:\d]{8}Z,{10}$/)
  expect(csv[2]).toMatch(/^1,0x\w{64},0x\w{64},[-\d]{10}T[:\d]{8}Z,register_asset,1,GILT,,,,"=cmd\|""x"",1",,false,$/)
  expect(csv[3]).toMatch(/^2,0x\w{64},0x\w{64},[-\dT:]{19}Z,register_wallet,1,,,0xDEF456...,,,,,$/)
  expect(csv.slice(4)).toEqual([''])
  const hashes = csv.slice(1, 4).map((line) => line.split(',')[1])
  expect([...csv.slice(1, 4).map((line) => line.split(',')[2]), proof.out.trim().slice(2)]).toEqual(['', ...hashes])
  const began = Date.parse(csv[1]?.split(',')[3] ?? '') / 1_000
  expect(hashes[0]).toBe(sha256(JSON.stringify(['steelyard-ledger-1', 'ledger:main', began])))
  expect((await run('export', '--spreadsheet', '-c', file)).out).toContain(`,"'=cmd|""x"",1",`)

  const db = new Database(join(folder, 'data', 'steelyard.db'))
  db.exec("UPDATE ledger_operations SET name = 'another' WHERE number = 1")
  db.close()
  const falsified = await run('verify', '-c', file)
  expect(falsified).toMatchObject({ code: 1, out: 'block 1: its hash does not match its content\n' })
})

test('an export that fails leaves nothing open', async () => {
  const broken = join(folder, 'broken.yaml')
  writeFileSync(broken, 'store: sqlite:./broken\nchains: [{ id: "ledger:main" }]\n')
  await run('register', 'wallet', 'w', '-c', broken)
  const db = new Database(join(folder, 'broken', 'steelyard.db'), { timeout: 0 })
  db.exec("UPDATE ledger_operations SET kind = 'theft'")
  const { code, err } = await run('export', '-c', broken)
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('stored kind of operation is unknown: theft') })
  // A log cannot be emptied while a reader still uses an older state of it.
  db.exec("UPDATE ledger_operations SET kind = 'robbery'")
  expect(db.pragma('wal_checkpoint(TRUNCATE)', { simple: true })).toBe(0)
  db.close()
})

test.each([
  [['register', 'asset', 'a\nb'], 'expected 1 to 256 characters'],
  [['register', 'asset', 'A', '--name', 'n'.repeat(129)], 'expected 1 to 128 characters'],
  [['register', 'asset', 'A', '--symbol', 's'.repeat(65)], 'expected 1 to 64 characters'],
  [['verify', '--anchor', '1:0x12'], 'expected a number, a colon and a hash'],
])('%j is wrong use', async (args, says) => {
  const { code, err } = await run(...args, '-c', file)
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(says) })
})

test('without a configured ledger, every command says how to configure one', async () => {
  const none = join(folder, 'none.yaml')
  writeFileSync(none, 'store: sqlite:./none\n')
  for (const command of ['verify', 'export']) {
    const { code, err } = await run(command, '-c', none)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('- id: ledger:main') })
  }
  const other = join(folder, 'other.yaml')
  writeFileSync(other, 'store: sqlite:./data\nchains: [{ id: "ledger:other" }]\n')
  for (const args of [['verify'], ['export'], ['register', 'wallet', 'w']]) {
    const { code, err } = await run(...args, '-c', other)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('the store holds ledger:main') })
  }
})
