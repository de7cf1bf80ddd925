/**
 * `tsx bench/append.ts [--transfers N] [--blocks N] [--live N] [--accounts N] [--tokens N] [--per-block N] [--seed N]
 * [--store URL] [--delay-ms N]`: the processor time of appends and their rate, without any node. See README.md.
 */
import { HEX_ACCOUNTS } from '../src/core/account.ts'
import type { Header } from '../src/core/block.ts'
import { parseChainId } from '../src/core/chain.ts'
import { openStore } from '../src/store/open.ts'
import { DatabaseLink } from '../test/postgres/link.ts'
import { numbersFromArguments, textFromArguments } from './arguments.ts'
import { createBlocks } from './chain/blocks.ts'
import { createGenerator, DEFAULT_SHAPE } from './chain/generator.ts'
import { temporaryFolder } from './server.ts'

const options = { ...DEFAULT_SHAPE, transfers: 200_000, blocks: 250, live: 250, delayMs: 0 }
const { blocks: batchBlocks, live, delayMs, ...shape } = numbersFromArguments(options, ['store'])
const generator = createGenerator(shape)
const blockAt = createBlocks(generator)
const chain = parseChainId('eip155:1')
if (chain === undefined) throw new Error('the generated chain has an id')

/** Undefined: a folder. */
const given = textFromArguments('store')
const link = given !== undefined && delayMs > 0 ? await DatabaseLink.slow(given, delayMs) : undefined
const url = link?.url ?? given ?? `sqlite:${temporaryFolder()}`
const store = await openStore({ url, create: true, codecOf: () => HEX_ACCOUNTS })
const journal = await store.openJournal(chain, { scope: { type: 'all' }, from: 0 })
const firstLive = generator.head - live + 1
print('batches', await measured(0, firstLive - 1, batchBlocks))
print('live', await measured(firstLive, generator.head, 1))
await journal.close()
await store.close()
await link?.close()

/** Appends blocks, some at once. Returns what that took. */
async function measured(from: number, last: number, size: number): Promise<string> {
  let [transfers, spent, ms] = [0, 0, 0]
  for (let first = from; first <= last; first += size) {
    const end = Math.min(first + size - 1, last)
    const batch = Array.from({ length: end - first + 1 }, (_, index) => blockAt(first + index))
    const through = headerOf(end)
    const headers = size === 1 ? [through] : []
    const [before, began] = [process.cpuUsage(), performance.now()]
    transfers += (await journal.append({ first, through, blocks: batch, headers })).transfers
    await journal.finalize({ number: end, hash: through.hash })
    const { user, system } = process.cpuUsage(before)
    spent += user + system
    ms += performance.now() - began
  }
  const rate = (count: number): string => Math.round(count / (ms / 1000)).toLocaleString('en-US')
  const blocks = last - from + 1
  const cost = `${(spent / transfers).toFixed(1)} us of our processor time a transfer`
  return `${cost}, ${rate(transfers)} transfers/s, ${rate(blocks)} blocks/s, ${size} at once`
}

function headerOf(number: number): Header {
  const { hash, timestamp } = blockAt(number)
  return { number, hash, parentHash: number === 0 ? '' : blockAt(number - 1).hash, timestamp }
}

function print(name: string, says: string): void {
  process.stdout.write(`${name.padEnd(12)} ${says}\n`)
}
