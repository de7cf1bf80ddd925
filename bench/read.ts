/**
 * `npm run bench:read -- [--transfers N] [--accounts N] [--rate N] [--seconds N] [--rounds N] [--workers N]
 * [--store URL]`: how fast the server
 * answers from its store, beside a bare node:http server that sends as many bytes and headers; with more than one worker,
 * only beside one process. See README.md.
 */
import { numbersFromArguments, textFromArguments } from './arguments.ts'
import { type BareServer, type Sample, startBareServer } from './bare-server.ts'
import { createGenerator, DEFAULT_SHAPE } from './chain/generator.ts'
import { createRenderer } from './chain/render.ts'
import { startGeneratedNode } from './chain/start.ts'
import { compareWorkers } from './compare-workers.ts'
import { type Latency, offer, type Target } from './open-loop.ts'
import { LOAD_TOOL, saturate } from './saturate.ts'
import { type BenchServer, type ChainHealth, cpuSeconds, startServer, temporaryFolder } from './server.ts'

const SERVED = { id: 'eip155:1', chainId: 1 }
const FILLING = { id: 'eip155:2', chainId: 2 }
/** Rows of an answer: the vendor's default page size. */
const ROWS = 20
/** Requests rotate over this many accounts, more than any cache of rows or answers would hold. */
const ACCOUNTS_ASKED = 10_000
/** Enough transfers that the backfill of the second chain outlasts every measurement. */
const FILLING_TRANSFERS = 50_000_000
const POLL_MS = 100

const { rate, seconds, rounds, workers, ...shape } = numbersFromArguments(
  {
    ...DEFAULT_SHAPE,
    transfers: 450_000,
    accounts: 12_000,
    rate: 4_000,
    seconds: 10,
    rounds: 3,
    workers: 1,
  },
  ['store'],
)

const DEMO = { 'x-api-key': 'demo' }

/** A call to measure, and the bare server to compare it with. */
type Call = {
  readonly name: string
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}
type Case = Call & { readonly bare: BareServer }

const folder = temporaryFolder()
const node = await startGeneratedNode(shape, { chainId: SERVED.chainId })
/** Undefined: a folder. */
const store = textFromArguments('store')
const server = await startServer(folder, [{ id: SERVED.id, rpc: node.url }], { store })
await until(server, (state) => state.checkpoint >= node.head && !state.isFirstLook, SERVED.id)
const cases = await casesOf(server)
print(
  `${LOAD_TOOL} for saturated rates; ${seconds} s a run, ${rounds} rounds, each server in turn; load from this process`,
)
if (workers > 1) {
  await besideOneProcess(server)
  process.exit()
}
for (const one of cases) await saturated(server, one)
for (const one of cases) await offered(server, one, 'quiet')
await server.stop()

const filling = await startGeneratedNode({ ...shape, transfers: FILLING_TRANSFERS }, { chainId: FILLING.chainId })
const both = [
  { id: SERVED.id, rpc: node.url },
  { id: FILLING.id, rpc: filling.url },
]
const busy = await startServer(folder, both, { store })
await until(busy, (state) => state.fetched > 0, FILLING.id)
for (const one of cases) await warm(busy, one)
const fetchedBefore = (await busy.health(FILLING.id))?.fetched ?? 0
const startedAt = performance.now()
for (const one of cases) await offered(busy, one, 'backfill')
const after = await busy.health(FILLING.id)
const fetched = ((after?.fetched ?? 0) - fetchedBefore) / ((performance.now() - startedAt) / 1000)
print(`the backfill went on beside it: ${after?.state}, ${Math.round(fetched)} transfers/s fetched`)
await busy.stop()
for (const one of cases) await one.bare.stop()
await filling.stop()
await node.stop()

/** Workers on the same store, measured in turn with the one process that has indexed it. */
async function besideOneProcess(one: BenchServer): Promise<void> {
  const many = await startServer(folder, [{ id: SERVED.id, rpc: node.url }], { workers, store })
  for (const measured of cases) {
    await warm(many, measured)
    const line = await compareWorkers({ one, many, workers }, (url) => targetOf(url, measured), { seconds, rounds })
    print(`${measured.name.padEnd(29)} ${line}`)
  }
  await many.stop()
  await one.stop()
  await node.stop()
}

/** The accounts whose number of tokens is nearest to a page's, and the calls for them. */
async function casesOf(from: BenchServer): Promise<readonly Case[]> {
  const renderer = createRenderer(createGenerator(shape))
  const found: { readonly address: string; readonly token: string; readonly count: number }[] = []
  for (let account = 0; account < shape.accounts; account++) {
    const address = renderer.accountAddress(account)
    const { body } = await ask(from.url, { path: tokensPath(address), headers: DEMO })
    const { data, count } = JSON.parse(body.toString('utf8'))
    const token = data[0]?.contract_address
    if (token !== undefined) found.push({ address, token, count })
  }
  const isNearer = ({ count }: { readonly count: number }): number => Math.abs(count - ROWS)
  const full = found.sort((a, b) => isNearer(a) - isNearer(b)).slice(0, ACCOUNTS_ASKED)
  if (full.length < ACCOUNTS_ASKED) throw new RangeError('too few accounts have tokens: more --transfers or --accounts')
  // TokenKit's list has no pages.
  const rows = full.reduce((sum, { count }) => sum + count, 0) / full.length
  const key = { 'api-key': from.key }
  const calls: readonly Call[] = [
    {
      name: `account/tokens, up to ${ROWS} rows`,
      paths: full.map(({ address }) => tokensPath(address)),
      headers: DEMO,
    },
    {
      name: 'account/tokens, one contract',
      paths: full.map(({ address, token }) => `${tokensPath(address)}&contract_address=${token}`),
      headers: DEMO,
    },
    {
      name: 'account/balance',
      paths: full.map(({ address }) => `/v1/account/balance?chain_id=${SERVED.chainId}&address=${address}`),
      headers: DEMO,
    },
    {
      name: 'tokenkit balance',
      paths: full.map(({ address, token }) => `/api/balance/?account_address=${address}&token_address=${token}`),
      headers: key,
    },
    {
      name: `tokenkit account, ${rows.toFixed(1)} rows`,
      paths: full.map(({ address }) => `/api/account-balances/?account_address=${address}`),
      headers: key,
    },
  ]
  const cases: Case[] = []
  for (const call of calls) {
    const sample = await warm(from, call)
    print(`${call.name}: ${sample.body.length} bytes, ${sample.headers.length} headers, ${call.paths.length} accounts`)
    cases.push({ ...call, bare: await startBareServer(folder, sample) })
  }
  return cases
}

