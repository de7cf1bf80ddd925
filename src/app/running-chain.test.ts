import { beforeEach, expect, test, vi } from 'vitest'
import type { ChainConfig } from '../config/chains.ts'
import type { BlockRef } from '../core/block.ts'
import { parseChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { type IndexerReport, REPORT_STALE_MS } from '../store/seam/indexer-reports.ts'
import { unwrittenClock } from '../store/seam/unwritten-clock.ts'
import { parseAppConfig } from './app-config.ts'
import { configuredKind } from './configured-store.ts'
import type { OpenChain } from './open-chain.ts'
import { RunningChain } from './running-chain.ts'

const CHAIN = parseChainId('eip155:1')
const text = 'chains: [{ id: "eip155:1", rpc: ["http://127.0.0.1:1"] }]'
const [config] = parseAppConfig({ text, name: 'test', folder: '/', env: {} }).chains

const reportOf = (parts: Partial<IndexerReport> = {}): IndexerReport => ({
  at: Date.now(),
  hasEnded: false,
  stopped: undefined,
  beat: undefined,
  heads: [],
  wait: undefined,
  nodeWarnings: [],
  ...parts,
})

let failures: ServiceError[]
let heads: (BlockRef & { readonly at: number })[]
let report: IndexerReport | undefined
beforeEach(() => {
  failures = []
  heads = []
  report = undefined
})

/** A chain whose store has one report, and whose reader notes heads. `asked` is called and waited for at each read of the store. */
function chainOf(runsIndexer: boolean, asked = async (): Promise<void> => undefined): RunningChain {
  const chain = new RunningChain({
    config: mustBe<ChainConfig>(config),
    kind: configuredKind(mustBe(CHAIN)),
    store: {
      reports: {
        put: async () => expect.fail('a process that answers reports nothing'),
        all: async () => {
          await asked()
          return new Map(report === undefined ? [] : [[mustBe(CHAIN), report]])
        },
      },
      comparisons: { add: async () => undefined, take: async () => [] },
    },
    runsIndexer,
    onFailure: (error) => failures.push(error),
  })
  const reader = { noteHead: (block: BlockRef, at: number) => heads.push({ ...block, at }) }
  const clock = async () => {
    await asked()
    return unwrittenClock(undefined)
  }
  const reads = { clock }
  chain.setOpen(Object.assign(Object.create(null), { reader, reads }) satisfies OpenChain)
  return chain
}

function mustBe<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('the configuration of the test is valid')
  return value
}

test('heads that other processes report reach the reader once, with the time of the node', () => {
  const chain = chainOf(false)
  const [nine, ten] = [
    { number: 9, hash: '0x9', at: 100 },
    { number: 10, hash: '0xa', at: 112 },
  ]
  chain.told(reportOf({ heads: [nine] }))
  chain.told(reportOf({ heads: [nine, ten] }))
  expect(heads).toEqual([nine, ten])
})

test('heads of an indexer that has ended, or ran before this process, are none', () => {
  const old = { heads: [{ number: 9, hash: '0x9', at: 100 }] }
  chainOf(false).told(reportOf({ ...old, hasEnded: true }))
  chainOf(true).told(reportOf({ ...old, at: Date.now() - 1_000 }))
  expect(heads).toEqual([])
})

test('report and clock are asked for at once, so a store that does not answer delays the clock once', async () => {
  let [asked, go] = [0, (): void => undefined]
  const both = new Promise<void>((resolve) => {
    go = resolve
  })
  const chain = chainOf(false, () => {
    if (++asked === 2) go()
    return both
  })
  expect(await chain.clock()).toMatchObject(unwrittenClock(undefined))
})

test('what the indexer waits for, and that it is missing, dead or has ended, is said', async () => {
  const waitOf = async (chain: RunningChain, next: IndexerReport | undefined) => {
    report = next
    await chain.clock()
    return chain.served().wait?.()?.for
  }
  const chain = chainOf(false)
  expect(await waitOf(chain, undefined)).toMatch(/^an indexer: none has run yet.*--role indexer/)
  expect(await waitOf(chain, reportOf())).toBeUndefined()
  expect(await waitOf(chain, reportOf({ wait: { for: 'block 9', since: 1 } }))).toBe('block 9')
  expect(await waitOf(chain, reportOf({ hasEnded: true }))).toContain('the last one has ended')
  const dead = Date.now() - REPORT_STALE_MS - 1
  expect(await waitOf(chain, reportOf({ at: dead }))).toContain('does not report any more')
  // The own indexer is about to report.
  expect(await waitOf(chainOf(true), reportOf({ hasEnded: true }))).toBeUndefined()
  expect(await waitOf(chainOf(true), undefined)).toBeUndefined()
})

test('a store that cannot be read is the error, whatever was reported before', async () => {
  const beat = { state: 'live', head: undefined, caughtUpAt: 5, error: undefined, counts: {}, at: 6 } as const
  report = reportOf({ at: Date.now() - REPORT_STALE_MS + 500, beat })
  let isAway = false
  const chain = chainOf(false, async () => {
    if (isAway) throw new ServiceError('STORE_UNAVAILABLE', 'no server answers')
  })
  expect(await chain.clock()).toMatchObject({ error: undefined, beatAt: 6 })
  isAway = true
  expect(await chain.clock()).toMatchObject({ error: 'no server answers', beatAt: 6 })
  await vi.waitFor(() => expect(Date.now() - (report?.at ?? 0)).toBeGreaterThan(REPORT_STALE_MS))
  expect(chain.served().wait?.()).toBeUndefined()
  isAway = false
  expect(await chain.clock()).toMatchObject({ error: undefined })
})

test('a newer heartbeat than the stored one counts, and an ended indexer is not stopped', async () => {
  const beat = {
    state: 'live',
    head: undefined,
    caughtUpAt: 5,
    error: 'the disk is full',
    counts: { calls: 3 },
  } as const
  const chain = chainOf(false)
  report = reportOf({ beat: { ...beat, at: 6 } })
  expect(await chain.clock()).toMatchObject({
    state: 'live',
    error: 'the disk is full',
    beatAt: 6,
    counts: { calls: 3 },
  })
  // What is known true is not newer than what is stored.
  expect((await chain.clock()).caughtUpAt).toBeUndefined()
  const stopped = { code: undefined, error: 'it crashed' }
  report = reportOf({ stopped })
  expect(await chain.clock()).toMatchObject({ state: 'stopped', error: 'it crashed' })
  report = reportOf({ stopped, hasEnded: true })
  expect(await chain.clock()).toMatchObject({ state: 'starting', error: undefined })
})

test('files that the indexer found damaged stop the chain here too, but not those of an earlier run', () => {
  const stopped = { code: 'STORE_DAMAGED', error: 'eip155_1.db is damaged' }
  vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] })
  const chain = chainOf(false)
  chain.told(reportOf({ at: Date.now() - 1, stopped }))
  expect(failures).toEqual([])
  chain.told(reportOf({ stopped }))
  expect(failures.map(({ code }) => code)).toEqual(['STORE_DAMAGED'])
  expect(() => chain.use()).toThrow('eip155_1.db is damaged')
  vi.useRealTimers()
})
