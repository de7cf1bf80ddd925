/** Loads with a raw log that is removed, cut or damaged while they run. */
import { readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { FRAME } from '../../src/bulk/raw-log/frames.ts'
import { codeOf } from '../../src/core/errors.ts'
import { inFolder } from './built-file.ts'
import { dumpOf, index, makeChain } from './final-chain.ts'

const SAID = /raw\.(log|assets|mark) (was removed or cut|is damaged)/

/** What happens to the folder of a log, and what the load says of it. */
export type Damage = {
  readonly name: string
  readonly damage: (log: string) => void
  readonly says: RegExp | undefined
}

/** All that can happen to it. */
export const DAMAGES: readonly Damage[] = [
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

/** Seconds pass between any two answers, so that generations become due. */
function clock(): () => number {
  let at = 0
  return () => {
    at += 3_000
    return at
  }
}

/** Loads until all is stored. `log`: the folder of the raw log. Returns the errors on the way. */
export async function load(
  folder: string,
  damageAt: (log: string, asked: number) => void,
): Promise<readonly unknown[]> {
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

/** Loads while the log is damaged after so many answers. What is published stays, that is said, and all is stored in the end. */
export async function expectMended({ damage, says }: Damage, at: number, whole: readonly string[]): Promise<void> {
  await inFolder(async (folder) => {
    const errors = await load(folder, (log, asked) => {
      if (asked === at) damage(log)
    })
    expect(errors.map(codeOf)).toEqual(says === undefined ? [] : ['STORE_UNAVAILABLE'])
    for (const error of errors) expect(String(error)).toMatch(says ?? /^$/)
    expect(dumpOf(folder)).toEqual(whole)
  })
}

/** The dump of the chain as it is appended. */
export function appendedDump(): Promise<readonly string[]> {
  return inFolder(async (folder) => {
    await index(folder, { isBulk: false })
    return dumpOf(folder)
  })
}
