/**
 * Servers on nodes that leave out logs, over sockets: no answer is wrong, and within a minute all balances are proven.
 */
import type { Address } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isRecord } from '../../src/core/is-record.ts'
import { type Anvil, blockNumber, deploy, mineTogether, placeMulticall3, startAnvil, view } from '../nodes/anvil.ts'
import { type Asked, altering, Fault, type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import { asOfBlock, type Serving, serve, steelyard } from './steelyard.ts'

const PEOPLE: readonly Address[] = [
  '0x00000000000000000000000000000000000000a1',
  '0x00000000000000000000000000000000000000b2',
  '0x00000000000000000000000000000000000000c3',
  '0x00000000000000000000000000000000000000d4',
]
const BLOCKS = 60

let anvil: Anvil
let chainId: number
let coins: readonly Address[]
let truth: ReadonlyMap<string, bigint>

/** Two coins that move in every block, and then a head that does not move. */
beforeAll(async () => {
  anvil = await startAnvil()
  chainId = Number(await anvil.rpc('eth_chainId', []))
  await placeMulticall3(anvil)
  coins = [await deploy(anvil, 'Erc20', ['One', 'ONE', 18]), await deploy(anvil, 'Erc20', ['Two', 'TWO', 6])]
  for (let block = 0; block < BLOCKS; block++) {
    const mints = coins.map((address, place) => {
      const to = PEOPLE[(block + place) % PEOPLE.length]
      return { name: 'Erc20', address, functionName: 'mint', args: [to, BigInt(block + 1)] } as const
    })
    await mineTogether(anvil, [...mints, ...mints.slice(0, block % 2)])
  }
  const held = new Map<string, bigint>()
  for (const address of coins) {
    for (const account of PEOPLE) {
      const amount = await view(anvil, { name: 'Erc20', address, functionName: 'balanceOf', args: [account] })
      held.set(`${account}/${address}`, BigInt(String(amount)))
    }
  }
  truth = held
}, 180_000)
afterAll(() => anvil.stop())

let nodes: readonly ScriptedNode[] = []
let server: Serving
afterEach(async () => {
  expect(await server.stop()).toBe(0)
  for (const node of nodes) await node.stop()
})

type Lie = (logs: readonly unknown[], asked: Asked) => readonly unknown[]

let counted = 0
const LIES: Readonly<Record<string, Lie>> = {
  'every third log': (logs) => logs.filter(() => ++counted % 3 !== 0),
  'every third log of an answer': (logs) => logs.filter((_, place) => place % 3 !== 2),
  'all logs of one coin': (logs) => logs.filter((log) => !isRecord(log) || log.address !== coins[0]),
  'all logs of one account': (logs) => logs.filter((log) => !JSON.stringify(log).includes('b2"')),
  'the second half of each range': (logs, { params: [filter] }) =>
    isRecord(filter) && 'fromBlock' in filter ? logs.slice(0, Math.ceil(logs.length / 2)) : logs,
}

/** A node with empty log blooms, so that only balances reveal the missing logs. */
async function liar(lie: Lie, hasReceipts: boolean): Promise<ScriptedNode> {
  return startScriptedNode(
    altering(anvil.url, (asked, result) => {
      if (!hasReceipts && asked.method.endsWith('Receipt')) throw new Fault(-32601, 'no such method')
      if (!hasReceipts && asked.method.endsWith('Receipts')) throw new Fault(-32601, 'no such method')
      if (asked.method === 'eth_getLogs' && Array.isArray(result)) return lie(result, asked)
      return isRecord(result) && 'logsBloom' in result ? { ...result, logsBloom: `0x${'0'.repeat(512)}` } : result
    }),
  )
}

/** Returns the answers that are neither true nor an honest error, and the sources of all answers. */
async function look(): Promise<{ readonly untrue: readonly string[]; readonly sources: ReadonlySet<string> }> {
  const untrue: string[] = []
  const sources = new Set<string>()
  for (const account of PEOPLE) {
    for (const coin of coins) {
      const query = `chain_id=${chainId}&address=${account}&contract_address=${coin}`
      const answer = await server.get(`/v1/account/tokens?${query}`)
      if (answer.status === 503) {
        sources.add('unknown')
        continue
      }
      const { data } = (await answer.json()) as { data: { balance: string }[] }
      const [row] = data
      if (row === undefined) {
        // A list without the row gives no amount. At the end no row may be missing.
        sources.add('unknown')
        continue
      }
      const told = BigInt(row.balance)
      const { source } = asOfBlock(answer)
      sources.add(source)
      if (told !== truth.get(`${account}/${coin}`)) untrue.push(`${account} ${coin} ${told} from ${source}`)
    }
  }
  return { untrue, sources }
}

async function start(...started: readonly ScriptedNode[]): Promise<void> {
  nodes = started
  const rpc = nodes.map(({ url }) => url)
  const chain = { id: `eip155:${chainId}`, rpc, poll_ms: 50, finality: { confirmations: 5 } }
  server = await serve({ chains: [chain], dialects: { chainbase: { balance: 'decimal' } } })
  const head = await blockNumber(anvil)
  await server.healthy(({ checkpoint }) => checkpoint?.number === head)
}

/** Requests all balances until events prove them all, for at most a minute. No answer may be wrong in the meantime. */
async function untilProven(): Promise<void> {
  const until = Date.now() + 60_000
  let sources: ReadonlySet<string> = new Set()
  while (Date.now() < until && !(sources.size === 1 && sources.has('events'))) {
    const seen = await look()
    expect(seen.untrue).toEqual([])
    sources = seen.sources
    // The audit needs the processor too.
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect([...sources]).toEqual(['events'])
  const { code, out } = await steelyard(['verify', '--config', server.config])
  expect(code, out).toBe(0)
}

describe.each(Object.entries(LIES))('a node that leaves out %s, at a head that does not move', (_, lie) => {
  test('no answer is wrong, and within a minute all is proven and verified', async () => {
    await start(await liar(lie, true))
    await untilProven()
  }, 120_000)

  test('without receipts no answer is wrong', async () => {
    await start(await liar(lie, false))
    await server.healthy(({ audit }) => (audit?.block ?? 0) > 0)
    for (let round = 0; round < 10; round++) expect((await look()).untrue).toEqual([])
  }, 120_000)
})

const sound = (): Promise<ScriptedNode> => startScriptedNode(altering(anvil.url, (_, result) => result))

/** One lie of each kind, since each takes some seconds: by count, by topic, by the size of the range. */
const OF_TWO = ['every third log', 'all logs of one account', 'the second half of each range']

describe.each(Object.entries(LIES).filter(([says]) => OF_TWO.includes(says)))(
  'two nodes, one of them leaves out %s',
  (_, lie) => {
    test.each([
      ['first', true],
      ['first, without receipts', false],
      ['second', true],
    ] as const)(
      'the liar %s, no answer is wrong, and within a minute all is proven',
      async (place, hasReceipts) => {
        const pair = [await liar(lie, hasReceipts), await sound()]
        await start(...(place === 'second' ? pair.reverse() : pair))
        await untilProven()
      },
      120_000,
    )

    test('the other leaves out the same, both without receipts: no answer is wrong', async () => {
      await start(await liar(lie, false), await liar(lie, false))
      await server.healthy(({ audit }) => (audit?.block ?? 0) > 0)
      for (let round = 0; round < 10; round++) expect((await look()).untrue).toEqual([])
    }, 120_000)
  },
)
