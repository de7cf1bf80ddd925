/**
 * `tsx bench/catch-up.ts [--stored N] [--missing N] [--accounts N] [--tokens N] [--per-block N] [--seed N]`: what it costs to
 * append the blocks that are missing after a long pause, and to build all anew. See README.md.
 */
import { build } from '../src/bulk/build/build.ts'
import { copyToLog } from '../src/bulk/load/copy-stored.ts'
import { RawLogWriter } from '../src/bulk/raw-log/raw-log-writer.ts'
import { HEX_ACCOUNTS } from '../src/core/account.ts'
import { parseChainId } from '../src/core/chain.ts'
import { openBulkSink } from '../src/store/open-sink.ts'
import type { BulkStore } from '../src/store/seam/bulk-load.ts'
import { SqliteStore } from '../src/store/sqlite/store.ts'
import { numbersFromArguments } from './arguments.ts'
import { createBlocks } from './chain/blocks.ts'
import { createGenerator, DEFAULT_SHAPE } from './chain/generator.ts'
import { peakMemoryBytes, temporaryFolder } from './server.ts'

/** Blocks that are appended at once. */
const BATCH_BLOCKS = 250
const PERCENT = 100

const { stored, missing, ...rest } = numbersFromArguments({ ...DEFAULT_SHAPE, stored: 1_000_000, missing: 50_000 })
const shape = { ...rest, transfers: stored + missing }
const generator = createGenerator(shape)
const blockAt = createBlocks(generator)
const chain = parseChainId('eip155:1')
if (chain === undefined) throw new Error('the generated chain has an id')
const lastStored = Math.floor(stored / shape.perBlock)

const store = new SqliteStore({ folder: temporaryFolder(), codecOf: () => HEX_ACCOUNTS })
const journal = await store.openJournal(chain, { scope: { type: 'all' }, from: 0 })
const { bulk } = journal
if (bulk === undefined) throw new Error('this engine has no bulk load')

await rebuild(bulk, async (writer) => {
  for (let first = 0; first <= lastStored; first += BATCH_BLOCKS) writer.append(...blocks(first, lastStored))
})
print('stored', `${stored} transfers, ${shape.accounts} accounts`)
const copied = await measured(stored, () => rebuild(bulk, (writer) => copy(bulk, writer)))
print('rebuild', `${copied.toFixed(1)} us of processor time a stored transfer: copied, built, published`)
const appended = await measured(missing, async () => {
  for (let first = lastStored + 1; first <= generator.head; first += BATCH_BLOCKS) {
    const [batch, through] = blocks(first, generator.head)
    await journal.append({ first, through, blocks: batch, headers: [] })
    await journal.finalize(through)
  }
})
print('append', `${appended.toFixed(1)} us of processor time a missing transfer`)
print('break-even', `at ${((PERCENT * copied) / (appended - copied)).toFixed(1)} % of what is stored`)
print('peak memory', `${((peakMemoryBytes(process.pid) ?? 0) / 1e6).toFixed(0)} MB`)
await journal.close()
await store.close()

/** Microseconds of processor time for each. */
async function measured(transfers: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / transfers
}

async function copy(from: BulkStore, writer: RawLogWriter): Promise<void> {
  const open = await from.open()
  if (open === undefined) throw new Error('a chain is stored')
  const { signal } = new AbortController()
  const before = process.cpuUsage()
  await copyToLog({ stored: open, writer, now: () => performance.now(), signal, onCopied: () => undefined })
  await open.close()
  const { user, system } = process.cpuUsage(before)
  print('copy', `${((user + system) / stored).toFixed(1)} us of processor time a stored transfer`)
}

async function rebuild(into: BulkStore, fill: (writer: RawLogWriter) => Promise<void>): Promise<void> {
  const writer = new RawLogWriter({ folder: into.folder, origin: 'bench', codec: HEX_ACCOUNTS })
  await fill(writer)
  const mark = await writer.writeMark(0)
  await writer.close()
  const target = into.target()
  const { published } = target
  const sink = openBulkSink(target, HEX_ACCOUNTS, 'pages')
  await build({ log: into.folder, mark, codec: HEX_ACCOUNTS, from: 0, published }, sink)
  await into.publish(target)
  await into.end()
}

/** A batch of generated blocks from one on, up to another, with the last one's header. */
function blocks(first: number, last: number) {
  const end = Math.min(last, first + BATCH_BLOCKS - 1)
  const batch = Array.from({ length: end - first + 1 }, (_, index) => blockAt(first + index))
  const { hash, timestamp } = blockAt(end)
  return [batch, { number: end, hash, parentHash: '', timestamp }] as const
}

function print(name: string, says: string): void {
  process.stdout.write(`${name.padEnd(12)} ${says}\n`)
}
