/** Generations: what is published, under open readers, with what happened to the generation before. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { inFolder } from './built-file.ts'
import { BLOCK, blocksOf, Load } from './published-blocks.ts'

const KEY = { account: ACCOUNTS[0] ?? '', asset: ASSETS[0], item: '' }

test('readers move to a new generation at their next request, and the file before is gone', async () => {
  await inFolder(async (folder) => {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const other = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    const readers = [await store.openReads(CHAIN), await other.openReads(CHAIN)]
    const look = () =>
      Promise.all(
        readers.map(async (reader) => {
          const { clock, rows } = await reader.balances([KEY])
          const holders = await reader.holders({ asset: KEY.asset, offset: 0, limit: 5 })
          return [clock.published?.number, rows[0]?.amount, holders.count]
        }),
      )
    expect(await look()).toEqual(readers.map(() => [undefined, undefined, 0]))
    const load = new Load(journal)
    for (const [index, number] of [0, 1, 2].entries()) {
      await load.publish(blocksOf([BLOCK], number))
      await nextTick()
      expect(await look()).toEqual(readers.map(() => [number, 5n * BigInt(index + 1), 1]))
      expect(
        readdirSync(folder)
          .filter((name) => /^eip155_1.*\.db$/.test(name))
          .sort(),
      ).toEqual([`eip155_1.g${index + 1}.db`, 'eip155_1.reads.db'])
    }
    await load.end()
    expect(existsSync(join(folder, 'eip155_1.bulk'))).toBe(false)
    await nextTick()
    await journal.close()
    const again = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    expect((await again.state()).written).toMatchObject({ number: 2 })
    await again.close()
    await store.forget(CHAIN)
    expect(readdirSync(folder).filter((name) => name.startsWith('eip155_1') && !name.endsWith('.lease'))).toEqual([])
    await other.close()
    await store.close()
  })
})

test('a generation that is published within one tick of a reader is no lost file', async () => {
  await inFolder(async (folder) => {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    const load = new Load(journal)
    await load.publish(blocksOf([BLOCK], 0))
    await load.end()
    await journal.close()
    const reader = await store.openReads(CHAIN)
    await nextTick()
    const before = reader.balances([KEY])
    const [was, next] = [join(folder, 'eip155_1.g1.db'), join(folder, 'eip155_1.g2.db')]
    copyFileSync(was, next)
    writeFileSync(join(folder, 'eip155_1.current'), 'eip155_1.g2.db\n')
    rmSync(was)
    // Longer than a reader goes without a look at its file.
    for (const end = performance.now() + 300; performance.now() < end; );
    const after = reader.balances([KEY])
    expect([(await before).rows[0]?.amount, (await after).rows[0]?.amount]).toEqual([5n, 5n])
    await nextTick()
    expect((await reader.balances([KEY])).rows[0]?.amount).toBe(5n)
    await store.close()
  })
})

test('a writer that lost its chain publishes nothing', async () => {
  await inFolder(async (folder) => {
    const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    const load = new Load(journal)
    await load.publish(blocksOf([BLOCK], 0))
    const current = join(folder, 'eip155_1.g1.db')
    const db = new Database(current)
    db.exec('UPDATE chain SET fence = fence + 1')
    db.close()
    await expect(load.publish(blocksOf([BLOCK], 1))).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(readFileSync(join(folder, 'eip155_1.current'), 'utf8')).toBe('eip155_1.g1.db\n')
    expect(existsSync(current)).toBe(true)
    await journal.close()
    await store.close()
  })
})
