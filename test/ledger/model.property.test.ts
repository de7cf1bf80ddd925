import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Idempotency, Operation } from '../../src/core/operation.ts'
import type { LedgerRequest, Outcome } from '../../src/ledger/ledger.ts'
import { ENGINE } from '../store/engines.ts'
import { newLedger, verifyStore } from './ledger.ts'
import { LedgerModel, type ModelSaid } from './model.ts'

const ASSETS = ['GILT', 'BOND']
const WALLETS = ['bank', 'älice 🏦', 'bob']

const assetId = fc.constantFrom(...ASSETS)
const wallet = fc.constantFrom(...WALLETS)
const amount = fc.oneof(fc.bigInt({ min: 1n, max: 30n }), fc.constant(2n ** 53n - 1n))

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('register_asset' as const),
      assetId,
      name: fc.constantFrom(undefined, 'A name'),
      symbol: fc.constant(undefined),
      reissue: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('register_wallet' as const), wallet }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('mint' as const), assetId, amount, to: wallet }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('transfer' as const), assetId, amount, from: wallet, to: wallet }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('burn' as const), assetId, amount, from: wallet }) },
)

type Fresh = { readonly operation: Operation; readonly key: number | null }
/** Repeats the request of some steps before, with its key. */
type Again = { readonly again: number }

/** `key`: one of a few, so that some are reused with another body. */
const fresh: fc.Arbitrary<Fresh> = fc.record({ operation, key: fc.option(fc.nat(5)) })
const again: fc.Arbitrary<Again> = fc.record({ again: fc.nat(20) })
const step = fc.oneof({ weight: 3, arbitrary: fresh }, { weight: 1, arbitrary: again })

/** Groups of requests, one group per commit. */
const story = fc.record({
  strict: fc.boolean(),
  groups: fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 }),
})

/** The outcome of a request. `replayed`: the answer came from its key, not from the record. */
type Said = string | (Exclude<ModelSaid, string> & { readonly replayed: boolean })

type Told = { readonly fingerprint: string; readonly said: Exclude<ModelSaid, string> }

/**
 * Returns the model's outcome of a request, including keys: a key is kept for every accepted request, created or
 * repeated.
 */
function modelSays(
  model: LedgerModel,
  keys: Map<string, Told>,
  { operation: given, idempotency }: LedgerRequest,
): Said {
  const used = idempotency === undefined ? undefined : keys.get(idempotency.key)
  if (used !== undefined) {
    return used.fingerprint === idempotency?.fingerprint ? { ...used.said, replayed: true } : 'key_reused'
  }
  const said = model.submit(given)
  if (typeof said === 'string') return said
  if (idempotency !== undefined) keys.set(idempotency.key, { fingerprint: idempotency.fingerprint, said })
  return { ...said, replayed: false }
}

function realSaid(outcome: Outcome): Said {
  if (!outcome.accepted) return outcome.reason
  const { serial, created, replayed } = outcome.receipt
  return { accepted: true, serial, created, replayed }
}

/** Returns the requests of a story, in its groups. A repetition before the first request is left out. */
function requestsOf(groups: readonly (readonly (Fresh | Again)[])[]): readonly (readonly LedgerRequest[])[] {
  const before: LedgerRequest[] = []
  return groups.map((group) =>
    group.flatMap((one) => {
      const request = 'again' in one ? before.at(-1 - (one.again % (before.length || 1))) : requestOf(one)
      if (request !== undefined) before.push(request)
      return request ?? []
    }),
  )
}

function requestOf({ operation: given, key }: Fresh): LedgerRequest {
  const content = JSON.stringify(given, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))
  const idempotency: Idempotency | undefined =
    key === null ? undefined : { scope: 'test', key: String(key), fingerprint: content }
  return { operation: given, idempotency }
}

type OpenLedger = Awaited<ReturnType<typeof newLedger>>

/** Compares all reads with the model. */
async function compare({ ledger, chain }: OpenLedger, model: LedgerModel): Promise<void> {
  const count = model.accepted.length
  for (const reference of ASSETS) {
    const asset = { standard: 'ledger', reference } as const
    const holders = WALLETS.map((account) => ({ account, amount: model.balance(account, reference) }))
      .filter((holder) => holder.amount > 0n)
      .sort((a, b) => Number(b.amount > a.amount) - Number(b.amount < a.amount) || (a.account < b.account ? -1 : 1))
    expect((await chain.holders({ asset, offset: 0, limit: 10 })).rows).toEqual(holders)
    expect((await ledger.asset(reference))?.supply ?? 0n).toBe(model.supply(reference))
    expect(holders.reduce((sum, holder) => sum + holder.amount, 0n)).toBe(model.supply(reference))
    for (const account of WALLETS) {
      for (const asOf of [undefined, ...Array.from({ length: count + 1 }, (_, at) => at)]) {
        const { rows, clock } = await chain.balances([{ account, asset, item: '' }], asOf)
        expect(rows[0]?.amount ?? 0n).toBe(model.balance(account, reference, asOf))
        expect(clock.published?.number).toBe(count)
      }
      const found = await ledger.operations({ assetId: reference, wallet: account, after: 0, limit: 100 })
      expect(found.map(({ block }) => block.number)).toEqual(model.numbersOf(reference, account))
    }
    const found = await ledger.operations({ assetId: reference, after: 0, limit: 100 })
    expect(found.map(({ block }) => block.number)).toEqual(model.numbersOf(reference, undefined))
  }
  for (const account of WALLETS) {
    expect(await ledger.hasWallet(account)).toBe(model.hasWallet(account))
    const all = model.numbersOf(undefined, account)
    const after = all[0] ?? 0
    const found = await ledger.operations({ wallet: account, after, limit: 3 })
    expect(found.map(({ block }) => block.number)).toEqual(all.filter((number) => number > after).slice(0, 3))
  }
  const all = await ledger.operations({ after: 0, limit: 1_000 })
  expect(all.map((recorded) => recorded.operation)).toEqual(model.accepted)
}

test('groups of operations: outcomes, balances at every block, holders, supply, trails and keys equal those of plain lists', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ strict, groups }) => {
      const real = await newLedger(strict)
      const model = new LedgerModel(strict)
      const keys = new Map<string, Told>()
      try {
        for (const requests of requestsOf(groups)) {
          const outcomes = await real.submit(requests)
          expect(outcomes.map(realSaid)).toEqual(requests.map((request) => modelSays(model, keys, request)))
        }
        await compare(real, model)
      } finally {
        await real.close()
      }
      expect((await verifyStore(await real.place.open())).faults).toEqual([])
      await real.place.end()
    }),
    { numRuns: ENGINE.name === 'sqlite' ? 60 : 20 },
  )
}, 120_000)
