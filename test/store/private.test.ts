/** The permissions of the files of a store. A database server has roles. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import { isServiceError } from '../../src/core/errors.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'

const CHAIN = parseChainId('eip155:1') as ChainId
const COVERAGE = { scope: { type: 'all' }, from: 0 } as const

let root = ''
let folder = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'steelyard-private-'))
  folder = join(root, 'deep', 'data')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

async function useAll(): Promise<SqliteStore> {
  const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
  await store.openJournal(CHAIN, COVERAGE).then((journal) => journal.close())
  await store.openReads(CHAIN)
  await store.keys.put({
    id: 'AAAAAAAA',
    secretHash: Buffer.alloc(32),
    name: 'a',
    principal: 'default',
    userId: undefined,
    scopes: ['read'],
    origins: [],
    ips: [],
    createdAt: 1,
    expiresAt: undefined,
    revokedAt: undefined,
  })
  return store
}

test("only the owner of a store has access to it: the folder's mode is 0700, every file's 0600, also while it is open", async () => {
  const store = await useAll()
  const files = readdirSync(folder)
  expect(files.filter((name) => name.endsWith('-wal'))).not.toEqual([])
  expect(files).toEqual(expect.arrayContaining(['steelyard.db', 'eip155_1.db', 'eip155_1.reads.db', 'eip155_1.lease']))
  expect(new Set(files.map((name) => modeOf(join(folder, name))))).toEqual(new Set(['600']))
  expect([modeOf(folder), modeOf(join(root, 'deep'))]).toEqual(['700', '700'])
  await store.close()
})

test('files that others can read are made private; an existing folder keeps its permissions', async () => {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  const first = await useAll()
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o664)
  const second = await useAll().catch((error: unknown) => {
    // Storing the same key again fails, but the files were already opened.
    expect(isServiceError(error, 'STORE_UNAVAILABLE')).toBe(true)
    return undefined
  })
  expect(new Set(readdirSync(folder).map((name) => modeOf(join(folder, name))))).toEqual(new Set(['600']))
  expect(modeOf(folder)).toBe('755')
  await first.close()
  await second?.close()
})

test('a command that only reads creates no store', () => {
  const open = () => new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS, create: false })
  expect(open).toThrow(expect.objectContaining({ code: 'STORE_MISSING' }))
  mkdirSync(folder, { recursive: true })
  expect(open).toThrow(expect.objectContaining({ code: 'STORE_MISSING' }))
  expect([existsSync(folder), readdirSync(folder)]).toEqual([true, []])
})
