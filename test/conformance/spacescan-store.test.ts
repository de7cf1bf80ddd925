/** The balances of CATs from a real store: coins that were created and spent, as one-sided transfers. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { renderError } from '../../src/api/dialects/spacescan/errors.ts'
import { tokenBalance } from '../../src/api/dialects/spacescan/token-balance.ts'
import { toFailure } from '../../src/api/http/errors.ts'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { createBalances } from '../../src/balances/create-balances.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import { puzzleHashOf } from '../../src/chains/chia/words/address.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import type { Transfer } from '../../src/core/transfer.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { newPlace } from '../store/engines.ts'
import { NOW } from './chainbase-fakes.ts'
import { cat, chiaChain, MAINNET, SEED_ADDRESS, SEED_PUZZLE_HASH, tail } from './spacescan-world.ts'

const ACCOUNT = `0x${SEED_PUZZLE_HASH}`
const HUGE = 9_007_199_254_740_993_123n

type Change = readonly [asset: AssetRef, side: 'created' | 'spent', amount: bigint]

/** The read side over blocks of such changes. `caughtUp`: the chain has caught up with its node once. */
async function callsOver(blocks: readonly (readonly Change[])[], caughtUp = true) {
  const place = await newPlace()
  const store = await place.open()
  const coverage = { scope: { type: 'accounts', accounts: [ACCOUNT] }, from: 0 } as const
  const journal = await store.openJournal(MAINNET, coverage)
  for (const [number, changes] of blocks.entries()) {
    const header = { number, hash: hash(String(number)), parentHash: hash(String(number - 1)), timestamp: 10 + number }
    const transfers = changes.map(([asset, side, amount], event): Transfer => {
      const sides = side === 'created' ? { from: undefined, to: ACCOUNT } : { from: ACCOUNT, to: undefined }
      return { event, part: 0, asset, ...sides, item: '', amount, transactionHash: header.hash }
    })
    await journal.append({ first: number, through: header, blocks: [{ ...header, transfers }], headers: [header] })
  }
  const beat = { state: 'live', head: undefined, error: undefined, counts: {} } as const
  if (caughtUp) await journal.heartbeat({ ...beat, caughtUpAt: 10 + blocks.length })
  await nextTick()
  const reads = await store.openReads(MAINNET)
  onTestFinished(async () => {
    await nextTick()
    await journal.close()
    await place.end()
  })
  const adapter = new MockChain()
  const node = new NodeReader({ adapter, observations: reads.observations, signal: new AbortController().signal })
  const balances = new ChainBalances({ reads, node, now: () => NOW })
  const chain = chiaChain(MAINNET)
  return {
    balances: createBalances(new Map([[MAINNET, { reads, balances }]])),
    chain: { ...chain, parseAddress: (text: string) => `0x${puzzleHashOf(text)}` },
    tokens: {
      get: async (_: unknown, assets: readonly AssetRef[]) => assets.map((asset) => ({ ...UNNAMED, asset })),
    },
    finder: { search: async () => ({ rows: [], more: false }) },
    prices: { find: () => undefined, at: async () => undefined },
    extended: false,
    now: () => NOW,
  }
}

const UNNAMED = {
  name: undefined,
  symbol: undefined,
  decimals: undefined,
  totalSupply: undefined,
  logo: undefined,
  description: undefined,
  tags: [],
  listed: false,
  urls: [],
  price: undefined,
}

const QUESTION = { params: { address: SEED_ADDRESS }, query: {} }

test('sums of coins are exact, and what was spent is left out', async () => {
  const deps = await callsOver([
    [
      [cat(tail('a')), 'created', HUGE],
      [cat(tail('b')), 'created', 5n],
    ],
    [
      [cat(tail('b')), 'spent', 5n],
      [cat(tail('c')), 'created', 1n],
      [cat(tail('c')), 'created', 2n],
      [cat(tail('c')), 'spent', 1n],
    ],
  ])
  const { body, asOf } = await tokenBalance(deps, QUESTION)
  const texts = body.data.map(({ text }) => JSON.parse(text.replace(/:([\d.]+)}/, ':"$1"}')))
  expect(texts.map(({ asset_id, balance }) => [asset_id[0], balance])).toEqual([
    ['a', '9007199254740993.123'],
    ['c', '0.002'],
  ])
  expect(asOf).toMatch(/^"chia:mainnet";block=1;.*source=events/)
})

test('a chain that never caught up has no lists', async () => {
  const deps = await callsOver([[[cat(tail('a')), 'created', 1n]]], false)
  const error = await tokenBalance(deps, QUESTION).catch((thrown: unknown) => thrown)
  expect(renderError(toFailure(error))).toEqual({
    status: 503,
    body: { status: 'failed', message: 'this chain has not caught up yet: its lists are not complete' },
  })
})

test('a chain without coins of accounts says so', async () => {
  const deps = await callsOver([[[cat(tail('a')), 'created', 1n]]])
  const error = await tokenBalance(deps, { ...QUESTION, query: { start_block: 0, end_block: 9 } }).catch((one) => one)
  expect(renderError(toFailure(error))).toMatchObject({ status: 503 })
})
