import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChainId } from '../../src/core/chain.ts'
import type { Operation } from '../../src/core/operation.ts'
import { commitGroup, outcomeOf } from '../../src/ledger/group-commit.ts'
import type { LedgerRequest, Outcome } from '../../src/ledger/ledger.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import type { LedgerReads } from '../../src/store/seam/ledger-store.ts'
import { BEGAN, CHAIN, verifyStore } from '../ledger/ledger.ts'
import { ENGINES, type StorePlace } from './engines.ts'

const GENESIS = genesisOf(CHAIN, BEGAN)
const GILT: Operation = { kind: 'register_asset', assetId: 'GILT', name: 'Gilt', symbol: undefined, reissue: true }
const mint = (to: string, amount: bigint, assetId = 'GILT'): Operation => ({ kind: 'mint', assetId, amount, to })
const move = (from: string, to: string, amount: bigint): Operation => {
  return { kind: 'transfer', assetId: 'GILT', amount, from, to }
}

function request(operation: Operation, key?: string): LedgerRequest {
  const fingerprint = JSON.stringify(operation, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  return { operation, idempotency: key === undefined ? undefined : { scope: 'test', key, fingerprint } }
}

/** A writer and a reader of a place's ledger. */
async function openLedger(place: StorePlace) {
  const store = await place.open()
  const journal = await store.ledgers.openJournal(CHAIN, GENESIS)
  const { ledger: reads } = await store.ledgers.openReads(CHAIN)
  return {
    store,
    journal,
    reads,
    submit: async (requests: readonly LedgerRequest[], now = BEGAN): Promise<readonly Outcome[]> => {
      const settled = await commitGroup(journal, requests, { rules: { strictWallets: false }, now })
      reads.renew()
      return settled.map(outcomeOf)
    },
  }
}

async function all(reads: LedgerReads, query: { assetId?: string; wallet?: string } = {}): Promise<readonly string[]> {
  const found: string[] = []
  for (let after = -1; ; ) {
    const page = await reads.operations({ ...query, after, limit: 2 })
    found.push(...page.map(({ operation, serial }) => `${operation.kind} ${serial}`))
    const last = page.at(-1)
    if (last === undefined) return found
    after = last.block.number
  }
}

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let place: StorePlace
  beforeEach(async () => {
    place = await makePlace()
  })
  afterEach(() => place.end())

  test('a record is read by asset, by wallet and by both, in pages, also after a restart', async () => {
    const first = await openLedger(place)
    await first.submit([request(GILT), request(mint('bank', 100n)), request(move('bank', 'ann', 30n))])
    await first.submit([
      request({ kind: 'register_asset', assetId: 'BOND', name: undefined, symbol: 'B', reissue: false }),
      request({ kind: 'register_wallet', wallet: 'bob' }),
      request(move('ann', 'bob', 5n)),
      request({ kind: 'mint', assetId: 'BOND', amount: 7n, to: 'bob' }),
      request({ kind: 'burn', assetId: 'GILT', amount: 1n, from: 'bob' }),
    ])
    await first.journal.close()
    await first.store.close()
    const { reads, journal, store } = await openLedger(place)
    const everything = ['register_asset 1', 'mint 1', 'transfer 1', 'register_asset 2', 'register_wallet 1']
    expect(await all(reads)).toEqual([...everything, 'transfer 2', 'mint 2', 'burn 3'])
    expect(await all(reads, { assetId: 'GILT' })).toEqual([
      'register_asset 1',
      'mint 1',
      'transfer 1',
      'transfer 2',
      'burn 3',
    ])
    expect(await all(reads, { wallet: 'bob' })).toEqual(['register_wallet 1', 'transfer 2', 'mint 2', 'burn 3'])
    expect(await all(reads, { wallet: 'bob', assetId: 'GILT' })).toEqual(['transfer 2', 'burn 3'])
    expect(await all(reads, { wallet: 'eve' })).toEqual([])
    expect([await reads.hasWallet('ann'), await reads.hasWallet('eve')]).toEqual([true, false])
    expect(await reads.asset('GILT')).toMatchObject({ minted: true, supply: 99n, registration: { operation: GILT } })
    expect(await reads.asset('NOTE')).toBeUndefined()
    expect((await reads.assets({ after: 1, limit: 9 })).map(({ operation }) => operation)).toMatchObject([
      { assetId: 'BOND' },
    ])
    expect(await reads.header(0)).toEqual(GENESIS)
    expect(await journal.probe({ write: false })).toBe(BEGAN)
    await journal.close()
    await store.close()
  })

  test('a key repeats its operation, also in the same group and from another process', async () => {
    const [one, two] = [await openLedger(place), await openLedger(place)]
    const asked = [request(GILT, 'a'), request(mint('bank', 9n), 'b')]
    const first = await one.submit(asked)
    const again = await two.submit([...asked, request(mint('bank', 8n), 'b'), request(GILT, 'c'), request(GILT, 'c')])
    expect(again.slice(0, 2)).toEqual(first.map((outcome) => ({ ...outcome, receipt: expect.anything() })))
    expect(again.map(summary)).toEqual(['replayed 1', 'replayed 2', 'key_reused', 'repeated 1', 'replayed 1'])
    for (const { journal, store } of [one, two]) {
      await journal.close()
      await store.close()
    }
  })

  test('a commit that fails writes nothing', async () => {
    const { journal, store, submit } = await openLedger(place)
    await submit([request(GILT)])
    const before = await store.dump()
    const needs = { assets: ['GILT'], wallets: [], registeredWallets: [], holdings: [], keys: [] }
    const failing = journal.commit(needs, () => {
      throw new TypeError('undecidable')
    })
    await expect(failing).rejects.toThrow('undecidable')
    expect(await store.dump()).toEqual(before)
    await journal.close()
    await store.close()
  })

  test('two writers that take turns hold what the operations come to', async () => {
    const [first, second] = [await openLedger(place), await openLedger(place)]
    const turns = [first, second, first, second, second, first]
    await first.submit([request(GILT), request(mint('bank', 100n))])
    for (const [at, { submit }] of turns.entries()) {
      expect(await submit([request(move('bank', `to ${at}`, 1n))])).toMatchObject([{ accepted: true }])
    }
    for (const { journal } of [first, second]) await journal.close()
    expect((await verifyStore(second.store)).faults).toEqual([])
  })

  test('a store holds one ledger', async () => {
    const { journal, store } = await openLedger(place)
    await journal.close()
    const other = 'ledger:other' as ChainId
    await expect(store.ledgers.openJournal(other, genesisOf(other, BEGAN))).rejects.toMatchObject({
      code: 'STORE_MISMATCH',
    })
    await store.close()
  })

  test('the clock that the operator confirms is seen by a running writer', async () => {
    const { journal, store } = await openLedger(place)
    expect(journal.acceptedClock()).toBeUndefined()
    const other = await place.open()
    await other.ledgers.acceptClock({ wall: 5, steady: 6.5, through: 7 })
    await journal.probe({ write: true })
    expect(journal.acceptedClock()).toEqual({ wall: 5, steady: 6.5, through: 7 })
    await journal.close()
    await store.close()
  })
})

