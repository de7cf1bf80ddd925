import { type Address, decodeFunctionResult, isHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assert } from '../core/assert.ts'
import { DEMO_TOKENS, type DemoToken } from './book.ts'
import { type DemoChain, startDemoChain } from './chain.ts'
import { type Arguments, callData, contract } from './contracts.ts'

/** The limit for the demo's start. The demo needs far less; only a hang is a failure here. */
const START_TIMEOUT_MS = 30_000

let chain: DemoChain
beforeAll(async () => {
  chain = await startDemoChain()
}, START_TIMEOUT_MS)
afterAll(() => chain.stop())

async function read(token: DemoToken, functionName: string, args: Arguments = []): Promise<unknown> {
  const name = DEMO_TOKENS[token].contract
  const call = { to: chain.tokens[token], data: callData(name, functionName, args) }
  const data = await chain.anvil.rpc('eth_call', [call, 'latest'])
  assert(isHex(data), 'eth_call answers hex')
  return decodeFunctionResult({ abi: contract(name).abi, functionName, data })
}

async function expectPlanned(tokens: readonly DemoToken[]): Promise<void> {
  for (const token of tokens) {
    const said = await Promise.all(chain.accounts.map((account) => read(token, 'balanceOf', [account])))
    expect(said).toEqual(chain.accounts.map((account) => chain.holdings.fungible(token, account)))
  }
}

const FUNGIBLE = ['whole', 'cents', 'ether', 'unmarked', 'greatest'] as const

test('every fungible balance is as planned', () => expectPlanned(FUNGIBLE))

test('one account holds 2^256-1, one has emptied its only token', async () => {
  expect(await read('greatest', 'balanceOf', [chain.greatest])).toBe(2n ** 256n - 1n)
  expect(await read('cents', 'balanceOf', [chain.emptied])).toBe(0n)
})

test('every deed and every good is where the plan says', async () => {
  const ids = [1n, 2n, 3n, 5n, 6n, 7n, 8n]
  const owners = await Promise.all(ids.map((id) => read('deeds', 'ownerOf', [id])))
  expect(owners.map((owner) => String(owner).toLowerCase())).toEqual(ids.map((id) => chain.holdings.deedOwner(id)))
  expect(chain.holdings.deedOwner(4n)).toBeUndefined()
  await expect(read('deeds', 'ownerOf', [4n])).rejects.toMatchObject({ code: 'NODE_RPC' })
  for (const id of [1n, 2n, 3n]) {
    const said = await Promise.all(chain.accounts.map((account) => read('goods', 'balanceOf', [account, id])))
    expect(said).toEqual(chain.accounts.map((account: Address) => chain.holdings.goods(account, id)))
  }
})

test('decimals are 0, 6, 18 and unknown', async () => {
  expect(await Promise.all((['whole', 'cents', 'ether'] as const).map((token) => read(token, 'decimals')))).toEqual([
    0, 6, 18,
  ])
  const call = { to: chain.tokens.unmarked, data: callData('Erc20', 'decimals') }
  await expect(chain.anvil.rpc('eth_call', [call, 'latest'])).rejects.toMatchObject({ code: 'NODE_RPC' })
})

test('the history ends now, never in the future', async () => {
  const block = await chain.anvil.rpc('eth_getBlockByNumber', ['latest', false])
  const timestamp = Number(typeof block === 'object' && block !== null ? Reflect.get(block, 'timestamp') : undefined)
  const nowSeconds = Date.now() / 1000
  expect(timestamp).toBeLessThanOrEqual(nowSeconds)
  expect(timestamp).toBeGreaterThan(nowSeconds - 120)
})

test('trading continues, block by block, until it is stopped', async () => {
  const before = Number(await chain.anvil.rpc('eth_blockNumber'))
  const stopping = new AbortController()
  const trading = chain.trade(5, stopping.signal)
  while (Number(await chain.anvil.rpc('eth_blockNumber')) < before + 3) await new Promise((wake) => setTimeout(wake, 5))
  stopping.abort()
  await trading
  await expectPlanned(FUNGIBLE)
})
