import { Counter, Gauge, type Registry } from 'prom-client'
import type { ChainId } from '../core/chain.ts'
import type { LedgerHandle } from './start-ledger.ts'

/** The counters of the ledgers' writers since this process started. */
const COUNTERS: readonly {
  readonly name: `steelyard_ledger_${string}_total`
  readonly help: string
  readonly of: (ledger: LedgerHandle) => number
}[] = [
  {
    name: 'steelyard_ledger_operations_total',
    help: 'Operations written',
    of: (ledger) => ledger.writes().operations,
  },
  {
    name: 'steelyard_ledger_commits_total',
    help: 'Durable commits; each waits once for the disk',
    of: (ledger) => ledger.writes().commits,
  },
  {
    name: 'steelyard_ledger_checkpoints_total',
    help: 'Checkpoints that copy the write-ahead log into the file; each waits for the disk up to three times',
    of: (ledger) => ledger.writes().checkpoints,
  },
  {
    name: 'steelyard_ledger_failed_checkpoints_total',
    help: 'Checkpoints that failed; nothing is lost, but the write-ahead log grows',
    of: (ledger) => ledger.writes().checkpointsFailed,
  },
]

/** Adds the metrics of the ledgers to a registry. */
export function collectLedgerMetrics(
  registry: Registry,
  ledgers: readonly { readonly chain: ChainId; readonly ledger: LedgerHandle }[],
): void {
  for (const { name, help, of } of COUNTERS) {
    const counter: Counter<'chain'> = new Counter({
      name,
      help,
      labelNames: ['chain'],
      registers: [registry],
      collect: () => {
        counter.reset()
        for (const { chain, ledger } of ledgers) counter.inc({ chain }, of(ledger))
      },
    })
  }
  const waiting: Gauge<'chain'> = new Gauge({
    name: 'steelyard_ledger_waiting',
    help: 'Operations that are waiting for their commit',
    labelNames: ['chain'],
    registers: [registry],
    collect: () => {
      for (const { chain, ledger } of ledgers) waiting.set({ chain }, ledger.ledger.waiting)
    },
  })
}