function summary(outcome: Outcome): string {
  if (!outcome.accepted) return outcome.reason
  const { replayed, created, block } = outcome.receipt
  return `${replayed ? 'replayed' : created ? 'created' : 'repeated'} ${block.number}`
}

const wallet = fc.constantFrom('bank', 'älice 🏦', 'bob')
const assetId = fc.constantFrom('GILT', 'BOND')
const amount = fc.oneof(fc.bigInt({ min: 1n, max: 30n }), fc.constant(2n ** 53n - 1n))
const operation: fc.Arbitrary<Operation> = fc.oneof(
  assetId.map((id): Operation => ({ ...GILT, assetId: id })),
  wallet.map((one): Operation => ({ kind: 'register_wallet', wallet: one })),
  fc.tuple(assetId, amount, wallet).map(([id, sum, to]): Operation => mint(to, sum, id)),
  fc
    .tuple(assetId, amount, wallet, wallet)
    .map(([id, sum, from, to]): Operation => ({ kind: 'transfer', assetId: id, amount: sum, from, to })),
  fc
    .tuple(assetId, amount, wallet)
    .map(([id, sum, from]): Operation => ({ kind: 'burn', assetId: id, amount: sum, from })),
)
const group = fc.array(fc.tuple(operation, fc.option(fc.nat(9), { nil: undefined })), { minLength: 1, maxLength: 8 })

test('all engines decide alike, and hold the same rows after the same operations', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(group, { minLength: 1, maxLength: 6 }), async (groups) => {
      const places = await Promise.all(ENGINES.map(({ makePlace }) => makePlace()))
      try {
        const ledgers = await Promise.all(places.map(openLedger))
        const setUp = [request(GILT), request(mint('bank', 20n))]
        for (const [index, some] of [
          setUp,
          ...groups.map((one) => one.map(([op, key]) => request(op, key?.toString()))),
        ].entries()) {
          const [expected, ...others] = await Promise.all(ledgers.map(({ submit }) => submit(some, BEGAN + index)))
          for (const outcomes of others) expect(outcomes).toEqual(expected)
        }
        for (const { journal } of ledgers) await journal.close()
        const [expected, ...others] = await Promise.all(ledgers.map(({ store }) => store.dump()))
        for (const dump of others) expect(dump).toEqual(expected)
        expect(expected?.some((line) => line.startsWith('changes '))).toBe(true)
      } finally {
        for (const { end } of places) await end()
      }
    }),
    { numRuns: 8, seed: 48 },
  )
})
