import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKey } from '../../src/access/keys.ts'
import type { Records } from '../../src/store/seam/records.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ENGINES } from './engines.ts'

/** One operation on a store. Returns what its caller learns. */
type Operation = { readonly says: string; readonly run: (store: Records) => Promise<unknown> }

const NAMES = ['ada', 'Ada', 'bob', "o'neil\u{1f60a}"]
const name = fc.constantFrom(...NAMES)
const time = fc.integer({ min: 0, max: 5_000 })
const secret = createKey({ name: 'k', createdAt: 0 }).stored

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(name, time).map(([user, at]) => ({
    says: `user ${user} at ${at}`,
    run: ({ users }: Records) =>
      users.put({
        id: `id of ${user}`,
        name: user,
        passwordHash: '$',
        principal: 'p',
        createdAt: at,
        disabledAt: undefined,
      }),
  })),
  fc.tuple(name, time).map(([user, at]) => ({
    says: `disable ${user} at ${at}`,
    run: ({ users }: Records) => users.disable(user, at),
  })),
  fc.tuple(name, fc.integer({ min: 0, max: 255 }), time).map(([user, byte, at]) => ({
    says: `session ${byte} of ${user} at ${at}`,
    run: ({ sessions }: Records) =>
      sessions.putSession(
        { idHash: Buffer.alloc(32, byte), userId: `id of ${user}`, createdAt: at, expiresAt: at + 100 },
        2,
      ),
  })),
  time.map((at) => ({ says: `expire at ${at}`, run: ({ sessions }: Records) => sessions.dropExpired(at) })),
  fc.tuple(name, fc.integer({ min: 0, max: 9 }), time).map(([user, id, at]) => ({
    says: `key ${id} of ${user} at ${at}`,
    run: ({ keys }: Records) =>
      keys.putOfUser({ ...secret, id: `k${id}`, userId: `id of ${user}`, createdAt: at, expiresAt: at + 1_000 }, 2),
  })),
  fc.tuple(fc.integer({ min: 0, max: 9 }), time).map(([id, at]) => ({
    says: `revoke ${id} at ${at}`,
    run: ({ keys }: Records) => keys.revoke(`k${id}`, at),
  })),
  fc.tuple(fc.integer({ min: 0, max: 9 }), time).map(([id, at]) => ({
    says: `use ${id} at ${at}`,
    run: ({ keys }: Records) =>
      keys.noteUses(
        new Map([
          [`k${id}`, at],
          ['k0', at - 1],
        ]),
      ),
  })),
  fc.array(fc.tuple(name, time), { maxLength: 5 }).map((prices) => ({
    says: `prices ${prices.join(' ')}`,
    run: ({ prices: store }: Records) =>
      store.put(
        prices.map(([asset, at]) => ({ asset, at, price: `${at}.5` })),
        0,
      ),
  })),
  fc.array(name, { maxLength: 3 }).map((accounts) => ({
    says: `follow ${accounts.join(' ')}`,
    run: ({ followRequests }: Records) => followRequests.add({ chain: CHAIN, accounts, max: 3, at: 7 }),
  })),
  name.map((account) => ({
    says: `unfollow ${account}`,
    run: ({ followRequests }: Records) => followRequests.remove(CHAIN, [account]),
  })),
)

/** What a caller sees of an operation and of the store after it. */
async function learnt(store: Records, { run }: Operation): Promise<unknown> {
  const result = await run(store).catch((error: { code?: unknown }) => `error ${String(error.code)}`)
  const { users, keys, prices, followRequests } = store
  const lists = [users.list(), keys.list(), prices.latest(3), followRequests.list(CHAIN)]
  return [result, ...(await Promise.all(lists))]
}

test('all engines answer alike, and hold the same rows after the same operations', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const places = await Promise.all(ENGINES.map(({ makePlace }) => makePlace()))
      try {
        const [model, ...others] = await Promise.all(places.map(({ open }) => open()))
        for (const one of operations) {
          const expected = model && (await learnt(model, one))
          for (const store of others) expect(await learnt(store, one), one.says).toEqual(expected)
        }
        for (const store of others) expect(await store.dump()).toEqual(await model?.dump())
      } finally {
        for (const { end } of places) await end()
      }
    }),
    { numRuns: 8, seed: 48 },
  )
})
