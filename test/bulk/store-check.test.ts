/** The check of a store against the generator of its chain, which the benchmark of ingest uses: it must find every kind of fault. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generatedBlock } from '../../bench/chain/blocks.ts'
import { createGenerator } from '../../bench/chain/generator.ts'
import { createRenderer } from '../../bench/chain/render.ts'
import { checkStore } from '../../bench/store-check.ts'
import { behind, sql } from './behind-index.ts'
import { builtFile } from './built-file.ts'
import { ALL } from './final-chain.ts'

const generator = createGenerator({ transfers: 2_000, accounts: 300, tokens: 8, perBlock: 20, seed: 3 })
const names = createRenderer(generator)
const PAGE = 4096

let folder = ''
let built = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-store-check-'))
  mkdirSync(join(folder, 'store'))
  const blocks = Array.from({ length: generator.head }, (_, at) => generatedBlock({ generator, names }, at + 1))
  const { transfers: _, ...through } = generatedBlock({ generator, names }, generator.head)
  const withoutParents = blocks.map((block) => ({ ...block, parentHash: undefined }))
  built = (await builtFile(join(folder, 'built'), { coverage: ALL, blocks: withoutParents, through })).file
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What the check says of a copy of the store that was changed. */
function checked(change: (file: string) => void, passPairs = 800): string {
  const file = join(folder, 'store', 'eip155_1.g1.db')
  copyFileSync(built, file)
  change(file)
  return checkStore({ folder: join(folder, 'store'), chain: 'eip155:1', generator, names, passPairs }).join('\n')
}

test('nothing is found in a store that nobody touched, in one pass or in several', () => {
  expect(checked(() => undefined)).toBe('')
  expect(checked(() => undefined, 1)).toBe('')
  expect(checked(() => undefined, 1e9)).toBe('')
})

const ONE = '(SELECT account FROM balances ORDER BY account LIMIT 1 OFFSET 200)'
const PAIR = `account = ${ONE} AND asset = (SELECT max(asset) FROM balances WHERE account = ${ONE})`
const MIDDLE = 'block = 90 AND log = 7'
const HELD = "balances SELECT x'0102030405060708090a0b0c0d0e0f1011121314'"

