/** The adapter on the simulator: every answer equals what the simulator's own coins and chia-wallet-sdk say. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHIA_NATIVE } from '../../src/chains/chia/native-asset.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { SIGNAL } from '../chains/under-test.ts'
import { cat, SmallChain } from './small-chain.ts'

describe.skipIf(!hasSimulator())('the Chia adapter', () => {
  let chain: SmallChain
  beforeAll(async () => {
    chain = await SmallChain.start()
  })
  afterAll(() => chain.world.stop())

  test('finds what accounts hold, without knowing a TAIL before', async () => {
    const { sums, reads } = await chain.held(await chain.adapter())
    expect(sums).toEqual(await chain.truth())
    const { number, hash } = await chain.world.call('head')
    for (const read of reads) expect(read).toMatchObject({ block: { number, hash: `0x${hash}` }, isCut: false })
  })

  test('finds coins without hints by the TAILs that it learned from others', async () => {
    const adapter = await chain.adapter()
    const [alice, , carol] = chain.addresses as [string, string, string]
    const none = await adapter.accounts?.readCoins(carol, 'tokens', SIGNAL)
    expect(none?.coins).toEqual([])
    await adapter.accounts?.readCoins(alice, 'tokens', SIGNAL)
    expect(await adapter.accounts?.leads()).toBe(2)
    expect((await chain.held(adapter)).sums).toEqual(await chain.truth())
  })

  test('reads balances at every block, the newest and older ones', async () => {
    const adapter = await chain.adapter()
    await chain.held(adapter)
    const headers = await adapter.headers({ first: 0, last: (await chain.world.call('head')).number }, SIGNAL)
    const keys = chain.addresses.flatMap((account) => [
      ...chain.tails.map((tail) => ({ account, asset: cat(tail), item: NO_ITEM })),
      { account, asset: CHIA_NATIVE, item: NO_ITEM },
    ])
    for (const { number, hash } of headers) {
      const held = await chain.truth(number)
      const expected = await Promise.all(
        keys.map(async ({ account, asset }) => {
          const owner = chain.accounts.find(({ address }) => address === account)?.puzzleHash ?? ''
          const isNative = asset.standard === 'native'
          const amount = isNative
            ? await chain.world.call('xch', owner, number)
            : held.get(`${account} ${asset.reference}`)
          return { ok: true, amount: amount ?? 0n }
        }),
      )
      const at = { number, hash }
      const read = await adapter.readBalances({ keys, at }, SIGNAL)
      expect({ number, reads: read.reads }).toEqual({ number, reads: expected })
      expect(read.block).toEqual(at)
      const otherwise = await adapter.readBalances({ keys, at, ask: 'by_number' }, SIGNAL)
      expect(otherwise.reads).toEqual(expected)
    }
    const latest = await adapter.readBalances({ keys, at: 'latest' }, SIGNAL)
    expect(latest.block.number).toBe(headers.at(-1)?.number)
  })

  test('reads the same transfers from coins and from blocks, and their sums are what accounts hold', async () => {
    const { number: last } = await chain.world.call('head')
    const byCoins = await (await chain.prepared()).transfers({ first: 0, last, scope: chain.scope }, SIGNAL)
    const adapter = await chain.adapter()
    const headers = await adapter.headers({ first: 0, last }, SIGNAL)
    const byBlocks = await adapter.transfersOf({ headers, scope: chain.scope }, SIGNAL)
    expect(byBlocks.map(({ hash }) => hash)).toEqual(headers.map(({ hash }) => hash))
    expect(byBlocks.filter(({ transfers }) => transfers.length > 0)).toEqual(byCoins)
    const sums = new Map<string, bigint>()
    for (const block of byBlocks) {
      addUp(sums, block)
      expect({ block: block.number, sums: positive(sums) }).toEqual({
        block: block.number,
        sums: await chain.truth(block.number),
      })
    }
    expect(await adapter.accounts?.leads()).toBeGreaterThanOrEqual(2)
  })

  test('reads parts of the history, those under new leads, and those of one token', async () => {
    const { number: last } = await chain.world.call('head')
    const adapter = await chain.prepared()
    const whole = await adapter.transfers({ first: 0, last, scope: chain.scope }, SIGNAL)
    const parts = await Promise.all([
      adapter.transfers({ first: 0, last: 4, scope: chain.scope }, SIGNAL),
      adapter.transfers({ first: 5, last, scope: chain.scope }, SIGNAL),
    ])
    expect(parts.flat()).toEqual(whole)
    const above = async (leadsAbove: number) =>
      adapter.transfers({ first: 0, last, scope: { type: 'accounts', accounts: chain.addresses, leadsAbove } }, SIGNAL)
    expect(await above(0)).toEqual(whole)
    expect(await above(99)).toEqual([])
    const [account = ''] = chain.addresses
    const [token = ''] = chain.tails
    const pair = await adapter.transfers({ first: 0, last, scope: { type: 'pair', token, account } }, SIGNAL)
    const own = whole
      .flatMap(({ transfers }) => transfers)
      .filter(({ asset, from, to }) => {
        return asset.reference === token && (from === account || to === account)
      })
    expect(pair.flatMap(({ transfers }) => transfers)).toEqual(own)
    await expect(adapter.transfers({ first: 0, last, scope: { type: 'all' } }, SIGNAL)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })
})

function addUp(sums: Map<string, bigint>, { transfers }: BlockTransfers): void {
  for (const { asset, from, to, amount } of transfers) {
    const name = `${from ?? to} ${asset.reference}`
    const sum = (sums.get(name) ?? 0n) + (from === undefined ? amount : -amount)
    expect(sum).toBeGreaterThanOrEqual(0n)
    sums.set(name, sum)
  }
}

function positive(sums: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> {
  return new Map([...sums].filter(([, amount]) => amount > 0n))
}
