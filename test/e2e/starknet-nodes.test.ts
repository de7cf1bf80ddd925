/** Starknet nodes with faults behind the compiled server: each is named, nothing is lost, and other chains go on. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { type Anvil, blockNumber, mine, startAnvil } from '../nodes/anvil.ts'
import { verify } from '../odd/verify.ts'
import type { NodeFault } from '../starknet/node/faults.ts'
import { newPlace } from '../store/engines.ts'
import { compareLists, compareSingles, untilAudited } from './starknet-compare.ts'
import { type StarknetWorld, startStarknetWorld } from './starknet-world.ts'
import { type Health, type ServeProcess, type Serving, serve, startServe, steelyard } from './steelyard.ts'

const SMALL = { blocks: 40, pace: { transactions: [1, 4], emptyEvery: 5 } } as const
/** Another node: of the older specification, with short answers, and with the other error for missing functions. */
const OLDER = { spec: '0.9.0', scanBlocks: 7, missingEntryPoint: 40 } as const

let folder: string
let anvil: Anvil
/** Servers to end, also after a failed test, and their places. */
const started: ServeProcess[] = []
const ends: (() => Promise<void>)[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-starknet-'))
  anvil = await startAnvil()
})
afterAll(async () => {
  for (const running of started) await running.end('SIGKILL')
  for (const end of ends) await end()
  rmSync(folder, { recursive: true, force: true })
  await anvil.stop()
})

describe('the command line', () => {
  let world: StarknetWorld
  beforeAll(async () => {
    world = await startStarknetWorld(SMALL)
  })
  afterEach(() => world.faulty.faults.clear())
  afterAll(() => world.stop())

  test('init asks the node for its chain, and config check accepts the file', async () => {
    const file = join(folder, 'init.yaml')
    const made = await steelyard(['init', '--rpc', world.url, '--config', file])
    expect([made.code, made.err]).toEqual([0, expect.stringContaining(`is on ${world.id}, at block 40.`)])
    expect(parse(readFileSync(file, 'utf8'))).toMatchObject({ chains: [{ id: world.id, rpc: [world.url] }] })
    const checked = await steelyard(['config', 'check', '--config', file])
    expect([checked.code, checked.err]).toEqual([0, 'The configuration is valid.\n'])
    expect(parse(checked.out)).toMatchObject({
      chains: [{ id: world.id, rpc: [world.url], finality: 'l1_accepted' }],
      dialects: { tokenkit: { enabled: true } },
    })
  })

  test('init refuses a node that is too old, names the remedy, and writes nothing', async () => {
    world.faulty.faults.add('old specification')
    const file = join(folder, 'old.yaml')
    const made = await steelyard(['init', '--rpc', world.url, '--config', file])
    expect([made.code, made.err]).toEqual([1, expect.stringMatching(/version 0\.8\.1 .*\/rpc\/v0_10/)])
    expect(() => readFileSync(file)).toThrow()
  })
})

/** A server of a Starknet chain and an EVM chain, in its own process, with its log. */
async function withNeighbour(chain: object): Promise<ServeProcess> {
  const file = join(folder, `serve-${Math.random()}.yaml`)
  const chains = [
    { poll_ms: 100, ...chain },
    { id: 'eip155:31337', rpc: [anvil.url], poll_ms: 100 },
  ]
  const { url: store, end } = await newPlace()
  ends.push(end)
  writeFileSync(file, stringify({ listen: { port: 0 }, store, chains }))
  const running = await startServe(file)
  started.push(running)
  return running
}

type Both = { readonly status: string; readonly chains: readonly Health[] }

