import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { DEFAULT_SHAPE } from '../../../bench/chain/generator.ts'
import { type GeneratedNode, startGeneratedNode } from '../../../bench/chain/start.ts'
import type { ChainAdapter } from '../../chains/adapter.ts'
import { createEvmAdapter } from '../../chains/evm/adapter.ts'
import { HEX_ACCOUNTS } from '../../core/account.ts'
import { parseChainId } from '../../core/chain.ts'
import { ServiceError } from '../../core/errors.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import { backfill } from '../../indexer/backfill.ts'
import type { Mark } from '../raw-log/mark.ts'
import { openRawLog, RawLogReader } from '../raw-log/raw-log-reader.ts'
import { RawLogWriter } from '../raw-log/raw-log-writer.ts'
import { type FetchToLogOptions, fetchToLog, isStillOnChain } from './fetch-to-log.ts'

const SIGNAL = new AbortController().signal
const ORIGIN = 'test'
const ALL = { type: 'all' } as const
const PROCESS = fileURLToPath(new URL('./fetch-process.fixture.ts', import.meta.url))

let node: GeneratedNode
let truth: readonly BlockTransfers[]
beforeAll(async () => {
  node = await startGeneratedNode({ ...DEFAULT_SHAPE, transfers: 60_000, accounts: 3_000, tokens: 40 })
  const blocks: BlockTransfers[] = []
  for await (const batch of backfill({ adapter: adapter(), scope: ALL, ...options(), signal: SIGNAL })) {
    blocks.push(...batch.blocks)
  }
  truth = blocks
}, 180_000)
afterAll(() => node.stop())

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fetch-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function adapter(): ChainAdapter {
  const chain = parseChainId('eip155:1')
  if (chain === undefined) throw new Error('a chain id')
  return createEvmAdapter({ chain, rpc: [node.url], finality: 'finalized', warn: () => undefined }).adapter
}

function options() {
  return { first: 0, last: node.head, now: () => performance.now() }
}

function writer(): RawLogWriter {
  return new RawLogWriter({ folder, origin: ORIGIN, codec: HEX_ACCOUNTS })
}

async function fetchAll(given: Partial<FetchToLogOptions> = {}) {
  const into = given.writer ?? writer()
  try {
    return await fetchToLog({
      adapter: adapter(),
      scope: ALL,
      codec: HEX_ACCOUNTS,
      writer: into,
      signal: SIGNAL,
      ...options(),
      ...given,
    })
  } finally {
    await into.close()
  }
}

function read(): readonly BlockTransfers[] {
  return [...(openRawLog(folder, ORIGIN)?.blocks(HEX_ACCOUNTS) ?? [])]
}

test('the log has the blocks that a backfill gives', async () => {
  const mark = await fetchAll()
  expect(mark).toMatchObject({ transfers: 60_000, blocks: truth.length, through: { number: node.head } })
  expect(read()).toEqual(truth)
})

test('an adapter that makes objects gives the same log', async () => {
  const { packTransfers: _, ...plain } = adapter()
  const mark = await fetchAll({ adapter: plain })
  expect(read()).toEqual(truth)
  expect(await fetchAll()).toEqual(mark)
})

test('a log of some tokens has their transfers', async () => {
  const tokens = [...new Set(truth.flatMap(({ transfers }) => transfers.map(({ asset }) => asset.reference)))].slice(
    0,
    3,
  )
  await fetchAll({ scope: { type: 'tokens', tokens } })
  const own = truth.map((block) => ({
    ...block,
    transfers: block.transfers.filter(({ asset }) => tokens.includes(asset.reference)),
  }))
  expect(read()).toEqual(own.filter(({ transfers }) => transfers.length > 0))
})

