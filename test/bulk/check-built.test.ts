/** What the check before publishing finds in a built file, and what happens then. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuildJob, CheckedBuild, type SinkName } from '../../src/bulk/load/checked-build.ts'
import type { Mark } from '../../src/bulk/raw-log/mark.ts'
import { RawLogWriter } from '../../src/bulk/raw-log/raw-log-writer.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { codeOf } from '../../src/core/errors.ts'
import { randomFrom } from '../../src/demo/plan.ts'
import { findBuildFault, openBulkSink } from '../../src/store/open-sink.ts'
import { checkBuiltTables } from '../../src/store/open-sink-part.ts'
import type { Expected, TableCheck } from '../../src/store/seam/bulk-check.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ASSETS, type Movement } from '../store/chains.ts'
import { dumpChain } from '../store/dump.ts'
import { behind, sql } from './behind-index.ts'
import { integrityOf } from './built-file.ts'
import { ALL } from './final-chain.ts'
import { blocksOf, last } from './published-blocks.ts'

const SEED = 11
const BLOCKS = 120
const PAGE = 4096

let folder = ''
let mark: Mark
let built = ''
let expected: Expected

/** Accounts all over the order of keys. */
const account = (random: () => number): string => {
  const number = Math.floor(random() * 150)
  return `0x${(number * 1_700_009).toString(16).padStart(8, '0').slice(-2)}${number.toString(16).padStart(38, '0')}`
}

function movements(random: () => number): Movement[] {
  return Array.from({ length: 12 }, () => ({
    asset: ASSETS[Math.floor(random() * ASSETS.length)] ?? ASSETS[0],
    from: random() < 0.5 ? undefined : account(random),
    to: random() < 0.05 ? undefined : account(random),
    amount: BigInt(Math.floor(random() * 1_000_000)),
    item: Math.floor(random() * 40),
  }))
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-check-'))
  const writer = new RawLogWriter({ folder: join(folder, 'log'), origin: 'test', codec: HEX_ACCOUNTS })
  const random = randomFrom(SEED)
  const blocks = blocksOf(
    Array.from({ length: BLOCKS }, () => movements(random)),
    0,
  )
  const { number, hash, parentHash, timestamp } = last(blocks)
  writer.append(blocks, { number, hash, parentHash, timestamp })
  mark = await writer.writeMark(0)
  await writer.close()
  built = join(folder, 'built.db')
  await checked(built, (told) => {
    expected = told
    return undefined
  })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Builds a file. `look`: what is done with it before the check, which may find something itself. */
async function checked(place: string, look: (expected: Expected, by: SinkName | undefined) => string | undefined) {
  const job: BuildJob = {
    log: join(folder, 'log'),
    expected: 0,
    target: { engine: 'sqlite' as const, chain: CHAIN, coverage: ALL, fixed: [], published: undefined, place },
  }
  const warnings: string[] = []
  let by: SinkName | undefined
  const random = randomFrom(SEED)
  const build = new CheckedBuild(job, {
    codec: HEX_ACCOUNTS,
    openSink: (name) => {
      by = name
      return openBulkSink(job.target, HEX_ACCOUNTS, name)
    },
    findFault: async (told) => look(told, by) ?? findBuildFault(job.target, { codec: HEX_ACCOUNTS }, told),
    warn: (_, fields) => void warnings.push(`${String(fields.by)}: ${String(fields.fault)}`),
    now: () => 0,
    random,
  })
  await build.finish(mark)
  return { by, warnings }
}

/** Looks at all tables, however long that takes. */
async function checkTables(check: TableCheck): Promise<string | undefined> {
  return checkBuiltTables({ ...check, budgetMs: Number.POSITIVE_INFINITY })
}

/** What the check says of a copy of the built file that was changed; undefined if nothing. */
async function faultOf(change: (file: string) => void): Promise<string | undefined> {
  const place = join(folder, 'changed.db')
  copyFileSync(built, place)
  change(place)
  try {
    return await findBuildFault(
      { engine: 'sqlite' as const, chain: CHAIN, coverage: ALL, fixed: [], published: undefined, place },
      { codec: HEX_ACCOUNTS, checkTables },
      expected,
    )
  } catch (error) {
    return String(codeOf(error))
  }
}

test('what is built by pages and by SQL is sound', async () => {
  expect(await faultOf(() => undefined)).toBeUndefined()
  const { by, warnings } = await checked(join(folder, 'other.db'), (_, by) =>
    by === 'pages' ? 'not this one' : undefined,
  )
  expect([by, warnings]).toEqual(['sql', ['pages: not this one']])
  expect(dumpChain(join(folder, 'other.db'))).toEqual(dumpChain(built))
})

/** Pages of a file of which nothing is left. */
const LOST: readonly [string, (file: Buffer) => void][] = [
  ['its header', (file) => file.fill(0x55, 0, 100)],
  ['its schema', (file) => file.fill(0, 100, PAGE)],
  ['every page but the first', (file) => file.fill(0, PAGE)],
  ['a page in the middle', (file) => losePage(file)],
]

function losePage(file: Buffer): void {
  const pages = treePages(file)
  const at = pages[Math.floor(pages.length / 2)] ?? 0
  file.fill(0, at, at + PAGE)
}

test.each(LOST)('a file that lost %s is dropped, which is said, and SQL builds it', async (_, lose) => {
  const place = join(folder, 'lost.db')
  const { by, warnings } = await checked(place, (__, sink) => {
    if (sink !== 'pages') return undefined
    const bytes = readFileSync(place)
    lose(bytes)
    writeFileSync(place, bytes)
    return undefined
  })
  expect(by).toBe('sql')
  expect(warnings).toEqual([expect.stringMatching(/^pages: ./)])
  expect(dumpChain(place)).toEqual(dumpChain(built))
})

test('a file that SQL builds wrong too is an error, not built again and again', async () => {
  const place = join(folder, 'twice.db')
  const build = checked(place, () => void writeFileSync(place, Buffer.alloc(8_192, 7)))
  await expect(build).rejects.toThrow(expect.objectContaining({ code: 'STORE_DAMAGED' }))
})

/** Rows that a table has too few or too many, and columns of which some rows are wrong. */
const LAST = 'block = (SELECT max(block) FROM transfers)'
const WRONG: readonly string[] = [
  ...['transfers', 'changes', 'balances', 'accounts', 'assets'].flatMap((table) => [`DELETE FROM ${table}`]),
  `DELETE FROM transfers WHERE ${LAST} AND log = 11`,
  `DELETE FROM changes WHERE ${LAST}`,
  'DELETE FROM blocks',
  "INSERT INTO accounts VALUES (x'00', 1, 1)",
  ...[
    'asset = asset % 5 + 1',
    "sender = x'01'",
    'receiver = NULL',
    "item = x'05'",
    "amount = x'8105'",
    "hash = x''",
  ].flatMap((set) => [`UPDATE transfers SET ${set}`, `UPDATE transfers SET ${set} WHERE ${LAST}`]),
  ...["delta = x'8105'", "sum = x'8105'"].flatMap((set) => [
    `UPDATE changes SET ${set}`,
    `UPDATE changes SET ${set} WHERE item = x''`,
    `UPDATE changes SET ${set} WHERE item <> x''`,
    `UPDATE changes SET ${set} WHERE ${LAST}`,
  ]),
  ...[
    "sum = x'8105'",
    'opening = NULL',
    "amount = x'8105'",
    'amount = NULL',
    'met_block = met_block + 1',
    'met_log = met_log + 1',
    'met_sub = met_sub + 1',
    'received_block = 5000',
    'last_block = last_block + 1',
    'closed_block = coalesce(closed_block, 0) + 7',
    'fungible = 1 - fungible',
  ].flatMap((set) => [`UPDATE balances SET ${set}`, `UPDATE balances SET ${set} WHERE item <> x''`]),
  'UPDATE accounts SET assets = assets + 1',
  'UPDATE accounts SET received = received + 1',
  'UPDATE assets SET transfers = 0',
  'UPDATE assets SET holders = 7',
  "UPDATE assets SET reference = reference || 'x'",
  'DROP INDEX transfers_by_asset',
  'DROP INDEX balances_as_met',
  'DROP INDEX balances_by_amount',
]

test.each(WRONG)('the check finds it: %s', async (statement) => {
  expect(await faultOf((file) => sql(file, statement))).toEqual(expect.any(String))
})

test.each([
  ['balances', 'balances_as_met'],
  ['transfers', 'transfers_by_asset'],
])('the check finds rows that %s lost and %s kept', async (table, index) => {
  const where = table === 'balances' ? "item = x'' AND met_block % 7 = 3" : 'block % 7 = 3 AND log = 5'
  expect(await faultOf((file) => behind(file, index, `DELETE FROM ${table} WHERE ${where}`))).toMatch(`${table} has`)
})

/** Pages of the trees, without those of the freelist. */
function treePages(bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length / PAGE - 1 }, (_, index) => (index + 1) * PAGE).filter((at) =>
    [2, 5, 10, 13].includes(bytes[at] ?? 0),
  )
}

