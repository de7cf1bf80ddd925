/** Trees of many pages, of rows of every length, and a file above 1 GiB. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { RowTooLarge } from '../../src/store/seam/bulk-sink.ts'
import { makeFreshFile, openUnlogged } from '../../src/store/sqlite/bulk/fresh-file.ts'
import { PageFile } from '../../src/store/sqlite/bulk/page-file.ts'
import { PageRows } from '../../src/store/sqlite/bulk/page-rows.ts'
import { LOCK_PAGE } from '../../src/store/sqlite/bulk/page-runs.ts'
import { PageSink } from '../../src/store/sqlite/bulk/page-sink.ts'
import { TreeWriter } from '../../src/store/sqlite/bulk/tree-writer.ts'
import { account, END, WHOSE } from './account-rows.ts'
import { inFolder, integrityOf } from './built-file.ts'

/** Writes so many accounts, each in its own way. */
function writeAccounts(sink: PageSink, count: number): void {
  const rows = sink.rows('accounts')
  for (let index = 0; index < count; index++) {
    rows.bytes(account(index), 0, 20)
    rows.int(index * 7)
    rows.int(index % 3)
    rows.end()
  }
  sink.endRows()
  sink.finish(END)
}

test('a tree of any number of rows is sound, and SQLite reads each of its rows and adds others', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'built.db')
    // About 118 rows fill a leaf: the counts are around those at which a page, a second level and a third begin.
    for (const count of [0, 1, 2, 100, ...range(110, 130), ...range(235, 245), 3_000, 100_000]) {
      writeAccounts(new PageSink(file, WHOSE), count)
      const db = new Database(file)
      expect([count, db.pragma('integrity_check', { simple: true })]).toEqual([count, 'ok'])
      const rows = db.prepare('SELECT account, assets, received FROM accounts ORDER BY account').raw().all()
      expect(rows).toEqual(Array.from({ length: count }, (_, index) => [account(index), index * 7, index % 3]))
      db.prepare('INSERT INTO accounts VALUES (?, 1, 1)').run(account(10 ** 6))
      db.prepare('DELETE FROM accounts WHERE assets < 70').run()
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
      db.close()
    }
  })
}, 180_000)

test('rows of any length up to the limit are read as written, and a longer one is refused', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'built.db')
    const sink = new PageSink(file, WHOSE)
    const rows = sink.rows('changes')
    const numbers = [0, 1, 127, 128, 32_767, 32_768, 8_388_607, 8_388_608, 2 ** 31 - 1, 2 ** 31, 2 ** 47, 2 ** 52]
    const expected = Array.from({ length: 900 }, (_, length) => {
      const long = Buffer.alloc(length, length)
      const number = numbers[length % numbers.length] ?? 0
      rows.bytes(account(length), 0, 20)
      rows.int(1)
      rows.bytes(long, 0, 0)
      for (const value of [number, 2, 3]) rows.int(value)
      rows.bytes(long, 0, length)
      rows.bytes(long, 0, Math.min(length, 40))
      rows.end()
      return [account(length), 1, Buffer.alloc(0), number, 2, 3, long, long.subarray(0, 40)]
    })
    const tooLong = Buffer.alloc(1_000)
    expect(() => {
      rows.bytes(account(1000), 0, 20)
      for (const value of [1, 2, 3, 4, 5]) rows.int(value)
      rows.bytes(tooLong, 0, 1_000)
      rows.nothing()
      rows.end()
    }).toThrow(RowTooLarge)
    sink.endRows()
    sink.finish(END)
    expect(integrityOf(file)).toBe('ok')
    const db = new Database(file, { readonly: true })
    expect(db.prepare('SELECT * FROM changes').raw().all()).toEqual(expected)
    db.close()
  })
})

test('a file that grows past the page of the lock bytes leaves it out', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'built.db')
    makeFreshFile(file)
    const db = openUnlogged(file)
    const root = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'accounts'").pluck().get())
    db.close()
    // The file is sparse: the pages before the tree were never written, and are on the freelist.
    const pages = new PageFile(file, LOCK_PAGE - 100)
    const tree = new TreeWriter(pages, root)
    const rows = new PageRows(tree, 3)
    for (let index = 0; index < 40_000; index++) {
      rows.bytes(account(index), 0, 20)
      rows.int(1)
      rows.int(0)
      rows.end()
    }
    tree.finish()
    pages.close()
    expect(statSync(file).size).toBeGreaterThan(2 ** 30)
    const built = new Database(file)
    expect(built.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(built.prepare('SELECT count(*) FROM accounts').pluck().get()).toBe(40_000)
    built.close()
  })
}, 180_000)

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