test('a log goes on where it ended, and the dictionary is that of one run', async () => {
  const half = Math.floor(node.head / 2)
  await fetchAll({ last: half })
  expect(openRawLog(folder, ORIGIN)?.mark.through?.number).toBe(half)
  const mark = await fetchAll()
  expect(read()).toEqual(truth)
  const assets = openRawLog(folder, ORIGIN)?.assets
  const met = [...new Set(truth.flatMap(({ transfers }) => transfers.map(({ asset }) => asset.reference)))]
  expect(Array.from({ length: mark.assets }, (__, index) => assets?.at(index).reference)).toEqual(met)
})

test('what is written can be read before it is durable, and each durable mark is behind that', async () => {
  let time = 0
  const told: { readonly mark: Mark; readonly isDurable: boolean }[] = []
  const mark = await fetchAll({
    now: () => (time += 70),
    start: { blocks: 10, ceiling: 10, successes: 0 },
    onMark: (durable) => told.push({ mark: durable, isDurable: true }),
    onReadable: (readable) => {
      told.push({ mark: readable, isDurable: false })
      const transfers = [...new RawLogReader(folder, readable).blocks(HEX_ACCOUNTS)].map((block) => block.transfers)
      const through = readable.through?.number ?? -1
      expect(transfers).toEqual(truth.filter(({ number }) => number <= through).map((block) => block.transfers))
    },
  })
  expect(told.filter(({ isDurable }) => !isDurable).length).toBeGreaterThan(2)
  const bytes = told.map((one) => one.mark.bytes)
  expect(bytes).toEqual([...bytes].sort((a, b) => a - b))
  expect(told.at(-1)).toEqual({ mark, isDurable: true })
})

test('an error keeps what is marked', async () => {
  const failing = adapter()
  const pack = failing.packTransfers?.bind(failing)
  let asked = 0
  const broken: ChainAdapter = {
    ...failing,
    packTransfers: async (range, into, signal) => {
      if (++asked > 3) throw new ServiceError('NODE_UNREACHABLE', 'gone')
      await pack?.(range, into, signal)
    },
  }
  await expect(fetchAll({ adapter: broken, start: { blocks: 25, ceiling: 25, successes: 0 } })).rejects.toThrow('gone')
  await fetchAll()
  expect(read()).toEqual(truth)
})

test('a full disk stops the fetch with its error, and a later one goes on', async () => {
  const into = writer()
  const full = new Proxy(into, {
    get: (target, name) => {
      if (name === 'appendPacked' && into.appended.transfers > 20_000) {
        throw new ServiceError('STORE_FULL', 'no room')
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  await expect(fetchAll({ writer: full })).rejects.toThrow('no room')
  await fetchAll()
  expect(read()).toEqual(truth)
})

test('another chain in the same place is noticed', async () => {
  await fetchAll({ last: 100 })
  const into = writer()
  expect(await isStillOnChain(adapter(), into, SIGNAL)).toBe(true)
  const other = { headers: async () => [{ number: 100, hash: '0x1', parentHash: '0x0', timestamp: 1 }] }
  expect(await isStillOnChain(other, into, SIGNAL)).toBe(false)
  expect(await isStillOnChain({ headers: async () => [] }, into, SIGNAL)).toBe(false)
  await into.close()
})

test('a process that is killed again and again ends with the log of an undisturbed one', async () => {
  let kills = 0
  for (let round = 0; round < 30; round++) {
    const child = spawn(process.execPath, ['--import', 'tsx', PROCESS, folder, node.url, String(node.head)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    let seen = 0
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      lines.push(text)
      // Between two marks, or just at one.
      seen += text.split('\n').length - 1
      if (seen > 1 + (round % 4)) child.kill('SIGKILL')
    })
    const signal = await new Promise<string | null>((resolve) => child.once('exit', (_, by) => resolve(by)))
    if (signal === null && lines.join('').includes('done')) break
    kills++
    const found = openRawLog(folder, ORIGIN)
    const number = found?.mark.through?.number ?? -1
    expect(read()).toEqual(truth.filter((block) => block.number <= number))
  }
  expect(kills).toBeGreaterThan(1)
  await fetchAll()
  expect(read()).toEqual(truth)
}, 120_000)
