import { expect, onTestFinished, test } from 'vitest'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { createOwnReader } from '../../src/ledger/own-reader.ts'
import { BEGAN, newLedger } from './ledger.ts'

test('with any freshness, balances come from the record; there is no chain read and no observation', async () => {
  const opened = await newLedger()
  onTestFinished(() => opened.place.end())
  const { ledger, chain } = opened
  const operations = [
    { kind: 'register_asset', assetId: 'GILT', name: undefined, symbol: undefined, reissue: false },
    { kind: 'register_asset', assetId: 'IDLE', name: undefined, symbol: undefined, reissue: false },
    { kind: 'mint', assetId: 'GILT', amount: 5n, to: 'bank' },
  ] as const
  await opened.submit(operations.map((operation) => ({ operation, idempotency: undefined })))
  const reader = createOwnReader({ ledger, chain })
  const node = new NodeReader({
    adapter: reader,
    observations: chain.observations,
    signal: AbortSignal.timeout(60_000),
  })
  const balances = new ChainBalances({ reads: chain, node, now: () => BEGAN, issues: 'ledger' })
  const keys = ['GILT', 'IDLE', 'nobody registered this'].flatMap((reference) => {
    const asset: AssetRef = { standard: 'ledger', reference }
    return ['bank', 'a stranger'].map((account) => ({ account, asset, item: '' }))
  })
  const facts = [5n, 0n, 0n, 0n, 0n, 0n].map((amount) => ({
    known: true,
    amount,
    source: 'events',
    block: { number: 3 },
  }))
  for (const freshness of [{ mode: 'stored' }, { mode: 'max_age', seconds: 0 }, { mode: 'force' }] as const) {
    expect(await balances.get(keys, freshness)).toMatchObject(facts)
  }
  const [foreign] = await balances.get(
    [{ account: 'bank', asset: { standard: 'erc20', reference: 'GILT' }, item: '' }],
    {
      mode: 'stored',
    },
  )
  expect(foreign).toEqual({ known: false, reason: 'not_a_token' })
  expect(await chain.observations.get(keys)).toEqual(keys.map(() => undefined))
  await opened.close()
})