test('a bit that is flipped in the head or the pointers of any page is found', async () => {
  const bytes = readFileSync(built)
  const random = randomFrom(SEED)
  const pages = treePages(bytes).filter((at) => bytes.readUInt16BE(at + 3) > 0)
  expect(pages.length).toBeGreaterThan(40)
  const missed: string[] = []
  for (let flip = 0; flip < 40; flip++) {
    const page = pages[Math.floor(random() * pages.length)] ?? 0
    const head = [2, 5].includes(bytes[page] ?? 0) ? 12 : 8
    // Types, counts of cells and their pointers. Bytes 1, 2 and 7 are of free space, which such pages do not have.
    const offsets = [0, 3, 4, ...Array.from({ length: 2 * bytes.readUInt16BE(page + 3) }, (_, at) => head + at)]
    const at = page + (offsets[Math.floor(random() * offsets.length)] ?? 0)
    const bit = 1 << Math.floor(random() * 8)
    const fault = await faultOf((file) => {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ bit
      writeFileSync(file, changed)
    })
    if (fault === undefined) missed.push(`${at} ${bit}`)
  }
  expect(missed).toEqual([])
}, 180_000)

test('of bits that are flipped anywhere in the trees, only those in values of rows that are not looked at, or in no row, are not found', async () => {
  const bytes = readFileSync(built)
  const random = randomFrom(SEED)
  const pages = treePages(bytes)
  const counts = { found: 0, missed: 0 }
  for (let flip = 0; flip < 40; flip++) {
    const at = (pages[Math.floor(random() * pages.length)] ?? 0) + Math.floor(random() * PAGE)
    const bit = 1 << Math.floor(random() * 8)
    const fault = await faultOf((file) => {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ bit
      writeFileSync(file, changed)
    })
    if (fault !== undefined) counts.found++
    else {
      counts.missed++
      // The trees are whole: SQLite reads the file as it reads any other.
      expect([at, integrityOf(join(folder, 'changed.db'))]).toEqual([at, 'ok'])
    }
  }
  expect(counts.found).toBeGreaterThan(counts.missed)
}, 180_000)
