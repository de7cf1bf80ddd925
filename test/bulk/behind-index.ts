import Database from 'better-sqlite3'

/** Runs statements on a file. */
export function sql(file: string, statements: string): void {
  const db = new Database(file)
  db.exec(statements)
  db.close()
}

/** Changes a table behind the back of one of its indexes, which does not get the change. */
export function behind(file: string, index: string, statements: string): void {
  const db = new Database(file)
  db.unsafeMode()
  db.pragma('writable_schema = ON')
  const row = db.prepare<[string], SchemaRow>('SELECT * FROM sqlite_schema WHERE name = ?').get(index)
  db.prepare('DELETE FROM sqlite_schema WHERE name = ?').run(index)
  db.close()
  sql(file, statements)
  const again = new Database(file)
  again.unsafeMode()
  again.pragma('writable_schema = ON')
  again
    .prepare('INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)')
    .run(row?.type, row?.name, row?.tbl_name, row?.rootpage, row?.sql)
  again.close()
}
type SchemaRow = Readonly<Record<'type' | 'name' | 'tbl_name' | 'sql', string>> & { readonly rootpage: number }
