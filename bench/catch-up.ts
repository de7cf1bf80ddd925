/**
 * `tsx bench/catch-up.ts [--stored N] [--missing N] [--accounts N] [--tokens N] [--per-block N] [--seed N] [--store URL]`: what it costs to
 * append the blocks that are missing after a long pause, and to build all anew. See README.md.
 */
import { build } from '../src/bulk/build/build.ts'
import { copyToLog } from '../src/bulk/load/copy-stored.ts'
import { RawLogWriter } from '../src/bulk/raw-log/raw-log-writer.ts'
import { HEX_ACCOUNTS } from '../src/core/account.ts'
import { parseChainId } from '../src/core/chain.ts'
import { openStore } from '../src/store/open.ts'
import { openBulkSink } from '../src/store/open-sink.ts'
import { leaveSample } from '../src/store/postgres/bulk/sample.ts'
import type { BulkStore } from '../src/store/seam/bulk-load.ts'
import { numbersFromArguments, textFromArguments } from './arguments.ts'
import { createBlocks } from './chain/blocks.ts'
import { createGenerator, DEFAULT_SHAPE } from './chain/generator.ts'
import { peakMemoryBytes, temporaryFolder } from './server.ts'

/** Blocks that are appended at once. */
const BATCH_BLOCKS = 250
const PERCENT = 100

const { stored, missing, ...rest } = numbersFromArguments({ ...DEFAULT_SHAPE, stored: 1_000_000, missing: 50_000 }, [
  'store',
])
const shape = { ...rest, transfers: stored + missing }
const generator = createGenerator(shape)
const blockAt = createBlocks(generator)
const chain = parseChainId('eip155:1')
if (chain === undefined) throw new Error('the generated chain has an id')
const lastStored = Math.floor(stored / shape.perBlock)

const url = textFromArguments('store') ?? `sqlite:${temporaryFolder()}`
const store = await openStore({ url, create: true, codecOf: () => HEX_ACCOUNTS, loadFolder: temporaryFolder() })
const journal = await store.openJournal(chain, { scope: { type: 'all' }, from: 0 })
const { bulk } = journal
if (bulk === undefined) throw new Error('this engine has no bulk load')

await rebuild(bulk, async (writer) => {
  for (let first = 0; first <= lastStored; first += BATCH_BLOCKS) writer.append(...blocks(first, lastStored))
})
print('stored', `${stored} transfers, ${shape.accounts} accounts`)
const copied = await measured('rebuild', stored, () => rebuild(bulk, (writer) => copy(bulk, writer)))
const appended = await measured('append', missing, async () => {
  for (let first = lastStored + 1; first <= generator.head; first += BATCH_BLOCKS) {
    const [batch, through] = blocks(first, generator.head)
    await journal.append({ first, through, blocks: batch, headers: [] })
    await journal.finalize(through)
  }
})
print('break-even', `at ${((PERCENT * copied) / (appended - copied)).toFixed(1)} % of what is stored, by time`)
print('peak memory', `${((peakMemoryBytes(process.pid) ?? 0) / 1e6).toFixed(0)} MB`)
await journal.close()
await store.close()

/** Microseconds for each, which are printed with those of our processor time. */
async function measured(what: string, transfers: number, work: () => Promise<void>): Promise<number> {
  const [before, began] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(before)
  const [cpu, each] = [(user + system) / transfers, ((performance.now() - began) * 1000) / transfers]
  print(what, `${each.toFixed(1)} us a transfer, ${cpu.toFixed(1)} of processor time of ours`)
  return each
}

async function copy(from: BulkStore, writer: RawLogWriter): Promise<void> {
  const open = await from.open()
  if (open === undefined) throw new Error('a chain is stored')
  const { signal } = new AbortController()
  const now = (): number => performance.now()
  await measured('copy', stored, () => copyToLog({ stored: open, writer, now, signal, onCopied: () => undefined }))
  await open.close()
}

async function rebuild(into: BulkStore, fill: (writer: RawLogWriter) => Promise<void>): Promise<void> {
  const writer = new RawLogWriter({ folder: into.folder, origin: 'bench', codec: HEX_ACCOUNTS })
  await fill(writer)
  const mark = await writer.writeMark(0)
  await writer.close()
  const target = into.target()
  const { published } = target
  const sink = openBulkSink(target, HEX_ACCOUNTS, 'pages')
  const rows = await build({ log: into.folder, mark, codec: HEX_ACCOUNTS, from: 0, published }, sink)
  if (target.engine === 'postgres') leaveSample(target.place, HEX_ACCOUNTS, { rows, sample: [], keeps: () => true })
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
