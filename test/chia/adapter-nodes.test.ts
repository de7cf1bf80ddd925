/** The adapter and the prover on nodes of every sort, and during a reorg. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { identifyChiaNode } from '../../src/chains/chia/identify.ts'
import { createChiaProver } from '../../src/chains/chia/prove/prover.ts'
import { NO_ITEM } from '../../src/core/asset.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { SIGNAL } from '../chains/under-test.ts'
import { CHAIN, cat, memoryOf, SmallChain } from './small-chain.ts'

/** Only calls that a full node has (https://docs.chia.net/reference-client/rpc-reference/full-node-rpc). */
const CALLS = [
  'get_blockchain_state',
  'get_network_info',
  'get_block_record_by_height',
  'get_block_record',
  'get_block_records',
  'get_block_spends',
  'get_additions_and_removals',
  'get_coin_records_by_hint',
  'get_coin_records_by_puzzle_hash',
  'get_coin_records_by_puzzle_hashes',
  'get_coin_records_by_names',
  'get_coin_record_by_name',
  'get_coin_records_by_parent_ids',
  'get_puzzle_and_solution',
]

describe.skipIf(!hasSimulator())('the Chia adapter', () => {
  let chain: SmallChain
  const asked = new Set<string>()
  beforeAll(async () => {
    chain = await SmallChain.start()
  })
  afterAll(() => chain.world.stop())
  afterEach(async () => {
    for (const { path } of await chain.world.call('asked')) asked.add(path.slice(1))
  })

  test('answers the same on a node that sends its lists in pages', async () => {
    expect((await chain.held(await chain.adapter({ pageRows: 1 }))).sums).toEqual(await chain.truth())
  })

  test('says that a list of hints was cut, and still finds what leads show', async () => {
    const limited = await chain.prepared({ sqlVariables: 2 })
    const { sums, reads } = await chain.held(limited)
    expect(sums).toEqual(await chain.truth())
    expect(reads.map((read) => read?.isCut)).toEqual([true, false, false])
    const { number: last } = await chain.world.call('head')
    const whole = await (await chain.prepared()).transfers({ first: 0, last, scope: chain.scope }, SIGNAL)
    expect(await limited.transfers({ first: 0, last, scope: chain.scope }, SIGNAL)).toEqual(whole)
  })

  test('names its heads, blocks and times, and links them', async () => {
    const adapter = await chain.adapter()
    const { latest, finalized } = await adapter.heads(SIGNAL)
    const { number, hash, timestamp } = await chain.world.call('head')
    expect(latest).toMatchObject({ number, hash: `0x${hash}` })
    expect(finalized.number).toBe(number - 2)
    const headers = await adapter.headers({ first: 0, last: number }, SIGNAL)
    const times = headers.map((header) => header.timestamp)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1)).toBeLessThanOrEqual(timestamp)
    await expect(adapter.headers({ first: 0, last: number + 1 }, SIGNAL)).rejects.toMatchObject({ code: 'NODE_BEHIND' })
  })

  test('identifies a node, and refuses one of another network in plain words', async () => {
    const url = await chain.node({ network: 'testnet11' })
    const identified = await identifyChiaNode({ url, timeoutMs: 5_000, signal: SIGNAL })
    expect(identified).toEqual({ chain: 'chia:testnet11', head: (await chain.world.call('head')).number })
    const adapter = await chain.adapter({ network: 'testnet11' })
    await expect(adapter.heads(SIGNAL)).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      message: expect.stringContaining('is chia:testnet11, the configuration says chia:simulator0'),
    })
  })

  test('proves what accounts hold, and that a supply cannot be known', async () => {
    const url = await chain.node()
    const memory = memoryOf()
    const made = { chain: CHAIN, rpc: [url], warn: () => undefined, memory }
    await chain.held(createChiaAdapter({ ...made, finality: { confirmations: 2 } }).adapter)
    const prover = createChiaProver(made)
    for (const number of [3, (await chain.world.call('head')).number]) {
      const block = await prover.blockAt(number, SIGNAL)
      if (block === undefined) throw new Error('the block is there')
      const held = await chain.truth(number)
      const keys = chain.addresses.flatMap((account) =>
        chain.tails.map((tail) => ({ account, asset: cat(tail), item: NO_ITEM })),
      )
      const proofs = await prover.prove(
        keys.map((key) => ({ what: 'balance', key, block }) as const),
        SIGNAL,
      )
      expect(proofs).toEqual(
        keys.map(({ account, asset }) => ({ ok: true, amount: held.get(`${account} ${asset.reference}`) ?? 0n })),
      )
      const [tail = ''] = chain.tails
      expect(await prover.prove([{ what: 'supply', asset: cat(tail), block }], SIGNAL)).toEqual([
        { ok: false, reason: 'not_supported' },
      ])
    }
    expect(await prover.blockAt(99, SIGNAL)).toBeUndefined()
  })

  test('follows a reorg: what was read is of the new chain, and an old block is not answered', async () => {
    const adapter = await chain.adapter()
    const { number, hash } = await chain.world.call('head')
    const [old] = await adapter.headers({ first: number, last: number }, SIGNAL)
    if (old === undefined) throw new Error('the block is there')
    await chain.world.call('reorganize', 2, [[], [], []])
    expect((await chain.held(adapter)).sums).toEqual(await chain.truth())
    await expect(adapter.transfersOf({ headers: [old], scope: chain.scope }, SIGNAL)).rejects.toMatchObject({
      code: 'NODE_BEHIND',
    })
    const [alice = ''] = chain.addresses
    const keys = [{ account: alice, asset: cat(chain.tails[0] ?? ''), item: NO_ITEM }]
    await expect(adapter.readBalances({ keys, at: { number, hash: `0x${hash}` } }, SIGNAL)).rejects.toMatchObject({
      code: 'NODE_BEHIND',
    })
  })

  test('made only calls that a full node has', () => {
    expect([...asked].filter((call) => !CALLS.includes(call))).toEqual([])
    expect(asked.size).toBeGreaterThan(8)
  })
})
