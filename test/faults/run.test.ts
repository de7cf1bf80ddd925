import { setMaxListeners } from 'node:events'
import { expect, test } from 'vitest'
import type { ChainAdapter } from '../../src/chains/adapter.ts'
import { createEvmAdapter } from '../../src/chains/evm/adapter.ts'
import { assert } from '../../src/core/assert.ts'
import { parseChainId } from '../../src/core/chain.ts'
import { isServiceError } from '../../src/core/errors.ts'
import { isFatal } from '../../src/indexer/fatal.ts'
import { makeRig, type Rig } from '../indexer/harness.ts'
import { startScriptedNode } from '../nodes/scripted-node.ts'
import { ENGINE } from '../store/engines.ts'
import { type FakeBlock, FakeChain } from './chain.ts'
import { FakeNode } from './node.ts'
import { BACKFILL_FAULTS, FAULTS, FaultPlan, faulty, LIVE_FAULTS, OF_RANGES, ONCE } from './proxy.ts'

const FAULT_COUNT = 200
/** Blocks that exist before the first look. */
const BEFORE = ENGINE.name === 'sqlite' ? 19_000 : 3_000
const BLOCKS = BEFORE + 1_000
/**
 * How many blocks the chain grows between two looks. Before each fourth look it also replaces blocks, as many as
 * `DEPTHS` says.
 */
const GROWTH = 20
const DEPTHS = [1, 2, 7, 12, 30, 3, 1, 18, 5, 2, 9, 40, 4]
const SIGNAL = new AbortController().signal
setMaxListeners(0, SIGNAL)
/** Steps that may fail before one succeeds: each failure uses up a fault. */
const MAX_TRIES = 400

/** Blocks of a gap that is fetched by ranges: more than are not final. */
const GAP = 300

/** Rounds with new blocks after which the process restarts, while faults are left. */
const LOOKS_OF_A_PROCESS = 5

/**
 * Well above the time that the fake nodes need, so that only hanging requests time out; and short, because some
 * requests hang.
 */
const TIMEOUT_MS = 500

/** An adapter on these nodes, without long waits. */
function adapterOf(urls: readonly string[]) {
  const chain = parseChainId('eip155:1')
  assert(chain !== undefined, 'a CAIP-2 id')
  const options = { chain, rpc: urls, finality: 'finalized', warn: () => undefined } as const
  return createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 }, timeoutMs: TIMEOUT_MS })
}

/** An adapter that forwards each call to the process's current adapter, which a restart replaces. */
function delegateTo(process: { adapter: ChainAdapter }): ChainAdapter {
  return {
    headers: (range, signal) => process.adapter.headers(range, signal),
    transactionBlock: (hash, signal) => process.adapter.transactionBlock(hash, signal),
    readBalances: (request, signal) => process.adapter.readBalances(request, signal),
    readTokens: (assets, signal, how) => process.adapter.readTokens(assets, signal, how),
    heads: (signal) => process.adapter.heads(signal),
    confirm: (conflict, signal) => process.adapter.confirm(conflict, signal),
    transfers: (range, signal) => process.adapter.transfers(range, signal),
    transfersOf: (blocks, signal) => process.adapter.transfersOf(blocks, signal),
    replacedAt: (block) => process.adapter.replacedAt(block),
    noteHead: (block, at) => process.adapter.noteHead(block, at),
    distrustLogs: (proof) => process.adapter.distrustLogs(proof),
  }
}

/** Steps until the indexer is idle, through all errors that are not fatal. */
async function follow(rig: Rig): Promise<void> {
  let last: unknown
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      for (let idle = 0; idle < 2; ) idle = (await rig.indexer.step(SIGNAL)) === 'idle' ? idle + 1 : 0
      return
    } catch (error) {
      if (!isServiceError(error) || isFatal(error)) throw error
      last = error
    }
  }
  throw new Error('never done', { cause: last })
}

