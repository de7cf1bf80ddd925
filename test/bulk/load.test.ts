/** The indexer with a bulk load, against one that appends. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { IndexerReport } from '../../src/indexer/indexer-options.ts'
import { ASSETS } from '../store/chains.ts'
import { inFolder } from './built-file.ts'
import { dumpOf, FINAL, HEAD, index, makeChain } from './final-chain.ts'

test('a chain is loaded in bulk up to its final block and then followed, as if it had been appended', async () => {
  await inFolder(async (folder) => {
    const [bulk, appended] = [join(folder, 'bulk'), join(folder, 'appended')]
    const reports: IndexerReport[] = []
    expect(await index(bulk, { isBulk: true, reports })).toBeUndefined()
    expect(await index(appended, { isBulk: false })).toBeUndefined()
    expect(dumpOf(bulk)).toEqual(dumpOf(appended))
    expect(reports.at(-1)).toMatchObject({ state: 'live', written: HEAD })
    expect(reports.some(({ fetched, written }) => fetched?.block === FINAL && written === undefined)).toBe(true)
    expect(existsSync(join(bulk, 'eip155_1.bulk'))).toBe(false)
  })
}, 120_000)

test('a load that failed goes on from its log', async () => {
  await inFolder(async (folder) => {
    const [bulk, appended] = [join(folder, 'bulk'), join(folder, 'appended')]
    const asked: number[] = []
    const cut = makeChain((first) => {
      if (first > 1_500) throw new Error('the node is gone')
    })
    expect(await index(bulk, { chain: cut, isBulk: true })).toMatchObject({ message: 'the node is gone' })
    expect(existsSync(join(bulk, 'eip155_1.bulk'))).toBe(true)
    const whole = makeChain((first) => void asked.push(first))
    expect(await index(bulk, { chain: whole, isBulk: true })).toBeUndefined()
    expect(Math.min(...asked)).toBeGreaterThan(0)
    await index(appended, { isBulk: false })
    expect(dumpOf(bulk)).toEqual(dumpOf(appended))
  })
}, 120_000)

/** How often the chain has each transfer, so that its blocks are worth a bulk load although they are few. */
const DENSE = 10

/** Indexes the blocks of a chain up to one without a bulk load. */
function indexUpTo(folder: string, last: number, times: number): Promise<unknown> {
  const cut = makeChain(
    (first) => {
      if (first > last) throw new Error('the node is gone')
    },
    HEAD,
    times,
  )
  // Seconds pass between any two answers, so that each is committed.
  let at = 0
  const now = (): number => {
    at += 3_000
    return at
  }
  return index(folder, { chain: cut, isBulk: false, now })
}

test.each([
  ['a gap of few transfers is appended', 1, 'eip155_1.db'],
  ['after a long pause, all is built anew', DENSE, 'eip155_1.g1.db'],
])(
  '%s to a chain that was begun without a bulk load',
  async (_, times, file) => {
    await inFolder(async (folder) => {
      expect(await indexUpTo(folder, 500, times)).toMatchObject({ message: 'the node is gone' })
      const reports: IndexerReport[] = []
      const chain = makeChain(undefined, HEAD, times)
      expect(await index(folder, { chain, isBulk: true, reports })).toBeUndefined()
      expect(readdirSync(folder)).toContain(file)
      expect(existsSync(join(folder, 'eip155_1.bulk'))).toBe(false)
      // What was stored stays readable, and only what is new is counted.
      const written = reports.flatMap((report) => (report.written === undefined ? [] : [report.written]))
      expect(Math.min(...written)).toBeGreaterThan(0)
      expect(reports.at(-1)?.transfers).toBeLessThan(times * ASSETS.length * (HEAD / 3))
      expect(reports.some(({ isFetched = false }) => isFetched)).toBe(file.includes('.g1.'))
      const other = join(folder, 'other')
      await index(other, { chain, isBulk: true })
      expect(dumpOf(folder)).toEqual(dumpOf(other))
    })
  },
  30_000,
)

test('a short new chain of many transfers is loaded in bulk once its first blocks are stored', async () => {
  await inFolder(async (folder) => {
    const [bulk, appended] = [join(folder, 'bulk'), join(folder, 'appended')]
    const reports: IndexerReport[] = []
    const chain = makeChain(undefined, 900, DENSE)
    expect(await index(bulk, { chain, isBulk: true, reports })).toBeUndefined()
    const written = reports.flatMap((report) => (report.written === undefined ? [] : [report.written]))
    // The first answer of the node is stored at once.
    expect(Math.min(...written)).toBeLessThan(100)
    expect(readdirSync(bulk)).toContain('eip155_1.g1.db')
    await index(appended, { chain, isBulk: false })
    expect(dumpOf(bulk)).toEqual(dumpOf(appended))
  })
}, 60_000)

test('a load publishes generation after generation while it fetches', async () => {
  await inFolder(async (folder) => {
    const [bulk, appended] = [join(folder, 'bulk'), join(folder, 'appended')]
    const reports: IndexerReport[] = []
    let at = 0
    // Seconds pass between any two answers, so that generations become due.
    const now = (): number => {
      at += 3_000
      return at
    }
    expect(await index(bulk, { isBulk: true, reports, now })).toBeUndefined()
    await index(appended, { isBulk: false })
    const published = new Set(reports.flatMap(({ written }) => (written === undefined ? [] : [written])))
    expect([...published].filter((block) => block < FINAL).length).toBeGreaterThan(0)
    expect(published.has(HEAD)).toBe(true)
    expect(dumpOf(bulk)).toEqual(dumpOf(appended))
  })
}, 120_000)
