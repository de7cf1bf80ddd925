/**
 * `memory-child.ts FOLDER SHAPE EVENTS`: loads a shaped chain in bulk, as a server does. Instead of a shape it may be the URL of a
 * node, and instead of events the number of its newest block. Prints JSON: how
 * many bytes the process grew by at most, and rows of the published file.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { bulkLoadOf } from '../../src/app/bulk-load-of.ts'
import type { BulkLoadDeps } from '../../src/bulk/load/bulk-load.ts'
import type { ChainAdapter } from '../../src/chains/adapter.ts'
import { createEvmAdapter } from '../../src/chains/evm/adapter.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Header } from '../../src/core/block.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ALL } from './final-chain.ts'
import { SHAPES, ShapedChain, type ShapeName } from './shaped-chain.ts'

const TABLES = ['transfers', 'changes', 'balances', 'accounts', 'assets', 'hints', 'turns'] as const

const [folder = '', shape = '', events = ''] = parseArgs({ allowPositionals: true }).positionals
const { adapter, head } = await chainOf()
const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
const journal = await store.openJournal(CHAIN, ALL)
const log: BulkLoadDeps['log'] = (level, message, fields) => {
  if (level === 'warn') throw new Error(`${message}: ${JSON.stringify(fields)}`)
}
const load = bulkLoadOf({ journal, chain: CHAIN, codec: HEX_ACCOUNTS, log }, adapter)
if (load === undefined) throw new Error('the store loads in bulk')
const before = kilobytes('VmRSS')
await load.load(
  {
    ...{ first: 0, last: head.number, head, onCopied: () => undefined, onFetched: () => undefined },
    onPublished: async () => report('published'),
  },
  new AbortController().signal,
)
await journal.close()
await store.close()
process.stdout.write(JSON.stringify({ grownBytes: 1024 * (kilobytes('VmHWM') - before), rows: rowsOf() }), () =>
  process.exit(),
)

async function chainOf(): Promise<{ readonly adapter: ChainAdapter; readonly head: Header }> {
  if (!shape.startsWith('http:')) {
    const chain = new ShapedChain(shapeOf(shape), Number(events))
    const shaped: Partial<ChainAdapter> = chain
    // Its other methods are not called, since all blocks are final.
    return { adapter: shaped as ChainAdapter, head: chain.head }
  }
  const { adapter } = createEvmAdapter({ chain: CHAIN, rpc: [shape], finality: 'finalized', warn: () => undefined })
  const number = Number(events)
  const [head] = await adapter.headers({ first: number, last: number }, new AbortController().signal)
  if (head === undefined) throw new Error('the node has its newest block')
  return { adapter, head }
}

function shapeOf(name: string): ShapeName {
  const found = Object.keys(SHAPES).find((known) => known === name)
  if (found === undefined) throw new Error(`no shape is named ${name}`)
  return found as ShapeName
}

function kilobytes(name: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

/** Says how much memory a step took, if that is asked for. */
function report(step: string): void {
  if (process.env.STEELYARD_STEPS === undefined) return
  process.stderr.write(`${step}: ${kilobytes('VmRSS') >> 10} MiB, at most ${kilobytes('VmHWM') >> 10}\n`)
}

function rowsOf(): Readonly<Record<string, unknown>> {
  const file = readdirSync(folder).find((name) => /^eip155_1(\.g\d+)?\.db$/.test(name))
  const db = new Database(join(folder, file ?? ''), { readonly: true })
  try {
    return Object.fromEntries(TABLES.map((table) => [table, db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()]))
  } finally {
    db.close()
  }
}
