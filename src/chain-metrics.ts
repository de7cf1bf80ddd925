import { Gauge, type Registry } from 'prom-client'
import type { ServedChain } from './api/deps.ts'
import { isServiceError } from './core/errors.ts'
import type { ChainClock } from './store/store.ts'

/** A chain, and how many of its assets only reads tell. */
export type MeteredChain = ServedChain & {
  readonly classes: () => Promise<{ readonly assets: number; readonly turned: number }>
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
  { name: 'steelyard_chain_transfers', help: 'Transfers stored', of: (clock) => clock.transfers },
  {
    name: 'steelyard_chain_up',
    help: '1 while the chain is followed without an error',
    of: (clock) => (clock.error === undefined && clock.state !== 'stopped' ? 1 : 0),
  },
]

/** Entries of the counts that are no counts, and have metrics of their own. */
const NO_COUNTS: ReadonlySet<string> = new Set(['audited_block', 'audit_round_at', 'audit_failures'])

/** Adds gauges of every chain to a registry; they are read from the store when the metrics are asked for. */
export function collectChainMetrics(registry: Registry, chains: readonly MeteredChain[]): void {
  for (const { name, help, of } of GAUGES) {
    const gauge: Gauge<'chain'> = new Gauge({
      name,
      help,
      labelNames: ['chain'],
      registers: [registry],
      collect: async () => {
        gauge.reset()
        for (const chain of chains) {
          const value = of(await chain.clock())
          if (value !== undefined) gauge.set({ chain: chain.id }, value)
        }
      },
    })
  }
  const samples: Gauge<'chain' | 'outcome'> = new Gauge({
    name: 'steelyard_verify_sampled',
    help: 'Stored balances that were held against the chain since the indexer started; different should be 0',
    labelNames: ['chain', 'outcome'],
    registers: [registry],
    collect: async () => {
      samples.reset()
      for (const chain of chains) {
        const { counts } = await chain.clock()
        for (const outcome of ['checked', 'equal', 'different', 'skipped']) {
          const value = counts[`verify_${outcome}`]
          if (value !== undefined) samples.set({ chain: chain.id, outcome }, value)
        }
      }
    },
  })
  const counts: Gauge<'chain' | 'what'> = new Gauge({
    name: 'steelyard_indexer_count',
    help: "Counters of the chain's indexer since it started: calls, retries, logs skipped and found missing, lagging answers, conflicts, rollbacks, transfers, audits",
    labelNames: ['chain', 'what'],
    registers: [registry],
    collect: async () => {
      counts.reset()
      for (const chain of chains) {
        for (const [what, value] of Object.entries((await chain.clock()).counts))
          if (!NO_COUNTS.has(what)) counts.set({ chain: chain.id, what }, value)
      }
    },
  })
  const tokens: Gauge<'chain' | 'accounting'> = new Gauge({
    name: 'steelyard_tokens',
    help: 'Tokens by how their balances are known: events, or reads (turned by the audit)',
    labelNames: ['chain', 'accounting'],
    registers: [registry],
    collect: async () => {
      tokens.reset()
      for (const { id, classes } of chains) {
        try {
          const { assets, turned } = await classes()
          tokens.set({ chain: id, accounting: 'events' }, assets - turned)
          tokens.set({ chain: id, accounting: 'reads' }, turned)
        } catch (error) {
          // A chain whose store cannot be read has none to tell; the other metrics are still there.
          if (!isServiceError(error)) throw error
        }
      }
    },
  })
}
