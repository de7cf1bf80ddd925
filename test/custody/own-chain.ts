/** The issuer's ledger as a chain of custody, and the facts of the tokens of all chains. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { ChainFunds } from '../../src/balances/chain-funds.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import { kindOf } from '../../src/chains/registry.ts'
import { assert } from '../../src/core/assert.ts'
import { assetText } from '../../src/core/asset.ts'
import type { ChainId } from '../../src/core/chain.ts'
import type { CustodyChain } from '../../src/custody/chains.ts'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { createOwnReader } from '../../src/ledger/own-reader.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import type { ChainReads, Store } from '../../src/store/seam/store.ts'
import { TokenMetadata } from '../../src/tokens/metadata.ts'
import { StaticPrices } from '../../src/tokens/prices.ts'
import { readTokenLists } from '../../src/tokens/token-lists.ts'
import { hash } from '../chains/mock-chain.ts'
import { idOf, NOW } from './driven-chain.ts'

/** Opens a ledger, as custody uses it. */
export async function openLedger(store: Store, now: { at: number }) {
  const id = idOf('ledger:main')
  const journal = await store.ledgers.openJournal(id, genesisOf(id, NOW - 500))
  const { ledger, chain: reads } = await store.ledgers.openReads(id)
  onTestFinished(async () => {
    await nextTick()
    await journal.close()
  })
  const reader = createOwnReader({ ledger, chain: reads })
  const node = new NodeReader({
    adapter: reader,
    observations: reads.observations,
    signal: new AbortController().signal,
  })
  const deps = { reads, node, now: () => now.at, issues: 'ledger' as const }
  const open = { reads, funds: new ChainFunds(deps), balances: new ChainBalances(deps) }
  const kind = kindOf(id)
  assert(kind !== undefined, 'the ledger is of a kind')
  const chain: CustodyChain = {
    id,
    family: kind.kind,
    isOwn: true,
    nativeAsset: undefined,
    zeroAddress: undefined,
    parseAddress: kind.parseAddress,
    deriveAddress: undefined,
    use: () => open,
    follow: () => undefined,
  }
  const submit = async (...operations: Parameters<typeof commitGroup>[1][number]['operation'][]): Promise<void> => {
    const requests = operations.map((operation) => ({ operation, idempotency: undefined }))
    await commitGroup(journal, requests, { rules: { strictWallets: false }, now: now.at })
    ledger.renew()
    await nextTick()
  }
  return { chain, reads, reader, submit }
}

/** Tokens with 2 decimals, unless a test says otherwise. The ledger's are its own. */
export function makeTokens({
  decimals,
  readsOf,
  ledger,
  now,
}: {
  readonly decimals: ReadonlyMap<string, number | undefined>
  readonly readsOf: ReadonlyMap<ChainId, ChainReads>
  readonly ledger: Awaited<ReturnType<typeof openLedger>> | undefined
  readonly now: { readonly at: number }
}): TokenMetadata {
  return new TokenMetadata({
    storeOf: async (chain) => {
      const reads = readsOf.get(chain)
      assert(reads !== undefined, `${chain} is open`)
      return reads.tokens
    },
    readTokens: async (chain, assets) => {
      if (chain === ledger?.chain.id) return ledger.reader.readTokens(assets, new AbortController().signal)
      const block = { number: 0, hash: hash('0') }
      const facts = assets.map((asset) => {
        const text = assetText(chain, asset)
        const known = decimals.has(text) ? decimals.get(text) : 2
        return { asset, name: undefined, symbol: undefined, decimals: known, totalSupply: undefined }
      })
      return { block, facts }
    },
    lists: readTokenLists([], {
      parseToken: () => undefined,
      listedChain: () => undefined,
      listedStandard: () => 'erc20',
    }),
    prices: new StaticPrices([], 0),
    now: () => now.at,
    warn: () => undefined,
  })
}
