/**
 * `tsx bench/append.ts [--transfers N] [--blocks N] [--live N] [--accounts N] [--tokens N] [--per-block N] [--seed N]`: the
 * processor time of appends, without any node. See README.md.
 */
import { HEX_ACCOUNTS } from '../src/core/account.ts'
import type { Header } from '../src/core/block.ts'
import { parseChainId } from '../src/core/chain.ts'
import { SqliteStore } from '../src/store/sqlite/store.ts'
import { numbersFromArguments } from './arguments.ts'
import { createBlocks } from './chain/blocks.ts'
import { createGenerator, DEFAULT_SHAPE } from './chain/generator.ts'
import { temporaryFolder } from './server.ts'

const options = { ...DEFAULT_SHAPE, transfers: 200_000, blocks: 250, live: 250 }
const { blocks: batchBlocks, live, ...shape } = numbersFromArguments(options)
const generator = createGenerator(shape)
const blockAt = createBlocks(generator)
const chain = parseChainId('eip155:1')
if (chain === undefined) throw new Error('the generated chain has an id')

const store = new SqliteStore({ folder: temporaryFolder(), codecOf: () => HEX_ACCOUNTS })
const journal = await store.openJournal(chain, { scope: { type: 'all' }, from: 0 })
const firstLive = generator.head - live + 1
const batched = await measured(0, firstLive - 1, batchBlocks)
const single = await measured(firstLive, generator.head, 1)
print('batches', `${batched.toFixed(1)} us of processor time a transfer, ${batchBlocks} blocks at once`)
print('live', `${single.toFixed(1)} us of processor time a transfer, one block at once`)
await journal.close()
await store.close()

/** Appends blocks, some at once. Returns microseconds of processor time for each transfer. */
async function measured(from: number, last: number, size: number): Promise<number> {
  let [transfers, spent] = [0, 0]
  for (let first = from; first <= last; first += size) {
    const end = Math.min(first + size - 1, last)
    const batch = Array.from({ length: end - first + 1 }, (_, index) => blockAt(first + index))
    const through = headerOf(end)
    const headers = size === 1 ? [through] : []
    const before = process.cpuUsage()
    transfers += (await journal.append({ first, through, blocks: batch, headers })).transfers
    await journal.finalize({ number: end, hash: through.hash })
    const { user, system } = process.cpuUsage(before)
    spent += user + system
  }
  return spent / transfers
}

function headerOf(number: number): Header {
  const { hash, timestamp } = blockAt(number)
  return { number, hash, parentHash: number === 0 ? '' : blockAt(number - 1).hash, timestamp }
}

function print(name: string, says: string): void {
  process.stdout.write(`${name.padEnd(12)} ${says}\n`)
}
