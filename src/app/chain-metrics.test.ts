import { readFileSync } from 'node:fs'
import fastify from 'fastify'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { clock } from '../../test/conformance/chainbase-fakes.ts'
import { observeRequests } from '../api/http/metrics.ts'
import { noCounts } from '../chains/adapter.ts'
import { parseChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import { collectChainMetrics, type MeteredChain } from './chain-metrics.ts'
import { INDEXER_COUNTERS } from './indexer-counters.ts'
import { collectLedgerMetrics } from './ledger-metrics.ts'

const CHAIN = parseChainId('eip155:1') ?? expect.fail()
const BROKEN = parseChainId('eip155:2') ?? expect.fail()

function chain(other: Partial<MeteredChain> = {}): MeteredChain {
  return {
    id: CHAIN,
    kind: 'evm',
    parseAddress: () => undefined,
    parseToken: () => undefined,
    zeroAddress: undefined,
    clock: async () => clock(),
    classes: async () => ({ assets: 5, reclassified: 2 }),
    ...other,
  }
}

const unreadable = async (): Promise<never> => {
  throw new ServiceError('STORE_UNAVAILABLE', 'store: disk I/O error')
}

/** The metrics text of a server with these chains and ledgers. */
async function scrape(chains: readonly MeteredChain[]): Promise<string> {
  const registry = new Registry()
  collectChainMetrics(registry, chains)
  collectLedgerMetrics(registry, [])
  observeRequests(fastify(), registry)
  return registry.metrics()
}

type Family = { readonly name: string; readonly type: string; readonly help: string }

function familiesOf(text: string): readonly Family[] {
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE (\S+) (\w+)$/gm)].map(
    ([, name = '', help = '', typed, type = '']) => {
      expect(typed).toBe(name)
      return { name, type, help }
    },
  )
}

test('every metric has a name and a type as Prometheus requires', async () => {
  const families = familiesOf(await scrape([chain()]))
  expect(families.length).toBeGreaterThan(30)
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length)
  for (const { name, type, help } of families) {
    expect(name).toMatch(/^steelyard(?:_[a-z]+)+$/)
    expect(help.length, name).toBeGreaterThan(10)
    expect(['counter', 'gauge', 'histogram']).toContain(type)
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
    expect(name).not.toMatch(/_(?:count|sum|bucket|milliseconds|ms|kb|mb)$/)
  }
})

test('the documentation lists every metric and no others', async () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `(steelyard_\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`)
  const served = familiesOf(await scrape([])).map(({ name, type }) => `${name} ${type}`)
  expect(listed.sort()).toEqual([...served].sort())
})

test('each count of an indexer is a counter with its value', async () => {
  const counts = {
    ...noCounts(),
    calls: 12,
    audit_repaired: 3,
    verify_equal: 40,
    verify_different: 0,
    audited_block: 9,
    fetched_block: 200,
    fetched_transfers: 4_000,
  }
  const text = await scrape([chain({ clock: async () => clock({ counts }) })])
  expect(text).toContain('steelyard_node_requests_total{chain="eip155:1"} 12\n')
  expect(text).toContain('steelyard_node_retries_total{chain="eip155:1"} 0\n')
  expect(text).toContain('steelyard_audit_repaired_total{chain="eip155:1"} 3\n')
  expect(text).toContain('steelyard_verify_samples_total{chain="eip155:1",outcome="equal"} 40\n')
  expect(text).toContain('steelyard_verify_samples_total{chain="eip155:1",outcome="different"} 0\n')
  expect(text).toContain('steelyard_chain_audited_block{chain="eip155:1"} 9\n')
  expect(text).toContain('steelyard_chain_fetched_block{chain="eip155:1"} 200\n')
  expect(text).toContain('steelyard_chain_fetched_transfers{chain="eip155:1"} 4000\n')
  expect(text).toContain('steelyard_tokens{chain="eip155:1",accounting="reads"} 2\n')
  expect(new Set(Object.values(INDEXER_COUNTERS).map(({ name }) => name)).size).toBe(
    Object.keys(INDEXER_COUNTERS).length,
  )
})

test('a chain with an unreadable store is down, and the others are measured', async () => {
  const text = await scrape([chain(), chain({ id: BROKEN, clock: unreadable, classes: unreadable })])
  expect(text).toContain('steelyard_chain_up{chain="eip155:1"} 1\n')
  expect(text).toContain('steelyard_chain_up{chain="eip155:2"} 0\n')
  expect(text).toContain('steelyard_chain_checkpoint{chain="eip155:1"} 123\n')
  expect(text).not.toContain('steelyard_chain_checkpoint{chain="eip155:2"}')
})

test('a scrape reads each chain once', async () => {
  let looks = 0
  const counted = chain({
    clock: async () => {
      looks += 1
      return clock()
    },
  })
  const registry = new Registry()
  collectChainMetrics(registry, [counted])
  await registry.metrics()
  expect(looks).toBe(1)
  await new Promise(setImmediate)
  await registry.metrics()
  expect(looks).toBe(2)
})

test('a scrape waits for all chains at once, so a store that does not answer delays it once', async () => {
  let [asked, go] = [0, (): void => undefined]
  const all = new Promise<void>((resolve) => {
    go = resolve
  })
  const classes = async () => {
    if (++asked === 2) go()
    await all
    return { assets: 5, reclassified: 2 }
  }
  const text = await scrape([chain({ classes }), chain({ id: BROKEN, classes })])
  expect(text).toContain('steelyard_tokens{chain="eip155:2",accounting="events"} 3\n')
})
