import type { Source } from './sources.ts'

const MADE = /CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g
/** A statement that writes a table which it names. Plans name theirs by the tables' descriptions. */
const WRITTEN =
  /(?:INSERT(?: OR \w+)? INTO|UPDATE(?: OR \w+)?|DELETE FROM|REPLACE INTO)\s+(?:\$\{\w+(?:\.\w+)*\}\.)?(\w+)/g

/**
 * Files that fill tables which no reader sees before they are published: those of a bulk load. And schemas, which make tables with
 * their first rows.
 */
const BEFORE_PUBLISHED = /\/(bulk|carry)\/|schema\.ts$/

/** For each table of the schemas, the files of `src/store/` with a statement that writes it, as paths from there. */
export function tableWriters(sources: readonly Source[]): ReadonlyMap<string, readonly string[]> {
  const ofStore = sources.filter(({ file }) => file.startsWith('src/store/') && !file.endsWith('.test.ts'))
  const tables = new Set(ofStore.flatMap(({ text }) => [...text.matchAll(MADE)].map(([, table]) => String(table))))
  const writers = new Map([...tables].sort().map((table) => [table, new Set<string>()]))
  for (const { file, text } of ofStore) {
    if (BEFORE_PUBLISHED.test(file)) continue
    for (const [, table] of text.matchAll(WRITTEN)) writers.get(String(table))?.add(file.slice('src/store/'.length))
  }
  return new Map([...writers].map(([table, files]) => [table, [...files].sort()]))
}
