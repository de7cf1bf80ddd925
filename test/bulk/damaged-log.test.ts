/** Loads with a raw log that is removed, cut or damaged while they run. */
import { readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { FRAME } from '../../src/bulk/raw-log/frames.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { codeOf } from '../../src/core/errors.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { inFolder } from './built-file.ts'
import { ALL, dumpOf, index, makeChain } from './final-chain.ts'
import { BLOCK, blocksOf, Load } from './published-blocks.ts'

const SAID = /raw\.(log|assets|mark) (was removed or cut|is damaged)/

/** What happens to the folder of a log, and what the load says of it. */
type Damage = { readonly name: string; readonly damage: (log: string) => void; readonly says: RegExp | undefined }

const DAMAGES: readonly Damage[] = [
  { name: 'the folder is removed', damage: (log) => rmSync(log, { recursive: true }), says: SAID },
  { name: 'the folder is moved away', damage: (log) => renameSync(log, `${log}.away`), says: SAID },
  { name: 'the records are removed', damage: (log) => rmSync(join(log, 'raw.log')), says: SAID },
  { name: 'the records are replaced', damage: (log) => replace(join(log, 'raw.log')), says: SAID },
  { name: 'the dictionary is removed', damage: (log) => rmSync(join(log, 'raw.assets')), says: SAID },
  { name: 'the dictionary is cut', damage: (log) => truncateSync(join(log, 'raw.assets'), 9), says: SAID },
  { name: 'the records are cut to nothing', damage: (log) => truncateSync(join(log, 'raw.log'), 0), says: SAID },
  { name: 'the records are cut by a frame', damage: (log) => cut(join(log, 'raw.log'), FRAME), says: SAID },
  { name: 'the first frame is damaged', damage: (log) => flip(join(log, 'raw.log'), 100), says: SAID },
  { name: 'the last frame is damaged', damage: (log) => flip(join(log, 'raw.log'), -FRAME + 100), says: SAID },
  // The next mark replaces it.
  { name: 'the mark is removed', damage: (log) => rmSync(join(log, 'raw.mark'), { force: true }), says: undefined },
]

function cut(file: string, by: number): void {
  truncateSync(file, statSync(file).size - by)
}

function replace(file: string): void {
  const bytes = readFileSync(file)
  rmSync(file)
  writeFileSync(file, bytes)
}

/** Flips a bit. `at`: from the end if it is negative. */
function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  const offset = at < 0 ? bytes.length + at : at
  bytes[offset] = (bytes[offset] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

let whole: readonly string[] = []
beforeAll(() =>
  inFolder(async (folder) => {
    await index(folder, { isBulk: false })
    whole = dumpOf(folder)
  }),
)

/** Seconds pass between any two answers, so that generations become due. */
function clock(): () => number {
  let at = 0
  return () => {
    at += 3_000
    return at
  }
}

/** Loads until all is stored. `log`: the folder of the raw log. Returns the errors on the way. */
async function load(folder: string, damageAt: (log: string, asked: number) => void): Promise<readonly unknown[]> {
  const errors: unknown[] = []
  let asked = 0
  const chain = makeChain(() => damageAt(join(folder, 'eip155_1.bulk'), ++asked))
  const now = clock()
  while (errors.length < 5) {
    const error = await index(folder, { isBulk: true, chain, now })
    if (error === undefined) return errors
    errors.push(error)
  }
  return errors
}

test.each(DAMAGES)(
  'if $name after a generation is published, and sometimes before, that is said, and all is stored in the end',
  async ({ name, damage, says }) => {
    for (const at of name.includes('frame') ? [300, 1_500] : [1_500]) {
      await inFolder(async (folder) => {
        const errors = await load(folder, (log, asked) => {
          if (asked === at) damage(log)
        })
        expect(errors.map(codeOf)).toEqual(says === undefined ? [] : ['STORE_UNAVAILABLE'])
        for (const error of errors) expect((error as Error).message).toMatch(says ?? /^$/)
        expect(dumpOf(folder)).toEqual(whole)
      })
    }
  },
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
