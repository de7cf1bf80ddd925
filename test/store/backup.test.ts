import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { backUpStore, checkBackup, restoreStore } from '../../src/store/back-up.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { BEGAN, CHAIN as LEDGER, verifyStore } from '../ledger/ledger.ts'
import { placeMaker, type StorePlace } from './engines.ts'
import { fillLedger, fillRecords, WALLET } from './filled-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'steelyard-backup-'))
/** A whole backup, of the embedded store. */
const whole = join(folder, 'whole')
afterAll(() => rmSync(folder, { recursive: true }))
beforeAll(async () => {
  const place = await placeMaker('sqlite')()
  const store = await place.open()
  await fillRecords(store)
  await fillLedger(store)
  await save(place.url, whole)
  await place.end()
})

const watch = { onProgress: () => undefined, signal: new AbortController().signal }

async function save(url: string, file: string, signal = watch.signal): Promise<void> {
  await backUpStore({ url, file, program: '1.2.3', at: new Date(0), ...watch, signal })
}

async function restore(file: string, url: string): Promise<void> {
  await restoreStore({ file, url, ...watch })
}

async function makePlace(engine: string): Promise<StorePlace> {
  const place = await placeMaker(engine)()
  onTestFinished(() => place.end())
  return place
}

/** All rows that a backup has. */
async function rowsOf(store: Store): Promise<readonly string[]> {
  return (await store.dump()).filter((line) => !/^(uses|sessions) /.test(line))
}

async function writeOne({ ledgers }: Store, wallet: string): Promise<void> {
  const journal = await ledgers.openJournal(LEDGER, genesisOf(LEDGER, BEGAN))
  const request = { operation: { kind: 'register_wallet', wallet } as const, idempotency: undefined }
  await commitGroup(journal, [request], { rules: { strictWallets: false }, now: BEGAN })
  await journal.close()
}

