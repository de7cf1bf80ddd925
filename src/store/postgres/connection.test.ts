import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PostgresServer } from '../../../test/postgres/server.ts'
import { makeSchema, type TestSchema } from '../../../test/postgres/test-schema.ts'
import { PostgresDatabase } from './database.ts'
import { assertVersion, migrate } from './migrate.ts'
import { storeError } from './store-error.ts'
import { parseTarget } from './target.ts'

const MIGRATIONS = ['CREATE TABLE one (n bigint PRIMARY KEY); INSERT INTO one VALUES (1)', 'ALTER TABLE one ADD m text']

let schema: TestSchema
const open: PostgresDatabase[] = []
beforeEach(async () => {
  schema = await makeSchema()
})
afterEach(async () => {
  for (const db of open.splice(0)) await db.close()
  await schema.end()
})

function connect(url = schema.url): PostgresDatabase {
  const db = new PostgresDatabase(parseTarget(url))
  open.push(db)
  return db
}

function changed(change: (url: URL) => void): string {
  const url = new URL(schema.url)
  change(url)
  return url.href
}

const databaseOf = (url: string): string => new URL(url).pathname.slice(1)

const prepare = (db: PostgresDatabase, migrations = MIGRATIONS) =>
  migrate(db, { migrations, remedy: 'restore it', create: true })

describe('a URL', () => {
  test.each([
    ['nonsense', 'expected postgres://role:password@host:port/database'],
    ['mysql://a:b@c/d', 'expected postgres://'],
    ['postgres://u:p/w@h/d', 'write special characters of the password as %XX'],
    ['postgres://u@h/d?schema=pg_mine', 'got pg_mine'],
    ['postgres://u@h/d?schema=a"b', 'the schema must be up to 63 of a-z, 0-9 and _'],
    ['postgres://u@h/d?schema=', 'the schema must be'],
    ['postgres://u@h/d?schema=information_schema', 'got information_schema'],
    ['postgres://u%zz@h/d', 'write special characters of the password as %XX'],
    ['postgres://u:p%zz@h/d', 'write special characters of the password as %XX'],
    ['postgres://u@h/d%zz', 'write special characters of the password as %XX'],
    ['postgres://u@h/d?application_name=mine', 'remove application_name'],
  ])('%s is rejected', (url, says) => {
    expect(() => parseTarget(url)).toThrow(says)
    expect(() => parseTarget(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  test('names a place that has no password', () => {
    const {
      place,
      schema: name,
      url,
      role,
    } = parseTarget('postgres://ada:se%2Fcret@db.example:6000/goods?schema=x&sslmode=no')
    expect({ place, name, url, role }).toEqual({
      place: 'db.example:6000/goods',
      name: 'x',
      url: 'postgres://ada:se%2Fcret@db.example:6000/goods?sslmode=no',
      role: 'ada',
    })
    expect(parseTarget('postgres://ada@h').place).toBe('h:5432/ada')
    expect(parseTarget('postgresql://ada@h/d?host=/run/postgresql')).toMatchObject({
      place: '/run/postgresql:5432/d',
      schema: 'steelyard',
    })
  })
})

describe('an error says what to do', () => {
  test('if no server answers', async () => {
    const db = connect(changed((url) => Object.assign(url, { port: '1' })))
    await expect(prepare(db)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/no PostgreSQL server answers at 127\.0\.0\.1:1\/.* \(ECONNREFUSED\): start it/),
    })
  })

  test('if the password is wrong or missing, which it never contains', async () => {
    const advice = [
      ['wrong words', /check the password of role \w+ and pg_hba\.conf/],
      ['', /write the password into the URL, \$PGPASSWORD or ~\/\.pgpass/],
    ] as const
    for (const [password, says] of advice) {
      const db = connect(changed((url) => Object.assign(url, { password })))
      const error: unknown = await prepare(db).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) })
      expect(String(error)).not.toContain('wrong words')
    }
  })

  test('if the database does not exist', async () => {
    await expect(
      prepare(connect(changed((url) => Object.assign(url, { pathname: '/nowhere' })))),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('create the database, or correct its name'),
    })
  })

  test('if the role lacks a right; then nothing was written, and the advice helps', async () => {
    const role = `${schema.schema}_role`
    await schema.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
    try {
      const db = connect(changed((url) => Object.assign(url, { username: role, password: 'p' })))
      const advice = `GRANT CONNECT, CREATE ON DATABASE "${databaseOf(schema.url)}" TO "${role}"`
      await expect(prepare(db)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(advice),
      })
      await schema.query(advice)
      await prepare(db)
      expect(await db.all('SELECT * FROM one')).toEqual([[1, null]])
      await schema.query(`REVOKE USAGE ON SCHEMA ${schema.schema} FROM ${role}`)
      await expect(prepare(db)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('OWNER TO'),
      })
      await db.close()
      open.length = 0
    } finally {
      await schema.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  test('if the server is older than 14', () => {
    assertVersion(140_000, 'h')
    expect(() => assertVersion(130_020, 'h')).toThrow('store: h is PostgreSQL 13: Steelyard needs 14 or later')
  })

  test('if a newer version made the tables', async () => {
    const db = connect()
    await prepare(db)
    await expect(prepare(db, MIGRATIONS.slice(0, 1))).rejects.toMatchObject({
      code: 'STORE_MISMATCH',
      message: expect.stringContaining('was made by a newer version (2): use that version'),
    })
  })

  test('if only reading is allowed', async () => {
    const db = connect(changed((url) => url.searchParams.set('options', '-c default_transaction_read_only=on')))
    await expect(prepare(db)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(
        'allows only reading: name the primary server, or turn default_transaction_read_only off',
      ),
    })
    expect(await schema.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema.schema])).toEqual([])
  })

  test('if only reading is allowed, although nothing is to be made', async () => {
    await prepare(connect())
    const reading = connect(changed((url) => url.searchParams.set('options', '-c default_transaction_read_only=on')))
    await expect(prepare(reading)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await migrate(reading, { migrations: MIGRATIONS, remedy: '', create: false })
  })

  test.each([
    ['options', '-c nothing=1', 'correct "options" in the URL'],
    ['options', '-c work_mem=much', 'correct "options" in the URL'],
    ['sslmode', 'verify-full', 'turn ssl on in the server, or leave sslmode out'],
    ['sslrootcert', '/nowhere/root.crt', 'correct sslrootcert'],
    ['schema', 'user', 'the schema user has the name of a word of SQL'],
  ])('if the parameter %s is wrong: %s', async (name, value, says) => {
    const db = connect(changed((url) => url.searchParams.set(name, value)))
    await expect(prepare(db)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(says) })
  })

  const refusal = 'SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0'
  test.each([
    [
      'no PostgreSQL server',
      'HTTP/1.1 400 Bad Request',
      'STORE_UNAVAILABLE',
      'look whether a PostgreSQL server runs there',
    ],
    [
      'a pooler without parameters',
      `E\0\0\0${String.fromCharCode(refusal.length + 4)}${refusal}`,
      'CONFIG_INVALID',
      'name the server itself',
    ],
  ])('if what answers is %s', async (_, answer, code, says) => {
    const other = createServer((socket) => socket.once('data', () => socket.end(answer, 'latin1')))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    try {
      const db = connect(changed((url) => Object.assign(url, { port })))
      await expect(prepare(db)).rejects.toMatchObject({ code, message: expect.stringContaining(says) })
    } finally {
      other.close()
    }
  })

  test('if there is no store, and none is to be created', async () => {
    await expect(migrate(connect(), { migrations: MIGRATIONS, remedy: '', create: false })).rejects.toMatchObject({
      code: 'STORE_MISSING',
    })
    expect(await schema.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema.schema])).toEqual([])
  })

  test('if a stored integer is none of ours, or a table is missing', async () => {
    const db = connect()
    await prepare(db)
    await db.run('INSERT INTO one VALUES (?)', 2n ** 62n)
    await expect(db.all('SELECT n FROM one')).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    await expect(db.all('SELECT n FROM two')).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })
})

