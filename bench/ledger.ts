/**
 * `npm run bench:ledger -- [--connections N] [--wallets N] [--assets N] [--seconds N] [--rounds N] [--slow-ms N]`: how
 * many operations per second an issuer's ledger accepts over HTTP, each on disk before its answer, and how often it
 * waits for the disk. Then the same on a slower disk, and balance reads beside a bare node:http server. See README.md.
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { assert } from '../src/core/assert.ts'
import { randomFrom } from '../src/demo/plan.ts'
import { numbersFromArguments } from './arguments.ts'
import { startBareServer } from './bare-server.ts'
import { post } from './post-load.ts'
import { LOAD_TOOL, saturate } from './saturate.ts'
import { temporaryFolder } from './server.ts'

const SERVER = fileURLToPath(new URL('./ledger-server.ts', import.meta.url))
/** Enough for every transfer of a run. */
const ISSUED = 1_000_000_000
/** The number of different request bodies, sent in turn. */
const BODIES = 5_000
const SEED = 11
/** A checkpoint waits for the log, for the file, and for the new start of the log. */
const WAITS_OF_CHECKPOINT = 3
/** How many registrations and mints run at a time before the measurement. */
const SETUP_CONNECTIONS = 50

const { connections, wallets, assets, seconds, rounds, slowMs } = numbersFromArguments({
  connections: 50,
  wallets: 1_000,
  assets: 10,
  seconds: 10,
  rounds: 3,
  slowMs: 5,
})

const random = randomFrom(SEED)
const pick = (count: number): number => Math.floor(random() * count)
const assetIds = Array.from({ length: assets }, (_, at) => `GILT-${at}`)
const transfers = Array.from({ length: BODIES }, () =>
  JSON.stringify({
    asset_id: assetIds[pick(assets)],
    amount: 1,
    from_wallet: `wallet-${pick(wallets)}`,
    to_wallet: `wallet-${pick(wallets)}`,
  }),
)

print(
  `${LOAD_TOOL}, ${connections} connections, ${seconds} s a run, ${rounds} rounds; ${assets} assets, ${wallets} wallets;` +
    ' transfers between any two, each with a key of its own; load from this process',
)
await measure(0, 'the disk as it is')
await measure(slowMs, `${slowMs} ms more at each commit`)

async function measure(slow: number, name: string): Promise<void> {
  const folder = temporaryFolder()
  const server = await startLedgerServer(folder, slow)
  await setUp(server.url)
  const runs: Run[] = []
  for (let round = 0; round < rounds; round++) runs.push(await writes(server.url, `${slow}-${round}`))
  const rates = runs.map(({ rate }) => Math.round(rate))
  const words = runs.map((run) => `${(run.operations / run.commits).toFixed(1)}`)
  const waits = runs.map((run) => (run.commits + WAITS_OF_CHECKPOINT * run.checkpoints) / run.operations)
  print(`writes, ${name}: ${median(rates)} operations/s  (${rates.join(' ')})`)
  print(`  operations a commit: ${words.join(' ')}`)
  print(`  waits for the disk an operation: ${waits.map((one) => one.toFixed(3)).join(' ')}`)
  if (slow === 0) await reads(server.url, folder)
  await server.stop()
}

/** The result of a run of writes, from the server's own counters. `rate`: operations per second. */
type Run = {
  readonly rate: number
  readonly operations: number
  readonly commits: number
  readonly checkpoints: number
}

async function writes(url: string, keys: string): Promise<Run> {
  const before = await counts(url)
  const startedAt = performance.now()
  await post({ url, path: '/api/tokens/transfer', bodies: transfers, keys }, connections, seconds)
  const elapsed = (performance.now() - startedAt) / 1000
  const after = await counts(url)
  const operations = after.operations - before.operations
  const commits = after.commits - before.commits
  return { rate: operations / elapsed, operations, commits, checkpoints: after.checkpoints - before.checkpoints }
}

/** Measures balance reads and the bare server in turn, so that other load on this machine affects both. */
async function reads(url: string, folder: string): Promise<void> {
  const paths = Array.from({ length: 100 }, () => {
    return `/api/tokens/balance?asset_id=${assetIds[pick(assets)]}&wallet_address=wallet-${pick(wallets)}`
  })
  const response = await fetch(url + paths[0])
  const bare = await startBareServer(folder, {
    body: Buffer.from(await response.arrayBuffer()),
    headers: [...response.headers],
  })
  const ours: number[] = []
  const limit: number[] = []
  for (let round = 0; round < rounds; round++) {
    limit.push(await saturate({ url: bare.url, paths, headers: {} }, seconds))
    ours.push(await saturate({ url, paths, headers: {} }, seconds))
  }
  await bare.stop()
  const ratio = (median(ours) / median(limit)).toFixed(2)
  const list = (values: readonly number[]): string => values.map((value) => Math.round(value)).join(' ')
  print(`balance reads: ${Math.round(median(ours))}/s  bare ${Math.round(median(limit))}/s  ratio ${ratio}`)
  print(`  (${list(ours)} | ${list(limit)})`)
}

/** Gives every wallet some of every asset. */
async function setUp(url: string): Promise<void> {
  const mints = assetIds.flatMap((asset_id) =>
    Array.from({ length: wallets }, (_, at) => {
      return { asset_id, amount: ISSUED, recipient_wallet_address: `wallet-${at}` }
    }),
  )
  const next = mints.values()
  const worker = async (): Promise<void> => {
    for (const body of next) {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/api/tokens/mint`, { method: 'POST', headers, body: JSON.stringify(body) })
      assert(response.status === 200, await response.text())
    }
  }
  await Promise.all(Array.from({ length: SETUP_CONNECTIONS }, worker))
}

type Counts = { readonly operations: number; readonly commits: number; readonly checkpoints: number }

async function counts(url: string): Promise<Counts> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const of = (name: string): number =>
    Number(new RegExp(`^steelyard_ledger_${name}_total\\{.*\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN)
  return { operations: of('operations'), commits: of('commits'), checkpoints: of('checkpoints') }
}

async function startLedgerServer(folder: string, slow: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const file = join(folder, 'bench.yaml')
  const registered = assetIds.map((asset_id) => ({ asset_id, reissue: true }))
  const config = {
    listen: { port: 0 },
    log: { level: 'warn' },
    store: `sqlite:${join(folder, 'store')}`,
    chains: [{ id: 'ledger:main' }],
    dialects: { 'abc-labs': { assets: registered } },
  }
  writeFileSync(file, JSON.stringify(config))
  const args = ['--import', 'tsx', SERVER, '--config', file, '--slow-commit-ms', String(slow)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.stdin.end()
    await exited
  }
  for await (const url of createInterface({ input: child.stdout })) return { url, stop }
  assert(false, 'the server prints its URL')
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
