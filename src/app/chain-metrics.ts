import { Counter, Gauge, type Registry } from 'prom-client'
import type { ServedChain } from '../api/http/deps.ts'
import { isServiceError } from '../core/errors.ts'
import type { ChainClock } from '../store/seam/chain-clock.ts'
import { INDEXER_COUNTERS } from './indexer-counters.ts'
import { SAME_EVERYWHERE } from './worker-metrics.ts'

/** A chain, with its number of assets and how many of them are known only by reads. */
export type MeteredChain = ServedChain & {
  readonly classes: () => Promise<{ readonly assets: number; readonly reclassified: number }>
}

/** The metrics from a chain's clock. An undefined value is left out, never zero. */
const GAUGES: readonly {
  readonly name: string
  readonly help: string
  readonly of: (clock: ChainClock) => number | undefined
}[] = [
  { name: 'steelyard_chain_head', help: "The node's newest block, as last seen", of: (clock) => clock.head?.number },
  {
    name: 'steelyard_chain_head_timestamp_seconds',
    help: "Timestamp of the node's newest block, in Unix seconds",
    of: (clock) => clock.head?.timestamp,
  },
  { name: 'steelyard_chain_checkpoint', help: 'The last indexed block', of: (clock) => clock.published?.number },
  {
    name: 'steelyard_chain_fetched_block',
    help: 'The last block that a bulk load fetched; it is answered once the next part is published',
    of: (clock) => clock.counts.fetched_block,
  },
  {
    name: 'steelyard_chain_fetched_transfers',
    help: 'Transfers up to the last block that a bulk load fetched',
    of: (clock) => clock.counts.fetched_transfers,
  },
  { name: 'steelyard_chain_finalized', help: 'The finalized block', of: (clock) => clock.finalized?.number },
  {
    name: 'steelyard_chain_audited_block',
    help: 'The newest head at which the audit compared the journal with the chain',
    of: (clock) => clock.counts.audited_block,
  },
  {
    name: 'steelyard_audit_last_round_timestamp_seconds',
    help: "When the audit's last round ended, in Unix seconds",
    of: (clock) => clock.counts.audit_round_at,
  },
  {
    name: 'steelyard_audit_failures',
    help: 'Failed audit rounds since the last successful one',
    of: (clock) => clock.counts.audit_failures,
  },
  {
    name: 'steelyard_chain_in_doubt',
    help: '1 while the whole chain is in doubt because logs were missing: reads answer for it',
    of: (clock) => (clock.inDoubt ? 1 : 0),
  },
  {
    name: 'steelyard_tokens_in_doubt',
    help: 'Tokens that are in doubt as a whole: reads answer for them',
    of: (clock) => clock.doubts.tokens,
  },
  {
    name: 'steelyard_balances_in_doubt',
    help: 'Balances in doubt: the chain contradicted them, and the doubt is not resolved yet',
    of: (clock) => clock.doubts.pairs,
  },
  {
    name: 'steelyard_node_state_blocks',
    help: 'How many blocks below its head the node has state for, as far as known',
    of: (clock) => clock.counts.state_blocks,
  },
  {
    name: 'steelyard_accounts_followed',
    help: 'Followed accounts, on a chain that indexes accounts',
    of: (clock) => clock.counts.accounts_followed,
  },
  {
    name: 'steelyard_accounts_waiting',
    help: 'Accounts whose history is not complete yet',
    of: (clock) => clock.counts.accounts_waiting,
  },
  {
    name: 'steelyard_accounts_failures',
    help: 'Failed attempts to fetch histories since the last successful one',
    of: (clock) => clock.counts.accounts_failures,
  },
  { name: 'steelyard_chain_transfers', help: 'Stored transfers', of: (clock) => clock.transfers },
]

/** The outcomes of comparing stored balances with the chain. */
const OUTCOMES = ['equal', 'different', 'skipped'] as const

/**
 * Reads a chain's clock for the metrics. Undefined if the store cannot be read, so that the other metrics still appear.
 */
type ClockReader = (chain: MeteredChain) => Promise<ChainClock | undefined>

/**
 * Adds the metrics of every chain to a registry. They are read at each scrape. An indexer's counters start again with
 * its process.
 */
export function collectChainMetrics(registry: Registry, chains: readonly MeteredChain[]): void {
  const read = oncePerScrape()
  collectGauges(registry, chains, read)
  collectUp(registry, chains, read)
  collectCounters(registry, chains, read)
  collectSamples(registry, chains, read)
  collectTokens(registry, chains)
}

/** Reads a chain's clock once for all metrics of a scrape: they are collected in the same tick. */
function oncePerScrape(): ClockReader {
  const looks = new Map<MeteredChain, Promise<ChainClock | undefined>>()
  return (chain) => {
    const known = looks.get(chain)
    if (known !== undefined) return known
    const look = ifReadable(chain.clock())
    looks.set(chain, look)
    const forget = (): void => void setImmediate(() => looks.delete(chain))
    look.then(forget, forget)
    return look
  }
}

/** If its store cannot be read, a chain has no value. The other metrics still appear. */
async function ifReadable<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (!isServiceError(error)) throw error
    return undefined
  }
}

function collectGauges(registry: Registry, chains: readonly MeteredChain[], read: ClockReader): void {
  for (const { name, help, of } of GAUGES) {
    const gauge: Gauge<'chain'> = new Gauge({
      name,
      help,
      labelNames: ['chain'],
      registers: [registry],
      aggregator: SAME_EVERYWHERE,
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
    help: '1 while the indexer follows the chain without an error',
    labelNames: ['chain'],
    registers: [registry],
    aggregator: SAME_EVERYWHERE,
    collect: async () => {
      const clocks = await Promise.all(chains.map(read))
      for (const [at, chain] of chains.entries()) {
        const clock = clocks[at]
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
      aggregator: SAME_EVERYWHERE,
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
    help: 'Stored amounts that verify sampled and compared with the chain, by outcome; different should stay 0',
    labelNames: ['chain', 'outcome'],
    registers: [registry],
    aggregator: SAME_EVERYWHERE,
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
    help: 'Tokens by how their balances are known: events, or reads',
    labelNames: ['chain', 'accounting'],
    registers: [registry],
    aggregator: SAME_EVERYWHERE,
    collect: async () => {
      // Of all at once: a database that does not answer is waited for once.
      const counted = await Promise.all(chains.map(({ classes }) => ifReadable(classes())))
      tokens.reset()
      for (const [at, { id }] of chains.entries()) {
        const { assets, reclassified } = counted[at] ?? {}
        if (assets === undefined || reclassified === undefined) continue
        tokens.set({ chain: id, accounting: 'events' }, assets - reclassified)
        tokens.set({ chain: id, accounting: 'reads' }, reclassified)
      }
    },
  })
}