test.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
])('a backup of %s restores into %s, which goes on as the first store', async (from, to) => {
  const [source, target] = [await makePlace(from), await makePlace(to)]
  const store = await source.open()
  await fillRecords(store)
  await fillLedger(store)
  const file = join(folder, `of-${from}`)
  await save(source.url, file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await restore(file, target.url)
  const restored = await target.open()
  expect(await rowsOf(restored)).toEqual(await rowsOf(store))
  expect(await verifyStore(restored)).toMatchObject({ operations: 9, faults: [] })
  await writeOne(restored, 'later')
  expect(await restored.custody.wallets.add({ ...WALLET, uuid: 'w2' }, 9)).toBe(true)
  expect(await verifyStore(restored)).toMatchObject({ operations: 10, faults: [] })
  await expect(restore(file, target.url)).rejects.toMatchObject({
    code: 'STORE_MISMATCH',
    message: expect.stringContaining('has rows of its own in '),
  })
})

test.each(['sqlite', 'postgres'])('a backup of %s is of one moment, while others write', async (engine) => {
  const place = await makePlace(engine)
  const store = await place.open()
  await fillLedger(store)
  const before = await rowsOf(store)
  const file = join(folder, `during-${engine}`)
  let writing: Promise<void> | undefined
  const onProgress = (): void => {
    writing ??= writeOne(store, 'meanwhile')
  }
  await backUpStore({ url: place.url, file, program: '1', at: new Date(0), ...watch, onProgress })
  await writing
  const copy = await makePlace('sqlite')
  await restore(file, copy.url)
  expect(await rowsOf(await copy.open())).toEqual(before)
  expect(await rowsOf(store)).not.toEqual(before)
})

/** The lines of the whole backup, changed, with true checksums again if `seals`. */
function altered(change: (lines: string[]) => void, seals: boolean): string {
  const lines = gunzipSync(readFileSync(whole)).toString().split('\n').slice(0, -1)
  change(lines)
  const file = join(folder, 'altered')
  writeFileSync(file, gzipSync(`${(seals ? sealed(lines) : lines).join('\n')}\n`))
  return file
}

function sealed(lines: readonly string[]): readonly string[] {
  const sha256 = (of: readonly string[]): string =>
    createHash('sha256')
      .update(of.map((line) => `${line}\n`).join(''))
      .digest('hex')
  const done: string[] = []
  let [tables, rows, of]: [number, number, string[]] = [0, 0, []]
  for (const line of lines) {
    const value: { end?: string; table?: string } = JSON.parse(line)
    if (value.table !== undefined) of = []
    if (value.end === undefined) {
      if (Array.isArray(value)) of.push(line)
      done.push(line)
    } else if (value.end === 'steelyard-backup') {
      done.push(JSON.stringify({ end: value.end, tables, rows, sha256: sha256(done) }))
    } else {
      done.push(JSON.stringify({ end: value.end, rows: of.length, sha256: sha256(of) }))
      tables += 1
      rows += of.length
    }
  }
  return done
}

function rowOf(lines: readonly string[], table: string): number {
  return lines.findIndex((line) => line.startsWith(`{"table":"${table}"`)) + 1
}

test('a file that is damaged, cut, newer or no backup is refused, and nothing is made', async () => {
  const place = await makePlace('sqlite')
  const url = `${place.url}/new`
  const refused: string[] = []
  const refuse = async (file: string): Promise<void> => {
    const error: unknown = await restore(file, url).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'BACKUP_INVALID' })
    refused.push(error instanceof Error ? error.message.slice(file.length) : '')
  }
  const file = join(folder, 'broken')
  const bytes = readFileSync(whole)
  for (const broken of [
    bytes.subarray(0, bytes.length / 2),
    bytes.subarray(0, -1),
    Buffer.from('no gzip'),
    gzipSync('{}\n'),
  ]) {
    writeFileSync(file, broken)
    await refuse(file)
  }
  const isRow = (line: string): boolean => line.startsWith('[')
  const replace = (lines: string[], at: number, line: (old: string) => string): void => {
    lines[at] = line(lines[at] ?? '')
  }
  for (const change of [
    (lines: string[]) => lines.pop(),
    (lines: string[]) => lines.splice(lines.findIndex(isRow), 1),
    (lines: string[]) => lines.splice(-2, 1),
    (lines: string[]) => lines.push(lines[0] ?? ''),
    (lines: string[]) => replace(lines, lines.findLastIndex(isRow), (line) => line.replace(/\d/, '7')),
    (lines: string[]) => replace(lines, lines.findIndex(isRow), () => '["x"]'),
    (lines: string[]) => replace(lines, 0, (line) => line.replace('1.2.3', '1.2.4')),
  ]) {
    await refuse(altered(change, false))
  }
  for (const change of [
    (lines: string[]) => replace(lines, 0, (line) => line.replace('"version":1', '"version":2')),
    (lines: string[]) => replace(lines, rowOf(lines, 'keys') - 1, (line) => line.replace('"ips"', '"ports"')),
    (lines: string[]) => replace(lines, rowOf(lines, 'keys') - 1, (line) => line.replace('keys', 'keys; DROP')),
  ]) {
    const made = altered(change, true)
    const error: unknown = await restore(made, url).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'BACKUP_INVALID' })
    refused.push(error instanceof Error ? error.message.slice(made.length) : '')
  }
  expect(refused).toMatchInlineSnapshot(`
    [
      " cannot be restored: unexpected end of file: use another backup",
      " cannot be restored: unexpected end of file: use another backup",
      " cannot be restored: incorrect header check: use another backup",
      " cannot be restored: it is no backup of Steelyard: use another backup",
      " cannot be restored: it is cut: use another backup",
      " cannot be restored: the checksum of users is wrong: use another backup",
      " cannot be restored: line 147 is no row of turns: use another backup",
      " cannot be restored: there is something behind its end: use another backup",
      " cannot be restored: the checksum of transfers is wrong: use another backup",
      " cannot be restored: line 3 is no row of users: use another backup",
      " cannot be restored: its checksum is wrong: use another backup",
      " was written by a newer version of Steelyard (1.2.3): restore it with that version",
      " has the table keys, which this version does not know like that: restore it with a newer version",
      " cannot be restored: line 97 begins no table: use another backup",
    ]
  `)
})

