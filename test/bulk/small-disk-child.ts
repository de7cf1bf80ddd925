/**
 * `small-disk-child.ts FOLDER STEP`: loads a chain in bulk into FOLDER/small, a file system of its own, which is full from a step
 * on, reads what is published there, makes room, and loads again. Prints what happened, as JSON.
 */
import { closeSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import { codeOf } from '../../src/core/errors.ts'
import type { IndexerReport } from '../../src/indexer/indexer-options.ts'
import { keepReserve } from '../../src/store/sqlite/reserve.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { dumpChain } from '../store/dump.ts'
import { dumpOf, index, makeChain } from './final-chain.ts'

/** What a load on a disk that was full for a while did. */
export type SmallDisk = {
  /** How the load failed. */
  readonly failed: string
  /** How a second load on the full disk failed. */
  readonly again: string
  /** The published block as read on the full disk, and again after the second load failed. */
  readonly read: readonly (number | undefined)[]
  /** The dump of the facts file on the full disk, if one was published. */
  readonly dump: readonly string[] | undefined
  /** How the load went on with room failed, if it did. */
  readonly failedLater: string
  /** The first block that it asked for. */
  readonly asked: number | undefined
  readonly whole: readonly string[]
}

const [folder = '', step = ''] = process.argv.slice(2)
const small = join(folder, 'small')
const ballast = join(small, 'ballast')

/** Takes all room there is, to the last byte. */
function fill(): void {
  const fd = openSync(ballast, 'a')
  try {
    for (let bytes = 1 << 20; bytes > 0; ) {
      try {
        writeSync(fd, Buffer.alloc(bytes))
      } catch {
        bytes >>= 1
      }
    }
  } finally {
    closeSync(fd)
  }
  if (statfsSync(small).bavail > 0) throw new Error('there is room left')
}

/** Seconds pass between any two answers, so that generations become due. */
function clock(): () => number {
  let at = 0
  return () => {
    at += 3_000
    return at
  }
}

async function publishedBlock(): Promise<number | undefined> {
  const store = new SqliteStore({ folder: small, codecOf: () => HEX_ACCOUNTS })
  try {
    const reads = await store.openReads(CHAIN)
    const { clock } = await reads.balances([])
    return clock.published?.number
  } finally {
    await store.close()
  }
}

/** How an indexer ended. */
function said(error: unknown): string {
  return error === undefined ? 'done' : codeOf(error)
}

keepReserve(small)
const reports: IndexerReport[] = []
let isFull = false
const fillOnce = (): void => {
  if (!isFull) fill()
  isFull = true
}
const isPublished = (): boolean => reports.some(({ written }) => written !== undefined)
const failed = await index(small, {
  ...{ isBulk: true, isEager: true, reports, now: clock() },
  chain: makeChain((first) => {
    if (first > (step === 'fetch' ? 1_500 : step === 'first fetch' ? 0 : Infinity)) fillOnce()
  }),
  onStep: (at) => {
    if (at === step && isPublished()) fillOnce()
  },
})
const read = [await publishedBlock()]
const current = read[0] === undefined ? undefined : readFileSync(join(small, 'eip155_1.current'), 'utf8').trim()
const dump = current === undefined ? undefined : dumpChain(join(small, current))
const again = await index(small, { isBulk: true, isEager: true, now: clock() }).catch((error: unknown) => error)
read.push(await publishedBlock())
rmSync(ballast, { force: true })
const asked: number[] = []
const later = await index(small, {
  isBulk: true,
  isEager: true,
  now: clock(),
  chain: makeChain((first) => void asked.push(first)),
})
const result: SmallDisk = {
  ...{ failed: said(failed), again: said(again), read, dump },
  failedLater: said(later),
  ...{ asked: asked[0], whole: dumpOf(small) },
}
process.stdout.write(JSON.stringify(result))
