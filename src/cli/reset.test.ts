import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../core/account.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { SqliteStore } from '../store/sqlite/store.ts'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

const CHAIN = parseChainId('eip155:1') as ChainId
const OTHER = parseChainId('eip155:10') as ChainId
const COVERAGE = { scope: { type: 'all' }, from: 0 } as const

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-reset-'))
  file = join(folder, 'steelyard.yaml')
  const rpc = '["http://127.0.0.1:1"]'
  writeFileSync(
    file,
    `store: sqlite:./data\nchains: [{ id: "eip155:1", rpc: ${rpc} }, { id: "eip155:10", rpc: ${rpc} }, { id: "ledger:main" }]\n`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

async function reset(chain: string): Promise<{ code: number; err: string }> {
  let err = ''
  const terminal = {
    out: () => undefined,
    err: (text: string) => {
      err += text
    },
  }
  const work = async (): Promise<void> => {
    await createProgram(terminal).parseAsync(['node', 'steelyard', 'reset', chain, '--config', file])
  }
  return { code: await runToExit(work, terminal, false), err }
}

test('what was indexed and read of a chain is gone, other chains and keys stay', async () => {
  const data = join(folder, 'data')
  const store = new SqliteStore({ folder: data, codecOf: () => HEX_ACCOUNTS })
  const journals = [await store.openJournal(CHAIN, COVERAGE), await store.openJournal(OTHER, COVERAGE)]
  for (const chain of [CHAIN, OTHER]) await store.openReads(chain)
  expect(await reset('eip155:1')).toEqual({ code: 1, err: expect.stringContaining('[LEASE_HELD]') })
  expect(existsSync(join(data, 'eip155_1.db'))).toBe(true)
  for (const journal of journals) await journal.close()
  await store.close()
  expect((await reset('eip155:1')).code).toBe(0)
  const left = readdirSync(data).filter((name) => name.endsWith('.db'))
  expect(left.sort()).toEqual(['eip155_10.db', 'eip155_10.reads.db', 'steelyard.db'])
})

test.each([
  ['eip155:2', 'got "eip155:2", expected one of eip155:1, eip155:10, ledger:main'],
  ['ledger:main', 'got "ledger:main", whose record is kept here and nowhere else'],
])('%s cannot be reset, and that is wrong use', async (chain, words) => {
  expect(await reset(chain)).toEqual({ code: 2, err: expect.stringContaining(words) })
})