test.each(['sqlite', 'postgres'])('a restore into %s that fails keeps nothing', async (engine) => {
  const place = await makePlace(engine)
  // The same key twice: the last table but some.
  const file = altered((lines) => {
    const at = rowOf(lines, 'transfers')
    lines.splice(at, 0, lines[at] ?? '')
  }, true)
  await expect(restore(file, place.url)).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) })
  await restore(whole, place.url)
  expect(await verifyStore(await place.open())).toMatchObject({ operations: 9, faults: [] })
})

test.each(['sqlite', 'postgres'])('a restore into %s refuses an empty store that a server has open', async (engine) => {
  const place = await makePlace(engine)
  const store = await place.open()
  await expect(restore(whole, place.url)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('stop all of its servers first'),
  })
  expect(await store.dump()).toEqual([])
  await store.close()
  await restore(whole, place.url)
})

test('a folder that lost its file gets it back, unless blocks are missing', async () => {
  const place = await makePlace('sqlite')
  await restore(whole, place.url)
  const path = place.url.slice('sqlite:'.length)
  const lose = async (): Promise<void> => {
    for (const name of readdirSync(path)) if (name.startsWith('steelyard.db')) rmSync(join(path, name))
    await expect(place.open()).rejects.toMatchObject({ code: 'STORE_REPLACED' })
    await restore(whole, place.url)
  }
  const first = await place.open()
  await (await first.ledgers.openJournal(LEDGER, genesisOf(LEDGER, BEGAN))).close()
  await first.close()
  await lose()
  const second = await place.open()
  await writeOne(second, 'after the backup')
  await second.close()
  await lose()
  await expect(writeOne(await place.open(), 'x')).rejects.toMatchObject({
    code: 'STORE_REPLACED',
    message: expect.stringContaining('had block 10'),
  })
})

test('a backup that is stopped leaves the older file and no other', async () => {
  const place = await makePlace('sqlite')
  await fillLedger(await place.open())
  const inFolder = join(folder, 'stopped')
  await restore(whole, `sqlite:${join(folder, 'restored')}`)
  const file = `${inFolder}.backup`
  writeFileSync(file, 'older')
  await expect(save(place.url, file, AbortSignal.abort())).rejects.toThrow()
  expect(readFileSync(file, 'utf8')).toBe('older')
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  await save(place.url, file)
  expect(await checkBackup({ file, ...watch })).toMatchObject({ rows: expect.any(Number) })
  await expect(save(`${place.url}/missing`, file)).rejects.toMatchObject({ code: 'STORE_MISSING' })
  expect(existsSync(`${place.url.slice('sqlite:'.length)}/missing`)).toBe(false)
})

test('a role that may not read a table of the store saves nothing, and one that may read all saves all', async () => {
  const place = await makePlace('postgres')
  const store = await place.open()
  await fillRecords(store)
  const role = `r${randomBytes(6).toString('hex')}`
  const url = Object.assign(new URL(place.url), { username: role, password: 'p' })
  const schema = url.searchParams.get('schema')
  const file = join(folder, 'of-a-role')
  const grant = (what: string, on: string): Promise<void> => place.execRecords(`GRANT ${what} ON ${on} TO ${role}`)
  await place.execRecords(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
  try {
    await grant('USAGE', `SCHEMA ${schema}`)
    await grant('SELECT, UPDATE', 'migrations, keys')
    await expect(save(url.href, file)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(existsSync(file)).toBe(false)
    await grant('SELECT', `ALL TABLES IN SCHEMA ${schema}`)
    await save(url.href, file)
    const all = join(folder, 'of-its-owner')
    await save(place.url, all)
    expect(gunzipSync(readFileSync(file))).toEqual(gunzipSync(readFileSync(all)))
  } finally {
    await place.execRecords(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})
