import { obtainAssets, parseStandard } from '../../../journal/rules/assets.ts'
import { addPublished, resolveClassified } from '../../../journal/rules/carry.ts'
import { planned } from '../../queries/query.ts'
import { withIds } from '../../queries/walk-found.ts'
import type { WriterMemory } from '../../queries/writer.ts'
import { CARRIED_OF_ASSETS, CARRIED_TURNS, CARRIED_WHOLE } from '../../rows/carried-tables.ts'
import { int, text } from '../../rows/columns.ts'
import { runWork } from '../chain/run-query.ts'
import type { Transaction } from '../database.ts'

/** Assets that are read at once. */
const ASSETS_AT_ONCE = 1_000

/**
 * Copies to tables that a bulk load filled what its log does not tell, from the tables of a journal without blocks (`before`, a
 * schema): the state of the writer, and classes, endings, doubts and findings of assets that only reads named. An asset that
 * was named once stays, perhaps with another id.
 */
export async function carryNew(queries: Transaction, before: string, memory: WriterMemory): Promise<void> {
  const { rules } = memory
  await mapAssets(queries, before, memory)
  for (const table of CARRIED_WHOLE) {
    // The pairs that hints name are in doubt already.
    if (table === 'in_doubt') continue
    await queries.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM ${before}.${table}`)
  }
  await queries.exec(`INSERT INTO followed SELECT * FROM ${before}.followed ON CONFLICT DO NOTHING`)
  await moveCursor(queries)
  for (const [table, columns] of CARRIED_OF_ASSETS) await queries.exec(copyOfAssets(before, table, columns))
  await queries.exec(`DELETE FROM turns WHERE asset IN (SELECT asset FROM endings)
    OR asset IN (SELECT m.now FROM ${before}.turns b JOIN carried m ON m.was = b.asset)`)
  await queries.exec(copyOfAssets(before, 'turns', CARRIED_TURNS))
  // A class is certain if blocks show that the contract exists.
  await queries.exec('UPDATE turns SET code_at = NULL WHERE asset IN (SELECT asset FROM shown)')
  await queries.exec(`UPDATE chain SET coverage = b.coverage, fence = b.fence, followings = b.followings
    FROM ${before}.chain b`)
  await queries.exec(`UPDATE clock SET classes = greatest(clock.classes, b.classes) + 1 FROM ${before}.clock b`)
  memory.assets.forget()
  await runWork(queries, { memory }, planned(memory.followed.reload()))
  const classified = await queries.all('SELECT asset FROM turns UNION SELECT asset FROM endings')
  await runWork(
    queries,
    { memory },
    planned(
      resolveClassified(
        classified.map(([asset]) => int(asset)),
        rules,
      ),
    ),
  )
  await queries.exec(`INSERT INTO in_doubt SELECT * FROM ${before}.in_doubt ON CONFLICT (one) DO UPDATE SET
    chain = excluded.chain, next_block = excluded.next_block, stage = excluded.stage, unlooked = excluded.unlooked`)
  await queries.exec(`UPDATE in_doubt SET pairs = (SELECT count(*) FROM refuted_pairs),
    tokens = (SELECT count(*) FROM refuted_assets)`)
  await runWork(queries, { memory }, planned(addPublished(undefined, rules)))
  await queries.exec('DROP TABLE shown; DROP TABLE carried')
}

/** Gives the assets that were named before their ids of the filled tables. */
async function mapAssets(queries: Transaction, before: string, memory: WriterMemory): Promise<void> {
  await queries.exec('CREATE TABLE carried (was bigint PRIMARY KEY, now bigint NOT NULL)')
  for (let after = 0; ; ) {
    const rows = await queries.all(
      `SELECT id, standard, reference FROM ${before}.assets WHERE id > ? ORDER BY id LIMIT ?`,
      after,
      ASSETS_AT_ONCE,
    )
    const named = rows.map((row) => ({ standard: parseStandard(row[1]), reference: text(row[2]) }))
    const found = await runWork(queries, { memory }, planned(obtainAssets(named)))
    const ids = [rows.map(([id]) => int(id)), found.map(({ id }) => id)]
    await queries.run('INSERT INTO carried SELECT * FROM unnest(?::bigint[], ?::bigint[])', ...ids)
    if (rows.length < ASSETS_AT_ONCE) return
    after = int(rows.at(-1)?.[0])
  }
}

/** Gives the walk over tokens of `reads` the ids of its tokens. */
async function moveCursor(queries: Transaction): Promise<void> {
  const cursor = await queries.get("SELECT place FROM places WHERE name = 'rereads'")
  if (cursor === undefined) return
  const ids = new Map((await queries.all('SELECT was, now FROM carried')).map(([was, now]) => [int(was), int(now)]))
  const place = withIds(text(cursor[0]), (id) => ids.get(id) ?? id)
  await queries.run("UPDATE places SET place = ? WHERE name = 'rereads'", place)
}

/** What the filled tables have already was told by blocks. */
function copyOfAssets(before: string, table: string, columns: string): string {
  return `INSERT INTO ${table} (asset, ${columns})
    SELECT m.now, ${columns} FROM ${before}.${table} b JOIN carried m ON m.was = b.asset ON CONFLICT DO NOTHING`
}
