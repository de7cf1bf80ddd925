/**
 * `npm run bench:custody -- [--rows N] [--tokens N] [--wallets N] [--rate N] [--seconds N]`: pages of custody balances over a
 * million rows, over HTTP. See README.md.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../src/core/assert.ts'
import { numbersFromArguments } from './arguments.ts'
import { addressOf, CHAIN, fill } from './custody/fill.ts'
import { offer } from './open-loop.ts'
import { startServer, temporaryFolder } from './server.ts'

const PATH = '/api/v1/wallets/balances'
const ROWS = 50
/** Nothing listens here: pages are answered from the store. */
const DEAD_NODE = 'http://127.0.0.1:9'

const { rate, seconds, ...shape } = numbersFromArguments({
  rows: 1_000_000,
  tokens: 50,
  wallets: 1_000,
  rate: 200,
  seconds: 10,
})

const folder = temporaryFolder()
const began = performance.now()
const wallet = await fill(join(folder, 'store'), shape)
print(`${shape.rows} rows of ${shape.wallets} wallets filled in ${Math.round((performance.now() - began) / 1_000)} s`)
const server = await startServer(folder, [{ id: CHAIN, rpc: DEAD_NODE }])
const headers = { 'x-api-key': server.key }

await untilIdle(server.pid)
// The cursor of the last page, by way of the page before it.
const near = await ask(`limit=${ROWS}&offset=${shape.rows - 2 * ROWS}`)
const last = `limit=${ROWS}&after=${encodeURIComponent(String(read(read(near, 'meta'), 'after')))}`
const pages: readonly (readonly [string, string])[] = [
  ['first page', `limit=${ROWS}`],
  ['last page', last],
  ['a wallet', `limit=${ROWS}&wallet_uuid=${wallet}`],
  ['an address', `limit=${ROWS}&address=${addressOf(7)}`],
]
for (const [name, query] of pages) {
  const rows = read(await ask(query), 'result')
  const count = Array.isArray(rows) ? rows.length : 0
  assert(count > 0, `the ${name} has rows`)
  await offer({ url: server.url, paths: [`${PATH}?${query}`], headers }, { rate, seconds: 1 })
  const ticks = ticksOf(server.pid)
  const { p50Ms, p99Ms, maxMs, lateP99Ms, bad } = await offer(
    { url: server.url, paths: [`${PATH}?${query}`], headers },
    { rate, seconds },
  )
  const times = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`
  const cpuMs = ((ticksOf(server.pid) - ticks) * 10) / (rate * seconds)
  print(
    `${name}: ${count} rows at ${rate}/s: ${times}, ${cpuMs.toFixed(1)} ms of processor; client late p99 ${lateP99Ms.toFixed(1)} ms; ${bad} bad`,
  )
}
await server.stop()

/** Waits until the server has compared all addresses with the journal, as after each start: until it is idle (Linux only). */
async function untilIdle(pid: number): Promise<void> {
  for (let before = ticksOf(pid); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const now = ticksOf(pid)
    // A tick is 10 ms: a tenth of a processor.
    if (now - before < 20) return
    before = now
  }
}

/** The processor time of a process so far, in clock ticks; 0 if the system does not report it. */
function ticksOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
    return Number(fields[13]) + Number(fields[14])
  } catch {
    return 0
  }
}

async function ask(query: string): Promise<unknown> {
  const answer = await fetch(`${server.url}${PATH}?${query}`, { headers })
  assert(answer.status === 200, `${query} is answered: ${answer.status}`)
  return answer.json()
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
