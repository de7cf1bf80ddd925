/** Token facts that are read again from a node that fails now and then, with a real store. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TokenReads } from '../../src/chains/adapter.ts'
import { listedChain, listedStandard } from '../../src/chains/registry.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import type { ReadTokenFacts } from '../../src/core/token.ts'
import { readOldTokens } from '../../src/indexer/refresh-tokens.ts'
import { TokenMetadata } from '../../src/tokens/metadata.ts'
import { StaticPrices } from '../../src/tokens/prices.ts'
import { TokenLists } from '../../src/tokens/token-lists.ts'
import { hash, MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS } from '../store/chains.ts'
import { CHAIN, makeRig, type Rig } from './harness.ts'

const [coin] = ASSETS
const SIGNAL = new AbortController().signal
const HOUR = 3_600
const DAI = { asset: coin, name: 'Dai Stablecoin', symbol: 'DAI', decimals: 18, totalSupply: 1_000n }
const UNTOLD: ReadTokenFacts = {
  ...{ asset: coin, name: undefined, symbol: 'DAI', decimals: undefined, totalSupply: undefined },
  unknownFacts: ['name', 'decimals', 'totalSupply'],
}

/** A chain that answers each read of a token with the facts in `says`, at its newest block. */
class TalkingChain extends MockChain {
  says: ReadTokenFacts = DAI

  override async readTokens(): Promise<TokenReads> {
    return { block: { number: 1, hash: hash('1') }, facts: [this.says] }
  }
}

let chain: TalkingChain
let rig: Rig
let now = 10 * HOUR
beforeEach(async () => {
  const mint = { asset: coin, from: undefined, to: ACCOUNTS[0], amount: 1_000n, item: 0 }
  chain = new TalkingChain().add('0', undefined).add('1', '0', [mint]).show('1')
  rig = await makeRig(chain)
  await rig.settle()
})
afterEach(() => rig.close())

function read(): Promise<number> {
  return readOldTokens({ adapter: chain, reads: rig.reads, time: () => now, signal: SIGNAL })
}

async function stored() {
  return (await rig.reads.tokens.get([coin]))[0]
}

test('facts that the node does not return stay as they were, and are read again within minutes', async () => {
  expect(await read()).toBe(1)
  now += HOUR + 1
  chain.says = UNTOLD
  expect(await read()).toBe(1)
  expect(await stored()).toMatchObject({ ...DAI, supplyBlock: { number: 1, hash: hash('1') } })
  expect(await read()).toBe(0)
  now += 301
  chain.says = { ...DAI, totalSupply: 2_000n }
  expect(await read()).toBe(1)
  expect(await stored()).toMatchObject({ ...DAI, totalSupply: 2_000n })
  now += 301
  expect(await read()).toBe(0)
})

test('a token that no longer answers is unknown again', async () => {
  await read()
  now += HOUR + 1
  chain.says = { ...DAI, decimals: undefined, name: undefined }
  await read()
  expect(await stored()).toMatchObject({ name: undefined, symbol: 'DAI', decimals: undefined, totalSupply: 1_000n })
})

test('a token without facts is read again once within minutes, then like all others', async () => {
  chain.says = UNTOLD
  expect(await read()).toBe(1)
  expect(await stored()).toMatchObject({ name: undefined, symbol: 'DAI' })
  now += 301
  expect(await read()).toBe(1)
  now += 301
  expect(await read()).toBe(0)
  now += HOUR
  chain.says = DAI
  expect(await read()).toBe(1)
  expect(await stored()).toMatchObject(DAI)
})

test('the API keeps known facts if the node does not return them', async () => {
  await read()
  const tokens = new TokenMetadata({
    storeOf: async () => rig.reads.tokens,
    readTokens: (_, _assets: readonly AssetRef[]) => chain.readTokens(),
    lists: new TokenLists({ parseToken: (_, text) => text, listedChain, listedStandard }),
    prices: new StaticPrices([], now),
    now: () => now,
    warn: () => undefined,
  })
  now += HOUR
  chain.says = UNTOLD
  const ask = async () => (await tokens.get(CHAIN, [coin], { read: true }))[0]
  for (let asked = 0; asked < 3; asked++) {
    expect(await ask()).toMatchObject({ decimals: 18, name: 'Dai Stablecoin', totalSupply: 1_000n })
    // A read beside an answer is stored within the next two ticks.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  chain.says = { ...DAI, name: 'Dai' }
  now += 11
  await vi.waitFor(async () => expect(await ask()).toMatchObject({ name: 'Dai' }))
})
