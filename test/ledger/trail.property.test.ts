import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { TEXT_ACCOUNTS } from '../../src/core/account.ts'
import { fieldsOf, type Operation, type RecordedOperation } from '../../src/core/operation.ts'
import type { LedgerReads } from '../../src/store/seam/ledger-store.ts'
import type { SqliteDatabase } from '../../src/store/sqlite/database.ts'
import { WALLET_BLOCKS } from '../../src/store/sqlite/ledger/wallet-blocks.ts'
import { SqliteQueries } from '../../src/store/sqlite/run-query.ts'
import { ENGINE } from '../store/engines.ts'
import { makeFolder, newLedger, openLedger } from './ledger.ts'

const ASSETS = Array.from({ length: 7 }, (_, at) => `asset-${at}`)
const WALLETS = ['bank', 'alice', 'bob']

type Opened = Awaited<ReturnType<typeof openLedger>>

/** Submits operations without keys in one commit. Returns the accepted ones. */
async function record({ submit, ledger }: Opened, operations: readonly Operation[]) {
  await submit(operations.map((operation) => ({ operation, idempotency: undefined })))
  return ledger.operations({ after: 0, limit: 10_000 })
}

function asset(assetId: string): Operation {
  return { kind: 'register_asset', assetId, name: undefined, symbol: undefined, reissue: true }
}

function mint(assetId: string, to: string): Operation {
  return { kind: 'mint', assetId, amount: 10n, to }
}

function concerns({ operation }: RecordedOperation, assetId: string | undefined, wallet: string): boolean {
  const { assetId: moved, from, to } = fieldsOf(operation)
  return (assetId === undefined || moved === assetId) && (from === wallet || to === wallet)
}

const assetId = fc.constantFrom(...ASSETS)
const wallet = fc.constantFrom(...WALLETS)
const amount = fc.constantFrom(1n, 10n)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 1, arbitrary: wallet.map((name) => ({ kind: 'register_wallet' as const, wallet: name })) },
  { weight: 4, arbitrary: fc.tuple(assetId, wallet).map(([id, to]) => mint(id, to)) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('transfer' as const), assetId, amount, from: wallet, to: wallet }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('burn' as const), assetId, amount, from: wallet }) },
)

/** Reads all pages of a trail. */
async function pages(ledger: LedgerReads, query: { wallet: string; assetId?: string }, limit: number) {
  const found: RecordedOperation[] = []
  for (let after = 0; ; ) {
    const page = await ledger.operations({ ...query, after, limit })
    found.push(...page)
    if (page.length < limit) return found
    after = page.at(-1)?.block.number ?? after
  }
}

test("a wallet's trail equals a plain filter of the whole record, from every block on and with any page size", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (given, size) => {
        const opened = await newLedger()
        const { ledger } = opened
        const all = await record(opened, [...ASSETS.map(asset), ...given])
        for (const name of WALLETS) {
          for (const id of [undefined, ...ASSETS]) {
            const expected = all.filter((one) => concerns(one, id, name))
            const query = { wallet: name, ...(id === undefined ? {} : { assetId: id }) }
            expect(await pages(ledger, query, size)).toEqual(expected)
            for (const { block } of all) {
              const after = expected.filter((one) => one.block.number > block.number)
              expect(await ledger.operations({ ...query, after: block.number, limit: size })).toEqual(
                after.slice(0, size),
              )
            }
          }
        }
        await opened.close()
        await opened.place.end()
      },
    ),
    { numRuns: ENGINE.name === 'sqlite' ? 25 : 10 },
  )
}, 120_000)

test('a page costs only its own rows, with any number of other assets of the wallet', async () => {
  const ids = Array.from({ length: 300 }, (_, at) => `asset-${at}`)
  const rounds = Array.from({ length: 5 }, () => ids.map((id) => mint(id, 'bank')))
  // In a file, whose plan is read. `test/postgres/read-plans.test.ts` reads the other engine's.
  const folder = makeFolder()
  onTestFinished(() => folder.remove())
  const opened = await openLedger(folder)
  const all = await record(opened, [...ids.map(asset), ...rounds.flat()])
  const mints = all.map(({ block }) => block.number).slice(ids.length)
  expect(mints).toHaveLength(1_500)
  const db = new Database(folder.file, { readonly: true }) as SqliteDatabase
  try {
    const queries = new SqliteQueries(db)
    const account = TEXT_ACCOUNTS.encode('bank')
    for (const place of [0, 150, 600, 1_490]) {
      const after = (mints[place] ?? 0) - 1
      const blocks = queries.answer([WALLET_BLOCKS, { account, after, limit: 10 }]).map(([block]) => block)
      expect(blocks).toEqual(mints.slice(place, place + 10))
    }
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${WALLET_BLOCKS.text}`).raw()
    const details = plan.all({ account, after: 0, limit: 10 }).map((row) => String(row[3]))
    const changes = details.filter((detail) => / c USING /.test(detail))
    expect(new Set(changes)).toEqual(
      new Set(['SEARCH c USING PRIMARY KEY (account=? AND asset=? AND item=? AND block>?)']),
    )
    expect(details.filter((detail) => /SCAN (?!\(subquery|m$|merged$)/.test(detail))).toEqual([])
  } finally {
    db.close()
  }
  await opened.close()
})