function tokensPath(address: string): string {
  return `/v1/account/tokens?chain_id=${SERVED.chainId}&address=${address}&limit=${ROWS}`
}

/** Requests every path once and returns the answer of median length. */
async function warm(from: BenchServer, { paths, headers }: Call): Promise<Sample> {
  const samples: Sample[] = []
  for (const path of paths) samples.push(await ask(from.url, { path, headers }))
  const middle = samples.sort((a, b) => a.body.length - b.body.length)[Math.floor(samples.length / 2)]
  if (middle === undefined) throw new RangeError('nothing to ask for')
  return middle
}

async function ask(url: string, { path, headers }: { path: string; headers: Call['headers'] }): Promise<Sample> {
  const response = await fetch(url + path, { headers })
  const body = Buffer.from(await response.arrayBuffer())
  if (response.status !== 200) throw new RangeError(`${path}: ${response.status} ${body.toString('utf8')}`)
  return { body, headers: [...response.headers] }
}

/** Measures both servers in turn, so that other load on this machine affects both. */
async function saturated(from: BenchServer, one: Case): Promise<void> {
  const ours: Saturated[] = []
  const bare: Saturated[] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await saturatedOnce(one.bare, one))
    ours.push(await saturatedOnce(from, one))
  }
  const ratesOf = (runs: readonly Saturated[]): readonly number[] => runs.map((run) => run.rate)
  const cpuOf = (runs: readonly Saturated[]): string => `${median(runs.map((run) => run.cpuMicros)).toFixed(0)} µs`
  const [own, limit] = [median(ratesOf(ours)), median(ratesOf(bare))]
  print(
    `saturated  ${one.name.padEnd(29)} steelyard ${rounded(own)}/s, ${cpuOf(ours)}  bare ${rounded(limit)}/s, ${cpuOf(bare)}` +
      `  ratio ${(own / limit).toFixed(2)}  (${ratesOf(ours).map(rounded).join(' ')} | ${ratesOf(bare).map(rounded).join(' ')})`,
  )
}

/** Answers each second, and the processor time of the server for each, in microseconds. */
type Saturated = { readonly rate: number; readonly cpuMicros: number }

async function saturatedOnce(server: { readonly url: string; readonly pid: number }, one: Case): Promise<Saturated> {
  const before = cpuSeconds(server.pid)
  const rate = await saturate(targetOf(server.url, one), seconds)
  const after = cpuSeconds(server.pid)
  const isKnown = before !== undefined && after !== undefined
  return { rate, cpuMicros: isKnown ? (1e6 * (after - before)) / (rate * seconds) : Number.NaN }
}

async function offered(from: BenchServer, one: Case, when: string): Promise<void> {
  const ours: Latency[] = []
  const bare: Latency[] = []
  // Not measured: a server that has just started gets as warm as the other one.
  for (const url of [one.bare.url, from.url]) await offer(targetOf(url, one), { rate, seconds })
  for (let round = 0; round < rounds; round++) {
    bare.push(await offer(targetOf(one.bare.url, one), { rate, seconds }))
    ours.push(await offer(targetOf(from.url, one), { rate, seconds }))
  }
  const p99 = (runs: readonly Latency[]): number => median(runs.map((run) => run.p99Ms))
  print(`offered ${rate}/s, ${when}: ${one.name}; p99 ratio ${(p99(ours) / p99(bare)).toFixed(2)}`)
  for (const run of ours) print(`  steelyard ${latencyWords(run)}`)
  for (const run of bare) print(`  bare      ${latencyWords(run)}`)
}

function latencyWords(run: Latency): string {
  const ms = (value: number): string => `${value.toFixed(2).padStart(7)} ms`
  const bad = run.bad === 0 ? '' : `  ${run.bad} BAD ANSWERS`
  const { p50Ms, p99Ms, maxMs, lateP99Ms } = run
  return `${rounded(run.rate)}/s  p50 ${ms(p50Ms)}  p99 ${ms(p99Ms)}  max ${ms(maxMs)}  client late p99 ${ms(lateP99Ms)}${bad}`
}

function targetOf(url: string, one: Case): Target {
  return { url, paths: one.paths, headers: one.headers }
}

async function until(from: BenchServer, reached: (state: ChainHealth) => boolean, chain: string): Promise<void> {
  for (;;) {
    const state = await from.health(chain)
    if (state !== undefined && reached(state)) return
    if (state?.state === 'stopped') throw new RangeError(`${chain} stopped: ${String(state.error)}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function rounded(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
