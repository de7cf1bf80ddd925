/**
 * `npm run bench:ingest -- [--kind evm|starknet] [--transfers N] [--accounts N] [--tokens N] [--per-block N] [--seed N]
 * [--sample N] [--store-check] [--store URL]`: how fast the server indexes a generated chain, beside the bare limit of this machine. See README.md.
 */
import { join } from 'node:path'
import { choiceFromArguments, flagFromArguments, numbersFromArguments, textFromArguments } from './arguments.ts'
import { MAX_TRANSFERS } from './chain/balances.ts'
import { DEFAULT_SHAPE } from './chain/generator.ts'
import { type GeneratedNode, startGeneratedNode } from './chain/start.ts'
import { differences, expectedBalances } from './expected.ts'
import { BENCH_KINDS } from './kinds.ts'
import { type BenchServer, cpuSeconds, folderBytes, peakMemoryBytes, startServer, temporaryFolder } from './server.ts'
import { type CheckedStore, checkStore, checkStoredBalances } from './store-check.ts'

const SAMPLE_MS = 100
/** Enough transfers: the bare limit does not depend on the length of the run. */
const BARE_TRANSFERS = 500_000
const TENTHS = 10

const kind = choiceFromArguments('kind', ['evm', 'starknet'])
const checksStore = flagFromArguments('store-check')
/** Undefined: a folder. Its rows are then looked at too. */
const storeUrl = textFromArguments('store')
const { sample, ...shape } = numbersFromArguments({ ...DEFAULT_SHAPE, sample: 100 }, ['kind', 'store'], ['store-check'])
const bench = BENCH_KINDS[kind](shape)

/** The ingested transfers at one moment. `atMs`: Unix milliseconds. */
type Point = { readonly atMs: number; readonly transfers: number }
type Watched = {
  readonly points: readonly Point[]
  readonly walBytes: number
  readonly diskBytes: number
  readonly cpuSeconds: number | undefined
  readonly memoryBytes: number | undefined
}

const node = await startGeneratedNode(shape, { kind })
print(
  'chain',
  `${bench.chain}, ${count(shape.transfers)} transfers, ${count(shape.tokens)} tokens, ${count(shape.accounts)} accounts`,
)
const bareBefore = await bench.bareLimit(node, BARE_TRANSFERS)
const folder = temporaryFolder()
await node.reset()
const before = await node.usage()
const startedAtMs = Date.now()
const server = await startServer(folder, [{ id: bench.chain, rpc: node.url }], { store: storeUrl })
const watched = await watch(server, node)
const used = await node.usage()
// A new chain's balances are read from its node until the audit has compared some, and the node of a long chain knows none.
const isServed = shape.transfers <= MAX_TRANSFERS
const failures = isServed ? await check(server) : []
await server.stop()
const storeFailures = storeUrl === undefined ? lookAtStore(storeOf(folder)) : []
const storeBytes = folderBytes(folder)
const bareAfter = await bench.bareLimit(node, BARE_TRANSFERS)
await node.stop()
report()
process.exitCode = failures.length + storeFailures.length > 0 ? 1 : 0

/** Polls the server until it has all blocks. */
async function watch(from: BenchServer, source: GeneratedNode): Promise<Watched> {
  const points: Point[] = []
  let walBytes = 0
  let diskBytes = 0
  const cpuBefore = cpuSeconds(from.pid)
  for (;;) {
    const health = await from.health(bench.chain)
    if (health?.state === 'stopped') fail(`the indexer stopped: ${String(health.error)}`)
    points.push({ atMs: Date.now(), transfers: health?.transfers ?? 0 })
    diskBytes = Math.max(diskBytes, folderBytes(folder))
    walBytes = Math.max(walBytes, folderBytes(folder, '-wal'))
    if (health !== undefined && health.checkpoint >= source.head) break
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))
  }
  const cpuAfter = cpuSeconds(from.pid)
  const cpu = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore
  return { points, walBytes, diskBytes, cpuSeconds: cpu, memoryBytes: peakMemoryBytes(from.pid) }
}

/** Compares every balance of a sample of accounts, spread over all ranks, as served and as added up from the chain. */
async function check(from: BenchServer): Promise<readonly string[]> {
  const accounts = sampleAccounts()
  const wrong: string[] = []
  for (const [account, expected] of expectedBalances(bench.generator, bench.names, accounts)) {
    wrong.push(...differences(account, expected, await bench.served(from, account)))
  }
  return wrong
}

