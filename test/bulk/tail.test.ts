/** The blocks of a bulk load that are not final. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { fetchTail, tailBehind } from '../../src/bulk/fetch/fetch-tail.ts'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { Header } from '../../src/core/block.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { Journal } from '../../src/store/seam/store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { CHAIN } from '../indexer/harness.ts'
import { inFolder } from './built-file.ts'
import { append, BLOCK, backfill, blocksOf, Load } from './published-blocks.ts'

test('the blocks of a tail have the rows of blocks that were followed, and are not final', async () => {
  const [blocks, branch] = [blocksOf([BLOCK, BLOCK], 0), blocksOf([BLOCK, [], BLOCK], 2)]
  const rowsOf = (work: (journal: Journal) => Promise<void>) =>
    inFolder(async (folder) => {
      const store = new SqliteStore({ folder, codecOf: () => HEX_ACCOUNTS })
      const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
      await work(journal)
      const state = await journal.state()
      await journal.close()
      const name = readdirSync(folder).find((file) => /^eip155_1(\.g\d+)?\.db$/.test(file)) ?? ''
      const db = new Database(join(folder, name), { readonly: true })
      const rows = db.prepare('SELECT * FROM blocks').all()
      db.close()
      await store.close()
      return { state, rows }
    })
  const loaded = await rowsOf(async (journal) => {
    const load = new Load(journal)
    await load.publish(blocks, branch)
    await load.end()
  })
  const appended = await rowsOf(async (journal) => {
    await backfill(journal, blocks)
    await append(journal, branch)
  })
  expect(loaded.state).toMatchObject({ written: { number: 4 }, finalized: { number: 1 } })
  expect(loaded.state).toEqual(appended.state)
  expect(loaded.rows).toEqual(appended.rows)
})

const ALL_ACCOUNTS = { type: 'all' } as const
const NEVER = new AbortController().signal

/** A chain of so many blocks whose last ones, from a number on, are on a branch. */
function chainOf(length: number, branchedAt: number): MockChain {
  const nameOf = (number: number): string => (number < branchedAt ? `${number}` : `${number}b`)
  const chain = new MockChain()
  for (let number = 0; number < length; number++)
    chain.add(nameOf(number), number === 0 ? undefined : nameOf(number - 1), BLOCK)
  return chain.show(nameOf(length - 1))
}

async function headerOf(chain: MockChain, number: number): Promise<Header> {
  const [header] = await chain.headers({ first: number, last: number })
  if (header === undefined) throw new Error('the chain has this block')
  return header
}

/** The tail behind a block, as a load fetches it. */
async function tailOf(adapter: MockChain, { after, head }: { readonly after: Header; readonly head: Header }) {
  return tailBehind(after, await fetchTail({ adapter, scope: ALL_ACCOUNTS }, { after: after.number, head }, NEVER))
}

test('a tail has the blocks up to the head, linked to the last final one', async () => {
  const chain = chainOf(130, 1_000)
  const [after, head] = [await headerOf(chain, 9), await headerOf(chain, 129)]
  const { headers, blocks } = await tailOf(chain, { after, head })
  expect(headers.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, index) => index + 10))
  expect(blocks.flatMap(({ transfers }) => transfers)).toHaveLength(120)
})

test.each([
  ['the last final block is not of this branch', 9, []],
  ['the head is not of this branch', 60, Array.from({ length: 50 }, (_, index) => index + 10)],
])('a tail has no block that the head does not follow: %s', async (_, branchedAt, expected) => {
  const [ours, theirs] = [chainOf(80, 1_000), chainOf(80, branchedAt)]
  const [after, head] = [await headerOf(ours, 9), await headerOf(ours, 79)]
  const { headers } = await tailOf(theirs, { after, head })
  expect(headers.map(({ number }) => number)).toEqual(expected)
})

test('a node that fails ends the tail, and a signal ends the load', async () => {
  const chain = chainOf(130, 1_000)
  const [after, head] = [await headerOf(chain, 9), await headerOf(chain, 129)]
  let left = 3
  chain.fault = () => {
    if (--left === 0) throw new ServiceError('NODE_UNREACHABLE', 'the node is gone')
  }
  const { headers } = await tailOf(chain, { after, head })
  expect(headers).toHaveLength(50)
  chain.fault = () => {
    throw new ServiceError('ABORTED', 'stopped')
  }
  const aborted = tailOf(chain, { after, head })
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
})