/** Polls `/health` until the condition holds. */
async function health(running: ServeProcess, condition: (both: Both) => boolean): Promise<Both> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const both = (await (await fetch(`${running.url}/health`)).json()) as Both
    if (condition(both)) return both
    if (Date.now() > deadline) throw new Error(`not within a minute: ${JSON.stringify(both)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Another block on the EVM chain, and waits until it is served. */
async function expectNeighbourGoesOn(running: ServeProcess): Promise<void> {
  await mine(anvil, 2)
  const head = await blockNumber(anvil)
  const { chains } = await health(running, ({ chains: [, evm] }) => evm?.checkpoint?.number === head)
  expect(chains[1]).toMatchObject({ state: 'live' })
}

describe('a node that does not fit', () => {
  test('of another network: the chain stops and says so, and the EVM chain goes on', async () => {
    const world = await startStarknetWorld({ ...SMALL, chainId: 'SN_SEPOLIA' })
    const running = await withNeighbour({ id: 'starknet:SN_MAIN', rpc: [world.url] })
    const { chains, status } = await health(running, ({ chains: [one] }) => one?.state === 'stopped')
    expect([status, chains[0]?.error]).toEqual(['degraded', expect.stringMatching(/starknet:SN_SEPOLIA.*SN_MAIN/)])
    expect(running.log()).toMatch(/CHAIN_MISMATCH/)
    await expectNeighbourGoesOn(running)
    expect(await running.end('SIGINT')).toBe(0)
    await world.stop()
  }, 180_000)

  test('of an old specification: log and health name /rpc/v0_10, and the right URL is the whole remedy', async () => {
    const world = await startStarknetWorld(SMALL)
    world.become(({ batch, calls }) => {
      const answers = calls.map((asked) =>
        asked.method === 'starknet_specVersion'
          ? { jsonrpc: '2.0', id: asked.id, result: '0.7.1' }
          : world.faulty.answer(asked),
      )
      return { json: batch ? answers : answers[0] }
    })
    const running = await withNeighbour({ id: world.id, rpc: [world.url] })
    const says = /speaks version 0\.7\.1 .*\/rpc\/v0_10/
    await health(running, ({ chains: [one] }) => says.test(one?.error ?? ''))
    expect(running.log()).toMatch(says)
    await expectNeighbourGoesOn(running)
    world.become(undefined)
    await health(running, ({ chains: [one] }) => one?.checkpoint?.number === world.chain.head.number)
    expect(await running.end('SIGINT')).toBe(0)
    await world.stop()
  }, 180_000)
})

describe('a node with a fault that comes and goes', () => {
  let world: StarknetWorld
  let other: StarknetWorld
  let server: Serving
  beforeAll(async () => {
    // Blocks with more events than a page has, so that pages are continued.
    world = await startStarknetWorld({ ...SMALL, maxChunk: 16 })
    other = await startStarknetWorld({ ...SMALL, ...OLDER, seed: 5, chainId: 'SN_OTHER' })
    const chains = [world, other].map(({ id, url }) => ({ id, rpc: [url], poll_ms: 100 }))
    server = await serve({ chains })
    await untilAudited(server, world)
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
    await world.stop()
    await other.stop()
  })

  afterEach(() => world.faulty.faults.clear())

  const both = async () => (await (await server.get('/health')).json()) as Both

  test.each<{ fault: NodeFault; says?: RegExp; warns: RegExp }>([
    { fault: 'batches refused', warns: /^node refuses batches: calls are sent one by one$/ },
    { fault: 'token refused', warns: /^node refuses its own continuation token: the range is read again$/ },
    { fault: 'HTML', says: /did not answer JSON/, warns: /^node is failing$/ },
  ])(
    '$fault: it is named while it lasts, stops no other chain, and nothing is lost',
    async ({ fault, says, warns }) => {
      world.faulty.faults.add(fault)
      world.grow(20)
      other.grow(20)
      const head = other.chain.head.number
      await until(async () => (await both()).chains[1]?.checkpoint?.number === head)
      expect((await both()).chains[1]).toMatchObject({ state: 'live' })
      if (says === undefined) await untilAudited(server, world)
      else await until(async () => (await both()).chains[0]?.error !== undefined)
      if (says !== undefined) expect((await both()).chains[0]?.error).toMatch(says)
      const warning = { node: world.url, says: expect.stringMatching(warns), at: expect.any(Number) }
      expect((await both()).chains[0]?.node_warnings).toContainEqual(warning)
      expect((await both()).chains[1]?.node_warnings).toBeUndefined()
      world.faulty.faults.clear()
      await untilAudited(server, world)
      await compareSingles(server, world, 9)
      await compareLists(server, world)
    },
    90_000,
  )

  test('verify proves both chains afterwards', async () => {
    const { code, report } = await verify(server.config)
    expect([code, report.result, report.differences]).toEqual([0, 'equal', []])
    expect(report.chains.map(({ chain, result }) => [chain, result])).toEqual([
      [world.id, 'equal'],
      [other.id, 'equal'],
    ])
  })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('not within a minute')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
