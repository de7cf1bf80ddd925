/** The same pages without HTTP, in this process: `tsx bench/custody/domain.ts [--rows N] …`. */
import { join } from 'node:path'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { ChainFunds } from '../../src/balances/chain-funds.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import { kindOf } from '../../src/chains/registry.ts'
import { codecOf } from '../../src/cli/account-codec.ts'
import { assert } from '../../src/core/assert.ts'
import type { PageRequest, RowKey } from '../../src/core/custody.ts'
import { createCustody } from '../../src/custody/create-custody.ts'
import type { CustodyFilter } from '../../src/custody/custody.ts'
import { openStore } from '../../src/store/open.ts'
import { TokenMetadata } from '../../src/tokens/metadata.ts'
import { StaticPrices } from '../../src/tokens/prices.ts'
import { readTokenLists } from '../../src/tokens/token-lists.ts'
import { numbersFromArguments } from '../arguments.ts'
import { temporaryFolder } from '../server.ts'
import { addressOf, CHAIN, fill, PRINCIPAL } from './fill.ts'

const ROWS = 50
const { rate, seconds, ...shape } = numbersFromArguments({
  rows: 1_000_000,
  tokens: 50,
  wallets: 1_000,
  rate: 200,
  seconds: 10,
})

const folder = join(temporaryFolder(), 'store')
const began = performance.now()
const wallet = await fill(folder, shape)
print(`${shape.rows} rows filled in ${Math.round((performance.now() - began) / 1_000)} s`)
const store = await openStore({ url: `sqlite:${folder}`, codecOf })
const reads = await store.openReads(CHAIN)
const kind = kindOf(CHAIN)
assert(kind?.source === 'nodes', 'the chain has nodes')
const now = (): number => Math.floor(Date.now() / 1_000)
const adapter = kind.createAdapter({
  chain: CHAIN,
  rpc: ['http://127.0.0.1:9'],
  finality: 'finalized',
  warn: () => undefined,
}).adapter
const node = new NodeReader({ adapter, observations: reads.observations, signal: new AbortController().signal })
const open = { reads, funds: new ChainFunds({ reads, node, now }), balances: new ChainBalances({ reads, node, now }) }
const { custody } = createCustody({
  store: store.custody,
  chains: [
    {
      id: CHAIN,
      family: kind.kind,
      isOwn: false,
      nativeAsset: kind.nativeAsset,
      zeroAddress: kind.accountCodec.zeroAddress,
      parseAddress: kind.parseAddress,
      deriveAddress: kind.deriveAddress,
      use: () => open,
      follow: () => undefined,
    },
  ],
  tokens: new TokenMetadata({
    storeOf: async () => reads.tokens,
    readTokens: (_, assets) => adapter.readTokens(assets, AbortSignal.timeout(1_000)),
    lists: readTokenLists([], {
      parseToken: () => undefined,
      listedChain: () => undefined,
      listedStandard: () => 'erc20',
    }),
    prices: new StaticPrices([], 0),
    now,
    warn: () => undefined,
  }),
  names: { ofChain: () => ['ETH'], ofAsset: ({ asset }) => [`ETH_${asset.reference}`] },
  now,
  warn: () => undefined,
})
const pages: readonly (readonly [string, Omit<CustodyFilter, 'principal'>, PageRequest<RowKey>])[] = [
  ['first page', {}, { limit: ROWS }],
  ['last page', {}, { limit: ROWS, before: Number.MAX_SAFE_INTEGER }],
  ['a wallet', { wallet }, { limit: ROWS }],
  ['an address', { address: addressOf(7) }, { limit: ROWS }],
  ['offset half-way', {}, { limit: ROWS, offset: BigInt(Math.floor(shape.rows / 2)) }],
]
for (const [name, filter, page] of pages) {
  const times: number[] = []
  for (let at = 0; at < rate * seconds; at++) {
    const before = performance.now()
    const { rows } = await custody.balances({ principal: PRINCIPAL, ...filter, page })
    times.push(performance.now() - before)
    assert(rows.length > 0, `the ${name} has rows`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  times.sort((a, b) => a - b)
  const part = (share: number): string => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(2)
  print(`${name}: p50 ${part(0.5)} ms, p99 ${part(0.99)} ms, in sequence`)
}
await store.close()

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
