/** Recorded bundles of public networks, served by a node: the adapter finds exactly what they leave to each address. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ChainAdapter } from '../../src/chains/adapter.ts'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { addressOf } from '../../src/chains/chia/words/address.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { ChiaNode } from '../../src/demo/chia/node.ts'
import { serveChiaNode } from '../../src/demo/chia/serve.ts'
import { BUNDLES, type RecordedBundle, readBundle } from './bundles.ts'
import { bundleChain } from './node/bundle-chain.ts'

const SIGNAL = new AbortController().signal

async function adapterOver(bundle: RecordedBundle): Promise<ChainAdapter> {
  const chain = parseChainId('chia:mainnet')
  assert(chain !== undefined, 'a CAIP-2 id')
  const node = new ChiaNode(bundleChain(bundle), { network: 'mainnet' })
  const { url, stop } = await serveChiaNode((path, text) => node.answer(path, text))
  onTestFinished(stop)
  return createChiaAdapter({ chain, rpc: [url], finality: { confirmations: 32 }, warn: () => undefined }).adapter
}

/** Everybody that the bundle names: owners, receivers of hints, and what a puzzle hash could be taken for. */
function accountsOf({ expected }: RecordedBundle): readonly string[] {
  const hashes = [
    ...Object.keys(expected.balances_from_this_alone),
    ...expected.created.flatMap(({ hint, puzzle_hash: own }) => (hint?.length === 64 ? [hint, own] : [own])),
  ]
  return [...new Set(hashes)].map(addressOf)
}

function expectedOf({ expected }: RecordedBundle): ReadonlyMap<string, bigint> {
  return new Map(
    Object.values(expected.balances_from_this_alone).flatMap(({ address, assets }) =>
      Object.entries(assets).map(([tail, { amount }]): [string, bigint] => [`${address} ${tail}`, BigInt(amount)]),
    ),
  )
}

async function heldBy(adapter: ChainAdapter, accounts: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
  const sums = new Map<string, bigint>()
  for (const account of accounts) {
    const read = await adapter.accounts?.readCoins(account, 'tokens', SIGNAL)
    expect(read?.isCut).toBe(false)
    for (const { asset, amount } of read?.coins ?? []) {
      const key = `${account} ${asset.reference}`
      sums.set(key, (sums.get(key) ?? 0n) + amount)
    }
  }
  return sums
}

describe.each(BUNDLES)('%s', (name) => {
  const bundle = readBundle(name)

  test('leaves to each address what is expected, memo-less change included, once its block was followed', async () => {
    const adapter = await adapterOver(bundle)
    const accounts = accountsOf(bundle)
    const headers = await adapter.headers({ first: 2, last: 3 }, SIGNAL)
    await adapter.transfersOf({ headers, scope: { type: 'accounts', accounts } }, SIGNAL)
    expect(await heldBy(adapter, accounts)).toEqual(expectedOf(bundle))
  })

  test('gives the transfers of each coin that it creates, and history gives the same ones', async () => {
    const adapter = await adapterOver(bundle)
    const accounts = accountsOf(bundle)
    const scope = { type: 'accounts', accounts } as const
    const headers = await adapter.headers({ first: 2, last: 2 }, SIGNAL)
    const [block] = await adapter.transfersOf({ headers, scope }, SIGNAL)
    const transfers = block?.transfers ?? []
    const created = new Set(
      transfers.filter(({ to }) => to !== undefined).map(({ transactionHash }) => transactionHash),
    )
    const sums = new Map<string, bigint>()
    for (const { transactionHash: coin, from, to, asset, amount } of transfers) {
      // What was there before is not of this bundle.
      if (!created.has(coin)) continue
      const key = `${from ?? to} ${asset.reference}`
      sums.set(key, (sums.get(key) ?? 0n) + (to === undefined ? -amount : amount))
    }
    expect(new Map([...sums].filter(([, amount]) => amount !== 0n))).toEqual(expectedOf(bundle))
    const history = await adapter.transfers({ first: 2, last: 3, scope }, SIGNAL)
    // The parents of coins that were there before are not recorded, so history cannot know that they were genuine.
    const known = history.flatMap((one) => one.transfers).filter(({ transactionHash }) => created.has(transactionHash))
    expect(known).toEqual(transfers.filter(({ transactionHash }) => created.has(transactionHash)))
  })
})

test('coins that are hinted and no CATs are there to be mistaken', () => {
  expect(BUNDLES.flatMap((name) => readBundle(name).expected.hinted_but_not_cat)).toHaveLength(3)
})