describe('migrations', () => {
  test('are applied once each, also by several processes at the same time', async () => {
    const all = Array.from({ length: 4 }, () => connect())
    await Promise.all(all.map((db) => prepare(db)))
    const applied = await all[0]?.all('SELECT number FROM migrations ORDER BY number')
    expect(applied).toEqual([[1], [2]])
    expect(await all[1]?.all('SELECT * FROM one')).toEqual([[1, null]])
  })

  test('that fail leave what was there before', async () => {
    const db = connect()
    const failing = [...MIGRATIONS, 'CREATE TABLE three (n bigint); SELECT 1 / 0']
    await expect(prepare(db, failing)).rejects.toThrow('division by zero')
    expect(await db.all('SELECT max(number) FROM migrations')).toEqual([[2]])
    await prepare(db, [...MIGRATIONS, 'CREATE TABLE three (n bigint)'])
    expect(await db.all('SELECT * FROM three')).toEqual([])
  })
})

test('a connection that is cut while it is read is one that failed, and a folder is no certificate', () => {
  const of = (code: string) =>
    storeError(Object.assign(new Error(code), { code, syscall: 'read' }), parseTarget('postgres://r:p@127.0.0.1/d'))
  expect(of('ECONNRESET')).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(of('EISDIR')).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('sslrootcert') })
})

describe('a server that goes away', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.create()
  })
  afterAll(() => server.stop())

  test('fails what runs, leaves nothing half-written, and is used again when it is back', async () => {
    const db = connect(server.url)
    await prepare(db)
    const writing = db.write(async (queries) => {
      await queries.run('INSERT INTO one VALUES (7)')
      await server.crash()
      await queries.run('INSERT INTO one VALUES (8)')
    })
    await expect(writing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(db.all('SELECT n FROM one')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await server.start()
    expect(await db.all('SELECT n FROM one')).toEqual([[1]])
  })

  test('and comes back as a standby is rejected as a replica', async () => {
    await server.becomeStandby()
    await expect(prepare(connect(server.url))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('is a read-only replica: name the primary server'),
    })
  })
})