function lookAtStore(store: CheckedStore): readonly string[] {
  if (checksStore) return checkStore(store)
  return isServed ? [] : checkStoredBalances(store, sampleAccounts())
}

function sampleAccounts(): readonly number[] {
  const step = Math.max(1, Math.floor(shape.accounts / sample))
  const drawn = Array.from({ length: Math.min(sample, shape.accounts) }, (_, at) => at * step)
  return [...drawn, ...bench.hotAccounts]
}

function storeOf(place: string) {
  const { chain, generator, names } = bench
  return { folder: join(place, 'store'), chain, generator, names }
}

function report(): void {
  const { points, walBytes, diskBytes, memoryBytes } = watched
  const startMs = used.firstLogsAtMs ?? points[0]?.atMs ?? 0
  const last = points.at(-1) ?? { atMs: startMs, transfers: 0 }
  const seconds = (last.atMs - startMs) / 1000
  const rate = last.transfers / seconds
  const bare = (bareBefore + bareAfter) / 2
  print('ingest', `${count(rate)} transfers/s (${count(last.transfers)} in ${seconds.toFixed(1)} s)`)
  print(
    'bare limit',
    `${count(bare)} transfers/s: fetch and JSON.parse alone (before ${count(bareBefore)}, after ${count(bareAfter)})`,
  )
  const whole = last.transfers / ((last.atMs - startedAtMs) / 1000)
  print('whole', `${count(whole)} transfers/s from the start of the process to the published head`)
  print('ratio', `${(rate / bare).toFixed(2)} of the bare limit`)
  const cpu = watched.cpuSeconds === undefined ? undefined : (watched.cpuSeconds * 1e6) / last.transfers
  print('processor', cpu === undefined ? 'unknown' : `${cpu.toFixed(2)} us of ours a transfer, whole process`)
  const first = points.find(({ transfers }) => transfers > 0)
  print(
    'first answer',
    first === undefined ? 'none' : `${((first.atMs - startMs) / 1000).toFixed(1)} s after the first request for logs`,
  )
  print('peak memory', memoryBytes === undefined ? 'unknown' : `${megabytes(memoryBytes)} resident, whole process`)
  print('WAL', `${megabytes(walBytes)} at most`)
  print('disk', `${megabytes(diskBytes)} at most, sampled`)
  print('store', `${megabytes(storeBytes)}, ${Math.round(storeBytes / shape.transfers)} bytes a transfer`)
  print('node', `${(used.cpuSeconds - before.cpuSeconds).toFixed(1)} s of processor time in its own process`)
  print('over time', `${slope(points, startMs).map(count).join('  ')}  transfers/s, by tenths of the transfers`)
  if (failures.length + storeFailures.length === 0)
    print(
      'balances',
      `all of ${isServed ? '' : 'the store, of '}${count(Math.min(sample, shape.accounts) + bench.hotAccounts.length)} accounts are equal to the sums from the chain`,
    )
  else for (const line of failures) print('WRONG', line)
  for (const line of storeFailures) print('WRONG', line)
  if (checksStore && storeFailures.length === 0)
    print(
      'store check',
      'integrity_check is clean; every row of transfers, changes, balances, accounts, assets and indexes is as generated',
    )
}

/**
 * Transfers per second in each tenth of the transfers. Batches come in steps, so the times between them are
 * interpolated.
 */
function slope(points: readonly Point[], startMs: number): readonly number[] {
  const steps = [{ atMs: startMs, transfers: 0 }]
  for (const point of points) if (point.transfers > (steps.at(-1)?.transfers ?? 0)) steps.push(point)
  const edges = Array.from({ length: TENTHS + 1 }, (_, edge) => momentOf(steps, (shape.transfers * edge) / TENTHS))
  return edges.slice(1).map((atMs, tenth) => (shape.transfers / TENTHS / (atMs - (edges[tenth] ?? 0))) * 1000)
}

/** When this many transfers were reached, in Unix milliseconds. */
function momentOf(steps: readonly Point[], transfers: number): number {
  const after = Math.max(
    1,
    steps.findIndex((step) => step.transfers >= transfers),
  )
  const [from, to] = [steps[after - 1], steps[after]]
  if (from === undefined || to === undefined) return Number.NaN
  return from.atMs + ((to.atMs - from.atMs) * (transfers - from.transfers)) / (to.transfers - from.transfers)
}

function print(name: string, says: string): void {
  process.stdout.write(`${name.padEnd(12)} ${says}\n`)
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
