/** Pages of balances over many rows while blocks come and wallets are added: every row once, pages full. */
import { describe, expect, test } from 'vitest'
import type { PageRequest, RowKey } from '../../src/core/custody.ts'
import type { CustodyBalance, CustodyFilter } from '../../src/custody/custody.ts'
import { ENGINES } from '../store/engines.ts'
import { type CustodyWorld, custodyWorlds, move } from './world.ts'

describe.each(ENGINES)('$name', ({ isFull, makePlace }) => {
  const custodyWorld = custodyWorlds(makePlace)

  const ANN = { principal: 'ann' }
  /** In ten wallets, with ten assets each. */
  const addresses = isFull ? 1_000 : 100
  const TOKENS = 9
  const ROWS = addresses * (TOKENS + 1)

  const nameOf = ({ wallet, address, asset }: CustodyBalance): string => `${wallet} ${address} ${asset.reference}`

  async function watchMany(w: CustodyWorld, wallet: string, indexes: readonly number[]): Promise<void> {
    const { account, node, id } = w.of('evm')
    const native = w.chains.find((chain) => chain.id === id)?.nativeAsset
    if (native === undefined) throw new Error('the chain has a native asset')
    for (const index of indexes) {
      node.holds(account(index), native, BigInt(index))
      const added = { ...ANN, wallet, family: 'evm' as const, address: account(index), at: 1, max: 100_000 }
      await w.store.custody.addresses.add(added)
    }
  }

  async function bigWorld() {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const wallets: string[] = []
    for (let index = 0; index < 10; index++) {
      const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: `w${index}` })
      wallets.push(uuid)
      await watchMany(
        w,
        uuid,
        Array.from({ length: addresses / 10 }, (_, at) => 1 + index * (addresses / 10) + at),
      )
    }
    for (let token = 1; token <= TOKENS; token++) {
      const mints = Array.from({ length: addresses }, (_, at) =>
        move(evm.token(token), 1_000n, { to: evm.account(at + 1) }),
      )
      await evm.append(`${token}`, `${token - 1}`, mints)
    }
    await evm.finalize(`${TOKENS}`)
    await w.tokens.get(
      evm.id,
      Array.from({ length: TOKENS }, (_, at) => evm.token(at + 1)),
      { read: true },
    )
    await w.runOnce()
    return { w, evm, wallets, block: { number: TOKENS } }
  }

  type Big = Awaited<ReturnType<typeof bigWorld>>

  /** A block that changes balances of some rows. */
  async function change({ evm, block }: Big): Promise<void> {
    const number = block.number + 1
    const [from, to] = [1 + ((number * 37) % addresses), 1 + ((number * 101) % addresses)]
    const coin = evm.token(1 + (number % TOKENS))
    await evm.append(`${number}`, `${block.number}`, [move(coin, 1n, { from: evm.account(from), to: evm.account(to) })])
    block.number = number
  }

  async function walk(
    { w }: Big,
    how: {
      readonly direction: 'later' | 'earlier'
      readonly limitOf: (page: number) => number
      readonly between?: (page: number) => Promise<void>
      readonly filter?: Omit<CustodyFilter, 'principal'>
    },
  ) {
    const seen: string[] = []
    const cursors = new Set<RowKey>()
    let page: PageRequest<RowKey> = { limit: how.limitOf(0) }
    if (how.direction === 'earlier') page = { limit: how.limitOf(0), before: Number.MAX_SAFE_INTEGER }
    for (let pages = 0; ; pages++) {
      const limit = how.limitOf(pages)
      const found = await w.custody.balances({ ...ANN, ...how.filter, page })
      seen.push(...(how.direction === 'later' ? found.rows : [...found.rows].reverse()).map(nameOf))
      const [hasMore, cursor] =
        how.direction === 'later' ? [found.hasLater, found.last] : [found.hasEarlier, found.first]
      if (!hasMore) return { seen, pages: pages + 1 }
      expect(found.rows.length, 'a page is full unless it is the last').toBe(limit)
      if (cursor === undefined) throw new Error('a page with rows after it has a cursor')
      expect(cursors.has(cursor), 'no cursor comes twice').toBe(false)
      cursors.add(cursor)
      await how.between?.(pages)
      const next = how.limitOf(pages + 1)
      page = how.direction === 'later' ? { limit: next, after: cursor } : { limit: next, before: cursor }
    }
  }

  test('each row that exists throughout is seen exactly once, whatever happens between two pages', async () => {
    const big = await bigWorld()
    const { w } = big
    const { seen: before } = await walk(big, { direction: 'later', limitOf: () => 200 })
    expect(before).toHaveLength(ROWS)
    expect(new Set(before).size).toBe(ROWS)
    let next = addresses
    const disturb = async (page: number): Promise<void> => {
      await change(big)
      if (page % 10 !== 0) return
      const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'new' })
      next += 2
      await watchMany(w, uuid, [next - 1, next, 1 + (page % addresses)])
      await w.runOnce()
    }
    const sizes = (page: number): number => 1 + ((page * 67) % 200)
    for (const direction of ['later', 'earlier'] as const) {
      const { seen } = await walk(big, { direction, limitOf: sizes, between: disturb })
      const names = new Set(seen)
      expect(names.size).toBe(seen.length)
      expect(before.filter((name) => !names.has(name))).toEqual([])
    }
    const { seen: last } = await walk(big, { direction: 'later', limitOf: () => 200 })
    const { seen: backwards } = await walk(big, { direction: 'earlier', limitOf: () => 199 })
    expect(last.length).toBeGreaterThan(ROWS)
    expect(backwards.reverse()).toEqual(last)
    const offset = await w.custody.balances({ ...ANN, page: { limit: 3, offset: BigInt(last.length - 2) } })
    expect(offset.rows.map(nameOf)).toEqual(last.slice(-2))
    expect(offset).toMatchObject({ total: BigInt(last.length), hasEarlier: true, hasLater: false })
    for (const beyond of [BigInt(last.length), (1n << 64n) - 1n]) {
      const empty = await w.custody.balances({ ...ANN, page: { limit: 3, offset: beyond } })
      expect(empty).toMatchObject({ rows: [], total: BigInt(last.length), hasEarlier: true, hasLater: false })
    }
  }, 400_000)

  test('pages of one row, filtered, meet in both directions, and the page before is the page before', async () => {
    const big = await bigWorld()
    const { w, evm, wallets } = big
    const filters: readonly (readonly [Omit<CustodyFilter, 'principal'>, number])[] = [
      [{ wallet: wallets[3] }, addresses],
      [{ wallet: wallets[3], chain: evm.id, asset: evm.token(2) }, addresses / 10],
      [{ address: evm.account(7).toUpperCase().replace('0X', '0x') }, TOKENS + 1],
      [{ chain: evm.id, asset: evm.token(2) }, addresses],
      [{ wallet: wallets[0], address: evm.account(addresses) }, 0],
      [{ wallet: '3c90c3cc-0d44-4b50-8888-8dd25736052a' }, 0],
      [{ address: 'no address' }, 0],
    ]
    for (const [filter, count] of filters) {
      const { seen } = await walk(big, { direction: 'later', limitOf: () => 1, filter })
      const { seen: backwards } = await walk(big, { direction: 'earlier', limitOf: () => 1, filter })
      expect(seen).toHaveLength(count)
      expect(backwards.reverse()).toEqual(seen)
    }
    const pageOf = (page: PageRequest<RowKey>) => w.custody.balances({ ...ANN, page })
    const first = await pageOf({ limit: 50 })
    const second = await pageOf({ limit: 50, after: first.last ?? 0 })
    const again = await pageOf({ limit: 50, before: second.first ?? 0 })
    expect(again.rows).toEqual(first.rows)
    expect(again).toMatchObject({ hasEarlier: false, hasLater: true })
    expect(second).toMatchObject({ hasEarlier: true, hasLater: true })
    const other = await w.custody.balances({ principal: 'bob', page: { limit: 50 } })
    expect(other).toMatchObject({ rows: [], first: undefined, last: undefined, hasEarlier: false, hasLater: false })
  }, 400_000)

  test('offsets never repeat a row, also where unknown ones are left out', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    // The native balances of two of three addresses are unknown.
    const native = w.chains[0]?.nativeAsset
    if (native === undefined) throw new Error('the chain has a native asset')
    for (const index of [1, 2, 3]) {
      if (index === 2) evm.node.holds(evm.account(index), native, 2n)
      await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(index) })
    }
    await evm.append(
      '1',
      '0',
      [1, 2, 3].map((index) => move(evm.token(1), 1n, { to: evm.account(index) })),
    )
    await w.runOnce()
    const whole = await w.custody.balances({ ...ANN, page: { limit: 200 } })
    expect(whole.rows).toHaveLength(4)
    for (const limit of [1, 2, 3, 4, 5, 6, 7]) {
      const seen: string[] = []
      for (let offset = 0n; ; offset += BigInt(limit)) {
        const { rows, total = 0n, hasLater, last } = await w.custody.balances({ ...ANN, page: { limit, offset } })
        seen.push(...rows.map(nameOf))
        // A cursor goes on where the rows of the offset end.
        const rest = await w.custody.balances({ ...ANN, page: { limit: 200, after: last ?? 0 } })
        if (last !== undefined) expect([...seen, ...rest.rows.map(nameOf)]).toEqual(whole.rows.map(nameOf))
        if (last !== undefined) expect(hasLater).toBe(rest.rows.length > 0)
        if (offset + BigInt(limit) >= total) break
      }
      expect(seen, `${limit}`).toEqual(whole.rows.map(nameOf))
    }
  })

  test('a page is full behind many unknown rows in sequence', async () => {
    const w = await custodyWorld()
    const evm = w.of('evm')
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    const count = 0.8 * addresses
    for (let index = 1; index <= count; index++) {
      const added = { ...ANN, wallet: uuid, family: 'evm' as const, address: evm.account(index), at: 1, max: 100_000 }
      await w.store.custody.addresses.add(added)
    }
    // No node has the native balances of these addresses.
    await w.runOnce()
    const last = [count - 1, count].map((index) => move(evm.token(1), 1n, { to: evm.account(index) }))
    await evm.append('1', '0', last)
    await w.runOnce()
    const { rows, hasLater } = await w.custody.balances({ ...ANN, page: { limit: 2 } })
    expect([rows.length, hasLater]).toEqual([2, false])
  })
})
