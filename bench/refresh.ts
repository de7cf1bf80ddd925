/**
 * `npm run bench:refresh -- [--latency MS] [--rounds N]`: how long forced reads take with a node that is 20 ms away.
 * 1,000 pairs travel in 50 batches of TokenKit's batch call at once; one account holds 500 tokens. The node is a real
 * Anvil behind a proxy. Node, server and client share this machine, so the node's own work is measured too.
 */
import { type Address, getContractAddress, isAddress } from 'viem'
import { assert } from '../src/core/assert.ts'
import { type Anvil, startAnvil } from '../src/demo/anvil.ts'
import { callData, contract, deployData } from '../src/demo/contracts.ts'
import { Writer } from '../src/demo/writer.ts'
import { numbersFromArguments } from './arguments.ts'
import { startLatency } from './latency.ts'
import { startServer, temporaryFolder } from './server.ts'

const CHAIN = 'eip155:31337'
const MULTICALL3 = '0xca11bde05977b3631167028862be2a173976ca11'
const TOKENS = 500
/** Holders of the first 20 tokens: 50 × 20 are 1,000 pairs. */
const HOLDERS = 50
const PAIRS_OF_A_BATCH = 20
const PER_BLOCK = 20
const FIRST_TIME = 1_600_000_000
const BLOCK_SECONDS = 12

const { latency, rounds } = numbersFromArguments({ latency: 20, rounds: 7 })
const anvil = await startAnvil({ args: ['--no-mining', '--timestamp', String(FIRST_TIME)] })
try {
  const { tokens, holders, rich } = await fill(anvil)
  const node = await startLatency(anvil.url, latency)
  const server = await startServer(temporaryFolder(), [{ id: CHAIN, rpc: node.url }])
  const headers = { 'api-key': server.key, 'content-type': 'application/json' }
  while (((await server.health(CHAIN))?.transfers ?? 0) < TOKENS + HOLDERS * PAIRS_OF_A_BATCH) await pause(100)
  // Until the names of all tokens were read, and the audit has compared everything once.
  while ((await fetch(`${server.url}/ready`)).status !== 200) await pause(100)
  await fetch(`${server.url}/api/account-balances/?account_address=${rich}`, { headers })
  const batches = holders.map((account_address) =>
    JSON.stringify({
      force_refresh: true,
      balances: tokens.slice(0, PAIRS_OF_A_BATCH).map((token_address) => ({ account_address, token_address })),
    }),
  )
  const refreshPairs = async (): Promise<number> => {
    const rows = batches.map(async (body) => {
      const answer = await fetch(`${server.url}/api/balances/`, { method: 'POST', headers, body })
      const { data } = JSON.parse(await answer.text())
      return Number(data.length)
    })
    return (await Promise.all(rows)).reduce((sum, count) => sum + count, 0)
  }
  const refreshAccount = async (): Promise<number> => {
    const path = `/api/account-balances/?account_address=${rich}&force_refresh=true`
    return Number(JSON.parse(await (await fetch(server.url + path, { headers })).text()).count)
  }
  await measure(`${HOLDERS * PAIRS_OF_A_BATCH} pairs in ${HOLDERS} batches`, refreshPairs, node.requests)
  await measure(`an account of ${TOKENS} tokens`, refreshAccount, node.requests)
  await server.stop()
  await node.stop()
} finally {
  await anvil.stop()
}

/** Runs a read in rounds, apart from the polls of the indexer, and prints its times. */
async function measure(name: string, run: () => Promise<number>, requests: () => number): Promise<void> {
  const times: number[] = []
  const trips: number[] = []
  let rows = 0
  for (let round = 0; round < rounds; round++) {
    await pause(300)
    const before = requests()
    const startedAt = performance.now()
    rows = await run()
    times.push(performance.now() - startedAt)
    trips.push(requests() - before)
  }
  const middle = [...times].sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
  process.stdout.write(
    `${name}: ${rows} rows, ${middle.toFixed(0)} ms (${times.map((ms) => ms.toFixed(0)).join(' ')}) at ${latency} ms; ` +
      `requests to the node ${trips.join(' ')}, polls included\n`,
  )
}

type Filled = { readonly tokens: readonly Address[]; readonly holders: readonly Address[]; readonly rich: Address }

async function fill(node: Anvil): Promise<Filled> {
  const accounts = await node.rpc('eth_accounts')
  const from: unknown = Array.isArray(accounts) ? accounts[0] : undefined
  assert(typeof from === 'string' && isAddress(from), 'Anvil has accounts')
  await node.rpc('anvil_setCode', [MULTICALL3, contract('Multicall3').runtime])
  const writer = new Writer(node)
  const tokens = Array.from({ length: TOKENS }, (_, nonce) => getContractAddress({ from, nonce: BigInt(nonce) }))
  const holders = Array.from({ length: HOLDERS }, (_, index) => account(index + 1))
  const rich = account(HOLDERS + 1)
  const mint = (to: Address, token: Address, amount: bigint) => ({
    from,
    to: token,
    data: callData('Erc20', 'mint', [to, amount]),
  })
  const steps = [
    ...tokens.map(() => ({ from, data: deployData('Erc20', ['Bench', 'BEN', 18]) })),
    ...tokens.map((token, index) => mint(rich, token, BigInt(index + 1))),
    ...holders.flatMap((to, index) =>
      tokens.slice(0, PAIRS_OF_A_BATCH).map((token) => mint(to, token, BigInt(index + 1))),
    ),
  ]
  for (let at = 0; at < steps.length; at += PER_BLOCK) {
    await writer.block(steps.slice(at, at + PER_BLOCK), FIRST_TIME + (at / PER_BLOCK + 1) * BLOCK_SECONDS)
  }
  await writer.expectSuccess()
  return { tokens, holders, rich }
}

function account(index: number): Address {
  return `0x${index.toString(16).padStart(40, 'b')}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
