/** TokenKit's balances while the node fails, lags or replaces blocks: true amounts with their true times, or errors. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inFrontOf, type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import { onChain } from './tokenkit-facts.ts'
import { type Answered, serveTokenKit, type TokenKitServer } from './tokenkit-server.ts'

let server: TokenKitServer
let node: ScriptedNode
let trouble: 'none' | 'dead' | 'hangs' = 'none'
beforeAll(async () => {
  server = await serveTokenKit(async ({ url, chainId }) => {
    node = await startScriptedNode(
      inFrontOf(url, () =>
        trouble === 'hangs' ? 'hang' : trouble === 'dead' ? { status: 503, text: 'down' } : undefined,
      ),
    )
    return { chains: [{ id: `eip155:${chainId}`, rpc: [node.url], poll_ms: 100 }] }
  })
}, 120_000)
afterAll(async () => {
  await server.stop()
  await node.stop()
})

const asked = (more = '') =>
  `/api/balance/?account_address=${server.chain.trader}&token_address=${server.chain.tokens.cents}${more}`
const account = (more = '') => `/api/account-balances/?account_address=${server.chain.trader}${more}`
const secondsAgo = (time: string): number => Date.now() / 1_000 - Date.parse(time) / 1_000

/** Calls until an answer fits. */
async function until(path: string, fits: (answer: Answered) => boolean): Promise<Answered> {
  const deadline = Date.now() + 90_000
  for (;;) {
    const answer = await server.get(path)
    if (fits(answer)) return answer
    if (Date.now() > deadline) throw new Error(`never so: ${path}\n${answer.text}`)
    await pause(50)
  }
}

test('an account with a dead node has its stored rows and their true time; forced single and batch reads fail', async () => {
  const before = (await server.get(asked())).json.data
  trouble = 'dead'
  const diedAt = Date.now() / 1_000
  await pause(2_500)
  const { trader, tokens } = server.chain
  const pair = { account_address: trader, token_address: tokens.cents }
  const [single, forced, batch, list, unknown] = await Promise.all([
    server.get(asked('&max_age=1')),
    server.get(asked('&force_refresh=true')),
    server.post('/api/balances/', { balances: [pair], force_refresh: true }),
    server.get(account('&force_refresh=true')),
    // A token that nobody indexed or read: nothing is stored.
    server.get(`/api/balance/?account_address=${trader}&token_address=0x${'7'.repeat(40)}`),
  ])
  expect([single.status, single.json.data.balance]).toEqual([200, before.balance])
  // Known until the node died, and no longer.
  expect(secondsAgo(single.json.data.last_updated)).toBeGreaterThanOrEqual(Date.now() / 1_000 - diedAt - 1)
  expect([forced.status, forced.json]).toEqual([
    502,
    { success: false, error: 'The balance could not be read from the chain.' },
  ])
  expect([batch.status, batch.json.data, batch.json.errors]).toEqual([
    200,
    [],
    [{ ...pair, error: 'The balance could not be read from the chain.' }],
  ])
  expect(list.status).toBe(200)
  const row = list.json.data.find((one: { token: { address: string } }) => one.token.address === tokens.cents)
  expect(row.balance).toBe(before.balance)
  expect(secondsAgo(row.last_updated)).toBeGreaterThanOrEqual(Date.now() / 1_000 - diedAt - 1)
  expect([unknown.status, unknown.json.success]).toEqual([502, false])
  trouble = 'none'
  await until(asked('&force_refresh=true'), ({ status }) => status === 200)
}, 180_000)

test('with a node that hangs, each call is answered before its deadline', async () => {
  const before = (await server.get(asked())).json.data
  trouble = 'hangs'
  const [single, forced, list] = await Promise.all([
    server.get(asked('&max_age=0')),
    server.get(asked('&force_refresh=true')),
    server.get(account('&force_refresh=true')),
  ])
  expect([single.status, single.json.data.balance]).toEqual([200, before.balance])
  expect(forced.status).toBe(502)
  expect([list.status, list.json.count]).toEqual([200, list.json.data.length])
  trouble = 'none'
  await until(asked('&force_refresh=true'), ({ status }) => status === 200)
}, 180_000)

test('duplicates of a batch are answered twice and read once', async () => {
  const { trader, tokens } = server.chain
  const pair = { account_address: trader, token_address: tokens.cents }
  const before = node.arrived.length
  const twice = { balances: [pair, { ...pair, account_address: trader.toUpperCase().replace('X', 'x') }, pair] }
  const { json } = await server.post('/api/balances/', { ...twice, force_refresh: true })
  expect(json.data.map((row: { balance: string }) => row.balance)).toEqual(Array(3).fill(await onChain(server, trader)))
  const reads = node.arrived
    .slice(before)
    .flatMap(({ calls }) => calls)
    .filter(({ method, params }) => method === 'eth_call' && JSON.stringify(params).includes(trader.slice(2)))
  expect(reads).toHaveLength(1)
})

test('after a reorg between a refresh and the next request, no answer names a block that is gone', async () => {
  const { anvil } = server.chain
  await anvil.rpc('evm_mine')
  await anvil.rpc('evm_mine')
  const refreshed = await server.get(account('&force_refresh=true'))
  const [, gone] = /hash="(0x[0-9a-f]{64})"/.exec(refreshed.headers.get('balance-as-of') ?? '') ?? []
  await anvil.rpc('anvil_reorg', [2, []])
  await anvil.rpc('evm_mine')
  const { hash } = Object(await anvil.rpc('eth_getBlockByNumber', ['latest', false]))
  await until('/health', ({ json }) => json.chains[0].checkpoint.hash === hash)
  for (const path of [asked(), account(), asked('&max_age=0'), account('&max_age=0')]) {
    const answer = await server.get(path)
    const [, named] = /hash="(0x[0-9a-f]{64})"/.exec(answer.headers.get('balance-as-of') ?? '') ?? []
    expect(named).not.toBe(gone)
    expect(await anvil.rpc('eth_getBlockByHash', [named, false])).not.toBeNull()
  }
}, 180_000)

test('200 balances of random accounts and tokens equal the chain after each change, to the last digit', async () => {
  const { accounts, tokens, anvil } = server.chain
  const fungible = [tokens.whole, tokens.cents, tokens.ether, tokens.unmarked, tokens.greatest]
  let changes = 0
  let seed = 7
  for (let nth = 0; nth < 200; nth++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    const holder = accounts[seed % accounts.length] ?? server.chain.trader
    const token = fungible[Math.floor(seed / 97) % fungible.length] ?? tokens.cents
    const query = `account_address=${holder}&token_address=${token}&start_time=2000-01-01`
    const { status, json } = await server.get(`/api/balance-history/?${query}`)
    expect(status).toBe(200)
    for (const [index, row] of json.data.entries()) {
      if (json.data[index + 1]?.block_number === row.block_number) continue
      const call = { to: token, data: `0x70a08231${holder.slice(2).padStart(64, '0')}` }
      const held = await anvil.rpc('eth_call', [call, `0x${row.block_number.toString(16)}`])
      expect(row.balance).toBe(BigInt(String(held)).toString())
      changes++
    }
  }
  expect(changes).toBeGreaterThan(500)
}, 180_000)
