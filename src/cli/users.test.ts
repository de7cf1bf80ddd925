import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { verifyPassword } from '../access/passwords.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/seam/store.ts'
import { runToExit, type Terminal } from './outcome.ts'
import { createProgram } from './program.ts'

const PASSWORD = 'correct horse'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-users-'))
  file = join(folder, 'steelyard.yaml')
  writeFileSync(file, 'store: sqlite:./data\n')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs a command. `input`: how it reads a password. */
async function users(args: readonly string[], input: Pick<Terminal, 'askSecrets' | 'readLine'> = {}) {
  const written = { out: '', err: '' }
  const terminal: Terminal = {
    out: (text) => {
      written.out += text
    },
    err: (text) => {
      written.err += text
    },
    ...input,
  }
  const work = async (): Promise<void> => {
    await createProgram(terminal).parseAsync(['node', 'steelyard', 'users', ...args, '-c', file])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

const piped = (line: string | undefined) => ({ readLine: async () => line })

async function inStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ url: `sqlite:${join(folder, 'data')}` })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

test('a user is created with the password of the terminal, listed, and disabled', async () => {
  const asked: string[] = []
  const askSecrets = async (questions: readonly string[]): Promise<readonly string[]> => {
    asked.push(...questions)
    return [PASSWORD, PASSWORD]
  }
  expect(await users(['create', '--name', 'ada', '--principal', 'acme'], { askSecrets })).toEqual({
    code: 0,
    out: '',
    err: 'Created user "ada" for acme.\n',
  })
  expect(asked).toEqual(['Password (not shown): ', 'The same password again: '])
  const stored = await inStore(({ users: all }) => all.get('ada'))
  expect(stored).toMatchObject({ name: 'ada', principal: 'acme', disabledAt: undefined })
  expect(await verifyPassword(PASSWORD, stored?.passwordHash)).toBe(true)
  const data = join(folder, 'data')
  for (const name of readdirSync(data)) expect(readFileSync(join(data, name)).includes(PASSWORD)).toBe(false)

  expect(await users(['disable', 'ada'])).toEqual({
    code: 0,
    out: '',
    err: 'Disabled. A running server rejects the sessions and keys of the user within a second.\n',
  })
  expect((await users(['list'])).out).toMatch(
    /^NAME .*\nada {3}acme {7}disabled {2}\d{4}-\d\d-\d\d {2}\d{4}-\d\d-\d\d\n$/,
  )
})

test('the help of disable says that keys of sessions end, and keys of the operator stay', async () => {
  const { out } = await users(['disable', '--help'])
  const words = out.replace(/\s+/g, ' ')
  expect(words).toContain(
    'rejects the sessions of the user, and the keys that the user made in a session, within a second',
  )
  expect(words).toContain('Keys of "steelyard keys create" stay')
})

test('a name is used once, also after the user was disabled; the password is not asked for', async () => {
  await users(['create', '--name', 'ada'], piped(PASSWORD))
  await users(['disable', 'ada'])
  const notAsked = { readLine: () => Promise.reject(new Error('asked')) }
  expect(await users(['create', '--name', 'ada'], notAsked)).toEqual({
    code: 2,
    out: '',
    err: 'steelyard: --name: there is already a user "ada"\n',
  })
})

test.each<[string, string | undefined, string]>([
  ['no input', undefined, 'no password: run the command at a terminal, or give it as one line on standard input'],
  ['an empty line', '', 'the password: expected at least 8 characters'],
  ['a short password', 'a😀bcdef', 'the password: expected at least 8 characters'],
  ['a long password', 'a'.repeat(1_025), 'the password: expected at most 1024 bytes'],
])('%s is wrong use, and creates nobody', async (_, line, words) => {
  expect(await users(['create', '--name', 'ada'], piped(line))).toEqual({
    code: 2,
    out: '',
    err: `steelyard: ${words}\n`,
  })
  expect(await inStore(({ users: all }) => all.list())).toEqual([])
})

