/** Trees that two threads write: one the first rows, the other ranges of the last ones. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openSinkPart } from '../../src/store/open-sink-part.ts'
import type { RowWriter } from '../../src/store/seam/bulk-sink.ts'
import { PageSink } from '../../src/store/sqlite/bulk/page-sink.ts'
import { account, END, WHOSE } from './account-rows.ts'
import { inFolder } from './built-file.ts'

/** Writes the accounts from `first` to before `end`. */
function writeAccounts(rows: RowWriter, first: number, end: number): void {
  for (let index = first; index < end; index++) {
    rows.bytes(account(index), 0, 20)
    rows.int(index * 7)
    rows.int(index % 3)
    rows.end()
  }
}

/** Builds a file whose accounts are written in so many rows by its sink, and then in ranges by a part. Returns its rows. */
function writtenBy(file: string, own: number, ranges: readonly number[]) {
  const sink = new PageSink(file, WHOSE)
  if (sink.sharing === undefined) throw new Error('pages are shared')
  const part = openSinkPart(structuredClone(sink.sharing.place))
  let end = own + ranges.reduce((sum, count) => sum + count, 0)
  const total = end
  // The last range comes first.
  for (const count of [...ranges].reverse()) {
    writeAccounts(part.rows('accounts'), end - count, end)
    part.endRange()
    end -= count
  }
  const written = structuredClone(part.finish())
  writeAccounts(sink.rows('accounts'), 0, own)
  sink.sharing.join(written)
  sink.endRows()
  sink.finish(END)
  const db = new Database(file)
  const found = {
    integrity: db.pragma('integrity_check', { simple: true }),
    rows: db.prepare('SELECT account, assets, received FROM accounts ORDER BY account').raw().all(),
  }
  db.exec('BEGIN')
  db.prepare('DELETE FROM accounts WHERE assets < 70').run()
  for (let index = total; index < total + 300; index++)
    db.prepare('INSERT INTO accounts VALUES (?, 1, 1)').run(account(index))
  db.exec('COMMIT')
  const later = db.pragma('integrity_check', { simple: true })
  db.close()
  return { ...found, later, total }
}

// About 118 rows fill a leaf, and as many leaves the page above them.
const CASES: readonly (readonly [own: number, ranges: readonly number[]])[] = [
  ...[0, 1, 118, 119, 237].flatMap((own) => [1, 2, 3, 120, 121, 239].map((range) => [own, [range]] as const)),
  [0, [0, 1, 0, 2]],
  [1, [1, 1, 1]],
  [119, [119, 121, 1, 123]],
  [2, [500, 0, 3, 700, 1]],
  [0, [14_500, 20_000]],
  [30_000, [40_000, 2, 10_000]],
]

test('a tree that two threads wrote is sound, and has the rows of both in order', async () => {
  await inFolder(async (folder) => {
    for (const [own, ranges] of CASES) {
      const { rows, total, ...checks } = writtenBy(join(folder, 'built.db'), own, ranges)
      expect([own, ranges, checks]).toEqual([own, ranges, { integrity: 'ok', later: 'ok' }])
      expect(rows.length).toBe(total)
      const wrong = rows.findIndex((row, index) => {
        const [name, assets, received] = row as [Buffer, number, number]
        return !account(index).equals(name) || assets !== index * 7 || received !== index % 3
      })
      expect(wrong).toBe(-1)
    }
  })
}, 120_000)
