/**
 * `npm run bench:chia -- [--accounts N] [--cats N] [--blocks N] [--seconds N] [--rounds N]`: how fast Spacescan's token-balance
 * is answered: for accounts that were never asked for, and then from the store, beside a bare node:http server that sends as
 * many bytes and headers. The chain is the simulator of chia-wallet-sdk, so the node shares the processors. See README.md.
 */
import type { Cat } from '../src/demo/chia/orders.ts'
import { startTestWorld } from '../test/chia/node/start.ts'
import { numbersFromArguments } from './arguments.ts'
import { startBareServer } from './bare-server.ts'
import { LOAD_TOOL, saturate } from './saturate.ts'
import { startServer, temporaryFolder } from './server.ts'

const CHAIN = 'chia:simulator0'
const POLL_MS = 200
/** The simulated chain's first block is this old, in seconds, so that its newest one is not in the future. */
const AGE_SECONDS = 20_000

const { accounts, cats, blocks, seconds, rounds } = numbersFromArguments({
  accounts: 40,
  cats: 10,
  blocks: 300,
  seconds: 5,
  rounds: 3,
})

const folder = temporaryFolder()
const world = await startTestWorld({ funded: accounts + cats, timestamp: Math.floor(Date.now() / 1000) - AGE_SECONDS })
const market = { cats: Array.from({ length: cats }, (_, nth): Cat => ({ issuer: accounts + nth })), traders: accounts }
await world.call('tradeFor', blocks, market)
const head = await world.call('head')
const wallets = await Promise.all(Array.from({ length: accounts }, (_, nth) => world.call('wallet', nth + 1)))
const { url } = await world.call('startNode')
const server = await startServer(folder, [{ id: CHAIN, rpc: url }])
while ((await server.health(CHAIN))?.checkpoint !== head.number) await pause()

const paths = wallets.map(({ address }) => `/address/token-balance/${address}`)
const headers = { 'x-api-key': server.key }
const cold: number[] = []
for (const path of paths) {
  const began = performance.now()
  await ask(path)
  cold.push(performance.now() - began)
}
print(`never asked for: ${ms(median(cold))} in the middle, ${ms(Math.max(...cold))} at most, ${paths.length} accounts`)
for (const path of paths) while (!(await ask(path)).asOf.includes('source=events')) await pause()
const samples = await Promise.all(paths.map(ask))
const sample = samples.sort((a, b) => a.body.length - b.body.length)[Math.floor(samples.length / 2)]
if (sample === undefined) throw new RangeError('no accounts')
const bare = await startBareServer(folder, sample)
const [ours, theirs]: [number[], number[]] = [[], []]
for (let round = 0; round < rounds; round++) {
  theirs.push(await saturate({ url: bare.url, paths, headers }, seconds))
  ours.push(await saturate({ url: server.url, paths, headers }, seconds))
}
const [own, limit] = [median(ours), median(theirs)]
print(
  `followed, ${sample.body.length} bytes, ${LOAD_TOOL}: ${whole(own)}/s, bare ${whole(limit)}/s, ratio ${(own / limit).toFixed(2)}`,
)
await server.stop()
await bare.stop()
await world.stop()

async function ask(path: string) {
  const response = await fetch(server.url + path, { headers })
  const body = Buffer.from(await response.arrayBuffer())
  if (response.status !== 200) throw new RangeError(`${path}: ${response.status} ${body.toString('utf8')}`)
  return { body, headers: [...response.headers], asOf: response.headers.get('balance-as-of') ?? '' }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
