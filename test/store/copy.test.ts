import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runToExit } from '../../src/cli/outcome.ts'
import { createProgram } from '../../src/cli/program.ts'
import { copyStore } from '../../src/store/copy-store.ts'
import { lookAtStore, partsOf } from '../../src/store/open.ts'
import type { Store } from '../../src/store/seam/store.ts'
import type { StorePart } from '../../src/store/seam/store-parts.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, makeBlock } from './chains.ts'
import { placeMaker, type StorePlace } from './engines.ts'
import { fillRecords, WALLET } from './filled-store.ts'

const PARTS: readonly StorePart[] = [{ of: 'store' }, { of: 'journal', chain: CHAIN }, { of: 'reads', chain: CHAIN }]
const BLOCKS = 30

async function makePlace(engine: string): Promise<StorePlace> {
  const place = await placeMaker(engine)()
  onTestFinished(() => place.end())
  return place
}

/** Fills a store with something of everything. */
async function fill(place: StorePlace): Promise<void> {
  const store = await place.open()
  await fillRecords(store)
  await index(store)
  await store.close()
}

async function index(store: Store): Promise<void> {
  const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  const chains = fc.sample(blockMovements, { numRuns: BLOCKS, seed: 7 })
  for (const [number, movements] of chains.entries()) {
    const header = { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
    const block = makeBlock(movements, header)
    await journal.append({ first: number, through: header, blocks: [block], headers: [header] })
  }
  await journal.close()
  const reads = await store.openReads(CHAIN)
  const [asset] = ASSETS
  const key = { account: ACCOUNTS[1] ?? '', asset, item: '' }
  await reads.observations.put([{ ...key, block: { number: 3, hash: hashOf(0, 3) }, amount: 9n, observedAt: 4 }])
  await reads.learned.add(['a', 'b'])
}

type Located = Pick<StorePlace, 'url'>

async function copy(from: Located, to: Located, signal = new AbortController().signal): Promise<number> {
  const stores = { from: partsOf(from.url), to: partsOf(to.url) }
  return copyStore({ ...stores, parts: PARTS, onProgress: () => undefined, signal })
}

async function expectEqual(from: StorePlace, to: StorePlace): Promise<void> {
  expect(await to.dumpChain(CHAIN)).toEqual(await from.dumpChain(CHAIN))
  const [one, other] = [await from.open(), await to.open()]
  const custody = async ({ custody: { members, wallets } }: Store) => [
    await wallets.get({ principal: 'p', wallet: 'w1' }),
    await members.rows({ principal: 'p' }, { after: 0, limit: 9 }),
  ]
  expect(await custody(other)).toEqual(await custody(one))
  expect(await other.keys.list()).toEqual(await one.keys.list())
  const [theirs, ours] = [await one.openReads(CHAIN), await other.openReads(CHAIN)]
  const all = { after: { share: 0 }, limit: 99 } as const
  expect(await ours.observations.walk(all)).toEqual(await theirs.observations.walk(all))
  expect(await ours.learned.since(0)).toEqual(['a', 'b'])
}

test.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['sqlite', 'sqlite'],
])('a copy from %s to %s has all rows, and goes on as the first store does', async (from, to) => {
  const [source, target] = [await makePlace(from), await makePlace(to)]
  await fill(source)
  expect(await copy(source, target)).toBeGreaterThan(BLOCKS)
  await expectEqual(source, target)
  const store = await target.open()
  const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  expect((await journal.state()).written?.number).toBe(BLOCKS - 1)
  await journal.rollback({ number: BLOCKS - 3, hash: hashOf(0, BLOCKS - 3) })
  await journal.close()
  expect(await store.custody.wallets.add({ ...WALLET, uuid: 'w2' }, 9)).toBe(true)
  expect(await store.custody.wallets.get({ principal: 'p', wallet: 'w2' })).toMatchObject({ uuid: 'w2' })
})

test('a copy that was interrupted goes on, and one that is complete copies nothing again', async () => {
  const [source, target] = [await makePlace('sqlite'), await makePlace('postgres')]
  await fill(source)
  const [from, to] = [partsOf(source.url), partsOf(target.url)]
  const stop = new AbortController()
  let tables = 0
  const onProgress = (): void => {
    if (++tables === 6) stop.abort()
  }
  await expect(copyStore({ from, to, parts: PARTS, onProgress, signal: stop.signal })).rejects.toThrow()
  expect(await copy(source, target)).toBeGreaterThan(0)
  await expectEqual(source, target)
  expect(await copy(source, target)).toBe(0)
})

