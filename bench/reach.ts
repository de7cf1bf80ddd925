/**
 * `tsx bench/reach.ts [--rounds N] [--store URL]`: how long a new block, a reorg, a repair and the revocation of a key take to reach
 * two processes that answer, while a third one indexes. What they know of each other is the store's alone. See README.md.
 */
import type { Address } from 'viem'
import { codecOf } from '../src/cli/account-codec.ts'
import { assert } from '../src/core/assert.ts'
import { parseChainId } from '../src/core/chain.ts'
import { isRecord } from '../src/core/is-record.ts'
import { openStore } from '../src/store/open.ts'
import { ask, makePlace, startServing, until } from '../test/e2e/serving-process.ts'
import { makeKey, steelyard } from '../test/e2e/steelyard.ts'
import { deploy, mine, placeMulticall3, send, startAnvil } from '../test/nodes/anvil.ts'
import { altering, startScriptedNode } from '../test/nodes/scripted-node.ts'
import { numbersFromArguments, textFromArguments } from './arguments.ts'
import { temporaryFolder } from './server.ts'

const CHAIN = parseChainId('eip155:31337')
assert(CHAIN !== undefined, 'the chain has an id')
const HOLDER: Address = '0x00000000000000000000000000000000000a11ce'
/** A node that left out logs a few times is not asked for them again, so there is nothing to repair then. */
const REPAIRS = 3
const BALANCE = `/v1/account/balance?chain_id=31337&address=${HOLDER}`

const { rounds } = numbersFromArguments({ rounds: 10 }, ['store'])
const anvil = await startAnvil()
await placeMulticall3(anvil)
const coin = await deploy(anvil, 'Erc20', ['Coin', 'COIN', 6])
const lossy = await deploy(anvil, 'Erc20', ['Lossy', 'LOSSY', 6])
/** While true, the node leaves out the logs of `lossy`. Its blooms never reveal them. */
let isLossy = false
const node = await startScriptedNode(
  altering(anvil.url, (asked, result) => {
    if (isLossy && asked.method === 'eth_getLogs' && Array.isArray(result)) {
      return result.filter((log) => !isRecord(log) || log.address !== lossy)
    }
    return isRecord(result) && 'logsBloom' in result ? { ...result, logsBloom: `0x${'0'.repeat(512)}` } : result
  }),
)
const url = textFromArguments('store') ?? `sqlite:${temporaryFolder()}`
const config = {
  chains: [{ id: CHAIN, rpc: [node.url], poll_ms: 50, finality: { confirmations: 5 } }],
  dialects: { chainbase: { balance: 'decimal' } },
}
const place = await makePlace(config, { url, end: async () => undefined })
for (const token of [coin, lossy]) await pay(token)
const indexer = await startServing(place.config, '--role', 'indexer')
const apis = [await startServing(place.config, '--role', 'api'), await startServing(place.config, '--role', 'api')]
process.once('exit', () => {
  for (const { pid } of [...apis, indexer]) process.kill(pid, 'SIGKILL')
})
const key = await makeKey(place.config)
await bothAnswer(coin, 1n)
await bothAnswer(lossy, 1n)
const store = await openStore({ url, create: false, codecOf })
const { feed } = await store.openReads(CHAIN)

let [held, lost] = [1n, 1n]
const took: Record<string, number[]> = {}
for (let round = 0; round < rounds; round++) {
  await measure('a new block, from its mining', async () => {
    await pay(coin)
    return bothAnswer(coin, ++held)
  })
  await measure('a reorg, from its moment', async () => {
    await anvil.rpc('anvil_reorg', [1, []])
    return bothAnswer(coin, --held)
  })
  await pay(coin)
  await bothAnswer(coin, ++held)
  const made = await makeKey(place.config)
  for (const { url } of apis) assert((await statusOf(url, made)) === 200, 'the new key is good')
  assert((await steelyard(['keys', 'revoke', '--config', place.config, made.slice(0, 8)])).code === 0, 'it is revoked')
  await measure('a revoked key, from the end of the command', () =>
    all((url) => until('it is rejected', async () => (await statusOf(url, made)) !== 200)),
  )
  if (round >= REPAIRS) continue
  isLossy = true
  const repaired = nextRepair()
  const corrected = bothAnswer(lossy, ++lost, true)
  const proven = bothAnswer(lossy, lost)
  await pay(lossy)
  await mine(anvil, 1)
  await repaired
  await measure('a repair, from its commit', () => corrected)
  await measure('the repaired balance from the store again', () => proven)
  isLossy = false
}
for (const [what, times] of Object.entries(took)) {
  const sorted = times.sort((a, b) => a - b)
  const ms = (time: number | undefined): string => `${(time ?? Number.NaN).toFixed(0).padStart(5)} ms`
  process.stdout.write(
    `${what.padEnd(44)} middle ${ms(sorted[sorted.length >> 1])}  most ${ms(sorted.at(-1))}  of ${times.length}\n`,
  )
}
await store.close()
await place.remove()
await node.stop()
await anvil.stop()
process.exit()

async function pay(token: Address): Promise<void> {
  await send(anvil, { name: 'Erc20', address: token, functionName: 'mint', args: [HOLDER, 1n] })
}

/** Notes how long something took. */
async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await work()
  took[what] = [...(took[what] ?? []), performance.now() - began]
}

function all(look: (url: string) => Promise<unknown>): Promise<unknown> {
  return Promise.all(apis.map(({ url }) => look(url)))
}

async function statusOf(url: string, apiKey: string): Promise<number> {
  return (await ask(url + BALANCE, { headers: { 'x-api-key': apiKey } })).status
}

/** Waits until both processes answer this amount from the store. `orRead`: or read it from the node, since the store's is in doubt. */
function bothAnswer(token: Address, amount: bigint, orRead = false): Promise<unknown> {
  const path = `/v1/account/tokens?chain_id=31337&address=${HOLDER}&contract_address=${token}`
  return all((url) =>
    until(`${url} answers ${amount} of ${token}`, async () => {
      const { status, text, asOf } = await ask(url + path, { headers: { 'x-api-key': key } })
      return status === 200 && (orRead || asOf.includes('source=events')) && text.includes(`"balance":"${amount}"`)
    }),
  )
}

/** Waits until the feed of the chain tells of a repair that is not told yet. */
async function nextRepair(): Promise<void> {
  let seq = (await feed.after(0, 1)).newest
  await until('a repair', async () => {
    const { entries, newest } = await feed.after(seq, 500)
    seq = newest
    return entries.some(({ kind }) => kind === 'repaired')
  })
}