test.each<[string, string, string]>([
  ['a wrong amount', `UPDATE balances SET amount = x'8105' WHERE ${PAIR}`, 'another amount'],
  ['a wrong sum', `UPDATE balances SET sum = x'8105' WHERE ${PAIR}`, 'another sum'],
  ['an unknown opening', `UPDATE balances SET opening = NULL WHERE ${PAIR}`, 'another opening'],
  ['a wrong opening', `UPDATE balances SET opening = x'8101' WHERE ${PAIR}`, 'another opening'],
  ['a wrong meeting', `UPDATE balances SET met_log = met_log + 1 WHERE ${PAIR}`, 'another met'],
  ['a wrong receipt', `UPDATE balances SET received_block = 0 WHERE ${PAIR}`, 'another received_block'],
  ['a wrong last block', `UPDATE balances SET last_block = 0 WHERE ${PAIR}`, 'another last_block'],
  ['a closed balance', `UPDATE balances SET closed_block = 1 WHERE ${PAIR}`, 'another closed_block'],
  ['a collection', `UPDATE balances SET fungible = 0 WHERE ${PAIR}`, 'another fungible'],
  ['a missing balance', `DELETE FROM balances WHERE ${PAIR}`, 'balances lacks the rows of 1 pairs'],
  [
    'a balance of a new account',
    `INSERT INTO ${HELD}, asset, item, sum, opening, amount, met_block, met_log, met_sub, received_block,
     last_block, closed_block, fungible FROM balances LIMIT 1`,
    'balances has a row too many',
  ],
  ['a wrong delta', `UPDATE changes SET delta = x'8105' WHERE ${MIDDLE}`, 'has other changes'],
  ['a wrong running sum', `UPDATE changes SET sum = x'8105' WHERE ${MIDDLE}`, 'has a wrong sum'],
  ['a missing change', `DELETE FROM changes WHERE ${MIDDLE}`, 'rows, expected'],
  ['a change at another place', `UPDATE changes SET log = 500 WHERE ${MIDDLE}`, 'a place that no transfer has'],
  ['a wrong count of assets', `UPDATE accounts SET assets = assets + 1 WHERE account = ${ONE}`, 'accounts: '],
  ['a wrong count of received assets', `UPDATE accounts SET received = 0 WHERE account = ${ONE}`, 'accounts: '],
  ['a missing account', `DELETE FROM accounts WHERE account = ${ONE}`, 'accounts lacks 1 rows'],
  ['an account too many', "INSERT INTO accounts VALUES (x'00', 1, 1)", 'accounts has a row too many'],
  ['a wrong holder count', 'UPDATE assets SET holders = holders + 1 WHERE id = 3', 'has holders'],
  ['a wrong supply', "UPDATE assets SET supply = x'8105' WHERE id = 3", 'has supply'],
  ['a wrong transfer count', 'UPDATE assets SET transfers = transfers - 1 WHERE id = 3', 'has transfers'],
  ['a wrong first block', 'UPDATE assets SET first_block = first_block + 1 WHERE id = 3', 'has first_block'],
  [
    'an asset too many',
    "INSERT INTO assets (standard, reference) VALUES ('erc20', '0x01')",
    'assets has a row too many',
  ],
  ['a missing asset', 'DELETE FROM assets WHERE id = 3', 'tokens in assets'],
  ['a wrong transfer', `UPDATE transfers SET amount = x'8105' WHERE ${MIDDLE}`, 'is not the generated one'],
  ['a wrong receiver', `UPDATE transfers SET receiver = x'01' WHERE ${MIDDLE}`, 'is not the generated one'],
  ['a missing transfer', 'DELETE FROM transfers WHERE block = 100 AND log = 19', '1999 transfers'],
  ['a wrong clock', 'UPDATE clock SET number = number - 1', 'the published block is'],
  ['a wrong number of transfers', 'UPDATE clock SET transfers = transfers + 1', 'the clock says'],
  ['a wrong hash in the clock', "UPDATE clock SET hash = x'01'", 'another hash'],
  ['a missing block', 'DELETE FROM blocks WHERE number = 60', 'blocks with transfers'],
  [
    'a token that was reclassified',
    "INSERT INTO turns VALUES (3, 1, x'00', 'x', NULL, NULL, NULL, NULL, 0, NULL)",
    'turns',
  ],
  ['no index', 'DROP INDEX balances_as_met', 'no such index: balances_as_met'],
])('the check finds %s', (_, statements, says) => {
  expect(checked((file) => sql(file, statements))).toContain(says)
})

const INDEXES = {
  balances_by_amount: ['balances', PAIR],
  balances_as_met: ['balances', PAIR],
  transfers_by_asset: ['transfers', MIDDLE],
} as const

test.each(Object.entries(INDEXES))(
  'the check finds a row too many in %s, and a missing one',
  (index, [table, where]) => {
    // Its table loses a row, which the index keeps; or it gets the row back, which the index lost.
    const less = `DELETE FROM ${table} WHERE ${where};`
    expect(checked((file) => behind(file, index, less))).toMatch(new RegExp(`${index} has \\d+ rows, of`))
    const without = checked((file) => {
      const whole = join(folder, 'whole.db')
      copyFileSync(file, whole)
      sql(file, less)
      behind(
        file,
        index,
        `ATTACH '${whole}' AS whole; INSERT INTO ${table} SELECT * FROM whole.${table} WHERE ${where.replaceAll(
          'FROM balances',
          'FROM whole.balances',
        )}`,
      )
    })
    expect(without).toContain(`missing from index ${index}`)
    expect(without).toMatch(new RegExp(`${index} has \\d+ rows, expected`))
  },
)

test.each([0.2, 0.5, 0.8])('the check finds a page that is flipped, at %d of the file', (share) => {
  const fault = checked((file) => {
    const bytes = readFileSync(file)
    const pages = Array.from({ length: bytes.length / PAGE - 1 }, (_, at) => (at + 1) * PAGE)
    const leaves = pages.filter((at) => [10, 13].includes(bytes[at] ?? 0) && bytes.readUInt16BE(at + 3) > 0)
    const page = leaves[Math.floor(leaves.length * share)] ?? 0
    for (let at = page; at < page + PAGE; at++) bytes[at] = ~(bytes[at] ?? 0) & 0xff
    writeFileSync(file, bytes)
  })
  expect(fault).not.toBe('')
})
