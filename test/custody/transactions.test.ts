import { describe, expect, test, vi } from 'vitest'
import type { PageRequest, TransactionKey } from '../../src/core/custody.ts'
import type { CustodyFilter, CustodyTransaction } from '../../src/custody/custody.ts'
import { ENGINES } from '../store/engines.ts'
import { custodyWorlds, move } from './world.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const custodyWorld = custodyWorlds(makePlace)

  const ANN = { principal: 'ann' }

  async function traded() {
    const w = await custodyWorld({ families: ['evm', 'starknet'] })
    const [evm, starknet] = [w.of('evm'), w.of('starknet')]
    const wallets: string[] = []
    for (const [family, index] of [
      ['evm', 1],
      ['evm', 2],
      ['starknet', 1],
    ] as const) {
      const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
      wallets.push(uuid)
      const address = w.of(family).account(index)
      await w.custody.addresses.watch({ ...ANN, wallet: uuid, family, address })
    }
    await w.runOnce()
    for (let block = 1; block <= 6; block++) {
      const coin = evm.token(1 + (block % 2))
      await evm.append(`${block}`, `${block - 1}`, [
        move(coin, BigInt(block), { to: evm.account(1) }),
        move(coin, 1n, { from: evm.account(1), to: evm.account(2) }),
        move(coin, 1n, { from: evm.account(2), to: evm.account(2) }),
        move(coin, 1n, { to: evm.account(3) }),
      ])
    }
    await starknet.append('1', '0', [move(starknet.token(1), 9n, { to: starknet.account(1) })])
    await evm.finalize('4')
    await w.runOnce()
    const list = (page: PageRequest<TransactionKey>, filter: Partial<CustodyFilter> = {}) =>
      w.custody.transactions({ ...ANN, ...filter, page })
    return { w, evm, starknet, wallets, list }
  }

  const nameOf = ({ chain, address, transfer }: CustodyTransaction): string =>
    `${chain} ${address.slice(-1)} ${transfer.asset.reference.slice(-1)} ${transfer.block.number}/${transfer.event}`

  test('each transfer is listed once for each address that takes part, and confirmed once it is final', async () => {
    const { list, evm, wallets } = await traded()
    const { rows, ...ends } = await list({ limit: 200 })
    // Six blocks: two transfers of the first address, and two of the second, of which one is to itself.
    expect(rows).toHaveLength(25)
    expect(new Set(rows.map(nameOf)).size).toBe(25)
    expect(ends).toMatchObject({ hasEarlier: false, hasLater: false, total: undefined })
    expect(rows.filter(({ isConfirmed }) => isConfirmed).every(({ transfer }) => transfer.block.number <= 4)).toBe(true)
    expect(rows.filter(({ chain, isConfirmed }) => chain === evm.id && !isConfirmed)).toHaveLength(8)
    const one = await list({ limit: 200 }, { wallet: wallets[1], chain: evm.id, asset: evm.token(1) })
    expect(one.rows.map(nameOf)).toEqual(
      [2, 4, 6].flatMap((block) => [`eip155:1 2 1 ${block}/1`, `eip155:1 2 1 ${block}/2`]),
    )
    expect(one.rows[0]).toMatchObject({ wallet: wallets[1], decimals: 2, isConfirmed: true })
    expect((await list({ limit: 9 }, { principal: 'bob' })).rows).toEqual([])
    await expect(list({ limit: 9, offset: 0n })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('a page over many addresses asks for the transfers of several at once', async () => {
    const w = await custodyWorld({ families: ['evm'] })
    const evm = w.of('evm')
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    const accounts = Array.from({ length: 12 }, (_, index) => evm.account(index + 1))
    for (const address of accounts) await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address })
    await w.runOnce()
    await evm.append(
      '1',
      '0',
      accounts.map((to) => move(evm.token(1), 5n, { to })),
    )
    await w.runOnce()
    const { transfers } = evm.reads.pairs
    let [asked, most] = [0, 0]
    const read = vi.spyOn(evm.reads.pairs, 'transfers').mockImplementation(async (query) => {
      most = Math.max(most, ++asked)
      const found = await transfers(query)
      asked--
      return found
    })
    const { rows } = await w.custody.transactions({ ...ANN, page: { limit: 100 } })
    expect(rows).toHaveLength(12)
    expect(most).toBeGreaterThanOrEqual(4)
    read.mockRestore()
  })

  test('only what a page has makes it incomplete, not what lies behind it', async () => {
    const w = await custodyWorld({ families: ['evm'] })
    const evm = w.of('evm')
    const { uuid } = await w.custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    await w.custody.addresses.watch({ ...ANN, wallet: uuid, family: 'evm', address: evm.account(1) })
    await w.runOnce()
    const tokens = [1, 2, 3, 4, 5, 6].map((index) => evm.token(index))
    await evm.append(
      '1',
      '0',
      tokens.map((token) => move(token, 5n, { to: evm.account(1) })),
    )
    await w.runOnce()
    w.decimals.set(`${evm.id}/erc20:${evm.token(6).reference}`, undefined)
    const incomplete: number[] = []
    for (const limit of [1, 2, 3, 4, 5, 6]) {
      const { rows, asOf } = await w.custody.transactions({ ...ANN, page: { limit } })
      expect(rows).toHaveLength(Math.min(limit, 5))
      if (asOf.length > 0) incomplete.push(limit)
    }
    // Behind the fifth row, whether there is another is not known.
    expect(incomplete).toEqual([5, 6])
  })

  test.each([1, 2, 3, 7, 24, 25])('pages of %i meet in both directions', async (limit) => {
    const { list } = await traded()
    const whole = (await list({ limit: 200 })).rows.map(nameOf)
    const forwards: string[] = []
    const pages: string[][] = []
    for (let after: TransactionKey | undefined; ; ) {
      const page = await list(after === undefined ? { limit } : { limit, after })
      pages.push(page.rows.map(nameOf))
      forwards.push(...page.rows.map(nameOf))
      expect(page.hasEarlier).toBe(after !== undefined)
      if (!page.hasLater) break
      expect(page.rows).toHaveLength(limit)
      after = page.last
    }
    expect(forwards).toEqual(whole)
    const last = await list({ limit: 200 })
    const backwards: string[] = []
    for (let before = { ...(last.last ?? { row: 0, block: 0, event: 0, part: 0 }), part: 9e9 }; ; ) {
      const page = await list({ limit, before })
      backwards.unshift(...page.rows.map(nameOf))
      if (!page.hasEarlier) break
      expect(page.rows).toHaveLength(limit)
      expect(page.first).toBeDefined()
      before = page.first ?? before
    }
    expect(backwards).toEqual(whole)
  })
})
