/**
 * `tsx bench/fetch.ts [--transfers N] [--accounts N] [--tokens N] [--per-block N] [--seed N]`: how fast a generated EVM chain
 * is fetched to a raw log, the first half of a bulk load. See README.md.
 */
import { join } from 'node:path'
import { fetchToLog } from '../src/bulk/fetch/fetch-to-log.ts'
import { RawLogWriter } from '../src/bulk/raw-log/raw-log-writer.ts'
import { createEvmAdapter } from '../src/chains/evm/adapter.ts'
import { HEX_ACCOUNTS } from '../src/core/account.ts'
import { parseChainId } from '../src/core/chain.ts'
import { QUICK_RANGE_SIZE } from '../src/indexer/range-size.ts'
import { numbersFromArguments } from './arguments.ts'
import { bareLimit } from './bare-limit.ts'
import { DEFAULT_SHAPE } from './chain/generator.ts'
import { startGeneratedNode } from './chain/start.ts'
import { peakMemoryBytes, temporaryFolder } from './server.ts'

const shape = numbersFromArguments(DEFAULT_SHAPE)
const node = await startGeneratedNode(shape)
const bareBefore = await bareLimit(node, 300_000)
const chain = parseChainId('eip155:1')
if (chain === undefined) throw new Error('the chain of generated nodes has an id')
const { adapter } = createEvmAdapter({ chain, rpc: [node.url], finality: 'finalized', warn: console.error })
const folder = join(temporaryFolder(), 'raw')
const writer = new RawLogWriter({ folder, origin: 'bench', codec: HEX_ACCOUNTS })
const nodeBefore = await node.usage()
const startedAt = performance.now()
const cpuBefore = process.cpuUsage()
let firstMarkMs = 0
const mark = await fetchToLog({
  adapter,
  scope: { type: 'all' },
  codec: HEX_ACCOUNTS,
  writer,
  first: 0,
  last: node.head,
  start: QUICK_RANGE_SIZE,
  signal: new AbortController().signal,
  now: () => performance.now(),
  onMark: () => {
    if (firstMarkMs === 0) firstMarkMs = performance.now() - startedAt
  },
})
const seconds = (performance.now() - startedAt) / 1000
const cpu = process.cpuUsage(cpuBefore)
const nodeCpu = (await node.usage()).cpuSeconds - nodeBefore.cpuSeconds
await writer.close()
const bareAfter = await bareLimit(node, 300_000)
await node.stop()
const rate = mark.transfers / seconds
const bare = (bareBefore + bareAfter) / 2
const memory = (peakMemoryBytes(process.pid) ?? 0) / 1e6
for (const line of [
  `fetch        ${Math.round(rate)} transfers/s (${mark.transfers} in ${seconds.toFixed(1)} s), ${(rate / bare).toFixed(2)} of the bare limit`,
  `bare limit   ${Math.round(bareBefore)} before, ${Math.round(bareAfter)} after`,
  `cpu          ${((cpu.user + cpu.system) / mark.transfers).toFixed(2)} us a transfer, of the node ${((nodeCpu * 1e6) / mark.transfers).toFixed(2)} us`,
  `raw log      ${(mark.bytes / mark.transfers).toFixed(0)} bytes a transfer, first mark after ${Math.round(firstMarkMs)} ms`,
  `peak memory  ${memory.toFixed(0)} MB`,
]) {
  process.stdout.write(`${line}\n`)
}
process.exit()
