/** Loads with a raw log that is removed, cut or damaged while they run, or whose pointer is. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { inFolder } from './built-file.ts'
import { ALL, dumpOf } from './final-chain.ts'
import { appendedDump, DAMAGES, expectMended, load } from './log-damages.ts'
import { BLOCK, blocksOf, Load } from './published-blocks.ts'

let whole: readonly string[] = []
beforeAll(async () => {
  whole = await appendedDump()
})

/** One of each kind; `damaged-log.long.ts` has all of them. */
const SOME = ['the records are replaced', 'the first frame is damaged', 'the mark is removed']

test.each(DAMAGES.filter(({ name }) => SOME.includes(name)))(
  'if $name after a generation is published, that is said, and all is stored in the end',
  (damage) => expectMended(damage, 1_500, whole),
  60_000,
)

test('a generation with fewer transfers than are published is not published', async () => {
  await inFolder(async (folder) => {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const journal = await store.openJournal(CHAIN, ALL)
    const load = new Load(journal)
    await load.publish(blocksOf([BLOCK, BLOCK], 0))
    rmSync(join(folder, 'eip155_1.bulk'), { recursive: true })
    const other = new Load(journal)
    await expect(other.publish(blocksOf([BLOCK], 2))).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    expect((await journal.state()).written).toMatchObject({ number: 1 })
    expect(readFileSync(join(folder, 'eip155_1.current'), 'utf8')).toBe('eip155_1.g1.db\n')
    await journal.close()
    await store.close()
  })
})

test.each(['removed', 'emptied'])(
  'if the pointer is %s, no generation is removed, and none is taken for it',
  async (how) => {
    await inFolder(async (folder) => {
      await load(folder, () => undefined)
      const pointer = join(folder, 'eip155_1.current')
      const content = readFileSync(pointer)
      if (how === 'removed') rmSync(pointer)
      else truncateSync(pointer)
      const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
      await expect(store.openJournal(CHAIN, ALL)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
      await expect(store.openReads(CHAIN)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
      expect(dumpOf(folder)).toEqual(whole)
      writeFileSync(pointer, content)
      await (await store.openJournal(CHAIN, ALL)).close()
      await store.close()
      expect(dumpOf(folder)).toEqual(whole)
    })
  },
)
