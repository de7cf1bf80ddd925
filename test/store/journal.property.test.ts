import { setImmediate as nextTick } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assetKey } from '../../src/core/asset.ts'
import type { Header } from '../../src/core/block.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { ChainReads, Journal, Store } from '../../src/store/seam/store.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES, type StorePlace } from './engines.ts'
import { Model } from './model.ts'

const CHAIN = parseChainId('eip155:1') as ChainId

/** Some blocks, then perhaps a rollback, several times: the history of a chain. */
const history = fc.array(
  fc.record({ blocks: fc.array(blockMovements, { minLength: 1, maxLength: 4 }), back: fc.integer({ min: 0, max: 5 }) }),
  {
    minLength: 1,
    maxLength: 6,
  },
)
type History = readonly { readonly blocks: readonly (readonly Movement[])[]; readonly back: number }[]

type MakePlace = () => Promise<StorePlace>

async function withStore<T>(makePlace: MakePlace, work: (store: Store, place: StorePlace) => Promise<T>): Promise<T> {
  const place = await makePlace()
  try {
    return await work(await place.open(), place)
  } finally {
    await place.end()
  }
}

/** Applies a history to the journal and the model. Returns the headers that remain. */
async function play(history: History, journal: Journal, model: Model): Promise<Header[]> {
  let headers: Header[] = []
  for (const [branch, { blocks, back }] of history.entries()) {
    for (const movements of blocks) {
      const parent = headers.at(-1)
      const number = (parent?.number ?? -1) + 1
      const header = { number, hash: hashOf(branch, number), parentHash: parent?.hash ?? '0x', timestamp: number * 12 }
      const block = makeBlock(movements, header)
      await journal.append({ first: number, through: header, blocks: [block], headers: [header] })
      model.append([block])
      headers.push(header)
    }
    const ancestor = headers.at(-1 - back)
    if (back === 0 || ancestor === undefined) continue
    await journal.rollback(ancestor)
    model.rollback(ancestor.number)
    headers = headers.filter((header) => header.number <= ancestor.number)
  }
  return headers
}

async function compare(reads: ChainReads, model: Model, asOf: number | undefined): Promise<void> {
  const expected = model.positions(asOf)
  const keys = ACCOUNTS.flatMap((account) =>
    ASSETS.flatMap((asset) =>
      (asset.standard === 'erc20' ? [''] : ['', '0', '1', '2', '3']).map((item) => ({ account, asset, item })),
    ),
  )
  const { rows } = await reads.balances(keys, asOf)
  const found = keys.flatMap(({ account, asset, item }, index) => {
    const row = rows[index]
    return row === undefined ? [] : [[`${account}/${assetKey(asset)}/${item}`, row.amount] as const]
  })
  const amounts = new Map([...expected].map(([key, { amount }]) => [key, amount]))
  // A balance whose events contradict themselves is unknown at every block, also before its first change.
  for (const key of model.contradicted()) amounts.set(key, undefined)
  expect(new Map(found)).toEqual(amounts)
}

async function compareAccounts(reads: ChainReads, model: Model, asOf: number | undefined): Promise<void> {
  const positions = [...model.positions(asOf)]
    .filter(([key]) => key.endsWith('/'))
    .sort(([, a], [, b]) => a.order - b.order)
  for (const account of ACCOUNTS) {
    const own = positions.filter(([key]) => key.startsWith(account))
    const received = own.filter(([, { fungible, received }]) => fungible && received)
    for (const [query, expected] of [
      [{ standards: ['erc20'], receivedOnly: true }, received],
      [{ standards: ['erc20', 'erc721', 'erc1155'], receivedOnly: false }, own],
    ] as const) {
      const page = await reads.account({ account, ...query, assets: undefined, asOf, offset: 0, limit: 100 })
      expect(page.count).toBe(expected.length)
      const listed = page.rows.map((row) => [`${account}/${assetKey(row.asset.asset)}/`, row.amount])
      expect(listed).toEqual(expected.map(([key, { amount }]) => [key, amount]))
      const assets = [...ASSETS].reverse()
      const named = await reads.account({ account, ...query, assets, asOf, offset: 0, limit: 100 })
      expect(named).toEqual(page)
      const [second] = (await reads.account({ account, ...query, assets: undefined, asOf, offset: 1, limit: 1 })).rows
      expect(second?.asset.asset).toEqual(page.rows[1]?.asset.asset)
    }
  }
}

async function compareAssets(reads: ChainReads, model: Model): Promise<void> {
  for (const asset of ASSETS) {
    const holders = model.holders(asset)
    expect(await reads.holders({ asset, offset: 0, limit: 100 })).toMatchObject({
      count: holders.length,
      rows: holders,
    })
    const transfers = model.transfers().filter((transfer) => assetKey(transfer.asset) === assetKey(asset))
    const all = {
      fromBlock: undefined,
      toBlock: undefined,
      fromTimestamp: undefined,
      toTimestamp: undefined,
      offset: 0,
      limit: 1_000,
    }
    const page = await reads.transfers({ asset, account: undefined, ...all })
    expect(page.count).toBe(transfers.length)
    expect(page.rows.map(({ block: _, timestamp: __, ...transfer }) => transfer)).toEqual([...transfers].reverse())
  }
}

describe.each(ENGINES)('$name', ({ name, makePlace }) => {
  test('balances, lists, holders, transfers and past amounts equal those of a plain model, after any appends and rollbacks', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (history) => {
        await withStore(makePlace, async (store, place) => {
          const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
          const reads = await store.openReads(CHAIN)
          const model = new Model()
          const headers = await play(history, journal, model)
          await compare(reads, model, undefined)
          await compareAccounts(reads, model, undefined)
          for (const { number } of headers) {
            await compare(reads, model, number)
            await compareAccounts(reads, model, number)
          }
          await compareAssets(reads, model)
          // Reads share a snapshot for one tick, so the writer closes after it.
          await nextTick()
          const straight = await replay(makePlace, model, headers)
          expect(await place.dumpChain(CHAIN)).toEqual(straight)
          await journal.close()
        })
      }),
      { numRuns: name === 'sqlite' ? 60 : 15 },
    )
  }, 120_000)
})

/** The same chain without rollbacks, appended in one batch like a backfill. */
async function replay(makePlace: MakePlace, model: Model, headers: readonly Header[]): Promise<readonly string[]> {
  return withStore(makePlace, async (store, place) => {
    const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
    const through = headers.at(-1)
    if (through !== undefined) await journal.append({ first: 0, through, blocks: model.blocks, headers: [] })
    await journal.close()
    return await place.dumpChain(CHAIN)
  })
}
