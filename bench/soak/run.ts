import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChainShape, createGenerator } from '../chain/generator.ts'
import { createRenderer } from '../chain/render.ts'
import { startGeneratedNode } from '../chain/start.ts'
import { type BenchServer, type ChainHealth, startServer } from '../server.ts'
import { type Caller, callersOf, type Served } from './callers.ts'
import { isFlat, MemoryWatch } from './memory.ts'
import { type Outcome, Wire } from './wire.ts'

const READY = { id: 'eip155:1', chainId: 1 }
const FILLING = { id: 'eip155:2', chainId: 2 }
const LEDGER = { id: 'ledger:main' }
const ISSUED = { asset_id: 'SOAK', reissue: true }
/** Accounts and tokens to ask for in turn. */
const ASKED = 500
/** More transfers per minute than the backfill can index, so that it outlasts the soak. */
const FILLING_A_MINUTE = 6_000_000
/** The longest chain that the generator makes. */
const MAX_FILLING = 2 ** 28
const POLL_MS = 100

/**
 * `seconds`: at least, and until a part of the backfill is published. `shape`: of the chain that has caught up.
 * `onMinute`: called after each minute.
 */
export type SoakOptions = {
  readonly seconds: number
  readonly shape: ChainShape
  readonly onMinute: (line: string) => void
}

export type SoakResult = {
  readonly seconds: number
  readonly connections: number
  /** How often each kind of caller had each outcome. */
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<Outcome, number>>
  /** The durations of good requests in milliseconds, ascending. */
  readonly latenciesMs: readonly number[]
  /** How late this process itself was (99th percentile), in milliseconds. */
  readonly lateP99Ms: number
  /** Mean resident memory of the server in each minute, in bytes. */
  readonly memory: readonly number[]
  /** Transfers per second that the parallel backfill indexed. */
  readonly backfill: number
  /** The faults, in words; empty if there are none. */
  readonly faults: readonly string[]
}

/** Keeps 200 good and bad connections busy on a server that also runs a backfill and a ledger. */
export async function soak(folder: string, options: SoakOptions): Promise<SoakResult> {
  const { shape, seconds } = options
  const node = await startGeneratedNode(shape, { chainId: READY.chainId })
  const transfers = Math.min(FILLING_A_MINUTE * Math.ceil(seconds / 60 + 1), MAX_FILLING)
  const filling = await startGeneratedNode({ ...shape, transfers }, { chainId: FILLING.chainId })
  const ready = { id: READY.id, rpc: node.url }
  // The first chain alone, so that it catches up before the second chain needs the processor.
  const before = await startServer(folder, [ready])
  await untilAt(before, node.head)
  await before.stop()
  const server = await startServer(folder, [ready, { id: FILLING.id, rpc: filling.url }, LEDGER], { assets: [ISSUED] })
  await untilAt(server, node.head)
  const result = await load(server, callersOf(servedBy(server, shape)), options)
  await server.stop()
  await filling.stop()
  await node.stop()
  return result
}

function servedBy({ url }: BenchServer, shape: ChainShape): Served {
  const renderer = createRenderer(createGenerator(shape))
  const numbers = Array.from({ length: ASKED }, (_, at) => at)
  return {
    url,
    key: 'demo',
    accounts: numbers.map((at) => renderer.accountAddress(at)),
    tokens: numbers.slice(0, shape.tokens).map((at) => renderer.tokenAddress(at)),
    chains: { ready: String(READY.chainId), filling: String(FILLING.chainId) },
  }
}

async function load(
  server: BenchServer,
  callers: readonly Caller[],
  { seconds, onMinute }: SoakOptions,
): Promise<SoakResult> {
  const transfersBefore = (await server.health(FILLING.id))?.transfers ?? 0
  const startedMs = performance.now()
  const memory = new MemoryWatch(server.pid)
  const late = monitorEventLoopDelay({ resolution: 5 })
  late.enable()
  const calling = new Calling(server.url, callers)
  for (let minute = 1; minute * 60 <= seconds; minute++) {
    await sleep(60_000)
    const bytes = memory.minutes()[minute - 1] ?? Number.NaN
    onMinute(
      `minute ${minute}: ${Math.round(bytes / 1e6)} MB resident, ${calling.latenciesMs.length} good answers so far`,
    )
  }
  await sleep((seconds % 60) * 1_000)
  // A slow machine may need longer than a short soak until it publishes a part of the backfill.
  const after = await untilMore(server, transfersBefore)
  const elapsed = (performance.now() - startedMs) / 1_000
  memory.stop()
  late.disable()
  await calling.end()
  const means = memory.minutes().slice(0, Math.max(1, Math.floor(seconds / 60)))
  return {
    seconds: elapsed,
    connections: callers.reduce((sum, caller) => sum + caller.connections, 0),
    outcomes: calling.outcomes,
    latenciesMs: calling.latenciesMs.sort((a, b) => a - b),
    lateP99Ms: late.percentile(99) / 1e6,
    memory: means,
    backfill: (after.transfers - transfersBefore) / elapsed,
    faults: [
      ...calling.wrong(),
      ...(isFlat(means) ? [] : ['memory grows after the first minute']),
      ...(after.state === 'stopped' ? [`the backfill stopped: ${after.error}`] : []),
    ],
  }
}

/** All running callers. */
class Calling {
  readonly outcomes = new Map<string, Map<Outcome, number>>()
  readonly latenciesMs: number[] = []
  /** The first act with each outcome of each kind of caller. */
  readonly #first = new Map<string, number>()
  readonly #callers: readonly Caller[]
  readonly #done: Promise<unknown>
  #running = true

  constructor(url: string, callers: readonly Caller[]) {
    this.#callers = callers
    this.#done = Promise.all(
      callers.flatMap((caller) =>
        Array.from({ length: caller.connections }, (_, at) => this.#keepCalling(url, caller, at)),
      ),
    )
  }

  async end(): Promise<void> {
    this.#running = false
    await this.#done
  }

  /** The wrong outcomes, in words. */
  wrong(): readonly string[] {
    return this.#callers.flatMap(({ name, expects }) =>
      [...(this.outcomes.get(name) ?? [])].flatMap(([outcome, count]) =>
        expects.includes(outcome)
          ? []
          : [`${name}: ${outcome}, ${count} times, first at act ${this.#first.get(`${name} ${outcome}`)}`],
      ),
    )
  }

  async #keepCalling(url: string, caller: Caller, at: number): Promise<void> {
    const wire = new Wire(url)
    const counts = this.outcomes.get(caller.name) ?? new Map<Outcome, number>()
    this.outcomes.set(caller.name, counts)
    for (let nth = at; this.#running; nth++) {
      const startedMs = performance.now()
      const outcome = await caller.act(wire, nth)
      if (caller.name === 'good') this.latenciesMs.push(performance.now() - startedMs)
      if (!counts.has(outcome)) this.#first.set(`${caller.name} ${outcome}`, nth)
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      await sleep(caller.pauseMs)
    }
    wire.cut()
  }
}

async function untilAt(from: BenchServer, head: number): Promise<void> {
  while (((await from.health(READY.id))?.checkpoint ?? -1) < head) await sleep(POLL_MS)
}

/** Waits until more transfers of the backfill are published, or it has stopped. */
async function untilMore(from: BenchServer, transfers: number): Promise<ChainHealth> {
  for (;;) {
    const health = await from.health(FILLING.id)
    if (health !== undefined && (health.state === 'stopped' || health.transfers > transfers)) return health
    await sleep(POLL_MS)
  }
}
