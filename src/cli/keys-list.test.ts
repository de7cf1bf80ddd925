import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../store/open.ts'
import type { StoredKey } from '../store/seam/keys.ts'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

const DAY = 86_400
const key = (id: string, other: Partial<StoredKey>): StoredKey => ({
  id,
  secretHash: Buffer.alloc(32),
  name: 'portfolio',
  principal: 'default',
  userId: undefined,
  scopes: ['read'],
  origins: [],
  ips: [],
  createdAt: 10 * DAY,
  expiresAt: undefined,
  revokedAt: undefined,
  ...other,
})

const ADA = {
  ...{ id: 'id of ada', name: 'ada', passwordHash: '$scrypt$', principal: 'default' },
  ...{ createdAt: 10 * DAY, disabledAt: undefined },
}

let folder = ''
let file = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-keys-list-'))
  file = join(folder, 'steelyard.yaml')
  writeFileSync(file, 'store: sqlite:./data\n')
  const store = await openStore({ url: `sqlite:${join(folder, 'data')}` })
  await store.keys.put(key('AAAAAAAA', { expiresAt: 200_000 * DAY }))
  await store.keys.put(
    key('BBBBBBBB', { name: '両替所の鍵', scopes: ['read', 'write'], expiresAt: 20 * DAY, createdAt: 11 * DAY }),
  )
  await store.keys.put(
    key('CCCCCCCC', { revokedAt: 30 * DAY, origins: ['https://a.example'], ips: ['10.0.0.0/8'], createdAt: 12 * DAY }),
  )
  await store.users.put(ADA)
  await store.users.disable('ada', 14 * DAY)
  const ofAda = key('DDDDDDDD', { createdAt: 13 * DAY })
  await store.keys.putOfUser({ ...ofAda, userId: ADA.id }, 1)
  await store.keys.noteUses(new Map([['BBBBBBBB', 15 * DAY + 3_661]]))
  await store.keys.noteUses(new Map([['BBBBBBBB', 14 * DAY]]))
  await store.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

async function list(...args: string[]): Promise<string> {
  let out = ''
  const terminal = {
    out: (text: string) => {
      out += text
    },
    err: () => undefined,
  }
  const work = async (): Promise<void> => {
    await createProgram(terminal).parseAsync(['node', 'steelyard', 'keys', 'list', '-c', file, ...args])
  }
  expect(await runToExit(work, terminal, false)).toBe(0)
  return out
}

test('columns are aligned, with created, expires and last used', async () => {
  expect((await list()).split('\n')).toEqual([
    'ID        NAME        PRINCIPAL  SCOPES      STATE     CREATED     EXPIRES     LAST USED',
    'AAAAAAAA  portfolio   default    read        active    1970-01-11  2517-08-01  never',
    'BBBBBBBB  両替所の鍵  default    read,write  expired   1970-01-12  1970-01-21  1970-01-16',
    'CCCCCCCC  portfolio   default    read        revoked   1970-01-13  never       never',
    'DDDDDDDD  portfolio   default    read        disabled  1970-01-14  never       never',
    '',
  ])
})

test('--json prints one object per line, with exact times', async () => {
  const lines = (await list('--json')).trim().split('\n')
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ id: 'AAAAAAAA', state: 'active', expires: '2517-08-01T00:00:00Z', last_used: null }),
    {
      id: 'BBBBBBBB',
      name: '両替所の鍵',
      principal: 'default',
      scopes: ['read', 'write'],
      origins: [],
      ips: [],
      user: null,
      state: 'expired',
      created: '1970-01-12T00:00:00Z',
      expires: '1970-01-21T00:00:00Z',
      revoked: null,
      // The later of the two uses, although the earlier one was stored last.
      last_used: '1970-01-16T01:01:01Z',
    },
    expect.objectContaining({ revoked: '1970-01-31T00:00:00Z', origins: ['https://a.example'], ips: ['10.0.0.0/8'] }),
    expect.objectContaining({ id: 'DDDDDDDD', user: 'ada', state: 'disabled' }),
  ])
})