/** How the chain grows, look by look: each entry is the canonical chain at that look. */
function history(chain: FakeChain): readonly (readonly FakeBlock[])[] {
  const looks: FakeBlock[][] = [chain.grow([], { from: -1, blocks: BEFORE + 1, branch: 0 })]
  for (let look = 1; ; look++) {
    const base = looks.at(-1) ?? []
    const head = base.length - 1
    if (head >= BLOCKS) return looks
    const depth = look % 4 === 0 ? (DEPTHS[(look / 4) % DEPTHS.length] ?? 1) : 0
    const blocks = Math.min(GROWTH, BLOCKS - head) + depth - (look % 12 === 0 ? GROWTH + 1 : 0)
    looks.push(
      chain.grow(base, { from: head - depth, blocks: Math.max(1, blocks), branch: depth > 0 ? look : branchOf(looks) }),
    )
  }
}

/** Growth without a reorg gets its own branch number too, by the number of looks so far. */
function branchOf(looks: readonly (readonly FakeBlock[])[]): number {
  return looks.length * 1_000
}

test(`${FAULT_COUNT} faults over ${BLOCKS} blocks leave the same store as an undisturbed run`, async () => {
  const chain = await FakeChain.create()
  const looks = history(chain)
  const plan = new FaultPlan(7)
  plan.add(BACKFILL_FAULTS, FAULT_COUNT / 2 - ONCE.length)
  const nodes = [new FakeNode(chain), new FakeNode(chain)]
  const servers = await Promise.all(nodes.map((node, place) => startScriptedNode(faulty(node, plan, place === 0))))
  const urls = servers.map(({ url }) => url)
  const { adapter, counts } = adapterOf(urls)
  const process = { adapter }
  const rig = await makeRig(delegateTo(process))
  for (const [at, look] of looks.entries()) {
    // The second node sees everything one look later.
    for (const [place, node] of nodes.entries()) node.show(looks[at - place] ?? look)
    await follow(rig)
    if (at === 0) {
      plan.add(ONCE, ONCE.length)
      plan.add(LIVE_FAULTS, FAULT_COUNT / 2)
    }
  }
  let canonical = looks.at(-1) ?? []
  // The order of requests decides which of them gets which fault, so faults may be left. A few more blocks use them up.
  for (let more = 0; more < MAX_TRIES && (more === 0 || plan.left.length > 0); more++) {
    // Receipts are requested only if logs are missing.
    if (plan.left.includes('no receipts') && !plan.left.includes('no logs')) plan.add(['no logs'], 1)
    // Ranges are requested of a backfill only, and how many depends on how fast the nodes answer.
    const blocks = plan.left.some((name) => OF_RANGES.includes(name)) ? GAP : 2
    if (more > 0) canonical = chain.grow(canonical, { from: canonical.length - 1, blocks, branch: -1 })
    // After a node left out logs, it gets only requests for receipts, until the process restarts.
    if (more % LOOKS_OF_A_PROCESS === 0) process.adapter = adapterOf(urls).adapter
    for (const node of nodes) node.show(canonical)
    await follow(rig)
  }
  expect(plan.left).toEqual([])
  expect([...plan.happened.keys()].sort()).toEqual([...FAULTS].sort())
  await follow(rig)

  for (const node of nodes) node.remember()
  const audited = await rig.audit()
  expect(audited).toMatchObject({ audit_different: 0, audit_turned: 0, audit_repaired: 0 })
  expect(audited.audit_equal).toBeGreaterThan(0)
  expect(counts.omittedLogs).toBeGreaterThan(0)
  expect(await rig.dump()).toEqual(await undisturbed(chain, canonical))
  await rig.close()
  await Promise.all(servers.map((server) => server.stop()))
}, 300_000)

async function undisturbed(chain: FakeChain, canonical: readonly FakeBlock[]): Promise<readonly string[]> {
  const node = new FakeNode(chain)
  node.show(canonical)
  const server = await startScriptedNode(faulty(node, new FaultPlan(1)))
  const rig = await makeRig(adapterOf([server.url]).adapter)
  await follow(rig)
  node.remember()
  await rig.audit()
  const lines = await rig.dump()
  expect(lines.length).toBeGreaterThan(BLOCKS)
  await rig.close()
  await server.stop()
  return lines
}
