/** The end of a bulk load, and what a crash there leaves. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openRawLog } from '../../src/bulk/raw-log/raw-log-reader.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import type { JournalStep } from '../../src/store/sqlite/write/journal-options.ts'
import { CHAIN } from '../indexer/harness.ts'
import { inFolder } from './built-file.ts'
import { append, BLOCK, type Block, blocksOf, Load } from './published-blocks.ts'

const ALL = { scope: { type: 'all' }, from: 0 } as const
const FIRST = blocksOf([BLOCK, BLOCK], 0)

/** Publishes blocks, and repairs the first one. */
async function loaded(journal: Journal): Promise<Load> {
  const load = new Load(journal)
  await load.publish(FIRST)
  const [block] = FIRST
  await journal.repair([{ ...(block as Block), transfers: [] }])
  return load
}

async function opened<T>(
  folder: string,
  work: (journal: Journal) => Promise<T>,
  onStep: (step: JournalStep) => void = () => undefined,
): Promise<T> {
  const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS, onStep })
  const journal = await store.openJournal(CHAIN, ALL)
  try {
    return await work(journal)
  } finally {
    await journal.close()
    await store.close()
  }
}

function repairedIn(folder: string): unknown {
  const db = new Database(join(folder, 'eip155_1.g1.db'), { readonly: true })
  try {
    return db.prepare('SELECT block FROM repaired').pluck().all()
  } finally {
    db.close()
  }
}

test.each(['end:log', 'end:repairs'] as const)('a load that ends in a crash at %s is not gone on with', async (at) => {
  await inFolder(async (folder) => {
    const crash = (step: JournalStep): void => {
      if (step === at) throw new Error('crash')
    }
    const end = async (journal: Journal): Promise<void> => (await loaded(journal)).end()
    await expect(opened(folder, end, crash)).rejects.toThrow('crash')
    await opened(folder, async ({ bulk }) => {
      // A log without the repairs of its blocks would bring back what was repaired.
      expect(openRawLog(bulk?.folder ?? '', 'test')?.mark).toBeUndefined()
    })
    expect([existsSync(join(folder, 'eip155_1.bulk')), existsSync(join(folder, 'eip155_1.bulk.old'))]).toEqual([
      false,
      false,
    ])
  })
})

test('a log that a crash before the end left is removed once blocks are appended', async () => {
  await inFolder(async (folder) => {
    await opened(folder, async (journal) => void (await loaded(journal)))
    expect([existsSync(join(folder, 'eip155_1.bulk')), repairedIn(folder)]).toEqual([true, [0]])
    await opened(folder, async (journal) => {
      await append(journal, blocksOf([BLOCK], 2))
      expect(existsSync(join(folder, 'eip155_1.bulk'))).toBe(false)
    })
    expect(repairedIn(folder)).toEqual([])
  })
})
