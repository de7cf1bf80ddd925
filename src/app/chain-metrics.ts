import { Counter, Gauge, type Registry } from 'prom-client'
import type { ServedChain } from '../api/http/deps.ts'
import { isServiceError } from '../core/errors.ts'
import type { ChainClock } from '../store/seam/store.ts'
import { INDEXER_COUNTERS } from './indexer-counters.ts'

/** A chain, and how many of its assets only reads tell. */
export type MeteredChain = ServedChain & {
  readonly classes: () => Promise<{ readonly assets: number; readonly reclassified: number }>
}

/** What of a chain's clock is a metric. Undefined values are left out, never zero. */
const GAUGES: readonly {
  readonly name: string
  readonly help: string
  readonly of: (clock: ChainClock) => number | undefined
}[] = [
  { name: 'steelyard_chain_head', help: "The node's newest block, as last seen", of: (clock) => clock.head?.number },
  {
    name: 'steelyard_chain_head_timestamp_seconds',
    help: "When the node's newest block was made, by its own time",
    of: (clock) => clock.head?.timestamp,
  },
  { name: 'steelyard_chain_checkpoint', help: 'The last block indexed', of: (clock) => clock.published?.number },
  { name: 'steelyard_chain_finalized', help: 'The finalized block', of: (clock) => clock.finalized?.number },
  {
    name: 'steelyard_chain_audited_block',
    help: 'The newest head at which the journal was compared with the chain',
    of: (clock) => clock.counts.audited_block,
  },
  {
    name: 'steelyard_audit_last_round_timestamp_seconds',
    help: "When the audit's last round ended",
    of: (clock) => clock.counts.audit_round_at,
  },
  {
    name: 'steelyard_audit_failures',
    help: "The audit's rounds that failed since the last one that did not",
    of: (clock) => clock.counts.audit_failures,
  },
  {
    name: 'steelyard_chain_in_doubt',
    help: '1 while no sum of events of the chain is answered as proven, since logs were missing',
    of: (clock) => (clock.inDoubt ? 1 : 0),
  },
  {
    name: 'steelyard_tokens_in_doubt',
    help: 'Tokens of which no sum of events is answered as proven, since the chain said otherwise',
    of: (clock) => clock.doubts.tokens,
  },
  {
    name: 'steelyard_balances_in_doubt',
    help: 'Balances that the chain contradicted and that are not settled yet',
    of: (clock) => clock.doubts.pairs,
  },
  {
    name: 'steelyard_node_state_blocks',
    help: 'How many blocks below its head the node remembers balances of, as far as that was found out',
    of: (clock) => clock.counts.state_blocks,
  },
  { name: 'steelyard_chain_transfers', help: 'Transfers stored', of: (clock) => clock.transfers },
]

/** How often each outcome came, of balances that were held against the chain. */
const OUTCOMES = ['equal', 'different', 'skipped'] as const

/** Reads a chain's clock for the metrics; undefined where its store cannot be read: the other metrics are still there. */
type ClockReader = (chain: MeteredChain) => Promise<ChainClock | undefined>

/**
 * Adds the metrics of every chain to a registry; they are read when the metrics are asked for. What an indexer counts
 * begins anew with its process.
 */
export function collectChainMetrics(registry: Registry, chains: readonly MeteredChain[]): void {
  const read = oncePerScrape()
  collectGauges(registry, chains, read)
  collectUp(registry, chains, read)
  collectCounters(registry, chains, read)
  collectSamples(registry, chains, read)
  collectTokens(registry, chains)
}

/** One look at a chain for all its metrics, which are collected in the same turn of the event loop. */
function oncePerScrape(): ClockReader {
  const looks = new Map<MeteredChain, Promise<ChainClock | undefined>>()
  return (chain) => {
    const known = looks.get(chain)
    if (known !== undefined) return known
    const look = chain.clock().catch((error: unknown) => {
      if (!isServiceError(error)) throw error
      return undefined
    })
    looks.set(chain, look)
    const forget = (): void => void setImmediate(() => looks.delete(chain))
    look.then(forget, forget)
    return look
  }
}

function collectGauges(registry: Registry, chains: readonly MeteredChain[], read: ClockReader): void {
  for (const { name, help, of } of GAUGES) {
    const gauge: Gauge<'chain'> = new Gauge({
      name,
      help,
      labelNames: ['chain'],
      registers: [registry],
      collect: async () => {
        const values = await Promise.all(chains.map(read))
        gauge.reset()
        for (const [at, chain] of chains.entries()) {
          const clock = values[at]
          const value = clock === undefined ? undefined : of(clock)
          if (value !== undefined) gauge.set({ chain: chain.id }, value)
        }
      },
    })
  }
}

function collectUp(registry: Registry, chains: readonly MeteredChain[], read: ClockReader): void {
  const up: Gauge<'chain'> = new Gauge({
    name: 'steelyard_chain_up',
    help: '1 while the chain is followed without an error',
    labelNames: ['chain'],
    registers: [registry],
    collect: async () => {
      for (const chain of chains) {
        const clock = await read(chain)
        const isUp = clock !== undefined && clock.error === undefined && clock.state !== 'stopped'
        up.set({ chain: chain.id }, isUp ? 1 : 0)
      }
    },
  })
}

function collectCounters(registry: Registry, chains: readonly MeteredChain[], read: ClockReader): void {
  for (const [key, { name, help }] of Object.entries(INDEXER_COUNTERS)) {
    const counter: Counter<'chain'> = new Counter({
      name,
      help,
      labelNames: ['chain'],
      registers: [registry],
      collect: async () => {
        const values = await Promise.all(chains.map(read))
        counter.reset()
        for (const [at, chain] of chains.entries()) {
          const value = values[at]?.counts[key]
          if (value !== undefined) counter.inc({ chain: chain.id }, value)
        }
      },
    })
  }
}

function collectSamples(registry: Registry, chains: readonly MeteredChain[], read: ClockReader): void {
  const samples: Counter<'chain' | 'outcome'> = new Counter({
    name: 'steelyard_verify_samples_total',
    help: 'Stored balances that were held against the chain, by outcome; different should stay 0',
    labelNames: ['chain', 'outcome'],
    registers: [registry],
    collect: async () => {
      const values = await Promise.all(chains.map(read))
      samples.reset()
      for (const [at, chain] of chains.entries()) {
        for (const outcome of OUTCOMES) {
          const value = values[at]?.counts[`verify_${outcome}`]
          if (value !== undefined) samples.inc({ chain: chain.id, outcome }, value)
        }
      }
    },
  })
}

function collectTokens(registry: Registry, chains: readonly MeteredChain[]): void {
  const tokens: Gauge<'chain' | 'accounting'> = new Gauge({
    name: 'steelyard_tokens',
    help: 'Tokens by how their balances are known: events, or reads (reclassified by the audit)',
    labelNames: ['chain', 'accounting'],
    registers: [registry],
    collect: async () => {
      tokens.reset()
      for (const { id, classes } of chains) {
        try {
          const { assets, reclassified } = await classes()
          tokens.set({ chain: id, accounting: 'events' }, assets - reclassified)
          tokens.set({ chain: id, accounting: 'reads' }, reclassified)
        } catch (error) {
          // A chain whose store cannot be read has none to tell; the other metrics are still there.
          if (!isServiceError(error)) throw error
        }
      }
    },
  })
}