test('two passwords that differ are wrong use; Ctrl-C does nothing', async () => {
  const differ = { askSecrets: async () => [PASSWORD, `${PASSWORD}s`] }
  const { code, err } = await users(['create', '--name', 'ada'], differ)
  expect([code, err]).toEqual([2, 'steelyard: the two passwords differ; nothing was done\n'])
  const stopped = { askSecrets: async () => undefined }
  expect(await users(['create', '--name', 'ada'], stopped)).toEqual({ code: 1, out: '', err: 'Nothing was done.\n' })
  expect(await inStore(({ users: all }) => all.list())).toEqual([])
})

test.each<[string[], string]>([
  [['create'], "required option '--name <name>' not specified"],
  [['create', '--name', ''], '--name and --principal: expected 1 to 100 characters'],
  [['create', '--name', 'a\u202eb'], '--name and --principal: expected 1 to 100 characters'],
  [['create', '--name', 'a'.repeat(101)], '--name and --principal: expected 1 to 100 characters'],
  [['create', '--name', 'ada', '--principal', ' '], '--name and --principal: expected 1 to 100 characters'],
  [['disable'], "missing required argument 'name'"],
])('%j is wrong use', async (args, words) => {
  const { code, out, err } = await users(args, piped(PASSWORD))
  expect([code, out, err]).toEqual([2, '', expect.stringContaining(words)])
})

test('an unknown user cannot be disabled; without users the list says how to create one', async () => {
  await inStore(async () => undefined)
  const { code, err } = await users(['disable', 'eve'])
  expect([code, err]).toEqual([2, 'steelyard: no user "eve"; "steelyard users list" lists all users\n'])
  expect(await users(['list'])).toEqual({
    code: 0,
    out: '',
    err: 'There are no users yet. "steelyard users create --name me" creates one.\n',
  })
  expect(await users(['list', '--json'])).toEqual({ code: 0, out: '', err: '' })
})

test('without a store, list and disable fail and create none', async () => {
  for (const args of [['list'], ['disable', 'ada']]) {
    expect(await users(args)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('[STORE_MISSING]') })
  }
  expect(readdirSync(folder)).toEqual(['steelyard.yaml'])
})

test('the list is aligned; --json prints one object per line, with exact times', async () => {
  const fixed = { passwordHash: '$scrypt$', principal: 'default' }
  await inStore(async ({ users: all }) => {
    await all.put({ ...fixed, id: 'id-1', name: 'ada', createdAt: 864_000, disabledAt: undefined })
    await all.put({ ...fixed, id: 'id-2', name: '両替所', createdAt: 950_401, disabledAt: 1_036_800 })
  })
  expect((await users(['list'])).out.split('\n')).toEqual([
    'NAME    PRINCIPAL  STATE     CREATED     DISABLED',
    'ada     default    active    1970-01-11  never',
    '両替所  default    disabled  1970-01-12  1970-01-13',
    '',
  ])
  const lines = (await users(['list', '--json'])).out.trim().split('\n')
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    { id: 'id-1', name: 'ada', principal: 'default', state: 'active', created: '1970-01-11T00:00:00Z', disabled: null },
    {
      ...{ id: 'id-2', name: '両替所', principal: 'default', state: 'disabled' },
      ...{ created: '1970-01-12T00:00:01Z', disabled: '1970-01-13T00:00:00Z' },
    },
  ])
})

test('the real command reads one line of standard input, and shows it nowhere', async () => {
  const args = ['--import', 'tsx', 'src/cli/main.ts', 'users', 'create', '--name', 'ada', '-c', file]
  const child = spawn(process.execPath, args)
  let shown = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      shown += bytes.toString()
    })
  }
  child.stdin.write(`${PASSWORD}\nanother line`)
  await once(child, 'close')
  expect([child.exitCode, shown]).toEqual([0, 'Created user "ada" for default.\n'])
  const stored = await inStore(({ users: all }) => all.get('ada'))
  expect(await verifyPassword(PASSWORD, stored?.passwordHash)).toBe(true)
}, 120_000)
