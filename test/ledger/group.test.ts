/** Groups of requests. In a file, since a trigger makes it fail: it is about the commit, which is the same on all engines. */
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Operation } from '../../src/core/operation.ts'
import { type CommitResult, commitGroup } from '../../src/ledger/group-commit.ts'
import type { LedgerJournal } from '../../src/store/seam/ledger-store.ts'
import { BEGAN, type Folder, makeFolder, openLedger } from './ledger.ts'

let folder: Folder
let opened: Awaited<ReturnType<typeof openLedger>>
let tries = 0
let journal: LedgerJournal
beforeEach(async () => {
  folder = makeFolder()
  opened = await openLedger(folder)
  tries = 0
  journal = {
    commit: (needs, decide) => {
      tries++
      return opened.journal.commit(needs, decide)
    },
    writes: opened.journal.writes,
    probe: (how) => opened.journal.probe(how),
    acceptedClock: () => opened.journal.acceptedClock(),
    close: () => opened.journal.close(),
  }
})
afterEach(async () => {
  await opened.close()
  folder.remove()
})

const GROUP: readonly Operation[] = [
  { kind: 'register_asset', assetId: 'GILT', name: undefined, symbol: undefined, reissue: false },
  { kind: 'mint', assetId: 'GILT', amount: 5n, to: 'bank' },
  { kind: 'transfer', assetId: 'GILT', amount: 2n, from: 'bank', to: 'alice' },
]
/** An operation that every caller rejects before: the ledger cannot decide it. */
const IMPOSSIBLE: Operation = { kind: 'mint', assetId: 'GILT', amount: 0n, to: 'bank' }

function commit(operations: readonly Operation[]): Promise<readonly CommitResult[]> {
  const requests = operations.map((operation) => ({ operation, idempotency: undefined }))
  return commitGroup(journal, requests, { rules: { strictWallets: false }, now: BEGAN })
}

async function recorded(): Promise<readonly Operation[]> {
  opened.ledger.renew()
  return (await opened.ledger.operations({ after: 0, limit: 100 })).map(({ operation }) => operation)
}

test('a group is one commit', async () => {
  expect(await commit(GROUP)).toMatchObject(GROUP.map(() => ({ outcome: { accepted: true } })))
  expect(tries).toBe(1)
  expect(opened.journal.writes).toMatchObject({ commits: 1, operations: 3 })
})

test('an undecidable request does not fail the others: each is tried alone, in order', async () => {
  const [register, mint, transfer] = await commit([...GROUP.slice(0, 2), IMPOSSIBLE, ...GROUP.slice(2)]).then((all) => {
    expect(all[2]).toEqual({
      error: expect.objectContaining({ message: expect.stringContaining('must check ids and amount') }),
    })
    return all.filter((_, at) => at !== 2)
  })
  for (const one of [register, mint, transfer]) expect(one).toMatchObject({ outcome: { accepted: true } })
  expect(tries).toBe(1 + 4)
  expect(await recorded()).toEqual(GROUP)
})

test('if the store fails for a group, there is no second try and nothing is written', async () => {
  const db = new Database(folder.file)
  db.exec("CREATE TRIGGER refuse BEFORE INSERT ON transfers BEGIN SELECT RAISE(ABORT, 'the disk says no'); END")
  const refused = { error: expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: 'store: the disk says no' }) }
  expect(await commit(GROUP)).toEqual(GROUP.map(() => refused))
  expect(tries).toBe(1)
  expect(await recorded()).toEqual([])
  db.exec('DROP TRIGGER refuse')
  db.close()
  expect(await commit(GROUP)).toMatchObject(GROUP.map(() => ({ outcome: { accepted: true } })))
  expect(await recorded()).toEqual(GROUP)
})
