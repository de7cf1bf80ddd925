/** Two processes that answer and one that indexes, apart: what one does reaches the others through the store alone. */
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isRecord } from '../../src/core/is-record.ts'
import { type Anvil, blockNumber, deploy, mine, placeMulticall3, send, startAnvil, view } from '../nodes/anvil.ts'
import { altering, type ScriptedNode, startScriptedNode } from '../nodes/scripted-node.ts'
import { ENGINES } from '../store/engines.ts'
import { ask, healthOf, makePlace, type Place, type ServingProcess, startServing, until } from './serving-process.ts'
import { makeKey, steelyard } from './steelyard.ts'

const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const CHAIN = 'eip155:31337'

describe.each(ENGINES)('$name', ({ makePlace: makeStore }) => {
  let anvil: Anvil
  let node: ScriptedNode
  let coin: Address
  let other: Address
  let place: Place
  let key: string
  let indexer: ServingProcess
  let apis: readonly ServingProcess[] = []
  /** While it is set, the node leaves out the logs of this coin, and its blooms do not reveal them. */
  let hidden: Address | undefined

  beforeAll(async () => {
    anvil = await startAnvil()
    await placeMulticall3(anvil)
    coin = await deploy(anvil, 'Erc20', ['Coin', 'COIN', 6])
    other = await deploy(anvil, 'Erc20', ['Other', 'OTH', 6])
    await pay(coin, 100n)
    await pay(other, 5n)
    node = await startScriptedNode(
      altering(anvil.url, (asked, result) => {
        if (hidden !== undefined && asked.method === 'eth_getLogs' && Array.isArray(result)) {
          return result.filter((log) => !isRecord(log) || log.address !== hidden)
        }
        return isRecord(result) && 'logsBloom' in result ? { ...result, logsBloom: `0x${'0'.repeat(512)}` } : result
      }),
    )
    const chain = { id: CHAIN, rpc: [node.url], poll_ms: 50, finality: { confirmations: 5 } }
    place = await makePlace({ chains: [chain], dialects: { chainbase: { balance: 'decimal' } } }, await makeStore())
    const early = await steelyard(['serve', '--config', place.config, '--role', 'api'])
    expect([early.code, early.err]).toEqual([1, expect.stringContaining('start "steelyard serve --role indexer"')])
    indexer = await startServing(place.config, '--role', 'indexer')
    key = await makeKey(place.config)
    apis = [await startServing(place.config, '--role', 'api'), await startServing(place.config, '--role', 'api')]
    await reachesAll(100n)
  }, 120_000)
  afterAll(async () => {
    for (const process of [...apis, indexer]) expect(await process.end('SIGINT')).toBe(0)
    await place.remove()
    await node.stop()
    await anvil.stop()
  })

  const pay = async (address: Address, amount: bigint): Promise<void> =>
    void (await send(anvil, { name: 'Erc20', address, functionName: 'mint', args: [ALICE, amount] }))

  async function balanceAt(url: string, address: Address) {
    const query = `chain_id=31337&address=${ALICE}&contract_address=${address}`
    const { status, text, asOf } = await ask(`${url}/v1/account/tokens?${query}`, { headers: { 'x-api-key': key } })
    const { data }: { data: { balance: string }[] } = status === 200 ? JSON.parse(text) : { data: [] }
    const [row] = data
    return {
      status,
      amount: row === undefined ? undefined : BigInt(row.balance),
      block: Number(/block=(\d+)/.exec(asOf)?.[1] ?? -1),
      hash: /hash="([^"]+)"/.exec(asOf)?.[1],
      source: /source=(\w+)/.exec(asOf)?.[1],
      age: Number(/age=(\d+)/.exec(asOf)?.[1] ?? -1),
    }
  }

  /** Waits until every process answers this amount, proven at the chain's newest block. */
  async function reachesAll(amount: bigint, address = coin): Promise<void> {
    const block = await blockNumber(anvil)
    const { hash } = Object(await anvil.rpc('eth_getBlockByNumber', ['latest', false]))
    for (const { url } of apis) {
      await until(`${url} answers ${amount} at ${block}`, async () => {
        const seen = await balanceAt(url, address)
        return seen.amount === amount && seen.block === block && seen.hash === hash && seen.source === 'events'
      })
    }
  }

  test('both learn the state of the chain from the store', async () => {
    for (const { url } of apis) {
      await until('the chain is live', async () => (await healthOf(url)).state === 'live')
      expect(await healthOf(url)).toMatchObject({ id: CHAIN, head: await blockNumber(anvil) })
      expect((await ask(`${url}/metrics`)).text).toContain(`steelyard_chain_up{chain="${CHAIN}"} 1`)
    }
  })

  test('a new block and a reorg reach both', async () => {
    await pay(coin, 11n)
    await reachesAll(111n)
    await anvil.rpc('anvil_reorg', [1, []])
    await reachesAll(100n)
    await pay(coin, 7n)
    await reachesAll(107n)
  }, 120_000)

  test('a revoked key is rejected by both', async () => {
    const made = await makeKey(place.config)
    const path = `/v1/account/balance?chain_id=31337&address=${ALICE}`
    const statuses = () => Promise.all(apis.map(({ url }) => ask(url + path, { headers: { 'x-api-key': made } })))
    expect((await statuses()).map(({ status }) => status)).toEqual([200, 200])
    expect((await steelyard(['keys', 'revoke', '--config', place.config, made.slice(0, 8)])).code).toBe(0)
    const revokedAt = Date.now()
    await until('both reject the key', async () => (await statuses()).every(({ status }) => status !== 200))
    // Both read each key at least once a second; the rest is this machine's slowness.
    expect(Date.now() - revokedAt).toBeLessThan(30_000)
  })

  test('a repair reaches both, and no answer is wrong before it', async () => {
    hidden = other
    await pay(other, 50n)
    await mine(anvil, 1)
    const truth = BigInt(
      String(await view(anvil, { name: 'Erc20', address: other, functionName: 'balanceOf', args: [ALICE] })),
    )
    const head = await blockNumber(anvil)
    const wrong: unknown[] = []
    for (const { url } of apis) {
      await until('the missing log is repaired', async () => {
        const seen = await balanceAt(url, other)
        // The audit has not compared the newest blocks at once; as of a block it must be right in the end.
        if (seen.source === 'reads' && seen.block >= head && seen.amount !== truth) wrong.push(seen)
        return seen.source === 'events' && seen.amount === truth && seen.block >= head
      })
    }
    expect(wrong).toEqual([])
    hidden = undefined
  }, 120_000)

  describe('the lease', () => {
    test('a second indexer waits and says so; after kill -9 of the first it takes over', async () => {
      const second = await startServing(place.config, '--role', 'indexer')
      await until('it waits', async () => second.log().includes('waiting for the chain to be free'))
      expect(second.log()).toContain(`is writing ${CHAIN}`)
      // What the second one says does not hide the first one's state.
      for (const { url } of apis) expect((await healthOf(url)).waiting).toBeUndefined()
      await indexer.end('SIGKILL')
      indexer = second
      await pay(coin, 1n)
      await reachesAll(108n)
    }, 120_000)

    test('without an indexer answers go on with their age, and it is said; a new one goes on', async () => {
      expect(await indexer.end('SIGTERM')).toBe(0)
      const before = await Promise.all(apis.map(({ url }) => balanceAt(url, coin)))
      for (const { url } of apis) {
        await until('the indexer is missed', async () => (await healthOf(url)).waiting?.for.includes('has ended'))
        expect(await healthOf(url)).toMatchObject({
          state: 'degraded',
          error: expect.stringContaining('--role indexer'),
        })
        const [then] = before
        const seen = await until('the answer grows older', async () => {
          const answer = await balanceAt(url, coin)
          return answer.age > (then?.age ?? 0) && answer
        })
        expect(seen).toMatchObject({ status: 200, amount: 108n, block: then?.block, source: 'events' })
      }
      indexer = await startServing(place.config, '--role', 'indexer')
      await pay(coin, 2n)
      await reachesAll(110n)
      for (const { url } of apis) await until('live again', async () => (await healthOf(url)).state === 'live')
    }, 120_000)

    test('a killed indexer is missed within some seconds', async () => {
      await indexer.end('SIGKILL')
      for (const { url } of apis) {
        await until('the indexer is missed', async () => (await healthOf(url)).waiting?.for.includes('does not report'))
        expect((await balanceAt(url, coin)).amount).toBe(110n)
      }
      indexer = await startServing(place.config, '--role', 'indexer')
      await pay(coin, 3n)
      await reachesAll(113n)
    }, 120_000)
  })
})