test('a store with rows of its own, one that is being written, and one that is not there are refused', async () => {
  const [source, target] = [await makePlace('sqlite'), await makePlace('postgres')]
  await expect(copy(source, target)).rejects.toMatchObject({ code: 'STORE_MISSING' })
  await fill(source)
  const other = await target.open()
  await other.custody.wallets.add({ ...WALLET, uuid: 'of another store' }, 9)
  const before = await other.dump()
  await expect(copy(source, target)).rejects.toMatchObject({
    code: 'STORE_MISMATCH',
    message: expect.stringContaining('has rows of its own in custody_'),
  })
  expect(await other.dump()).toEqual(before)
  const journal = await (await source.open()).openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  const unmade = await makePlace('postgres')
  await expect(copy(source, unmade)).rejects.toMatchObject({ code: 'LEASE_HELD' })
  await expect(partsOf(unmade.url)({ of: 'store' }, 'read')).rejects.toMatchObject({ code: 'STORE_MISSING' })
  await journal.close()
})

test.each([
  ['sqlite', (url: string) => `${url}/../${basename(url)}/`],
  ['postgres', (url: string) => `${url.replace('postgres:', 'postgresql:')}&keepalives=1`],
])('two URLs of one store of %s are known as such, and servers on it are seen', async (engine, otherwise) => {
  const [place, another] = [await makePlace(engine), await makePlace(engine)]
  const before = await lookAtStore(place.url)
  expect(before.isUsed).toBe(false)
  const store = await place.open()
  await fillRecords(store)
  const { identity, isUsed } = await lookAtStore(otherwise(place.url))
  expect([identity, isUsed]).toEqual([before.identity, true])
  expect((await lookAtStore(another.url)).identity).not.toBe(identity)
  await store.close()
  expect((await lookAtStore(place.url)).isUsed).toBe(false)
})

test.each([
  ['sqlite', 'the store', 'PRAGMA user_version = 99'],
  ['postgres', 'the store', 'INSERT INTO migrations (number) VALUES (99)'],
  ['postgres', 'a chain', 'INSERT INTO migrations (number) VALUES (99)'],
])('in %s, %s that a newer version made is not copied', async (engine, part, raise) => {
  const [source, target] = [await makePlace(engine), await makePlace('sqlite')]
  await fill(source)
  await (part === 'a chain' ? source.exec(CHAIN, raise) : source.execRecords(raise))
  await expect(copy(source, target)).rejects.toMatchObject({
    code: 'STORE_MISMATCH',
    message: expect.stringContaining('use that version'),
  })
  expect(existsSync(`${target.url.slice('sqlite:'.length)}/steelyard.db`)).toBe(false)
})

test('the command that updates tables does so while a server writes the chain', async () => {
  const place = await makePlace('postgres')
  await place.openChain()
  let said = ''
  const err = (text: string): void => {
    said += text
  }
  const terminal = { out: () => undefined, err }
  vi.stubEnv('STEELYARD_STORE', place.url)
  vi.stubEnv('STEELYARD_CHAINS', `[{ id: "${CHAIN}", rpc: ["http://127.0.0.1:1"] }]`)
  try {
    const args = ['node', 'steelyard', 'migrate']
    const code = await runToExit(async () => void (await createProgram(terminal).parseAsync(args)), terminal, false)
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('is ready for this version') })
  } finally {
    vi.unstubAllEnvs()
  }
})

test('the command refuses the store to copy from, and stores with servers, and takes URLs from the environment', async () => {
  const [source, target] = [await makePlace('postgres'), await makePlace('sqlite')]
  const store = await source.open()
  vi.stubEnv('STEELYARD_COPY_FROM', source.url)
  const run = async (to: string) => {
    let said = ''
    const err = (text: string): void => {
      said += text
    }
    const terminal = { out: () => undefined, err }
    vi.stubEnv('STEELYARD_COPY_TO', to)
    vi.stubEnv('STEELYARD_CHAINS', '[{ id: "ledger:main" }]')
    const args = ['node', 'steelyard', 'copy']
    const code = await runToExit(async () => void (await createProgram(terminal).parseAsync(args)), terminal, false)
    return { code, said: said.split('\n').at(-2) }
  }
  try {
    expect(await run(`${source.url}&keepalives=1`)).toEqual({
      code: 2,
      said: 'steelyard: --to: got the store to copy from, expected another one',
    })
    expect(await run(target.url)).toEqual({
      code: 1,
      said: expect.stringMatching(/^steelyard: Steelyard has schema .* open: stop all of its servers first/),
    })
    await store.close()
    expect(await run(target.url)).toMatchObject({ code: 0, said: expect.stringMatching(/^Copied /) })
  } finally {
    vi.unstubAllEnvs()
  }
})

test('a copy to a folder that is not there makes it, and one from such a folder fails and makes nothing', async () => {
  const [source, target] = [await makePlace('postgres'), await makePlace('sqlite')]
  await fill(source)
  const at = (name: string): Located => ({ url: `${target.url}/deep/${name}` })
  expect(await copy(source, at('made'))).toBeGreaterThan(BLOCKS)
  await expect(copy(at('missing'), target)).rejects.toMatchObject({ code: 'STORE_MISSING' })
  expect(existsSync(at('missing').url.slice('sqlite:'.length))).toBe(false)
})
